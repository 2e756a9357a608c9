//! Turns a table into what the model reads: as many whole rows as the limits allow, with the totals of all rows, how
//! much is missing, why, and which call would narrow it.

use std::sync::Arc;

use super::encode::{cut_marker, encode_cell, encode_cell_within, encode_column, encode_row};
use super::frame::{Omission, ResultFrame};
use super::{Cell, Column, ColumnTotals, Handle, ResultTable, ShapingSettings, totals};
use crate::text::cut_to_bytes;

/// What stands above the rows.
#[derive(Debug, Clone, Copy)]
pub struct ResultHeading<'a> {
    /// Its name in the conversation.
    pub handle: Handle,
    /// What this is the result of, such as `card 7 "Revenue by month"`. Already cleaned by the caller.
    pub title: &'a str,
    /// What was asked for, such as `status is paid; by created_at (month)`: filters, parameters, grouping, limit.
    pub asked: Option<&'a str>,
    /// Something to know of it, in one line that begins with words of ours, such as `no row matched`.
    pub note: Option<&'a str>,
    /// For a result that was made from another: which, and which rows of it these are.
    pub made: Option<DerivedHeading>,
    /// Whether it was looked up, or made from what was, so that there is no query that could be asked without its limit.
    pub looked_up: bool,
    /// The call that would narrow the result; shown only when something is missing.
    pub narrow: &'a str,
}

/// What a result that was worked out stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerivedHeading {
    /// The result it was made from.
    pub from: Handle,
    /// When rows were passed over or a limit was asked for: how many rows come before these, and of how many in all.
    pub window: Option<(u64, u64)>,
}

/// A table as the model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapedResult {
    /// The text: at most `max_bytes` bytes.
    pub text: String,
    pub rows_shown: usize,
    /// Whether our own cut left out rows, columns or parts of cells.
    pub truncated: bool,
    /// The totals of every column over all rows, shown or not.
    pub totals: Arc<[ColumnTotals]>,
}

/// The line after which the header and the rows follow, all of them data.
pub(crate) const TABLE_MARK: &str = "table:";

/// The line after the last row. What stands before [`TABLE_MARK`] and after this is ours, and no row reads like it.
pub(crate) const TABLE_END: &str = "end of table";

/// Most digits a count of rows has.
const DIGITS: usize = 20;

/// Shapes `table`. The text never exceeds `limits.max_bytes`; below about 1 500 bytes little more than the heading
/// fits.
pub fn shape(table: &ResultTable, heading: &ResultHeading<'_>, limits: ShapingSettings) -> ShapedResult {
    let columns = shown_columns(&table.columns, limits.max_bytes);
    let totals: Arc<[ColumnTotals]> = totals(table).into();
    let frame = ResultFrame::new(table, &totals, heading, columns, limits);
    let rows: Vec<String> = encode_rows(table, columns.len(), limits);
    let known = table.rows.len();

    let whole = rows.len() == known && columns.len() == table.columns.len();
    if whole {
        let text = frame.text(&rows, &Omission::Nothing);
        if text.len() <= limits.max_bytes {
            return ShapedResult {
                text,
                rows_shown: known,
                truncated: false,
                totals,
            };
        }
    }
    let by_rows = limits.max_rows.min(known);
    // The heading names the limit that cut, which is not known yet: room for the longer wording and its digits.
    let heading_bytes = [0, known]
        .map(|shown| frame.len_without_rows(&Omission::Rows { shown }))
        .into_iter()
        .max()
        .unwrap_or_default();
    let room = limits.max_bytes.saturating_sub(heading_bytes + DIGITS);
    let mut used = 0usize;
    let fitting = rows
        .iter()
        .take(by_rows)
        .take_while(|row| {
            used += row.len() + 1;
            used <= room
        })
        .count();
    if fitting == 0
        && by_rows > 0
        && let Some(first) = table.rows.first()
    {
        let text = with_shortened_row(&frame, first);
        return ShapedResult {
            text,
            rows_shown: 1,
            truncated: true,
            totals,
        };
    }
    let cut = if fitting == known {
        Omission::Columns
    } else {
        Omission::Rows { shown: fitting }
    };
    let shown = rows.get(..fitting).unwrap_or(&rows);
    ShapedResult {
        text: cut_to_bytes(frame.text(shown, &cut), limits.max_bytes),
        rows_shown: fitting,
        truncated: true,
        totals,
    }
}

/// As many leading columns as have a header of at most a quarter of the text and leave each cell room for its
/// marker; at least one.
fn shown_columns(columns: &[Column], max_bytes: usize) -> &[Column] {
    let room = max_bytes / 4;
    let mut used = 0usize;
    let fitting = columns
        .iter()
        .take(max_bytes / 100)
        .take_while(|column| {
            used += encode_column(column).len() + 1;
            used <= room
        })
        .count();
    columns.get(..fitting.max(1)).unwrap_or(columns)
}

/// The leading rows, as many as can matter: no more than the row limit and one that no longer fits.
fn encode_rows(table: &ResultTable, width: usize, limits: ShapingSettings) -> Vec<String> {
    let mut used = 0usize;
    let mut rows = Vec::new();
    for row in table.rows.iter().take(limits.max_rows) {
        let encoded = encode_row(row.iter().take(width));
        used += encoded.len() + 1;
        rows.push(encoded);
        if used > limits.max_bytes {
            break;
        }
    }
    rows
}

/// The first row alone, its longest cells shortened until it fits.
fn with_shortened_row(frame: &ResultFrame<'_>, row: &[Cell]) -> String {
    let max = frame.limits.max_bytes;
    let room = max.saturating_sub(frame.len_without_rows(&Omission::Cells) + 1);
    let cells: Vec<(&Cell, usize)> = row
        .iter()
        .take(frame.columns.len())
        .map(|cell| (cell, encode_cell(cell).len()))
        .collect();
    let marker = cut_marker(usize::MAX).len();
    let width = |each: usize| -> usize {
        cells
            .iter()
            .map(|(_, len)| (*len).min(each + marker) + 1)
            .sum::<usize>()
    };
    let (mut fits, mut too_wide) = (0usize, room + 1);
    while fits + 1 < too_wide {
        let middle = usize::midpoint(fits, too_wide);
        if width(middle) <= room {
            fits = middle;
        } else {
            too_wide = middle;
        }
    }
    let encoded = cells
        .iter()
        .map(|(cell, len)| {
            let each = if *len <= fits + marker { *len } else { fits };
            encode_cell_within(cell, each)
        })
        .collect::<Vec<_>>()
        .join("\t");
    cut_to_bytes(frame.text(&[encoded], &Omission::Cells), max)
}
