//! What the words around a number say it is.

use std::sync::LazyLock;

use regex::Regex;

use super::digits::run;
use super::{Kind, Sign};
use crate::text::month;

/// Words that a year follows.
const BEFORE_YEAR: &str = "in of since for until till from to through during year fy by vs versus before after and \
    between end early late mid january february march april may june july august september october november december \
    jan feb mar apr jun jul aug sep sept oct nov dec spring summer autumn fall winter im jahr jahre seit en depuis";
/// Words that follow a year which begins a clause.
const AFTER_YEAR: &str =
    "is was has had saw brought came ended beat beats started looks remains stayed made closed";
/// Words that a figure follows.
const BEFORE_FIGURE: &str =
    "is was were are be been total totals totaled totalled equals reached has have had got sold";
/// Words that a negative number in brackets follows.
const BEFORE_ACCOUNTING: &str =
    "is was were are be of at to by equals total totals totaled totalled net loss result";

/// A rule's pattern; one that does not compile is found by the first test.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^(?:\d{4}-(?:\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?|\d{2}|[QW]\d{1,2})|\d{1,2}/\d{1,2}/\d{2,4}|\d{4}/\d{1,2}(?:/\d{1,2})?|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}:\d{2}(?::\d{2})?)",
    )
});

/// The bytes of a date or time that the text begins with.
pub(super) fn date(rest: &str) -> Option<usize> {
    let end = DATE.as_ref()?.find(rest)?.end();
    let next = rest.get(end..).and_then(|after| after.chars().next());
    (!next.is_some_and(char::is_alphanumeric)).then_some(end)
}

/// The bytes of a name's digits: letters stand right before them, or letters and further digits right after.
pub(super) fn label(left: &str, rest: &str) -> Option<usize> {
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    let letters = left.get(word_start(left)..).unwrap_or_default();
    let currency = ["USD", "EUR", "GBP", "JPY", "CHF", "PLN", "CNY", "INR", "BRL"].contains(&letters);
    if (!letters.is_empty() && !currency) || left.ends_with('_') {
        return Some(end);
    }
    // How a character that cannot be seen is written: `[U+200B]`.
    if left.ends_with("U+") && (4..=6).contains(&word.len()) && word.chars().all(|c| c.is_ascii_hexdigit()) {
        return Some(end);
    }
    let after = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let scientific = after
        .strip_prefix(['e', 'E'])
        .is_some_and(|power| !power.is_empty() && power.chars().all(|c| c.is_ascii_digit()));
    if after.contains(|c: char| c.is_ascii_digit()) && !scientific || after.chars().count() > 4 {
        return Some(end);
    }
    version(rest)
}

/// The bytes of three or more runs of digits with points between: `2.0.1`.
fn version(rest: &str) -> Option<usize> {
    let mut length = run(rest).len();
    let mut runs = 1;
    let mut groups = true;
    // Nobody counts versions so far: the rest is read when its turn comes.
    while runs < 64
        && let Some(next) = rest.get(length..).and_then(|after| after.strip_prefix('.'))
    {
        let digits = run(next).len();
        if digits == 0 {
            break;
        }
        groups &= digits == 3;
        runs += 1;
        length += 1 + digits;
    }
    (runs > 2 && !groups).then_some(length)
}

/// Where the letters that end the text begin.
fn word_start(left: &str) -> usize {
    left.trim_end_matches(char::is_alphabetic).len()
}

/// The last word, lower case, with at most a space or a mark behind it.
fn last_word(left: &str) -> String {
    let left = left.trim_end_matches([' ', '\u{a0}', '*', '_', '`', '(', '.', ',', '-', '\'']);
    left.get(word_start(left)..).unwrap_or_default().to_lowercase()
}

fn next_word(right: &str) -> &str {
    let right = right.trim_start_matches([' ', '\u{a0}', '-']);
    let end = right.find(|c: char| !c.is_alphabetic()).unwrap_or(right.len());
    right.get(..end).unwrap_or_default()
}

fn among(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_whitespace().any(|one| one == word)
}

fn is_month(word: &str) -> bool {
    month(&word.to_lowercase()).is_some()
}

/// What a bare run of digits is.
pub(super) fn kind(text: &str, start: usize, end: usize, value: f64) -> Kind {
    let left = text.get(..start).unwrap_or_default();
    let right = text.get(end..).unwrap_or_default();
    let line = left
        .get(left.rfind('\n').map_or(0, |at| at + 1)..)
        .unwrap_or_default();
    let digits = end - start;
    if line.trim_matches([' ', '\t', '>', '*', '#']).is_empty()
        && digits <= 3
        && [". ", ") ", ".\t"].iter().any(|mark| right.starts_with(mark))
    {
        return Kind::ListMarker;
    }
    let previous = last_word(left);
    if left.ends_with('#') || among("top bottom no nr rank place number", &previous) {
        return Kind::Ordinal;
    }
    let next = next_word(right).to_lowercase();
    // `6.2 per 100 bees`: so many belong to the unit.
    if among("per pro je por par", &previous) && is_power_of_ten(value) && left.ends_with(' ') {
        return Kind::Label;
    }
    let span = among(
        "day days week weeks month months quarter quarters year years hours hour",
        &next,
    );
    if span && among("last past previous next first trailing rolling these", &previous) {
        return Kind::Span;
    }
    let day = (1.0..=31.0).contains(&value) && digits <= 2;
    // `worst in August, 26 hours`: a comma parts the month from a figure.
    let behind_month = is_month(&previous) && !left.trim_end().ends_with(',');
    if day && (behind_month || is_month(next_word(right))) {
        return Kind::Date;
    }
    let begins = left.is_empty()
        || left.ends_with(['\n', ',', '.', ';', ':', '('])
        || left.ends_with(", ")
        || left.ends_with(". ");
    let subject = begins && digits == 4 && among(AFTER_YEAR, &next);
    if digits == 4 && (1900.0..=2100.0).contains(&value) && (subject || year(&previous, left, right)) {
        return Kind::Year;
    }
    Kind::Quantity
}

fn is_power_of_ten(value: f64) -> bool {
    let power = value.log10();
    power >= 1.0 && (power - power.round()).abs() < f64::EPSILON
}

fn year(previous: &str, left: &str, right: &str) -> bool {
    if among(BEFORE_FIGURE, previous) {
        return false;
    }
    let quarter = previous.is_empty() && left.trim_end().ends_with(|c: char| c.is_ascii_digit());
    let closed = right.trim_start_matches(['*', '_', '`']);
    let closed = closed.is_empty()
        || closed.starts_with([':', ',', '.', ')', '|', ';', '?', '!', '\n', '-', '–', '/']);
    let cell = closed || right.trim_start().starts_with('|');
    among(BEFORE_YEAR, previous) || quarter || cell
}

/// Whether the number is alone in brackets, and what that says of its sign.
pub(super) fn brackets(text: &str, start: usize, end: usize) -> Sign {
    let left = text.get(..start).unwrap_or_default();
    let right = text.get(end..).unwrap_or_default();
    let Some(outside) = left.strip_suffix('(').filter(|_| right.starts_with(')')) else {
        return Sign::Positive;
    };
    let outside = outside.trim_end_matches([' ', '\u{a0}', '$', '€', '£']);
    let bare = outside.is_empty() || outside.ends_with(['|', ':', '=', '\n', '\t']);
    if bare || among(BEFORE_ACCOUNTING, &last_word(outside)) {
        Sign::Negative
    } else {
        Sign::Bracketed
    }
}
