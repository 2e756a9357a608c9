use serde_json::Value;

use super::cell::cell;
use super::clause::list;
use super::column::Column;
use super::compiler::Compiler;
use super::execute::{native_rows, rows};
use super::fragment::Fragment;
use super::outcome::{Constraints, QueryFailure, QueryResult};
use crate::native;
use crate::semantic::Card;

/// Runs a resolved query; template tags in SQL take their defaults.
pub(crate) fn run(
    compiler: Compiler<'_>,
    query: &Value,
    constraints: Constraints,
) -> Result<QueryResult, QueryFailure> {
    if let [only] = list(query, "stages")
        && only.get("native").is_some()
    {
        let sql = native::render_defaults(compiler, only)?;
        return run_sql(compiler, sql, constraints);
    }
    let last = list(query, "stages").last();
    let aggregated = last.is_some_and(|stage| !list(stage, "aggregation").is_empty());
    let max = if aggregated {
        constraints.max_rows
    } else {
        constraints.max_bare_rows
    };
    let built = compiler.compile(query, Some(max))?;
    let rows = rows(compiler.store, &built.sql, &built.columns, max)?;
    Ok(result(&built.columns, rows, built.sql, max))
}

/// Runs SQL as it stands.
pub(crate) fn run_sql(
    compiler: Compiler<'_>,
    sql: Fragment,
    constraints: Constraints,
) -> Result<QueryResult, QueryFailure> {
    let (columns, rows) = native_rows(compiler.store, &sql, constraints.max_bare_rows)?;
    Ok(result(&columns, rows, sql, constraints.max_bare_rows))
}

/// A card's columns without its rows.
pub(crate) fn card_columns(compiler: Compiler<'_>, card: &Card) -> Result<Vec<Value>, QueryFailure> {
    Ok(compiler.card(card)?.columns.iter().map(Column::wire).collect())
}

fn result(columns: &[Column], rows: Vec<Vec<Value>>, sql: Fragment, max: u64) -> QueryResult {
    let full = u64::try_from(rows.len()).is_ok_and(|len| len == max);
    QueryResult {
        cols: columns.iter().map(Column::wire).collect(),
        rows,
        native_sql: sql.sql,
        native_params: sql
            .params
            .into_iter()
            .map(|param| cell(param, "type/*"))
            .collect(),
        rows_truncated: full.then_some(max),
        results_timezone: "UTC",
    }
}
