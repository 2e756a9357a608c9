//! Tables by value: which columns of a result are the gold's, and whether the rows are.

use serde_json::Value;

use super::Verdict;
use super::column::{self, Pair};
use super::markdown;
use super::rows;
use super::view::{AnswerView, short};
use crate::eval::gold::{Columns, GoldTable, Place};

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
        /// Columns that were found.
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
}

/// Whether `rows` (each `width` cells) are the gold's, columns matched by value.
pub fn match_tables(gold: &GoldTable, width: usize, rows: &[Vec<Value>]) -> Result<(), TableMismatch> {
    if gold.rows.len() != rows.len() {
        return Err(TableMismatch::Rows {
            expected: gold.rows.len(),
            found: rows.len(),
        });
    }
    if gold.extra_columns == Columns::Refused && width > gold.columns.len() {
        return Err(TableMismatch::ExtraColumns {
            expected: gold.columns.len(),
            found: width,
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
        let pairs = of_column(gold, at, width, rows);
        if pairs.is_empty() {
            return Err(TableMismatch::Column {
                column: name.clone(),
                expected: sample(gold, at),
            });
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
fn of_column(gold: &GoldTable, at: usize, width: usize, rows: &[Vec<Value>]) -> Vec<(usize, Pair)> {
    let own = values(&gold.rows, at);
    (0..width)
        .map(|place| {
            let found = values(rows, place);
            (place, column::pair(&own, &found, gold.absolute, gold.relative))
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
    options: &'a [Vec<(usize, Pair)>],
    chosen: &mut Vec<&'a (usize, Pair)>,
    ordered: bool,
    tries: &mut usize,
) -> bool {
    let Some((first, rest)) = options.split_first() else {
        *tries += 1;
        let pairs: Vec<&Pair> = chosen.iter().map(|(_, pair)| pair).collect();
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
        let pairs: Vec<&Pair> = chosen.iter().map(|(_, pair)| pair).collect();
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

pub(super) fn grade(gold: &GoldTable, answer: &AnswerView) -> Verdict {
    let wanted = format!(
        "expected a table of {} rows ({})",
        gold.rows.len(),
        gold.columns.join(", ")
    );
    let mut misses = Vec::new();
    if gold.place != Place::Text {
        for result in &answer.evidence {
            match match_tables(gold, result.columns.len(), &result.rows) {
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
    }
    if gold.place != Place::Evidence {
        for table in markdown::tables(&answer.text) {
            match match_tables(gold, table.width, &table.rows) {
                Ok(()) => return Ok(format!("{wanted}, found it in the text")),
                Err(miss) => misses.push(format!("the text's table: {miss}")),
            }
        }
    }
    if misses.is_empty() {
        misses.push("no table at all".to_owned());
    }
    Err(format!("{wanted}, found {}", misses.join("; ")))
}
