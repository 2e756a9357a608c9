//! What a question counts: "How many sailings were cancelled?" is not answered by "sailing 42", by "42 minutes" or by "42
//! lifeboats" beside "24 sailings".

use std::sync::LazyLock;

use regex::Regex;

use crate::grounding::Number;
use crate::text::built_in_pattern;

/// Letters that words of one stem begin with: "cancelled" and "cancellations".
const STEM: usize = 5;

static COUNTED: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\bhow many\s+(\w+)(?:\s+(\w+))?(?:\s+(\w+))?"));
static OF_TIME: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)^\s*(?:more\s+)?(seconds|minutes|hours|days|weeks|months|quarters|years)\b")
});
/// Verbs that end as plurals do.
const VERBS: [&str; 4] = ["was", "is", "has", "does"];

/// The noun that a question counts, in its plural.
pub(super) fn noun(question: &str) -> Option<String> {
    let found = COUNTED.captures(question)?;
    let words: Vec<String> = found
        .iter()
        .skip(1)
        .flatten()
        .map(|word| word.as_str().to_lowercase())
        .collect();
    let plural = |word: &&String| word.ends_with('s') && !VERBS.contains(&word.as_str());
    words.iter().find(plural).or(words.first()).cloned()
}

/// Whether a figure is the number of one of those that are counted, or of another unit: "sailing 42", "42 minutes".
pub(super) fn is_no_count(question: &str, noun: &str, text: &str, number: &Number) -> bool {
    let before = text.get(..number.start).unwrap_or_default();
    let singular = noun.strip_suffix('s').unwrap_or_default();
    let word = before
        .strip_suffix(' ')
        .and_then(|before| before.rsplit(|c: char| !c.is_alphanumeric()).next())
        .unwrap_or_default()
        .to_lowercase();
    let after = text.get(number.end..).unwrap_or_default();
    let unit = OF_TIME.captures(after).and_then(|found| found.get(1));
    (!singular.is_empty() && word == singular)
        || unit.is_some_and(|unit| !is_asked(question, &unit.as_str().to_lowercase()))
}

/// Whether a figure counts something that was not asked for, beside another that counts what was: "6 vessels and 7 ports".
pub(super) fn counts_another(
    question: &str,
    noun: &str,
    text: &str,
    number: &Number,
    others: &[&Number],
) -> bool {
    let own = word_after(text, number);
    if !own.ends_with('s') || VERBS.contains(&own.as_str()) || is_asked(question, &own) {
        return false;
    }
    others.iter().any(|other| {
        let before = text.get(..other.start).unwrap_or_default().trim_end();
        let part_of = before.to_lowercase().ends_with(" of");
        let between = text.get(number.end..other.start).unwrap_or("\n");
        let beside = !between.contains(['.', '\n', ';']);
        word_after(text, other) == noun && !part_of && !beside
    })
}

fn word_after(text: &str, number: &Number) -> String {
    let after = text.get(number.end..).unwrap_or_default();
    let after = after.trim_start_matches(['*', '_', '`', ' ']);
    let word = after.split(|c: char| !c.is_alphanumeric()).next();
    word.unwrap_or_default().to_lowercase()
}

fn is_asked(question: &str, word: &str) -> bool {
    let beginning = |word: &str| -> String { word.chars().take(STEM).collect() };
    question
        .split(|c: char| !c.is_alphanumeric())
        .any(|other| beginning(&other.to_lowercase()) == beginning(word))
}
