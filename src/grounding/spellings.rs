//! The ways in which a text may write a name of the data: `Harbor` for `Harbor Holdings, Inc.`, `Tue` for `Tuesday`,
//! `Germany` for `DE`.

use std::collections::{HashMap, HashSet};

use super::text::{TextWord, stem, words};
use super::vocabulary::Concept;
use crate::result::{Column, WEEKDAYS};

/// How a label may be written, as words, with the code that must be written exactly so.
pub(super) fn spellings(text: &str) -> Vec<(Vec<String>, Option<String>)> {
    let low: Vec<String> = words(text)
        .into_iter()
        .map(|word| stem(&word.low).to_owned())
        .collect();
    let code = text.len() <= 3 && low.len() == 1 && text.chars().all(|c| c.is_ascii_uppercase());
    let mut all = vec![(low, code.then(|| text.to_owned()))];
    if code && let Some(names) = super::places::names(text) {
        all.extend(names.iter().map(|name| {
            let words = name
                .split(' ')
                .map(|word| stem(&word.to_lowercase()).to_owned())
                .collect();
            (words, None)
        }));
    }
    all.extend(weekday_spellings(text));
    all.extend(whole_spellings(text));
    // `Jan` for a month that is a text: `January`.
    if let Some(short) = text
        .get(..3)
        .filter(|_| text.len() > 3 && crate::text::month(&text.to_lowercase()).is_some())
    {
        all.push((vec![short.to_lowercase()], Some(short.to_owned())));
    }
    // Digits alone are a number, unless they are a range: `18-24`, `65+`.
    let range = is_signed(text) || (text.len() > 2 && text.contains(['-', '–', '+', '<', '>']));
    all.retain(|(words, _)| range || words.iter().any(|word| !word.chars().all(|c| c.is_ascii_digit())));
    all.retain(|(words, _)| !words.is_empty());
    all
}

/// The ways to write of a row that is the total of the others: `company-wide`, `overall`.
fn whole_spellings(text: &str) -> Vec<(Vec<String>, Option<String>)> {
    const TOTALS: [&str; 9] = [
        "total",
        "totals",
        "all",
        "overall",
        "grand total",
        "gesamt",
        "summe",
        "insgesamt",
        "ensemble",
    ];
    const WHOLES: [&str; 9] = [
        "company wide",
        "firm wide",
        "group wide",
        "city wide",
        "organization wide",
        "overall",
        "companywide",
        "citywide",
        "unternehmensweit",
    ];
    let low = text.to_lowercase();
    let wholes = WHOLES.iter().filter(|_| TOTALS.contains(&low.as_str()));
    wholes
        .map(|whole| (whole.split(' ').map(|word| stem(word).to_owned()).collect(), None))
        .collect()
}

/// Whether a short code ends with a sign that tells it from another: `A+`, `0-`.
pub(super) fn is_signed(text: &str) -> bool {
    let letters = text.trim_end_matches(['+', '-']);
    letters.len() + 1 == text.len()
        && (1..=3).contains(&letters.len())
        && letters.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The ways to write of rows that have no value in a column, and whether the words must stand alone: "no source",
/// "without a source", `(none)`.
pub(super) fn spellings_of_nothing(column: &Column) -> Vec<(Vec<String>, bool)> {
    const ALONE: [&str; 12] = [
        "none",
        "unknown",
        "null",
        "blank",
        "empty",
        "unassigned",
        "not set",
        "n a",
        "not specified",
        "not recorded",
        "missing",
        "unbekannt",
    ];
    const BEFORE: [&str; 8] = [
        "no",
        "without",
        "without a",
        "without any",
        "unknown",
        "missing",
        "no known",
        "ohne",
    ];
    let list = |text: &str| {
        text.split(' ')
            .map(|word| stem(word).to_owned())
            .collect::<Vec<_>>()
    };
    let mut all: Vec<(Vec<String>, bool)> = ALONE.iter().map(|text| (list(text), true)).collect();
    let name: Vec<String> = super::keys::name_words(&column.name);
    let label: Vec<String> = super::keys::name_words(&column.label);
    let mut nouns = vec![name.join(" "), label.join(" ")];
    nouns.extend([&name, &label].iter().filter_map(|words| words.last().cloned()));
    nouns.sort_unstable();
    nouns.dedup();
    for noun in nouns.iter().filter(|noun| noun.len() > 2) {
        all.extend(
            BEFORE
                .iter()
                .map(|before| (list(&format!("{before} {noun}")), false)),
        );
    }
    all
}

/// The other ways to write a day of the week: in full, and the beginnings `Tue`, `Tues` and the like.
pub(super) fn weekday_spellings(text: &str) -> Vec<(Vec<String>, Option<String>)> {
    let begins = |day: &&&str| (3..=5).contains(&text.len()) && day.starts_with(text);
    let same = |day: &&&str| day.eq_ignore_ascii_case(text);
    let Some(day) = WEEKDAYS.iter().find(|day| same(day) || begins(day)) else {
        return Vec::new();
    };
    let short = [3, 4, 5].into_iter().filter_map(|length| day.get(..length));
    let mut found = vec![(vec![day.to_lowercase()], None)];
    found.extend(short.map(|short| {
        (
            vec![stem(&short.to_lowercase()).to_owned()],
            Some(short.to_owned()),
        )
    }));
    found
}

/// First words that are too common to name anything alone.
const COMMON: &str = "the a an new old all top best big first last other total my our no";

/// Beginnings of names that no other name of the column has, and family names: `Harbor` for `Harbor Holdings, Inc.`,
/// `Vaswani` for `Ashish Vaswani`; with the name's value and the first word as it must be written.
pub(super) fn short_spellings<'t>(texts: &[(&'t str, usize)]) -> Vec<(&'t str, usize, Vec<String>, String)> {
    const MOST: usize = 4;
    let named: Vec<(&str, usize, Vec<TextWord<'_>>)> = texts
        .iter()
        .map(|(text, value)| (*text, *value, words(text)))
        .collect();
    let mut beginnings: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut anywhere: HashMap<&str, usize> = HashMap::new();
    for (_, _, words) in &named {
        for length in 1..words.len().min(MOST) {
            let first = words.iter().take(length).map(|word| stem(&word.low)).collect();
            *beginnings.entry(first).or_default() += 1;
        }
        if words.len() == 1 {
            *beginnings
                .entry(words.iter().map(|word| stem(&word.low)).collect())
                .or_default() += 1;
        }
        let different: HashSet<&str> = words.iter().map(|word| stem(&word.low)).collect();
        for word in different {
            *anywhere.entry(word).or_default() += 1;
        }
    }
    let telling = |word: &TextWord<'_>| {
        word.capital() && word.low.len() >= 3 && !COMMON.split(' ').any(|common| common == word.low)
    };
    let mut found = Vec::new();
    for (text, value, words) in &named {
        let Some(first) = words.first().filter(|_| words.len() > 1) else {
            continue;
        };
        if first.capital() && first.low.len() >= 3 {
            for length in 1..words.len().min(MOST) {
                let own: Vec<&str> = words.iter().take(length).map(|word| stem(&word.low)).collect();
                if (length > 1 || telling(first)) && beginnings.get(&own) == Some(&1) {
                    let own = own.into_iter().map(str::to_owned).collect();
                    found.push((*text, *value, own, first.text.to_owned()));
                }
            }
        }
        // Any later word that no other name has: `Kutch` for `Miss Annamae Kutch Group`.
        let own = words.iter().skip(1).filter(|word| {
            telling(word) && !Concept::FirmKind.has(&word.low) && anywhere.get(stem(&word.low)) == Some(&1)
        });
        // `onshore` of `Wind onshore`, beside `Wind offshore`
        let kind = stem(&first.low);
        let shared = beginnings.get(&vec![kind]).is_some_and(|count| *count > 1);
        let last = words.last().filter(|last| {
            shared
                && words.len() == 2
                && !last.capital()
                && last.low.len() > 4
                && anywhere.get(stem(&last.low)) == Some(&1)
        });
        found.extend(own.chain(last).map(|word| {
            (
                *text,
                *value,
                vec![stem(&word.low).to_owned()],
                word.text.to_owned(),
            )
        }));
    }
    found
}

/// A name or header without case, marks and underscores.
pub(super) fn plain_name(name: &str) -> String {
    let words: Vec<String> = super::keys::name_words(name.trim_matches([' ', '*', '_', '`']));
    words.join(" ")
}

/// The same without what stands in brackets, and without words for a unit.
pub(super) fn short_name(name: &str) -> String {
    const UNITS: &str = "pct percent percentage usd eur gbp musd meur avg average mean of sum total count";
    let outside = name.split('(').next().unwrap_or_default();
    let words = super::keys::name_words(outside.trim_matches([' ', '*', '_', '`', '%']));
    let left: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !UNITS.split(' ').any(|unit| unit == *word))
        .collect();
    left.join(" ")
}
