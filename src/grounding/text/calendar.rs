//! Names of months and of quarters.

/// Names of months by language; the first letters of English ones are capital, as they are written.
const MONTHS: [[&str; 12]; 4] = [
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    [
        "januar",
        "februar",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
    ],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
];
const SHORT: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The month a word names, from 1 to 12. English names count only with a capital: `may` and `march` are verbs too.
pub(super) fn month(low: &str, capital: bool) -> Option<i8> {
    let at = |names: &[&str; 12]| names.iter().position(|name| *name == low);
    let full = MONTHS
        .iter()
        .enumerate()
        .find_map(|(language, names)| at(names).filter(|_| capital || matches!(language, 2 | 3)));
    let short = || {
        at(&SHORT)
            .or_else(|| (low == "sept").then_some(8))
            .filter(|_| capital)
    };
    full.or_else(short).and_then(|at| i8::try_from(at + 1).ok())
}

/// The quarter or half that a code names: `q3`, `h1`.
pub(super) fn code(low: &str, letter: char, most: i8) -> Option<i8> {
    let number: i8 = low.strip_prefix(letter)?.parse().ok()?;
    (low.len() == 2 && (1..=most).contains(&number)).then_some(number)
}

/// The number an ordinal word names.
pub(super) fn ordinal(low: &str) -> Option<i8> {
    match low {
        "first" | "1st" | "erstes" | "ersten" | "premier" => Some(1),
        "second" | "2nd" | "zweites" | "zweiten" | "deuxième" => Some(2),
        "third" | "3rd" | "drittes" | "dritten" | "troisième" => Some(3),
        "fourth" | "4th" | "last" | "viertes" | "vierten" | "quatrième" => Some(4),
        _ => None,
    }
}
