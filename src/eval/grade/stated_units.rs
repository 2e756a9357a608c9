//! Units that a heading, or the words before it, state for plain figures: "Revenue (thousand EUR)" over 1,920.5, "Late (%)"
//! over 12.3, "in thousands of EUR: 1,234.6". The text is graded as it stands, then with the unit behind each such figure.

use std::sync::LazyLock;

use regex::Regex;

use super::view::AnswerView;
use crate::grounding::{Kind, Number, Separators, numbers};
use crate::text::built_in_pattern;

static UNITS: LazyLock<[(Regex, &'static str); 4]> = LazyLock::new(|| {
    let word = |words: &str| format!(r"(?i)\b(?:{words})\b");
    // A letter alone is a scale only with a currency.
    let letter = |letter: &str| {
        format!(
            r"(?i)(?:[$€£]|\b(?:usd|eur|gbp|chf)) ?{letter}\b|\b{letter} ?(?:[$€£]|(?:usd|eur|gbp|chf)\b)"
        )
    };
    [
        (
            built_in_pattern(&format!("{}|{}|\\bteur\\b", word("thousands?|tsd"), letter("k"))),
            " thousand",
        ),
        (
            built_in_pattern(&format!("{}|{}", word("millions?|mio|mn"), letter("m"))),
            " million",
        ),
        (
            built_in_pattern(&format!("{}|{}", word("billions?|mrd|bn"), letter("bn"))),
            " billion",
        ),
        (
            built_in_pattern(r"(?i)%|\b(?:percent|per cent|pct|prozent)\b"),
            " %",
        ),
    ]
});
/// What a line says of the figures behind it.
static AHEAD: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\bin (?:(?:thousand|million|billion)s? (?:of )?\w+|(?:thousand|million|billion)s|percent)\b",
    )
});

/// A cell that is a figure without a unit, in the marks of any language.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"^[-−+]?[$€£]?\d[\d.,'’\s]*$"));

/// The answer with the units behind the figures; `None` where nothing states one.
pub(super) fn in_stated_units(answer: &AnswerView) -> Option<AnswerView> {
    let mut text = String::with_capacity(answer.text.len());
    let mut heads: Vec<Option<&'static str>> = Vec::new();
    let mut lead = None;
    let lines: Vec<&str> = answer.text.split_inclusive('\n').collect();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        let in_table = line.contains('|');
        if in_table && is_rule(next) {
            heads = cells(line).map(unit).collect();
        } else if !in_table {
            heads.clear();
        }
        if in_table {
            text.push_str(&row(line, &heads));
            continue;
        }
        let listed = line.trim_start().starts_with(['-', '*', '•']) || starts_with_digit(line);
        let ahead = AHEAD.find(line);
        match (ahead, lead) {
            (Some(ahead), _) => text.push_str(&behind(line, ahead.end(), unit(ahead.as_str()))),
            (None, Some(_)) if listed => text.push_str(&behind(line, 0, lead)),
            _ => text.push_str(line),
        }
        if !listed && !line.trim().is_empty() {
            let opens = line.trim_end().ends_with(':');
            lead = ahead.filter(|_| opens).and_then(|ahead| unit(ahead.as_str()));
        }
    }
    (text != answer.text).then(|| AnswerView {
        text,
        ..answer.clone()
    })
}

fn unit(words: &str) -> Option<&'static str> {
    let found = UNITS.iter().find(|(pattern, _)| pattern.is_match(words));
    found.map(|(_, unit)| *unit)
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split('|')
}

fn is_rule(line: &str) -> bool {
    line.contains('-') && line.contains('|') && line.trim().chars().all(|c| "|-: ".contains(c))
}

fn starts_with_digit(line: &str) -> bool {
    line.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// A row of a table with the units of its columns.
fn row(line: &str, heads: &[Option<&'static str>]) -> String {
    // A bar inside a cell shifts the columns; such a row is left as it is.
    if line.contains("\\|") || heads.iter().all(Option::is_none) {
        return line.to_owned();
    }
    let cells = cells(line).enumerate().map(|(at, cell)| {
        let plain = cell.trim().trim_matches(['*', '_', '`']);
        match heads.get(at).copied().flatten() {
            Some(unit) if PLAIN.is_match(plain) => format!(" {plain}{unit} "),
            _ => cell.to_owned(),
        }
    });
    cells.collect::<Vec<String>>().join("|")
}

/// A line with a unit behind each plain figure from a place on.
fn behind(line: &str, from: usize, unit: Option<&'static str>) -> String {
    let Some(unit) = unit else { return line.to_owned() };
    let mut text = line.to_owned();
    let found = numbers(line, Separators::English);
    for number in found.iter().rev() {
        if number.start >= from && number.kind == Kind::Quantity && is_plain(line, number) {
            text.insert_str(number.end, unit);
        }
    }
    text
}

/// Whether a figure is written without a unit of its own.
fn is_plain(text: &str, number: &Number) -> bool {
    let written = text.get(number.start..number.end).unwrap_or_default();
    !number.percent && written.ends_with(|c: char| c.is_ascii_digit())
}
