//! The results that an answer rests on, as the answer shows them.

use serde_json::Value;

use super::Evidence;
use crate::result::NewResult;

/// The evidence that the result of a call is.
pub(super) fn of(call: u32, brought: &NewResult) -> Evidence {
    let (shown, table) = (&brought.shown, &brought.table);
    let seen = usize::try_from(shown.rows_shown).unwrap_or(usize::MAX);
    Evidence {
        result: brought.handle,
        call,
        title: brought.title.clone(),
        origin: brought.origin.clone(),
        columns: table.columns.iter().map(|column| column.name.clone()).collect(),
        rows: table
            .rows
            .iter()
            .take(seen)
            .map(|row| row.iter().map(Value::from).collect())
            .collect(),
        rows_known: shown.rows_known,
        extent: shown.extent,
        truncated: shown.truncated,
    }
}
