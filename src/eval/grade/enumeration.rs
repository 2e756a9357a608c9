//! Whether names stand for themselves in a text, or among others that do not belong to them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{answer, denial, markdown, mention};
use crate::text::built_in_pattern;

/// Most words of a name in a list; what is longer says something of the one before it.
const MOST_WORDS: usize = 3;

static BRACKETS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"\([^)]*\)"));
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)[,;/]|\b(?:and|or|as well as)\b"));
static JOINS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)^\W*?(?:[,;/]|\b(?:and|or)\b)"));
static JOINED: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)(?:[,;/]|\b(?:and|or)\b)\W*$"));
static OR_AFTER: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)^\W{0,4}or\b"));
static OR_BEFORE: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)\bor\W{0,4}$"));
/// Words that name nobody.
static NOBODY: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)\b(not|no|none|nothing|nobody|others?|more|only|all|then|respectively|both)\b|\d")
});

/// What is wrong with the way in which a text says these names, all of which are in it: they are offered as possibilities,
/// or listed with others. The names of a ranking (`ranked`) have a place in it, and others may follow in a sentence.
pub(super) fn flaw(question: &str, text: &str, names: &[String], ranked: bool) -> Option<String> {
    let text = mention::folded(text);
    let folded: Vec<String> = names.iter().map(|name| mention::folded(name)).collect();
    let mut places: Vec<Range<usize>> = mention::each(&text, &folded)
        .into_iter()
        .filter_map(|places| places.into_iter().next())
        .collect();
    places.sort_by_key(|place| place.start);
    if places.iter().any(|place| answer::is_offered(&text, place)) {
        return Some("only offers them".to_owned());
    }
    if denial::is_choice(&text, &places) {
        return Some("as a choice".to_owned());
    }
    if let (Some(first), Some(last)) = (places.first(), places.last())
        && denial::of_names(question, &text, first, last)
    {
        return Some("denies them".to_owned());
    }
    if let [place] = places.as_slice() {
        let before = text.get(..place.start).unwrap_or_default();
        let after = text.get(place.end..).unwrap_or_default();
        if OR_AFTER.is_match(after) || OR_BEFORE.is_match(before) {
            return Some("as one of two".to_owned());
        }
    }
    let prose: Vec<String> = text
        .lines()
        .filter(|line| !is_listed(line))
        .map(str::to_owned)
        .collect();
    let prose = prose.join("\n");
    let in_prose = mention::each(&prose, &folded)
        .iter()
        .all(|places| !places.is_empty());
    let other = if in_prose {
        in_sentence(&prose, &folded, ranked).or_else(|| in_sentences(&prose, &folded))
    } else {
        in_table(&text, &folded).or_else(|| in_list(&text, &folded))
    };
    other.map(|other| format!("lists \"{other}\" with them"))
}

fn is_listed(line: &str) -> bool {
    let line = line.trim_start();
    let bullet = ["- ", "* ", "• ", "|"].iter().any(|mark| line.starts_with(mark));
    let number: String = line.chars().take_while(char::is_ascii_digit).collect();
    let numbered = !number.is_empty()
        && line
            .get(number.len()..)
            .is_some_and(|rest| rest.starts_with([')', '.']));
    bullet || numbered || line.contains(" | ")
}

/// A row of a table whose column holds all names, and another one.
fn in_table(text: &str, names: &[String]) -> Option<String> {
    markdown::tables(text).into_iter().find_map(|table| {
        let table = table.without_total().unwrap_or(table);
        (0..table.names.len()).find_map(|at| {
            let cells = table
                .rows
                .iter()
                .filter_map(|row| row.get(at).and_then(Value::as_str));
            let cells: Vec<String> = cells.map(mention::same_as).collect();
            let all = names.iter().all(|name| cells.contains(&mention::same_as(name)));
            let other = cells
                .iter()
                .find(|cell| !names.iter().any(|name| mention::same_as(name) == **cell));
            all.then(|| other.cloned()).flatten()
        })
    })
}

/// An item of a list that names none of these, beside one that does.
fn in_list(text: &str, names: &[String]) -> Option<String> {
    let names_one = |line: &str| mention::each(line, names).iter().any(|places| !places.is_empty());
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains('|')).collect();
    lines.split(|line| !is_listed(line)).find_map(|block| {
        let belongs = block.iter().any(|line| names_one(line));
        let other = block.iter().find(|line| !names_one(line));
        belongs.then(|| other.map(|line| (*line).to_owned())).flatten()
    })
}

/// A further member of the list in which a sentence names these.
fn in_sentence(prose: &str, names: &[String], ranked: bool) -> Option<String> {
    let mut places: Vec<Range<usize>> = mention::each(prose, names)
        .into_iter()
        .filter_map(|places| places.into_iter().next())
        .collect();
    places.sort_by_key(|place| place.start);
    let between = places.windows(2).find_map(|pair| match pair {
        [one, next] => {
            let gap = prose.get(one.end..next.start).unwrap_or_default();
            let gap = BRACKETS.replace_all(gap, "");
            (JOINS.is_match(&gap) && JOINED.is_match(&gap))
                .then(|| members(&gap).into_iter().next())
                .flatten()
        }
        _ => None,
    });
    if between.is_some() {
        return between;
    }
    let last = places.last()?;
    let rest = prose.get(last.end..).unwrap_or_default();
    let rest = rest.split(['.', '\n', ':']).next().unwrap_or_default();
    let rest = BRACKETS.replace_all(rest, "");
    if !JOINS.is_match(&rest) {
        return None;
    }
    let further = members(&rest);
    let last_gap = places.iter().rev().nth(1);
    let last_gap = last_gap.and_then(|before| prose.get(before.end..last.start));
    let open = last_gap.is_some_and(|gap| gap.trim() == ",");
    let joined = rest.trim_start().starts_with("and ") || (open && rest.trim_start().starts_with(','));
    let closed = joined && further.len() == 1;
    let listed = further.len() > 1 || (closed && !ranked);
    listed.then(|| further.into_iter().next()).flatten()
}

/// A further name that is said as these are, in a sentence of its own: "It is Soap. It is Candles."
fn in_sentences(prose: &str, names: &[String]) -> Option<String> {
    let sentences: Vec<&str> = prose
        .split(['\n', '.', ';', '!'])
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let name_at = |sentence: &str| {
        let places = mention::each(sentence, names).into_iter().flatten();
        places.max_by_key(|place| place.end)
    };
    let beginnings: Vec<&str> = sentences
        .iter()
        .filter_map(|sentence| {
            let place = name_at(sentence)?;
            let ends = sentence.get(place.end..)?.chars().all(|c| !c.is_alphanumeric());
            sentence
                .get(..place.start)
                .filter(|beginning| ends && !beginning.trim().is_empty())
        })
        .collect();
    sentences.iter().find_map(|sentence| {
        let rest = beginnings
            .iter()
            .find_map(|beginning| sentence.strip_prefix(*beginning))?;
        let short = rest.split_whitespace().count() <= MOST_WORDS;
        (short && name_at(sentence).is_none()).then(|| rest.to_owned())
    })
}

/// The members of a part of a list that are short enough to be names.
fn members(part: &str) -> Vec<String> {
    BETWEEN
        .split(part)
        .map(|member| member.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|member| !member.is_empty() && !NOBODY.is_match(member))
        .filter(|member| member.split_whitespace().count() <= MOST_WORDS)
        .map(str::to_owned)
        .collect()
}
