//! Rows by what names them.

use std::collections::{BTreeSet, HashMap};

use super::syntax::WrittenKey;
use super::text::ReferenceProblem;
use super::times::TimePrecision;
use crate::catalog::nearest;
use crate::result::{Cell, ColumnKind, Handle, ResultTable, encode_cell};
use crate::text::clean_line;

/// Columns whose values may stand in a key.
const MOST_COLUMNS: usize = 12;
/// Keys that are shown when one is not found.
const MOST_SHOWN: usize = 4;
/// Rows whose keys are compared with one that is not found.
const MOST_COMPARED: usize = 2_000;
/// Longest key that is shown, in characters.
const MOST_CHARS: usize = 60;

/// The rows of a table by the values that name them.
#[derive(Debug)]
pub(super) struct RowIndex {
    /// The columns that tell all rows apart.
    pub(super) key: Vec<usize>,
    columns: Vec<NamingColumn>,
}

/// A column whose values name rows.
#[derive(Debug)]
struct NamingColumn {
    at: usize,
    granularity: Option<TimePrecision>,
    /// Rows by value, as a key may be written.
    rows: HashMap<String, Vec<usize>>,
}

impl RowIndex {
    pub(super) fn of(table: &ResultTable) -> Self {
        let key = table.row_key();
        let naming = table.columns.iter().enumerate();
        let naming = naming
            .filter(|(at, column)| key.contains(at) || column.names_rows() || table.is_numbered_by(*at));
        let columns = naming
            .take(MOST_COLUMNS)
            .map(|(at, _)| NamingColumn::of(table, at));
        Self {
            columns: columns.collect(),
            key,
        }
    }

    /// The one row that a key names, counted from 0.
    pub(super) fn row(
        &self,
        table: &ResultTable,
        handle: Handle,
        key: &WrittenKey,
    ) -> Result<usize, ReferenceProblem> {
        let whole = [(None, key.whole.as_str())];
        let parts = key.parts.iter().map(|part| {
            let Some(name) = &part.column else {
                return Ok((None, part.value.as_str()));
            };
            let named = super::resolve::column_of(&table.columns, name);
            let at = named.filter(|at| self.columns.iter().any(|column| column.at == *at));
            at.map(|at| (Some(at), part.value.as_str())).ok_or_else(|| {
                let naming = self
                    .columns
                    .iter()
                    .filter_map(|column| table.columns.get(column.at));
                let naming: Vec<&str> = naming.map(|column| column.name.as_str()).collect();
                ReferenceProblem::new(format!("no column {name} of {handle} names its rows"))
                    .hint(format!("rows are named by {}", naming.join(", ")))
            })
        });
        let parts: Vec<(Option<usize>, &str)> = parts.collect::<Result<_, _>>()?;
        let in_order = |parts: &[(Option<usize>, &str)]| {
            let place = |(at, (column, value)): (usize, &(Option<usize>, &str))| {
                (column.or(self.key.get(at).copied()), normal(value))
            };
            (parts.len() == self.key.len()).then(|| self.hits(parts.iter().enumerate().map(place)))
        };
        let anywhere = |parts: &[(Option<usize>, &str)]| {
            Some(self.hits(parts.iter().map(|(column, value)| (*column, normal(value)))))
        };
        let mut several = Vec::new();
        for hits in [
            in_order(&whole),
            in_order(&parts),
            anywhere(&whole),
            anywhere(&parts),
        ] {
            let hits = hits.unwrap_or_default();
            match hits.as_slice() {
                [row] => return Ok(*row),
                [] => {}
                _ if several.is_empty() => several = hits,
                _ => {}
            }
        }
        Err(if several.is_empty() {
            self.not_found(table, handle, key)
        } else {
            self.not_one(table, handle, key, &several)
        })
    }

    /// The rows that have a value in one of the columns of their key.
    pub(super) fn keyed_by(&self, value: &str) -> Vec<usize> {
        let value = normal(value);
        let columns = self.columns.iter().filter(|column| self.key.contains(&column.at));
        let rows: BTreeSet<usize> = columns
            .filter_map(|column| column.rows.get(&value))
            .flatten()
            .copied()
            .collect();
        rows.into_iter().collect()
    }

    /// The rows that have all of these values, each in its column, or in any where none is named.
    fn hits(&self, values: impl Iterator<Item = (Option<usize>, String)>) -> Vec<usize> {
        let mut hits: Option<BTreeSet<usize>> = None;
        for (wanted, value) in values {
            let columns = self
                .columns
                .iter()
                .filter(|column| wanted.is_none_or(|at| at == column.at));
            let rows: BTreeSet<usize> = columns
                .filter_map(|column| column.rows.get(&value))
                .flatten()
                .copied()
                .collect();
            hits = Some(match hits {
                Some(before) => before.intersection(&rows).copied().collect(),
                None => rows,
            });
        }
        hits.unwrap_or_default().into_iter().collect()
    }

    /// The key of a row as it is written in a reference.
    pub(super) fn key_of(&self, table: &ResultTable, row: usize) -> String {
        let parts = self.key.iter().filter_map(|at| {
            let (column, cell) = (
                self.columns.iter().find(|one| one.at == *at)?,
                table.rows.get(row)?.get(*at)?,
            );
            Some(column.shown(cell))
        });
        let parts: Vec<String> = parts.collect();
        parts.join(", ")
    }

    /// How a row is named behind the `@`: its key, or its number where nothing else tells it apart.
    pub(super) fn written(&self, table: &ResultTable, row: usize) -> String {
        if self.key.is_empty() {
            format!("#{}", row + 1)
        } else {
            self.key_of(table, row)
        }
    }

    /// What the rows are keyed by, with keys of some: `keyed by created_at, such as 2025-03`.
    pub(super) fn described(&self, table: &ResultTable) -> String {
        let names: Vec<&str> = self
            .key
            .iter()
            .filter_map(|at| Some(table.columns.get(*at)?.name.as_str()))
            .collect();
        let examples: Vec<String> = (0..table.rows.len())
            .take(2)
            .map(|row| self.key_of(table, row))
            .collect();
        format!(
            "its rows are keyed by {}, such as {}",
            names.join(", "),
            examples.join(" or ")
        )
    }

    fn not_found(&self, table: &ResultTable, handle: Handle, key: &WrittenKey) -> ReferenceProblem {
        let problem = ReferenceProblem::new(format!(
            "no row of {handle} has the key {}",
            clean_line(&key.whole, MOST_CHARS)
        ));
        if self.key.is_empty() {
            return problem.hint("nothing tells its rows apart: name the row by its number, such as @ #1");
        }
        let keys: Vec<String> = (0..table.rows.len())
            .take(MOST_COMPARED)
            .map(|row| self.key_of(table, row))
            .collect();
        let mut near = nearest(&key.whole, keys.iter().map(String::as_str), MOST_SHOWN);
        if near.is_empty() {
            near = keys.iter().take(MOST_SHOWN).map(String::as_str).collect();
        }
        problem.hint(format!("the nearest keys: {}", near.join("; ")))
    }

    fn not_one(
        &self,
        table: &ResultTable,
        handle: Handle,
        key: &WrittenKey,
        rows: &[usize],
    ) -> ReferenceProblem {
        let shown = clean_line(&key.whole, MOST_CHARS);
        let problem = ReferenceProblem::new(format!("{} rows of {handle} have {shown}", rows.len()));
        if self.key.is_empty() {
            return problem.hint("nothing tells its rows apart: name the row by its number, such as @ #1");
        }
        let keys: Vec<String> = rows
            .iter()
            .take(MOST_SHOWN)
            .map(|row| self.key_of(table, *row))
            .collect();
        problem.hint(format!("write the whole key: {}", keys.join("; ")))
    }
}

impl NamingColumn {
    fn of(table: &ResultTable, at: usize) -> Self {
        let granularity = granularity(table, at);
        let mut rows: HashMap<String, Vec<usize>> = HashMap::new();
        for (row, cells) in table.rows.iter().enumerate() {
            let Some(cell) = cells.get(at) else { continue };
            let names: BTreeSet<String> = names_of(cell, granularity).into_iter().collect();
            for name in names {
                rows.entry(name).or_default().push(row);
            }
        }
        Self {
            at,
            granularity,
            rows,
        }
    }

    fn shown(&self, cell: &Cell) -> String {
        let text = match cell {
            Cell::Text(text) => match self.granularity {
                Some(granularity) => granularity.write(text, ColumnKind::Date),
                None => text.to_string(),
            },
            other => encode_cell(other),
        };
        let line = clean_line(&text, MOST_CHARS);
        if line.contains([',', '@', '|', '=', '{', '}']) {
            format!("\"{line}\"")
        } else {
            line
        }
    }
}

/// How exactly the times of a column may be named; `None` for one that does not tell times.
pub(super) fn granularity(table: &ResultTable, at: usize) -> Option<TimePrecision> {
    let column = table.columns.get(at).filter(|column| column.kind.is_temporal())?;
    Some(TimePrecision::of(column, texts(table, at)))
}

/// How exactly the times of a column are written; `None` for one that does not tell times.
pub(super) fn written_precision(table: &ResultTable, at: usize) -> Option<TimePrecision> {
    let column = table.columns.get(at).filter(|column| column.kind.is_temporal())?;
    Some(TimePrecision::written(column, texts(table, at)))
}

fn texts(table: &ResultTable, at: usize) -> impl Iterator<Item = &str> {
    table.rows.iter().filter_map(move |row| match row.get(at)? {
        Cell::Text(text) => Some(text.as_ref()),
        _ => None,
    })
}

/// All ways to write a cell in a key.
fn names_of(cell: &Cell, granularity: Option<TimePrecision>) -> Vec<String> {
    match cell {
        Cell::Null => ["\\n", "null", "none", "empty", "no value"]
            .map(str::to_owned)
            .to_vec(),
        Cell::Bool(truth) => vec![truth.to_string(), if *truth { "yes" } else { "no" }.to_owned()],
        Cell::Number(number) => {
            let text = number.to_string();
            vec![
                text.strip_suffix(".0")
                    .map_or_else(|| text.clone(), str::to_owned),
            ]
        }
        Cell::Text(text) => match granularity {
            Some(granularity) => granularity.names(text),
            None => names_of_text(normal(text)),
        },
    }
}

/// A text in lower case, and the other ways to write it if it is a month or a quarter: `2026-04` is `2026-04-01` and April
/// 2026.
fn names_of_text(text: String) -> Vec<String> {
    let first = match text.len() {
        7 => quarter_of(&text).unwrap_or_else(|| format!("{text}-01")),
        _ => return vec![text],
    };
    let precision = if text.contains('q') {
        TimePrecision::Quarter
    } else {
        TimePrecision::Month
    };
    let mut names = vec![text];
    if first.parse::<jiff::civil::Date>().is_ok() {
        names.extend(precision.names(&first));
    }
    names
}

/// The first day of a quarter: of `2026-q2`, `2026 q2` or `q2 2026`.
fn quarter_of(text: &str) -> Option<String> {
    let mut words = text.split([' ', '-']);
    let (one, other) = (words.next()?, words.next()?);
    let (year, quarter) = match one.strip_prefix('q') {
        Some(quarter) => (other, quarter),
        None => (one, other.strip_prefix('q')?),
    };
    let month = match quarter {
        "1" => "01",
        "2" => "04",
        "3" => "07",
        "4" => "10",
        _ => return None,
    };
    Some(format!("{year}-{month}-01"))
}

/// A value without regard to case and white space.
fn normal(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
