//! What the guard is shown of a result: whether it is like an earlier one, how many rows it has, whether it was cut. Names,
//! cells and texts take part in a hash only, so that all they can decide is equal or different.

use crate::result::{Cell, PackedTable, ResultOrigin, RowCoverage};
use crate::tools::{PageRequest, PlannedCall, ToolOutput};

#[derive(Debug, Clone)]
pub(super) struct ResultFingerprint {
    /// Hash of what it holds.
    pub(super) content: String,
    /// Its rows, if it is a table.
    pub(super) rows: Option<u64>,
    /// For a query: the entry that was asked, and whether its result was cut.
    pub(super) queried: Option<(String, bool)>,
    /// For what was read of a held result.
    pub(super) page: Option<PageRead>,
}

/// What a call read of a held result.
#[derive(Debug, Clone)]
pub(super) struct PageRead {
    /// The name of the result that was read.
    pub(super) of: String,
    /// What was asked of it, without the window of rows.
    pub(super) asked: String,
    /// The name under which rows of it are held as they stand: a page of those is a page of the same result.
    pub(super) made: Option<String>,
}

impl ResultFingerprint {
    pub(super) fn of(planned: &PlannedCall, output: &ToolOutput) -> Self {
        let shown = output.brought.as_ref().map(|brought| &brought.shown);
        let cut = shown.is_some_and(|shown| shown.truncated || shown.extent.is_cut());
        let entry = planned.queried_id().map(|id| id.to_string());
        let queried = entry
            .as_ref()
            .filter(|_| shown.is_some())
            .map(|id| (format!("{} {id}", planned.tool), cut));
        Self {
            content: match &output.brought {
                // Two results without any value are alike whatever was asked, and say different things.
                Some(brought) => digest(
                    &entry
                        .filter(|_| has_values(&brought.table))
                        .unwrap_or_else(|| planned.arguments.to_string()),
                    &brought.table,
                ),
                None => blake3::hash(output.content.as_bytes()).to_hex().to_string(),
            },
            rows: shown.map(|shown| shown.rows_known),
            queried,
            page: planned
                .page_request()
                .map(|request| PageRead::of(request, output)),
        }
    }
}

impl PageRead {
    fn of(request: PageRequest, output: &ToolOutput) -> Self {
        let brought = output.brought.as_ref();
        let page = brought.filter(|brought| {
            matches!(
                brought.origin,
                ResultOrigin::Derived {
                    cover: RowCoverage::Page { .. },
                    ..
                }
            )
        });
        Self {
            of: request.from.to_string(),
            asked: request.operations,
            made: page.map(|brought| brought.handle.to_string()),
        }
    }
}

/// Whether any cell holds something: a value, and a number that is not zero.
fn has_values(table: &PackedTable) -> bool {
    let holds = |cell: Cell| match cell {
        Cell::Null => false,
        Cell::Number(number) => number.as_f64() != Some(0.0),
        Cell::Bool(_) | Cell::Text(_) => true,
    };
    table.rows().flatten().any(holds)
}

/// The same for tables of the same entry, or worked out by the same call, that hold the same: under whatever name the
/// model was shown them.
fn digest(of: &str, table: &PackedTable) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |kind: u8, text: &[u8]| {
        hasher.update(&[kind]);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    part(b'o', of.as_bytes());
    for column in table.columns() {
        part(b'c', column.name.as_bytes());
    }
    part(b'r', table.cell_bytes());
    hasher.finalize().to_hex().to_string()
}
