use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::derive::{CellLineage, Lineage};
use super::{Column, ColumnTotals, Derivation, Extent, Handle, LookupSource, PackedTable, QuerySource};

/// How a result was shown to the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelView {
    pub rows_shown: u64,
    pub rows_known: u64,
    /// Whether these are all rows there are.
    pub extent: Extent,
    /// Whether our own cut left rows out.
    pub truncated: bool,
    pub bytes_shown: u64,
    pub bytes_received: u64,
}

/// How a result came to be.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultOrigin {
    Query(Arc<QuerySource>),
    Lookup(LookupSource),
    /// Worked out from results that were held; nothing was asked.
    Derived {
        /// The result whose rows these were, then those that were looked up in.
        from: Vec<Handle>,
        /// What was done with it, validated.
        operations: Value,
        /// The query it came from in the end.
        source: Option<QuerySource>,
        /// Which of its rows this is about.
        cover: RowCoverage,
        /// Which cells each of its cells came from; `None` for one that was read back or has too many rows to keep it.
        lineage: Option<Arc<Lineage>>,
    },
    /// A figure calculated from cells and totals of held results; nothing was asked.
    Calculated {
        /// The results it takes figures from, each once, in the order of their handles.
        from: Vec<Handle>,
        operations: Value,
        /// How each figure was made, in the order of the rows.
        derivations: Vec<Derivation>,
    },
}

impl ResultOrigin {
    /// The query behind it, if there is exactly one.
    pub fn source(&self) -> Option<&QuerySource> {
        match self {
            Self::Query(source) => Some(source.as_ref()),
            Self::Derived { source, .. } => source.as_ref(),
            Self::Lookup(_) | Self::Calculated { .. } => None,
        }
    }

    /// What dbt was asked, if it was.
    pub fn lookup(&self) -> Option<&LookupSource> {
        match self {
            Self::Lookup(source) => Some(source),
            _ => None,
        }
    }

    /// The results it was made from; none for a query's.
    pub fn made_from(&self) -> &[Handle] {
        match self {
            Self::Query(_) | Self::Lookup(_) => &[],
            Self::Derived { from, .. } | Self::Calculated { from, .. } => from,
        }
    }

    /// How its figures were made, in the order of its rows; none but for a calculation's.
    pub fn derivations(&self) -> &[Derivation] {
        match self {
            Self::Calculated { derivations, .. } => derivations,
            Self::Query(_) | Self::Lookup(_) | Self::Derived { .. } => &[],
        }
    }

    /// The cells of the results it was made from that a cell came from, at most so many. `row` and `column` are counted
    /// from 0.
    pub(crate) fn cell_lineage(&self, row: usize, column: usize, most: usize) -> Option<CellLineage> {
        match self {
            Self::Derived {
                lineage: Some(lineage),
                ..
            } => Some(lineage.cell(row, column, most)),
            _ => None,
        }
    }

    /// What was done with them; `None` for a query's.
    pub fn operations(&self) -> Option<&Value> {
        match self {
            Self::Query(_) | Self::Lookup(_) => None,
            Self::Derived { operations, .. } | Self::Calculated { operations, .. } => Some(operations),
        }
    }
}

/// Which rows of its base a derived result is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowCoverage {
    /// What was asked of them, over all of them.
    Asked,
    /// Some of them as they stand, and no more: a page.
    Page {
        /// How many rows of the base come before.
        after: u64,
        /// How many rows the base has.
        of: u64,
    },
}

/// A result a call brought, before it is held.
#[derive(Debug, Clone)]
pub struct NewResult {
    /// Its name in the conversation: what the held results' [`next`](super::HeldResults::next) was when the call ran.
    pub handle: Handle,
    /// What it is the result of, as the model reads it: `card 7 "Revenue by month"`.
    pub title: String,
    /// How it came to be.
    pub origin: ResultOrigin,
    /// How the model sees it.
    pub shown: ModelView,
    pub table: PackedTable,
    /// What its columns come to; empty where that would mean nothing.
    pub totals: Arc<[ColumnTotals]>,
}

/// What is known of a held result, whether or not its rows are at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldResult {
    /// Its name in the conversation.
    pub handle: Handle,
    /// What it is the result of, as the model read it: `card 7 "Revenue by month"`.
    pub title: String,
    /// How it came to be.
    pub origin: ResultOrigin,
    pub columns: Arc<[Column]>,
    /// How the model saw it, and how much of the truth it is.
    pub shown: ModelView,
    /// What its columns come to, over all rows; empty where that would mean nothing. Worked out once, when it came.
    pub totals: Arc<[ColumnTotals]>,
}
