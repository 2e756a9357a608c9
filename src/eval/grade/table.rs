//! Tables by value: which columns of a result are the gold's, and whether the rows are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::answer;
use super::column::{self, ColumnPair};
use super::denial;
use super::in_text;
use super::markdown::{self, MarkdownTable};
use super::mention;
use super::names;
use super::period;
use super::prose;
use super::rows;
use super::view::{AnswerView, ResultView, short};
use super::{AskedQuestion, GradeResult};
use crate::eval::gold::{ExtraColumns, GoldPlace, GoldTable};
use crate::text::built_in_pattern;

/// Words that say that there is nothing.
static NONE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(no|none|nothing|without|not any|zero|0|unknown|missing|not (set|known|given|recorded|specified|stated)|empty|null|blank)\b",
    )
});
/// Words that say that there is no such row; "no data" and "no idea" say that nothing is known.
static NO_ROW: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)\b(no(?:\s+(?P<what>\w+))?|none|nothing|nobody|not any|zero|0)\b|n['’]t any\b")
});
/// What says of one that it is a row after all: "Acorn had none, Marigold had two".
static SOME: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)\b(?:have|has|had|did|was|were)\s+(?:one|two|three|some|several|[1-9]\d*)\b")
});
/// What a text lacks rather than the data.
const LACKED: [&str; 13] = [
    "access",
    "answer",
    "card",
    "data",
    "doubt",
    "entry",
    "figures",
    "idea",
    "information",
    "means",
    "metric",
    "tool",
    "way",
];
/// Most printed tables of which two are put together.
const MOST_JOINED: usize = 8;
/// Ways of assigning columns that are tried before a table is given up.
const MOST_TRIES: usize = 5_000;

/// Why a table is not the gold's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableMismatch {
    /// Another number of rows.
    #[error("{found} rows instead of {expected}")]
    Rows {
        /// Rows of the gold.
        expected: usize,
        /// Rows that were found.
        found: usize,
    },
    /// More columns than were asked for.
    #[error("{found} columns instead of {expected}")]
    ExtraColumns {
        /// Columns of the gold.
        expected: usize,
        /// Columns of the answer.
        found: usize,
    },
    /// A gold column that no column is.
    #[error("no column has the values of \"{column}\" ({expected})")]
    Column {
        /// The gold column's name.
        column: String,
        expected: String,
    },
    /// Each column is there, but the rows are others.
    #[error("each column is there, but the cells do not stand together in the same rows")]
    Together,
    /// Each row is there, but in another order.
    #[error("each row is there, but in another order")]
    Order,
    /// The values of a column stand under the name of another.
    #[error("the values of \"{column}\" are there, but stand under the name of another column")]
    NamedPeriod {
        /// The gold column's name.
        column: String,
    },
}

/// Whether `rows` (each `width` cells) are the gold's, columns matched by value.
pub fn match_tables(gold: &GoldTable, width: usize, rows: &[Vec<Value>]) -> Result<(), TableMismatch> {
    matched(gold, &vec![String::new(); width], rows)
}

/// The same where the columns have names. Other names than the gold's say nothing; the gold's own names do, if they
/// stand over each other's values.
pub(super) fn matched(gold: &GoldTable, names: &[String], rows: &[Vec<Value>]) -> Result<(), TableMismatch> {
    if gold.rows.len() != rows.len() {
        return Err(TableMismatch::Rows {
            expected: gold.rows.len(),
            found: rows.len(),
        });
    }
    if gold.extra_columns == ExtraColumns::Refused && names.len() > gold.columns.len() {
        return Err(TableMismatch::ExtraColumns {
            expected: gold.columns.len(),
            found: names.len(),
        });
    }
    let mut options = Vec::new();
    for (at, name) in gold.columns.iter().enumerate() {
        if gold
            .required
            .as_ref()
            .is_some_and(|required| !required.contains(name))
        {
            continue;
        }
        let mut pairs = of_column(gold, at, names.len(), rows);
        if pairs.is_empty() {
            return Err(TableMismatch::Column {
                column: name.clone(),
                expected: sample(gold, at),
            });
        }
        pairs.retain(|(place, _)| !names::crossed(&gold.columns, at, names, *place));
        if pairs.is_empty() {
            return Err(TableMismatch::NamedPeriod { column: name.clone() });
        }
        options.push(pairs);
    }
    // The columns with the fewest choices first: they settle most.
    options.sort_by_key(Vec::len);
    let mut tries = 0;
    if assign(&options, &mut Vec::new(), gold.ordered, &mut tries) {
        return Ok(());
    }
    tries = 0;
    if gold.ordered && assign(&options, &mut Vec::new(), false, &mut tries) {
        return Err(TableMismatch::Order);
    }
    Err(TableMismatch::Together)
}

/// The columns that have the same values as a gold column, each with its place.
fn of_column(gold: &GoldTable, at: usize, width: usize, rows: &[Vec<Value>]) -> Vec<(usize, ColumnPair)> {
    let own = values(&gold.rows, at);
    (0..width)
        .flat_map(|place| {
            let found = values(rows, place);
            let pairs = column::pairs(&own, &found, gold.absolute, gold.relative);
            pairs.into_iter().map(move |pair| (place, pair))
        })
        .filter(|(_, pair)| rows::same(&[pair], false))
        .collect()
}

fn values(rows: &[Vec<Value>], at: usize) -> Vec<&Value> {
    rows.iter()
        .map(|row| row.get(at).unwrap_or(&Value::Null))
        .collect()
}

/// Whether the columns can be assigned, no column twice, so that the rows are the same.
fn assign<'a>(
    options: &'a [Vec<(usize, ColumnPair)>],
    chosen: &mut Vec<&'a (usize, ColumnPair)>,
    ordered: bool,
    tries: &mut usize,
) -> bool {
    let Some((first, rest)) = options.split_first() else {
        *tries += 1;
        let pairs: Vec<&ColumnPair> = chosen.iter().map(|(_, pair)| pair).collect();
        return rows::same(&pairs, ordered);
    };
    for option in first {
        if *tries >= MOST_TRIES {
            return false;
        }
        if chosen.iter().any(|(place, _)| *place == option.0) {
            continue;
        }
        chosen.push(option);
        // What does not fit by now will not fit with more columns; what it is sorted by may still come.
        let pairs: Vec<&ColumnPair> = chosen.iter().map(|(_, pair)| pair).collect();
        *tries += 1;
        if rows::same(&pairs, false) && assign(rest, chosen, ordered, tries) {
            return true;
        }
        chosen.pop();
    }
    false
}

fn sample(gold: &GoldTable, at: usize) -> String {
    let cells: Vec<String> = values(&gold.rows, at)
        .iter()
        .take(4)
        .map(ToString::to_string)
        .collect();
    let more = if gold.rows.len() > cells.len() {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", short(&cells.join(", ")))
}

pub(super) fn grade(gold: &GoldTable, answer: &AnswerView, asked: &AskedQuestion<'_>) -> GradeResult {
    let wanted = format!(
        "expected a table of {} rows ({})",
        gold.rows.len(),
        gold.columns.join(", ")
    );
    match gold.place {
        GoldPlace::Result => in_results(gold, &answer.evidence, &wanted),
        GoldPlace::Text => in_text(gold, &answer.text, asked, &wanted),
    }
}

fn in_results(gold: &GoldTable, results: &[ResultView], wanted: &str) -> GradeResult {
    let mut misses = Vec::new();
    for result in results {
        match matched(gold, &result.columns, &result.rows) {
            Ok(()) => return Ok(format!("{wanted}, found it in {}", result.title())),
            Err(miss) => {
                let cut = result
                    .rows_known
                    .filter(|known| *known > result.rows.len() as u64);
                let cut = cut
                    .map(|known| format!(", cut from {known} rows"))
                    .unwrap_or_default();
                misses.push(format!("{}{cut}: {miss}", result.title()));
            }
        }
    }
    if misses.is_empty() {
        misses.push("no result".to_owned());
    }
    Err(format!("{wanted}, found {}", misses.join("; ")))
}

fn in_text(gold: &GoldTable, text: &str, asked: &AskedQuestion<'_>, wanted: &str) -> GradeResult {
    let mut printed = markdown::tables(text);
    for table in &mut printed {
        table.retain_columns(|name| !period::is_header_of_another(asked.question, name));
    }
    printed.extend(markdown::lists(text));
    let found = printed.iter().find(|table| is_printed(gold, table));
    if let Some(table) = found {
        return match unsure(gold, text, table, &printed, asked) {
            Some(why) => Err(format!("{wanted}, found it in the text, but {why}")),
            None => Ok(format!("{wanted}, found it in the text")),
        };
    }
    let mut parts = printed.clone();
    parts.extend(markdown::enumerations(text));
    if joined(&parts).iter().any(|table| is_printed(gold, table)) {
        return Ok(format!("{wanted}, found it in two tables of the text"));
    }
    let across = printed.iter().filter_map(MarkdownTable::turned);
    if let Some(table) = across.into_iter().find(|table| is_printed(gold, table))
        && !answer::is_offered(text, &table.place)
    {
        return Ok(format!("{wanted}, found it in the text, turned on its side"));
    }
    let needed = gold.required.as_ref().map_or(gold.columns.len(), Vec::len);
    let downwards = printed.iter().filter_map(|table| table.downwards(needed));
    if gold.rows.len() == 1 && downwards.into_iter().any(|table| is_printed(gold, &table)) {
        return Ok(format!(
            "{wanted}, found its row in the text, one cell under the other"
        ));
    }
    if is_rest_told(gold, &printed, text, asked) {
        return Ok(format!(
            "{wanted}, found it in the text, with what has no value below it"
        ));
    }
    if prose::tells(gold, text, asked) {
        return Ok(format!("{wanted}, found it told in the text"));
    }
    if gold.rows.is_empty() && printed.is_empty() && says_none(text) {
        return Ok(format!("{wanted}, found the text to say that there is none"));
    }
    let misses: Vec<String> = printed
        .iter()
        .filter_map(|table| matched(gold, &table.names, &table.rows).err())
        .map(|miss| format!("the text's table: {miss}"))
        .collect();
    match misses.as_slice() {
        [] => Err(format!("{wanted}, found no table in the text")),
        misses => Err(format!("{wanted}, found {}", misses.join("; "))),
    }
}

/// Whether a text says that there is no row, rather than that it does not know.
fn says_none(text: &str) -> bool {
    let says = |found: regex::Captures<'_>| {
        let what = found.name("what").map(|what| what.as_str().to_lowercase());
        what.is_none_or(|what| !LACKED.contains(&what.as_str()))
    };
    !denial::refuses(text) && !SOME.is_match(text) && NO_ROW.captures_iter(text).any(says)
}

/// Whether a printed table is the gold's. It may end with the sum of the others, and say in words that there is nothing.
fn is_printed(gold: &GoldTable, table: &MarkdownTable) -> bool {
    let is = |table: &MarkdownTable| matched(gold, &table.names, &table.rows).is_ok();
    let told = |table: &MarkdownTable| is(table) || table.with_nothing().is_some_and(|table| is(&table));
    let whole =
        |table: &MarkdownTable| told(table) || table.with_spans_apart().is_some_and(|table| told(&table));
    whole(table) || table.without_total().is_some_and(|table| whole(&table))
}

/// Why a printed table that is right may not be the answer: the text only offers it, or prints another of its kind.
fn unsure(
    gold: &GoldTable,
    text: &str,
    table: &MarkdownTable,
    printed: &[MarkdownTable],
    asked: &AskedQuestion<'_>,
) -> Option<&'static str> {
    if answer::is_offered(text, &table.place) {
        return Some("it is only offered");
    }
    let heads = |table: &MarkdownTable| -> Vec<String> {
        table.names.iter().map(|name| name.to_lowercase()).collect()
    };
    let with_more = GoldTable {
        extra_columns: ExtraColumns::Allowed,
        ..gold.clone()
    };
    // One with more columns about the same rows, as a table above a chart's: it has to say the same.
    let has_all_columns_and_rows = |other: &MarkdownTable| {
        let names = heads(other);
        names.len() > table.names.len()
            && heads(table).iter().all(|name| names.contains(name))
            && join(table, other).is_some()
    };
    let other = printed.iter().filter(|other| {
        other.place != table.place
            && (heads(other) == heads(table) && !is_printed(gold, other)
                || has_all_columns_and_rows(other) && !is_printed(&with_more, other))
    });
    let leads: Vec<String> = other.map(|other| other.lead.clone()).collect();
    let alike = !leads.is_empty() && !answer::is_named_by(&asked.questions, &table.lead, &leads);
    alike.then_some("another of the same kind stands beside it")
}

/// Two printed tables put together by the column of names that both have.
fn joined(printed: &[MarkdownTable]) -> Vec<MarkdownTable> {
    let plain = |table: &MarkdownTable| table.without_total().unwrap_or_else(|| table.clone());
    let printed: Vec<MarkdownTable> = printed.iter().take(MOST_JOINED).map(plain).collect();
    let pairs = printed.iter().enumerate().flat_map(|(at, one)| {
        let later = printed.iter().skip(at + 1);
        later.filter_map(move |other| join(one, other))
    });
    pairs.collect()
}

fn join(one: &MarkdownTable, other: &MarkdownTable) -> Option<MarkdownTable> {
    if one.rows.len() != other.rows.len() {
        return None;
    }
    let key = |row: &[Value], at: usize| row.get(at).map(|cell| mention::same_as(&mention::name(cell)));
    let keys = |table: &MarkdownTable, at: usize| -> Option<BTreeSet<String>> {
        let keys: Option<BTreeSet<String>> = table.rows.iter().map(|row| key(row, at)).collect();
        keys.filter(|keys| keys.len() == table.rows.len())
    };
    let places = (0..one.names.len()).flat_map(|at| (0..other.names.len()).map(move |place| (at, place)));
    let (at, place) = places
        .into_iter()
        .find(|(at, place)| keys(one, *at).is_some_and(|own| keys(other, *place) == Some(own)))?;
    let rows = one.rows.iter().map(|row| {
        let own = key(row, at);
        let beside = other.rows.iter().find(|row| key(row, place) == own)?;
        Some(row.iter().chain(beside).cloned().collect())
    });
    Some(MarkdownTable {
        rows: rows.collect::<Option<Vec<Vec<Value>>>>()?,
        names: one.names.iter().chain(&other.names).cloned().collect(),
        ..one.clone()
    })
}

/// Whether a text says the gold but for the row of what has no value, and tells that row's figures in words: "12 more have
/// no country".
fn is_rest_told(gold: &GoldTable, printed: &[MarkdownTable], text: &str, asked: &AskedQuestion<'_>) -> bool {
    let (without, with): (Vec<&Vec<Value>>, Vec<&Vec<Value>>) =
        gold.rows.iter().partition(|row| row.iter().any(Value::is_null));
    let [row] = without.as_slice() else { return false };
    let rest = GoldTable {
        rows: with.into_iter().cloned().collect(),
        ..gold.clone()
    };
    let wanted: Vec<f64> = row.iter().filter_map(Value::as_f64).collect();
    let told = text.lines().filter(|line| !line.contains('|')).any(|line| {
        let figures = crate::grounding::numbers(line, crate::grounding::Separators::English);
        let figures = figures.iter().map(|number| number.value);
        let figures: Vec<f64> = figures
            .chain(in_text::in_words(line).iter().map(|number| number.value))
            .collect();
        let said = |value: &f64| figures.iter().any(|figure| (figure - value).abs() < f64::EPSILON);
        NONE.is_match(line) && wanted.iter().all(said)
    });
    let says_rest =
        || printed.iter().any(|table| is_printed(&rest, table)) || prose::tells(&rest, text, asked);
    !rest.rows.is_empty() && !wanted.is_empty() && told && says_rest()
}
