use std::collections::BTreeMap;

use serde_json::Value;

use super::cell::cell;
use super::clause::list;
use super::column::{QueryColumn, describe};
use super::compiler::MbqlCompiler;
use super::execute::{native_rows, rows};
use super::fragment::SqlFragment;
use super::outcome::{QueryFailure, QueryResult, RowLimits};
use crate::native;
use crate::semantic::{Card, CardColumn};

/// Runs a resolved query; template tags in SQL take their defaults. `described` is what is said about its columns.
pub(crate) fn run(
    compiler: MbqlCompiler<'_>,
    query: &Value,
    described: &BTreeMap<String, CardColumn>,
    constraints: RowLimits,
) -> Result<QueryResult, QueryFailure> {
    if let [only] = list(query, "stages")
        && only.get("native").is_some()
    {
        let sql = native::render_defaults(compiler, only)?;
        return run_sql(compiler, sql, described, constraints);
    }
    let last = list(query, "stages").last();
    let aggregated = last.is_some_and(|stage| !list(stage, "aggregation").is_empty());
    let max = if aggregated {
        constraints.max_rows
    } else {
        constraints.max_bare_rows
    };
    let mut built = compiler.compile(query, Some(max))?;
    describe(&mut built.columns, described);
    let rows = rows(compiler.pool, &built.sql, &built.columns, max)?;
    Ok(result(&built.columns, rows, built.sql, max))
}

/// Runs SQL as it stands.
pub(crate) fn run_sql(
    compiler: MbqlCompiler<'_>,
    sql: SqlFragment,
    described: &BTreeMap<String, CardColumn>,
    constraints: RowLimits,
) -> Result<QueryResult, QueryFailure> {
    let (columns, rows) = native_rows(compiler.pool, &sql, described, constraints.max_bare_rows)?;
    Ok(result(&columns, rows, sql, constraints.max_bare_rows))
}

/// A card's columns without its rows.
pub(crate) fn card_columns(compiler: MbqlCompiler<'_>, card: &Card) -> Result<Vec<Value>, QueryFailure> {
    Ok(compiler
        .card(card)?
        .columns
        .iter()
        .map(QueryColumn::wire)
        .collect())
}

fn result(columns: &[QueryColumn], rows: Vec<Vec<Value>>, sql: SqlFragment, max: u64) -> QueryResult {
    let full = u64::try_from(rows.len()).is_ok_and(|len| len == max);
    QueryResult {
        cols: columns.iter().map(QueryColumn::wire).collect(),
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
