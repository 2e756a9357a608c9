//! Names of months and of quarters.

use crate::text::{MonthLanguage, month as english_month, month_in_any_language};

/// The month a word names, from 1 to 12. English names count only with a capital, as they are written: `may` and `march`
/// are verbs too.
pub(super) fn month(low: &str, capital: bool) -> Option<i8> {
    let full = month_in_any_language(low).filter(|(_, language)| {
        capital || matches!(language, MonthLanguage::French | MonthLanguage::Spanish)
    });
    let short = || english_month(low).filter(|_| capital);
    full.map(|(month, _)| month).or_else(short)
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
