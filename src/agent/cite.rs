//! Figures with all that a reader needs to look them up: which result, of which entry with which arguments, which row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer_form::{CitationForm, CitedFigureForm};
use super::{Answer, Evidence};
use crate::grounding::{Figure, Trace};
use crate::result::{Handle, HeldResults, LookupSource, QuerySource, ResultOrigin, ResultTable};

/// Most cells that are given to tell a row from others.
const MOST_KEYS: usize = 4;
/// Most cells that are given as those a cell came from.
const MOST_CELLS: usize = 24;

/// A figure of the answer's text with its sources.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "CitedFigureForm", into = "CitedFigureForm")]
#[non_exhaustive]
pub struct CitedFigure {
    /// The figure; its own list of sources is empty.
    pub figure: Figure,
    /// Where it comes from, best first; more than one when it is ambiguous.
    pub sources: Vec<Citation>,
}

/// One source of a figure. What its results are of stands once in the answer: see [`Answer::cited`].
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "CitationForm", into = "CitationForm")]
#[non_exhaustive]
pub struct Citation {
    /// Which cell, total, count, argument or derivation, of which result.
    pub trace: Trace,
    /// What stands in the cell, for a source that is one.
    pub cell: Option<Value>,
    /// What tells the cell's row from others: its texts, times and key numbers, by column.
    pub key: BTreeMap<String, Value>,
    /// For a cell that was worked out of held results: the cells there that it came from, the first of them when they are
    /// many.
    pub derived_from: Vec<CellSource>,
}

/// A cell of a held result that another came from, or a row of it that was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellSource {
    /// The result: `r1`, `r2`, …
    pub result: String,
    /// The row, counted from 1.
    pub row: usize,
    /// The column; none where the row was counted, whatever stands in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

impl Citation {
    /// The names of the results it rests on, each once.
    pub fn results(&self) -> Vec<&str> {
        results(&self.trace)
    }
}

/// A result that a figure rests on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct CitedResult {
    /// The handle it is named by: `r1`, `r2`, …
    #[schemars(with = "String")]
    pub result: Handle,
    /// The query behind it: card, metric or table, with arguments and link; null for a calculation over several.
    #[schemars(with = "Option<Value>")]
    pub source: Option<QuerySource>,
    /// What was looked up in dbt, where it comes from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub lookup: Option<LookupSource>,
    /// The results it was made from, when it is not a query's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub from: Vec<Handle>,
    /// What was done with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Value>,
}

impl Answer {
    /// What a result that a figure cites is of, by the result's name.
    pub fn cited(&self, result: &str) -> Option<CitedResult> {
        let earlier = || {
            self.earlier_results
                .iter()
                .find(|cited| cited.result.to_string() == result)
        };
        let own = self
            .evidence
            .iter()
            .find(|item| item.result.to_string() == result);
        match own {
            Some(item) => Some(of_origin(item.result, &item.origin)),
            None => earlier().cloned(),
        }
    }
}

/// Looks up what the sources of figures are of. With them come the results they cite that are not among `evidence`:
/// those of earlier questions.
pub(super) async fn cite(
    figures: Vec<Figure>,
    evidence: &[Evidence],
    shelf: &HeldResults,
) -> (Vec<CitedFigure>, Vec<CitedResult>) {
    let mut cited = Vec::with_capacity(figures.len());
    let mut earlier: BTreeSet<Handle> = BTreeSet::new();
    // A printed table has hundreds of figures, and reading a result's rows may cost something.
    let mut tables: BTreeMap<String, Option<Arc<ResultTable>>> = BTreeMap::new();
    for mut figure in figures {
        let mut sources = Vec::new();
        for trace in std::mem::take(&mut figure.sources) {
            earlier.extend(
                results(&trace)
                    .into_iter()
                    .filter_map(|name| name.parse::<Handle>().ok()),
            );
            if let Trace::Cell { result, .. } = &trace
                && !tables.contains_key(result)
            {
                let table = match result.parse() {
                    Ok(handle) => shelf.table(handle).await.ok(),
                    Err(_) => None,
                };
                tables.insert(result.clone(), table);
            }
            sources.push(citation(trace, &tables, shelf));
        }
        cited.push(CitedFigure { figure, sources });
    }
    earlier.retain(|handle| evidence.iter().all(|item| item.result != *handle));
    let earlier = earlier
        .into_iter()
        .filter_map(|handle| Some(of_origin(handle, &shelf.get(handle)?.origin)));
    (cited, earlier.collect())
}

fn citation(
    trace: Trace,
    tables: &BTreeMap<String, Option<Arc<ResultTable>>>,
    shelf: &HeldResults,
) -> Citation {
    let (mut cell, mut key, mut derived_from) = (None, BTreeMap::new(), Vec::new());
    if let Trace::Cell { result, row, column } = &trace
        && let Ok(handle) = result.parse()
        && let Some(Some(table)) = tables.get(result)
    {
        cell = cell_of(table, *row, column);
        key = key_of(table, *row, column);
        let at = table.columns.iter().position(|one| one.name == *column);
        derived_from = at
            .map(|at| cell_sources(handle, row.saturating_sub(1), at, shelf))
            .unwrap_or_default();
    }
    Citation {
        trace,
        cell,
        key,
        derived_from,
    }
}

/// The cells that a cell of a result that was worked out came from.
fn cell_sources(handle: Handle, row: usize, column: usize, shelf: &HeldResults) -> Vec<CellSource> {
    let Some(held) = shelf.get(handle) else {
        return Vec::new();
    };
    let lineage = held.origin.cell_lineage(row, column, MOST_CELLS);
    let from = held.origin.made_from();
    let cells = lineage.into_iter().flat_map(|lineage| lineage.cells);
    cells
        .filter_map(|cell| {
            let base = shelf.get(*from.get(cell.table)?)?;
            let column = match cell.column {
                Some(at) => Some(base.columns.get(at)?.name.clone()),
                None => None,
            };
            Some(CellSource {
                result: base.handle.to_string(),
                row: cell.row + 1,
                column,
            })
        })
        .collect()
}

/// The names of the results a source rests on, each once.
fn results(trace: &Trace) -> Vec<&str> {
    match trace {
        Trace::Cell { result, .. }
        | Trace::RowCount { result, .. }
        | Trace::Total { result, .. }
        | Trace::Argument { result, .. } => vec![result],
        Trace::Derivation { inputs, .. } => {
            let mut names: Vec<&str> = inputs.iter().map(|input| input.result.as_str()).collect();
            names.dedup();
            names
        }
    }
}

fn of_origin(result: Handle, origin: &ResultOrigin) -> CitedResult {
    let from = match origin {
        ResultOrigin::Query(_) | ResultOrigin::Lookup(_) => Vec::new(),
        other => other.made_from().to_vec(),
    };
    CitedResult {
        result,
        source: origin.source().cloned(),
        lookup: origin.lookup().cloned(),
        from,
        operations: origin.operations().cloned(),
    }
}

fn cell_of(table: &ResultTable, row: usize, column: &str) -> Option<Value> {
    let at = table.columns.iter().position(|one| one.name == column)?;
    table.rows.get(row.checked_sub(1)?)?.get(at).map(Value::from)
}

fn key_of(table: &ResultTable, row: usize, column: &str) -> BTreeMap<String, Value> {
    let telling = table
        .columns
        .iter()
        .filter(|one| (!one.kind.is_numeric() || one.names_rows()) && one.name != column)
        .take(MOST_KEYS);
    telling
        .filter_map(|one| Some((one.name.clone(), cell_of(table, row, &one.name)?)))
        .collect()
}
