//! Tables by value: which columns of a result are the gold's, and whether the rows are.

use serde_json::Value;

use super::GradeResult;
use super::column::{self, ColumnPair};
use super::markdown::{self, MarkdownTable};
use super::names;
use super::printed;
use super::rows;
use super::view::{AnswerView, ResultView, short};
use crate::eval::gold::{ExtraColumns, GoldPlace, GoldTable};

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
        /// ExtraColumns of the gold.
        expected: usize,
        /// ExtraColumns that were found.
        found: usize,
    },
    /// A gold column that no column is.
    #[error("no column has the values of \"{column}\" ({expected})")]
    Column {
        /// The gold column's name.
        column: String,
        /// Its first values.
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

pub(super) fn grade(gold: &GoldTable, answer: &AnswerView) -> GradeResult {
    let wanted = format!(
        "expected a table of {} rows ({})",
        gold.rows.len(),
        gold.columns.join(", ")
    );
    let printed = match gold.place {
        GoldPlace::Evidence => Vec::new(),
        GoldPlace::Either | GoldPlace::Text => markdown::tables(&answer.text),
    };
    let mut in_text = Vec::new();
    for table in &printed {
        match of_printed(gold, table) {
            Ok(()) => return Ok(format!("{wanted}, found it in the text")),
            Err(miss) => in_text.push(format!("the text's table: {miss}")),
        }
    }
    let mut misses = Vec::new();
    let results = answer.evidence.iter().filter(|_| gold.place != GoldPlace::Text);
    for result in results {
        match matched(gold, &result.columns, &result.rows) {
            Ok(()) => return of_result(gold, result, &printed, &wanted),
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
    misses.extend(in_text);
    if misses.is_empty() {
        misses.push("no table at all".to_owned());
    }
    Err(format!("{wanted}, found {}", misses.join("; ")))
}

/// A printed table may end with the sum of the others.
fn of_printed(gold: &GoldTable, table: &MarkdownTable) -> Result<(), TableMismatch> {
    matched(gold, &table.names, &table.rows).or_else(|miss| match table.without_total() {
        Some(table) => matched(gold, &table.names, &table.rows),
        None => Err(miss),
    })
}

/// A result that is the gold's, unless the text prints it otherwise.
fn of_result(gold: &GoldTable, result: &ResultView, printed: &[MarkdownTable], wanted: &str) -> GradeResult {
    let otherwise = printed.iter().find_map(|table| {
        printed::contradiction(&gold.columns, &gold.rows, table)
            .or_else(|| printed::contradiction(&result.columns, &result.rows, table))
    });
    match otherwise {
        Some(otherwise) => Err(format!(
            "{wanted}, found it in {}, but the text's table has {otherwise}",
            result.title()
        )),
        None => Ok(format!("{wanted}, found it in {}", result.title())),
    }
}
