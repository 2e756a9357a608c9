//! Names of months and of quarters.

use jiff::civil::Weekday;

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

/// The year that a code names: `fy2025`, `fy25`.
pub(super) fn fiscal_year(low: &str) -> Option<i16> {
    let digits = low.strip_prefix("fy").or_else(|| low.strip_prefix("gj"))?;
    let year: i16 = digits.parse().ok()?;
    match digits.len() {
        2 => Some(2000 + year),
        4 => Some(year).filter(|year| (1900..=2100).contains(year)),
        _ => None,
    }
}

/// The day of the week that a word names.
pub(super) fn weekday(low: &str) -> Option<Weekday> {
    let low = low
        .strip_suffix('s')
        .filter(|day| day.ends_with("day"))
        .unwrap_or(low);
    Some(match low {
        "monday" | "montag" => Weekday::Monday,
        "tuesday" | "dienstag" => Weekday::Tuesday,
        "wednesday" | "mittwoch" => Weekday::Wednesday,
        "thursday" | "donnerstag" => Weekday::Thursday,
        "friday" | "freitag" => Weekday::Friday,
        "saturday" | "samstag" => Weekday::Saturday,
        "sunday" | "sonntag" => Weekday::Sunday,
        _ => return None,
    })
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
