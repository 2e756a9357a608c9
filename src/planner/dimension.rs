//! Which dimension a phrase means, and which values of dimensions a question names.

use serde_json::Value;

use super::index::EntryIndex;
use super::lexicon;
use super::profile::{EntryField, Profile};
use super::question::ParsedQuestion;
use crate::result::ColumnKind;

/// Most words in the name of a dimension as people say it.
const LONGEST_PHRASE: usize = 3;
/// A phrase that fits a dimension less than this means something else.
const LEAST_FIT: f64 = 0.6;
/// What a word counts that is only like the one in the catalog.
const LIKE: f64 = 0.8;

/// A dimension found in a question.
#[derive(Debug, Clone)]
pub(super) struct DimensionMatch<'a> {
    pub(super) field: &'a EntryField,
    /// Positions of the words that name it.
    pub(super) words: Vec<usize>,
    pub(super) fit: f64,
}

/// The dimension that the words from `at` on name, if they name one.
pub(super) fn named_at<'a>(
    question: &ParsedQuestion,
    at: usize,
    profile: &'a Profile,
    index: &EntryIndex,
) -> Option<DimensionMatch<'a>> {
    let mut best: Option<DimensionMatch<'a>> = None;
    for length in (1..=LONGEST_PHRASE).rev() {
        let phrase: Vec<&str> = question
            .words
            .iter()
            .skip(at)
            .take(length)
            .take_while(|word| !word.used && !lexicon::is_filler(&word.text))
            .map(|word| word.stem.as_str())
            .collect();
        if phrase.len() < length {
            continue;
        }
        for field in profile.fields.iter().filter(|field| can_group(field)) {
            let fit = fit(&phrase, field, profile, index);
            if fit >= LEAST_FIT && best.as_ref().is_none_or(|best| fit > best.fit + 1e-9) {
                best = Some(DimensionMatch {
                    field,
                    words: (at..at + length).collect(),
                    fit,
                });
            }
        }
    }
    best
}

/// The dimension that the words from `at` on ask to group by: `by channel`, or `by sales channel` with one word more.
pub(super) fn group_at<'a>(
    question: &ParsedQuestion,
    at: usize,
    profile: &'a Profile,
    index: &EntryIndex,
) -> Option<DimensionMatch<'a>> {
    named_at(question, at, profile, index).or_else(|| {
        let plain = question.words.get(at).is_some_and(|word| !word.used);
        let mut found =
            named_at(question, at + 1, profile, index).filter(|found| plain && found.fit >= 0.9)?;
        found.words.insert(0, at);
        Some(found)
    })
}

fn can_group(field: &EntryField) -> bool {
    !field.is_identifier()
        && !matches!(
            field.kind,
            ColumnKind::Date | ColumnKind::Datetime | ColumnKind::Other
        )
}

/// How well the whole phrase names the field, about 0 to 1.3.
fn fit(phrase: &[&str], field: &EntryField, profile: &Profile, index: &EntryIndex) -> f64 {
    let quality = |word: &str, stems: &[String]| -> f64 {
        if stems.iter().any(|stem| stem == word) {
            1.0
        } else if index
            .likes_of(word)
            .any(|like| stems.iter().any(|stem| stem == like))
        {
            LIKE
        } else {
            0.0
        }
    };
    let mut total = 0.0;
    let mut own = 0.0;
    for word in phrase {
        let here = quality(word, &field.own).max(quality(word, &field.label) * 0.95);
        let owner = quality(word, &field.owner);
        if here.max(owner) == 0.0 {
            return 0.0;
        }
        own += here;
        total += here.max(owner);
    }
    let words = count(phrase.len());
    let called = field
        .own
        .last()
        .is_some_and(|stem| matches!(stem.as_str(), "name" | "titl"));
    let mean = total / words;
    let length = (words - 1.0) * 0.1;
    if own > 0.0 {
        // `category` names `Product.category` wholly, and `Product.category_group` only in part.
        let covered = (own / count(field.own.len().max(1))).min(1.0);
        let numeric = matches!(field.kind, ColumnKind::Integer | ColumnKind::Number);
        if numeric && covered < 1.0 - 1e-9 {
            return 0.0;
        }
        mean * (0.5 + 0.5 * covered) + length + f64::from(u8::from(field.owner.is_empty())) * 0.01
    } else if called && !field.owner.is_empty() && field.own.len() == 1 {
        // `product` means what products are called.
        mean * 0.9 + length
    } else if called
        && field.owner.is_empty()
        && phrase.iter().all(|word| quality(word, &profile.about) > 0.0)
    {
        mean * 0.7
    } else {
        0.0
    }
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// A value of a field that the question names.
#[derive(Debug, Clone)]
pub(super) struct ValueMatch<'a> {
    pub(super) field: &'a EntryField,
    pub(super) value: Value,
    pub(super) words: Vec<usize>,
    pub(super) stems: Vec<String>,
    /// Whether the question leaves it out: `without`, `excluding`.
    pub(super) without: bool,
    /// Whether the word before it names its field: `from Oslo` is of `from_port`.
    named: bool,
    /// Whether it may as well be one of another field of its kind, as of `to_port`.
    pub(super) unsure: bool,
}

/// Values of `fields` that the question names, each word used once, longer wordings first.
pub(super) fn values_in<'a>(
    question: &ParsedQuestion,
    fields: &'a [EntryField],
    taken: &[usize],
    skip: impl Fn(&str) -> bool,
) -> Vec<ValueMatch<'a>> {
    let mut all: Vec<ValueMatch<'a>> = Vec::new();
    let mut found = |field, value: &Value, at: usize, length: usize| {
        let before = at.checked_sub(1).and_then(|before| question.words.get(before));
        let without = before.is_some_and(|word| {
            matches!(
                word.text.as_str(),
                "without" | "excluding" | "except" | "not" | "non"
            )
        });
        all.push(ValueMatch {
            field,
            value: value.clone(),
            words: (at - usize::from(without)..at + length).collect(),
            stems: question
                .words
                .iter()
                .skip(at)
                .take(length)
                .map(|word| word.stem.clone())
                .collect(),
            without,
            named: before.is_some_and(|word| field.own.contains(&word.stem)),
            unsure: false,
        });
    };
    for field in fields {
        for (value, wordings) in &field.values {
            for wording in wordings.iter().filter(|wording| !wording.is_empty()) {
                if let Some(at) = place(question, wording)
                    && !wording.iter().all(|stem| skip(stem))
                {
                    found(field, value, at, wording.len());
                }
            }
            if let Some(at) = value.as_str().and_then(|code| coded(question, code)) {
                found(field, value, at, 1);
            }
        }
        // A dimension with too many values to be listed may still be known to hold codes.
        if field.values.is_empty() {
            for (name, code) in field
                .own
                .last()
                .into_iter()
                .flat_map(|stem| lexicon::codes_of(stem))
            {
                if let Some(at) = spelled(question, &name) {
                    found(field, &Value::from(code), at, name.len());
                } else if let Some(at) = coded(question, &code) {
                    found(field, &Value::from(code), at, 1);
                }
            }
        }
    }
    all.sort_by_key(|found| std::cmp::Reverse((found.words.len(), found.named)));
    // Two ports, two countries: only the words before a value tell which is meant.
    let twins = |one: &EntryField, other: &EntryField| {
        let same = one.owner == other.owner && one.own.last() == other.own.last();
        same && one.name != other.name && one.own.len() > 1 && other.own.len() > 1
    };
    let unsure: Vec<bool> = all
        .iter()
        .map(|one| {
            let mut others = all.iter().filter(|other| other.words == one.words);
            !one.named && others.any(|other| twins(one.field, other.field))
        })
        .collect();
    for (found, unsure) in all.iter_mut().zip(unsure) {
        found.unsure = unsure;
    }
    let mut used: Vec<usize> = taken.to_vec();
    all.retain(|found| {
        let free = found.words.iter().all(|word| !used.contains(word));
        if free {
            used.extend(&found.words);
        }
        free
    });
    all
}

/// Where the wording stands in the question, in words that nothing else was read from.
fn place(question: &ParsedQuestion, wording: &[String]) -> Option<usize> {
    question.words.windows(wording.len()).position(|window| {
        window
            .iter()
            .zip(wording)
            .all(|(word, stem)| !word.used && word.stem == *stem)
            && !window.iter().all(|word| lexicon::is_filler(&word.text))
    })
}

/// Where the words of a name stand in the question.
fn spelled(question: &ParsedQuestion, name: &[&str]) -> Option<usize> {
    question.words.windows(name.len()).position(|window| {
        window
            .iter()
            .zip(name)
            .all(|(word, part)| !word.used && word.text == *part)
    })
}

/// Where a code of two letters stands in the question, in capitals: `in` is not Indiana.
fn coded(question: &ParsedQuestion, code: &str) -> Option<usize> {
    let is_code = code.len() == 2 && code.chars().all(|c| c.is_ascii_uppercase());
    let written = |word: &super::question::QuestionWord| {
        !word.used && word.capitals && word.text.eq_ignore_ascii_case(code)
    };
    question.words.iter().position(written).filter(|_| is_code)
}
