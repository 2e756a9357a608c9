//! Whether a text makes a figure its answer, or only names it among others.
//!
//! "561 orders came from Texas, 5,300 in all" answers; "It is 377, 498 or 561" does not, although the right figure stands in
//! it. A figure is the answer unless the text offers it as a possibility, lists it bare among others of its kind, or says
//! the same of another; in a list or a table its own line has to name what was asked. Start at [`names_it`].

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::grounding::{Kind, Number};
use crate::text::built_in_pattern;

/// Words that offer something instead of saying it.
static OFFERS: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(either|perhaps|maybe|possibly|possible|possibilities|might be|may be|could be|one of|candidates?|options?|alternatives?|guess(es)?|entweder|vielleicht|möglicherweise)\b",
    )
});
/// "Orders have one of these statuses: …" names what there is; nothing is left open.
static EACH_HAS_ONE: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(have|has|takes?) one of (these|the following)\b"));
/// What stands between the members of a list that says nothing of them.
static BARE: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)^[\W_]*(and|or|to|nor|und|oder|bis)?[\W_]*$"));
/// Units, which say nothing of the one figure that they do not say of the other.
static UNIT: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)\b(usd|eur|gbp|jpy|chf|dollars?|euros?|pounds?|percent|per cent|points?)\b")
});
/// Words with which a text comes to its answer.
static CONCLUDES: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(answer|totals?|in all|altogether|overall|therefore|thus|so|hence|that is|comes? to|came to|together)\b",
    )
});
/// What stands between the names of a list.
static MEMBERS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r",\s*(?:and\s+)?|\s+and\s+"));
static OR: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)\b(or|nor|oder)\b"));
/// Words of a sentence that say what it is about.
const TELLING: usize = 3;
/// Words of a question that name nothing.
const EMPTY: [&str; 48] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "did", "do", "does", "for", "from", "get", "had",
    "has", "have", "how", "i", "in", "is", "it", "its", "many", "me", "much", "of", "on", "or", "our", "per",
    "please", "show", "that", "the", "there", "this", "to", "us", "was", "we", "were", "what", "which",
    "who", "with", "you",
];

/// A part of a text that says one thing: a sentence, an item of a list, a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    place: Range<usize>,
    /// Whether it is one of a list or a table.
    listed: bool,
}

/// Whether the text offers possibilities rather than saying something, at or right before this place.
pub(super) fn is_offered(text: &str, place: &Range<usize>) -> bool {
    let statements = statements(text);
    let Some(at) = statements.iter().position(|one| holds(one, place)) else {
        return false;
    };
    let said = |one: &Statement| text.get(one.place.clone()).unwrap_or_default();
    let own = statements.get(at).is_some_and(|one| offers(said(one)));
    // What leads into a list is said of all of it.
    let lead = statements.iter().take(at).rev().find(|one| !one.listed);
    let listed = statements.get(at).is_some_and(|one| one.listed);
    own || (listed && lead.is_some_and(|lead| offers(said(lead))))
}

fn offers(statement: &str) -> bool {
    OFFERS.is_match(&EACH_HAS_ONE.replace_all(statement, ""))
}

/// Why this right figure is not what the text answers; `None` when it is. `others` are the figures of its kind that are
/// something else than what was asked for.
pub(super) fn names_it(
    questions: &str,
    text: &str,
    right: &Number,
    others: &[&Number],
) -> Result<(), &'static str> {
    if others.is_empty() {
        return Ok(());
    }
    let own_place = right.start..right.end;
    if is_offered(text, &own_place) {
        return Err("it is only offered");
    }
    let statements = statements(text);
    let of = |number: &Number| {
        let place = number.start..number.end;
        statements.iter().find(|one| holds(one, &place)).cloned()
    };
    let Some(own) = of(right) else { return Ok(()) };
    let said_of = |number: &Number, statement: &Statement| {
        let rest: Vec<&Number> = others
            .iter()
            .copied()
            .chain([right])
            .filter(|other| other.start != number.start && holds(statement, &(other.start..other.end)))
            .collect();
        words(&clause(text, statement, number, &rest))
    };
    let asked = words(questions);
    let is_what_was_asked = |number: &Number| {
        let statement = of(number).filter(|one| !one.listed);
        // "128 of 1,940 orders are open" counts the 128.
        let before = text.get(..number.start).unwrap_or_default().trim_end();
        let part_of = before.to_lowercase().ends_with(" of");
        asked.len() > 1 && !part_of && statement.is_some_and(|one| said_of(number, &one) == asked)
    };
    if others.iter().any(|other| is_what_was_asked(other)) && !is_what_was_asked(right) {
        return Err("another figure is said of what was asked");
    }
    let inside: Vec<&&Number> = others
        .iter()
        .filter(|other| of(other).as_ref() == Some(&own))
        .collect();
    match in_turn(questions, text, &own, right, others) {
        Some(true) => return Ok(()),
        Some(false) => return Err("it is said of another in turn"),
        None => {}
    }
    if !is_row(text, &own) && inside.iter().any(|other| bare(text, right, other, others)) {
        return Err("it stands in a bare list of figures");
    }
    let named = |label: &str, rest: &[String]| is_named_by(questions, label, rest);
    let label = |one: &Statement| without_figures(text, one);
    let apart: Vec<Statement> = others
        .iter()
        .filter_map(|other| of(other))
        .filter(|one| *one != own)
        .collect();
    let labels: Vec<String> = apart.iter().map(label).collect();
    let alike = apart
        .iter()
        .any(|one| (own.listed && one.listed) || is_alike(&label(&own), &label(one)));
    let total = own.listed && CONCLUDES.is_match(&label(&own));
    if alike && !total && !named(&label(&own), &labels) {
        return Err("other figures are said in the same way");
    }
    if inside.len() > 1 && !leads(text, right, &inside) {
        let clause = clause(text, &own, right, others);
        let rest: Vec<String> = inside
            .iter()
            .map(|other| self::clause(text, &own, other, &[right]))
            .collect();
        if !named(&clause, &rest) {
            return Err("it is one of several figures of a sentence");
        }
    }
    let before = apart
        .iter()
        .filter(|one| one.place.start < own.place.start)
        .count();
    if before > 1 && !own.listed && !CONCLUDES.is_match(&label(&own)) && !named(&label(&own), &labels) {
        return Err("it is one of several figures");
    }
    if before == 1 && !own.listed && is_about_something_else(questions, &label(&own), &labels) {
        return Err("its sentence is about something else");
    }
    Ok(())
}

/// Where a sentence lists names and then as many figures, `respectively`: whether the name in the figure's turn is what was asked.
fn in_turn(questions: &str, text: &str, own: &Statement, right: &Number, others: &[&Number]) -> Option<bool> {
    let said = text.get(own.place.clone())?;
    if !said.to_lowercase().contains("respectively") {
        return None;
    }
    let mut figures: Vec<&Number> = others.iter().copied().chain([right]).collect();
    figures.retain(|number| holds(own, &(number.start..number.end)));
    figures.sort_by_key(|number| number.start);
    let before = text.get(own.place.start..figures.first()?.start)?;
    let names: Vec<String> = MEMBERS.split(before).map(str::to_owned).collect();
    let names = names.get(names.len().checked_sub(figures.len())?..)?;
    let at = figures.iter().position(|number| number.start == right.start)?;
    let name = names.get(at)?;
    let rest: Vec<String> = names.iter().filter(|other| *other != name).cloned().collect();
    Some(is_named_by(questions, name, &rest))
}

/// Whether a sentence has words enough to say what it is about, none of them the question's, behind one with the question's
/// own: "Sailings were 15.2 minutes late. The median age of the vessels is 17.4 years."
fn is_about_something_else(questions: &str, own: &str, others: &[String]) -> bool {
    let said = words(own);
    said.len() >= TELLING
        && !CONCLUDES.is_match(own)
        && !is_named_by(questions, own, &[])
        && others.iter().any(|other| is_named_by(questions, other, &[]))
}

/// Lines of lists and tables, and sentences of prose.
fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let plain = line.trim();
        let marker = plain.starts_with(['-', '*', '•', '|'])
            && !plain.starts_with("**")
            && !plain.starts_with(|c: char| {
                c == '-' && plain.len() > 1 && plain.get(1..2).is_some_and(|next| next.trim() == next)
            });
        let numbered = plain.split_once(['.', ')']).is_some_and(|(number, _)| {
            !number.is_empty() && number.len() < 3 && number.bytes().all(|b| b.is_ascii_digit())
        }) && plain
            .split_once(". ")
            .or(plain.split_once(") "))
            .is_some_and(|(number, _)| number.len() < 3);
        if marker || numbered || plain.contains(" | ") {
            found.push(Statement {
                place: start..end,
                listed: true,
            });
        } else {
            let mut from = start;
            for (at, mark) in line
                .match_indices(". ")
                .chain(line.match_indices("! "))
                .chain(line.match_indices("? "))
            {
                let to = start + at + mark.len();
                // An abbreviation or a number of a list ends no sentence.
                if to > from + 4 {
                    found.push(Statement {
                        place: from..to,
                        listed: false,
                    });
                    from = to;
                }
            }
            found.push(Statement {
                place: from..end,
                listed: false,
            });
        }
        start = end;
    }
    found.retain(|one| {
        text.get(one.place.clone())
            .is_some_and(|said| !said.trim().is_empty())
    });
    // Lines of one form under each other are a list, whatever they begin with.
    let forms: Vec<String> = found.iter().map(|one| without_figures(text, one)).collect();
    for at in 1..found.len() {
        let same = match (forms.get(at - 1), forms.get(at)) {
            (Some(before), Some(own)) => is_alike(before, own),
            _ => false,
        };
        if same {
            for one in found.iter_mut().skip(at - 1).take(2) {
                one.listed = true;
            }
        }
    }
    found
}

fn holds(statement: &Statement, place: &Range<usize>) -> bool {
    statement.place.start <= place.start && place.end <= statement.place.end
}

fn is_row(text: &str, statement: &Statement) -> bool {
    text.get(statement.place.clone())
        .is_some_and(|said| said.contains('|'))
}

/// The words of a statement, with years and dates but without other figures.
fn without_figures(text: &str, statement: &Statement) -> String {
    let said = text.get(statement.place.clone()).unwrap_or_default();
    let figures: Vec<Range<usize>> = crate::grounding::numbers(said, crate::grounding::Separators::English)
        .iter()
        .filter(|number| matches!(number.kind, Kind::Quantity | Kind::ListMarker))
        .map(|number| number.start..number.end)
        .collect();
    said.char_indices()
        .filter(|(at, _)| !figures.iter().any(|figure| figure.contains(at)))
        .map(|(_, c)| c)
        .collect()
}

/// Whether two statements say the same of their figures, but for one word at most.
fn is_alike(one: &str, other: &str) -> bool {
    let list = |text: &str| -> Vec<String> { tokens(text).collect() };
    let (one, other) = (list(one), list(other));
    one.len() == other.len() && one.iter().zip(&other).filter(|(one, other)| one != other).count() <= 1
}

/// Whether nothing is said between two figures that stand next to each other.
fn bare(text: &str, right: &Number, other: &Number, others: &[&Number]) -> bool {
    let (first, second) = if right.start < other.start {
        (right, other)
    } else {
        (other, right)
    };
    let between = first.end..second.start;
    let next_to = |number: &&&Number| number.start >= between.start && number.end <= between.end;
    if others.iter().any(|number| next_to(&number)) {
        return false;
    }
    let gap = text.get(between.clone()).unwrap_or_default();
    // "$84.16: $61,352.64 over 729 orders" says how the first came about.
    if gap.trim_start().starts_with(':') && right.end <= other.start {
        return false;
    }
    let gap = UNIT.replace_all(gap, " ");
    // "561 orders, 498 orders": what is said of both says nothing of either.
    let after = |number: &Number| {
        let rest = text.get(number.end..).unwrap_or_default();
        let rest = UNIT.replace(rest, " ").into_owned();
        tokens(&rest).next().unwrap_or_default()
    };
    let own = after(right);
    let gap = if !own.is_empty() && own == after(other) {
        gap.to_lowercase().replacen(&own, " ", 1)
    } else {
        gap.into_owned()
    };
    if !BARE.is_match(&gap) {
        // "Perhaps" aside, an "or" makes two figures two possibilities.
        return OR.is_match(&gap) && gap.split_whitespace().count() < 4;
    }
    let from = text
        .get(..first.start)
        .unwrap_or_default()
        .trim_end_matches(|c: char| !c.is_alphanumeric());
    let journey = from.to_lowercase().ends_with("from") && tokens(&gap).any(|word| word == "to");
    !journey
}

/// Whether the figure comes before the others of its sentence, which are said beside it: "561, up from 498".
fn leads(text: &str, right: &Number, inside: &[&&Number]) -> bool {
    static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
        built_in_pattern(
            r"(?i)[(:—–=]|\b(from|against|compared|versus|vs|after|before|ahead|of which|of|with|than|or|because|where|while|since)\b",
        )
    });
    let Some(next) = inside.iter().map(|other| other.start).min() else {
        return true;
    };
    let aside = text.get(next..).unwrap_or_default().starts_with('(');
    right.end <= next && (aside || BESIDE.is_match(text.get(right.end..next).unwrap_or_default()))
}

/// The words that belong to a figure of a sentence: from the figure before it to the figure after it.
fn clause(text: &str, statement: &Statement, number: &Number, others: &[&Number]) -> String {
    let from = others
        .iter()
        .map(|other| other.end)
        .filter(|end| *end <= number.start)
        .max();
    let to = others
        .iter()
        .map(|other| other.start)
        .filter(|start| *start >= number.end)
        .min();
    let from = from.unwrap_or(statement.place.start);
    let to = to.unwrap_or(statement.place.end);
    let before = text.get(from..number.start).unwrap_or_default();
    // What stands behind the last comma belongs to this figure, what stands before it to the one before.
    let before = before.rsplit([',', ';']).next().unwrap_or_default();
    let after = text.get(number.end..to).unwrap_or_default();
    let after = after
        .split([',', ';', ':', '(', '—', '–'])
        .next()
        .unwrap_or_default();
    format!("{before} {after}")
}

fn tokens(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The words of a text that name something, without the ending of plurals.
fn words(text: &str) -> BTreeSet<String> {
    tokens(text)
        .filter(|word| !EMPTY.contains(&word.as_str()))
        .map(|word| {
            word.strip_suffix('s')
                .filter(|stem| stem.len() > 2)
                .map_or(word.clone(), str::to_owned)
        })
        .collect()
}

/// The words of a heading, or of a question, that are in the one and not in the others.
pub(super) fn is_named_by(questions: &str, own: &str, others: &[String]) -> bool {
    let rest: BTreeSet<String> = others.iter().flat_map(|other| words(other)).collect();
    let asked = words(questions);
    words(own)
        .iter()
        .any(|word| asked.contains(word) && !rest.contains(word))
}
