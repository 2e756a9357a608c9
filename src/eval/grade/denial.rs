//! Words that take back what stands beside them: "not 42", "I cannot say whether it is 42", "fewer than 42".

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::answer;
use crate::grounding::Number;
use crate::text::built_in_pattern;

/// Bytes before a figure or a name in which a word that denies it is looked for.
const BEFORE: usize = 48;

/// A denial right before something; a few small words may stand between: "not the 42", "did not fall by 4 %".
static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?ix)(?: \b(?: not | never | neither | nor | none\ of | rather\ than | instead\ of | nicht | kein(?:e|en|er)? | statt ) | n['’]t )
        \s+ (?: (?: a | an | the | those | these | your | our | about | exactly | really | quite | even | die | der | das | den
        | \w+\s+(?: by | to | um | auf ) ) \s+ ){0,2} [*_`]*$",
    )
});
static CALLED_WRONG: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)^[\W_]{0,3}(is|was|would be)\s+(not (right|correct|true|the (answer|right|correct|number|figure))|wrong|incorrect)\b",
    )
});
static ENDS_SENTENCE: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"\n|[.!?](?:\s|$)"));
/// "All but Acorn".
static ALL_BUT: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(?:all|each|every\w*)\b[^.;\n]*\b(?:but|except(?: for)?|apart from|other than)\s+$",
    )
});
/// Words with which a text says that it cannot answer.
static REFUSES: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(can ?not|can['’]t|could(n['’]t| not)|unable to|not able to|do(n['’]t| not) know|impossible to)\b",
    )
});
/// Where what was said before ends.
static ENDS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)[\n;:]|[.!?,]\s|\bbut\b"));
/// What makes a figure a bound. "No fewer than 42" are 42.
static BOUND: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?ix)\b(?P<still> (?:no|not)\s+ )? (?:
        (?P<above> (?:more|greater|higher|larger)\s+than | (?:just|well)\s+(?:over|above) | at\s+least )
        | (?P<below> (?:fewer|less|lower|smaller)\s+than | (?:just|well)\s+(?:under|below) | almost | nearly | at\s+most ) )
        \s+[*_`]*$",
    )
});
/// "Acorn was not the first".
static NOT_THE_ONE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)^[\s*_`]*(is|was|are|were)( not|n['’]t)\s+(the|it|among|one of)\b")
});
/// "Kiel and Dover do not have an office".
static HAS_NOT: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)^[\s*_`]*(?:all\s+)?(?:(?:do|does|did|have|has|had|are|is|were|was)(?:\s+not|n['’]t|\s+no|\s+without)|lacks?|lacked|miss|misses)\b(?P<rest>.*)",
    )
});
/// "Stations without a lift: Kiel, Dover", "There is no office in Kiel".
static LED_BY_NONE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(?:without|no|none of (?:these|them|the following)|not|lack\w*|n['’]t)\b(?P<what>[^.\n:;]*(?::|\b(?:at|in|on|for|from|with))\s*)[*_`\s•-]*$",
    )
});
/// Questions about what is not so: "Which products were never sold?"
static ASKS_FOR_NONE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)n['’]t\b|\b(not|no|never|none|without|lack\w*|miss\w*|except|other than|un\w+)\b")
});

/// Whether the words beside a figure say that it is not the one, or that the text cannot tell.
pub(super) fn of_figure(text: &str, number: &Number) -> bool {
    let after = text.get(number.end..).unwrap_or_default();
    let is_asked = ENDS_SENTENCE
        .find(after)
        .is_some_and(|end| end.as_str().starts_with('?'));
    is_asked || of_place(text, number.start) || CALLED_WRONG.is_match(after)
}

/// Whether the words right before a place deny what stands there, or its clause says that the text cannot tell.
fn of_place(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let from = before.len().saturating_sub(BEFORE);
    let from = (from..=before.len())
        .find(|at| before.is_char_boundary(*at))
        .unwrap_or_default();
    DENIED.is_match(before.get(from..).unwrap_or_default()) || REFUSES.is_match(clause(before))
}

/// What a text ends with, from the last mark or "but" on.
fn clause(before: &str) -> &str {
    let from = ENDS.find_iter(before).last().map_or(0, |end| end.end());
    before.get(from..).unwrap_or_default()
}

/// Whether a name is denied: "not Acorn but Marigold", "Acorn was not the first".
pub(super) fn of_name(text: &str, place: &Range<usize>) -> bool {
    of_place(text, place.start) || NOT_THE_ONE.is_match(text.get(place.end..).unwrap_or_default())
}

/// Whether names that stand together, from the first to the last, are denied: "None of A and B has an office", "A and B do
/// not have an office". A question that asks for what is not so is answered that way.
pub(super) fn of_names(question: &str, text: &str, first: &Range<usize>, last: &Range<usize>) -> bool {
    let before = text.get(..first.start).unwrap_or_default();
    if of_name(text, first) || ALL_BUT.is_match(before) {
        return true;
    }
    let after = text.get(last.end..).unwrap_or_default();
    let after = after.split(['.', '\n', ';']).next().unwrap_or_default();
    let rest = HAS_NOT.captures(after).and_then(|found| found.name("rest"));
    let led = LED_BY_NONE.captures(before).and_then(|found| found.name("what"));
    let mut said = [rest, led].into_iter().flatten();
    !ASKS_FOR_NONE.is_match(question) && said.any(|what| answer::is_named_by(question, what.as_str(), &[]))
}

/// Whether a figure is only the most that there may be: "up to 42".
pub(super) fn is_most(text: &str, number: &Number) -> bool {
    let before = text.get(..number.start).unwrap_or_default().trim_end();
    before.to_lowercase().ends_with("up to")
}

/// Whether the words before a figure make it a bound that the value does not keep. A rounded figure may say on which side
/// of it the value lies; a value is neither more nor less than itself.
pub(super) fn is_passed_by(text: &str, number: &Number, value: f64) -> bool {
    let before = text.get(..number.start).unwrap_or_default();
    let Some(bound) = BOUND
        .captures(before)
        .filter(|bound| bound.name("still").is_none())
    else {
        return false;
    };
    let (own, value) = (number.value.abs(), value.abs());
    if bound.name("above").is_some() {
        value <= own
    } else {
        value >= own
    }
}

/// Words that make a figure one below zero: "overdrawn by 42", "42 in the red".
static OWED_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?ix)\b(?: overdrawn\s+by | (?:in\s+the\s+red|in\s+debt|short)\s+by | (?:loss(?:es)?|deficit|shortfall|debts?)\s+(?:of|was|is)
        | negative(?:\s+(?:balance|result|margin|income|total))?(?:\s+(?:of|at|by))? | minus | lost | owes? )
        (?:\s+(?:about|around|roughly|almost|nearly))?\s*[*_`€$£]*$",
    )
});
static OWED_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)^[\s*_`]*(?:in the red|overdrawn|in debt|in deficit|below zero)\b")
});

/// Whether the words beside a figure make it one below zero.
pub(super) fn is_owed(text: &str, number: &Number) -> bool {
    OWED_BEFORE.is_match(text.get(..number.start).unwrap_or_default())
        || OWED_AFTER.is_match(text.get(number.end..).unwrap_or_default())
}

/// Whether a text says that there are none of what is counted, and not that it does not know.
pub(super) fn says_none_of(text: &str, noun: &str) -> bool {
    let low = text.to_lowercase();
    let words: Vec<&str> = low
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let singular = noun.strip_suffix('s').unwrap_or(noun);
    let none = words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).copied().unwrap_or_default();
        match *word {
            "none" => next != "of" || words.get(at + 2..at + 4).is_some_and(|two| two.contains(&noun)),
            "no" => next == noun || next == singular,
            _ => false,
        }
    });
    none && !refuses(text)
}

/// Whether a text says that it cannot answer.
pub(super) fn refuses(text: &str) -> bool {
    REFUSES.is_match(text)
}

/// Whether a text holds nothing but these names, told apart by "or".
pub(super) fn is_choice(text: &str, names: &[Range<usize>]) -> bool {
    let outside = |at: usize| !names.iter().any(|name| name.contains(&at));
    let rest: String = text
        .char_indices()
        .filter(|(at, _)| outside(*at))
        .map(|(_, c)| c)
        .collect();
    let words: BTreeSet<String> = rest
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    names.len() > 1 && words.len() == 1 && words.contains("or")
}
