mod listed;
mod numbers;
mod planted;
mod prose;
mod vocabulary;

/// The months as answers write them.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
