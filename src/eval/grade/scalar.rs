use std::sync::LazyLock;

use regex::Regex;

use super::answer;
use super::counted;
use super::denial;
use super::figure;
use super::in_text;
use super::period;
use super::said_of;
use super::view::{AnswerView, ResultView};
use super::written::WrittenFigure;
use super::{AskedQuestion, GradeResult};
use crate::eval::gold::{FigureUnit, GoldPlace, GoldScalar};
use crate::grounding::{Kind, Number};
use crate::text::built_in_pattern;

/// Bytes around a number in which a word for a decrease is looked for.
const AROUND: usize = 40;
/// Numbers that a reason lists.
const MOST_LISTED: usize = 8;
/// The greatest count that is looked for in words.
const MOST_IN_WORDS: f64 = 12.0;

/// Words before a number that name nothing.
const LINKS: [&str; 16] = [
    "in", "of", "to", "from", "by", "over", "than", "for", "the", "and", "or", "under", "about", "with",
    "top", "least",
];

static DOWN: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(fell|falls?|fallen|falling|drop\w*|down|decreas\w*|declin\w*|lower|less|fewer|shrank|shrunk|reduc\w*|lost|below|smaller|decelerat\w*|minus|negative)\b",
    )
});

static UP: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(rose|rises?|risen|rising|grew|grow\w*|up|increas\w*|gain\w*|higher|more|above|climb\w*|positive)\b",
    )
});

pub(super) fn grade(gold: &GoldScalar, answer: &AnswerView, asked: &AskedQuestion<'_>) -> GradeResult {
    let wanted = wanted(gold);
    if gold.place == GoldPlace::Result {
        return in_results(gold, &wanted, answer.evidence.iter());
    }
    let text = &answer.text;
    let all = in_text::figures(text, answer.marks(gold.locale));
    let noun = counted::noun(asked.question).filter(|_| gold.unit == FigureUnit::Count);
    let is_other = |number: &Number| {
        noun.as_deref().is_some_and(|noun| {
            counted::is_no_count(asked.question, noun, text, number) || denial::is_most(text, number)
        })
    };
    let labels = |number: &Number| is_label(asked.question, text, number) || is_other(number);
    let written_in_digits: Vec<&Number> = all
        .iter()
        .filter(|number| number.kind == Kind::Quantity)
        .collect();
    let in_words = in_text::in_words(text);
    let words_count = gold.unit == FigureUnit::Count
        && gold.value <= MOST_IN_WORDS
        && written_in_digits.iter().all(|number| labels(number));
    let figures: Vec<&Number> = if words_count && !in_words.is_empty() {
        in_words.iter().collect()
    } else {
        written_in_digits
    };
    let right: Vec<&&Number> = figures
        .iter()
        .filter(|number| is(gold, text, number) && !labels(number))
        .collect();
    if right.is_empty() {
        let none = noun.as_ref().filter(|_| gold.value == 0.0 && figures.is_empty());
        if none.is_some_and(|noun| denial::says_none_of(text, noun)) {
            return Ok(format!("{wanted}, found the text to say that there are none"));
        }
        let only_labels = figures.iter().all(|number| labels(number));
        let verdict = only_labels.then(|| as_year(gold, text, &all, &wanted)).flatten();
        return verdict
            .unwrap_or_else(|| Err(format!("{wanted}, found {} in the text", listed(text, &figures))));
    }
    let elsewhere =
        |number: &Number| !gold.change && period::is_of_another(asked.question, text, number, &all);
    let mut reason = "of another period";
    for number in right.into_iter().filter(|number| !elsewhere(number)) {
        let others: Vec<&Number> = figures
            .iter()
            .copied()
            .filter(|other| is_rival(gold, text, number, other, asked))
            .collect();
        let of_another = |noun: &String| counted::counts_another(asked.question, noun, text, number, &others);
        if noun.as_ref().is_some_and(of_another) {
            reason = "it counts something else";
            continue;
        }
        if let Some(why) = said_of::what_else(&asked.questions, &[], text, number, &all) {
            reason = why;
            continue;
        }
        match answer::names_it(&asked.questions, text, number, &others) {
            Ok(()) => {
                let found = written(text, number);
                return Ok(format!("{wanted}, found \"{found}\" in the text"));
            }
            Err(why) => reason = why,
        }
    }
    Err(format!(
        "{wanted}, found it in the text, but not as its answer: {reason}"
    ))
}

/// Whether a number names what is asked about, or another of its kind: in "How many tickets has agent 77?" those behind
/// the word "agent".
fn is_label(question: &str, text: &str, number: &Number) -> bool {
    let before = text.get(..number.start).unwrap_or_default().trim_end();
    let word = before
        .rsplit(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let question = question.to_lowercase();
    let words: Vec<&str> = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let named = words.windows(2).any(|pair| match pair {
        [noun, id] => *noun == word && id.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    });
    !word.is_empty() && named && !LINKS.contains(&word.as_str())
}

/// Whether a number in a text is the gold figure.
fn is(gold: &GoldScalar, text: &str, number: &Number) -> bool {
    let owed = || {
        let positive = GoldScalar {
            value: -gold.value,
            ..gold.clone()
        };
        gold.value < 0.0
            && !gold.change
            && denial::is_owed(text, number)
            && figure::number_is(&positive, number, false)
    };
    (figure::number_is(gold, number, decreases(text, number)) || owed())
        && !denial::is_passed_by(text, number, gold.value)
        && !(is_share(gold) && in_text::in_basis_points(text, number))
}

/// Whether a figure could be taken for the answer as well as the right one: it is written in the same way, and the case does
/// not ask for it too.
fn is_rival(
    gold: &GoldScalar,
    text: &str,
    right: &Number,
    other: &Number,
    asked: &AskedQuestion<'_>,
) -> bool {
    let same_kind = right.percent == other.percent && right.currency.is_some() == other.currency.is_some();
    let wanted = || is(gold, text, other) || asked.golds.iter().any(|gold| is(gold, text, other));
    same_kind && !wanted()
}

fn is_share(gold: &GoldScalar) -> bool {
    matches!(gold.unit, FigureUnit::Percent | FigureUnit::Fraction)
}

/// What a text without other figures says where a year is asked for.
fn as_year(gold: &GoldScalar, text: &str, all: &[Number], wanted: &str) -> Option<GradeResult> {
    let years: Vec<&Number> = all.iter().filter(|number| number.kind == Kind::Year).collect();
    if !in_text::YEARS.contains(&gold.value) || years.is_empty() {
        return None;
    }
    let right = years.iter().find(|number| figure::number_is(gold, number, false));
    Some(match right {
        Some(number) => Ok(format!(
            "{wanted}, found \"{}\" in the text",
            written(text, number)
        )),
        None => Err(format!("{wanted}, found {} in the text", listed(text, &years))),
    })
}

fn in_results<'a>(
    gold: &GoldScalar,
    wanted: &str,
    results: impl Iterator<Item = &'a ResultView>,
) -> GradeResult {
    let mut seen = Vec::new();
    for result in results {
        let right = result
            .rows
            .iter()
            .flatten()
            .any(|value| WrittenFigure::read(value).is_some_and(|cell| figure::cell_is(gold, cell)));
        if right {
            return Ok(format!("{wanted}, found it in {}", result.title()));
        }
        seen.push(result.title());
    }
    let seen = if seen.is_empty() {
        "no result".to_owned()
    } else {
        format!("no such cell in {}", seen.join(", "))
    };
    Err(format!("{wanted}, found {seen}"))
}

/// Whether the words beside a number make it a decrease: the nearest word of direction before it in its sentence, or
/// else the first one after it.
fn decreases(text: &str, number: &Number) -> bool {
    let before = text.get(..number.start).unwrap_or_default();
    let mut from = before.len().saturating_sub(AROUND);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let before = before.get(from..).unwrap_or_default();
    let before = before.rsplit(['\n', ';']).next().unwrap_or_default();
    let before = before.rsplit(". ").next().unwrap_or_default();
    let last = |words: &Regex| words.find_iter(before).last().map(|found| found.start());
    match (last(&DOWN), last(&UP)) {
        (Some(fell), Some(rose)) => return fell > rose,
        (Some(_), None) => return true,
        (None, Some(_)) => return false,
        (None, None) => {}
    }
    let after = text.get(number.end..).unwrap_or_default();
    let end = after
        .find(['\n', ';', '.', ','])
        .unwrap_or(after.len())
        .min(AROUND);
    let end = (end..=after.len())
        .find(|at| after.is_char_boundary(*at))
        .unwrap_or(after.len());
    let after = after.get(..end).unwrap_or_default();
    let first = |words: &Regex| words.find(after).map_or(usize::MAX, |found| found.start());
    first(&DOWN) < first(&UP)
}

fn wanted(gold: &GoldScalar) -> String {
    let near = match (gold.absolute, gold.relative) {
        (None, None) => String::new(),
        (Some(absolute), None) => format!(" ± {absolute}"),
        (None, Some(relative)) => format!(" ± {} %", relative * 100.0),
        (Some(absolute), Some(relative)) => format!(" ± {absolute} or {} %", relative * 100.0),
    };
    let unit = serde_json::to_value(gold.unit).unwrap_or_default();
    format!(
        "expected the {} {}{near}",
        unit.as_str().unwrap_or_default(),
        gold.value
    )
}

fn written<'a>(text: &'a str, number: &Number) -> &'a str {
    text.get(number.start..number.end).unwrap_or_default()
}

fn listed(text: &str, figures: &[&Number]) -> String {
    if figures.is_empty() {
        return "no figure".to_owned();
    }
    let shown: Vec<String> = figures
        .iter()
        .take(MOST_LISTED)
        .map(|number| format!("\"{}\"", written(text, number)))
        .collect();
    let more = if figures.len() > shown.len() {
        " and others"
    } else {
        ""
    };
    format!("{}{more}", shown.join(", "))
}
