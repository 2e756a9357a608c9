mod blind;
mod fields;
mod guild;
mod hard;
mod listed;
mod mixed;
mod numbers;
mod offices;
mod planted;
mod prose;
mod public;
mod readers;
mod town;
mod trades;
mod unseen;
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
