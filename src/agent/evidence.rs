use serde_json::Value;

use super::Evidence;
use crate::tools::ToolOutput;

/// The evidence a query's output is; `None` for tools that run no query.
pub(super) fn of(call: u32, output: &ToolOutput) -> Option<Evidence> {
    let (source, shown, table) = (
        output.source.as_ref()?,
        output.shown.as_ref()?,
        output.table.as_ref()?,
    );
    let seen = usize::try_from(shown.rows_shown).unwrap_or(usize::MAX);
    Some(Evidence {
        call,
        source: source.clone(),
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
    })
}
