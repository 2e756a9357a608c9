use jiff::civil::{Date, DateTime};
use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::date_string::{self, DateFilter};
use crate::query::{QueryFailure, SqlFragment, TemporalUnit, TimeLiteral, bindable, numeric, text_pattern};

/// What a field filter is about: the column as the SQL names it, and its type.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConditionTarget<'a> {
    pub(super) column: &'a str,
    pub(super) base_type: &'a str,
    pub(super) parameter: &'a str,
}

/// The condition that a field filter becomes. `values` is not empty; between's sides may be null.
pub(super) fn condition(
    target: ConditionTarget<'_>,
    kind: &str,
    values: &[Value],
    today: Date,
) -> Result<SqlFragment, QueryFailure> {
    if kind.starts_with("date") {
        return dates(target, values, today);
    }
    let column = SqlFragment::text(target.column);
    let bind = |value: &Value| bound(target, value);
    let compare = |op: &str, value: &Value| Ok(column.clone().then(&format!(" {op} ")).and(bind(value)?));
    match (kind, values) {
        ("number/between", [Value::Null, high]) => compare("<=", high),
        ("number/between", [low, Value::Null]) => compare(">=", low),
        ("number/between", [low, high]) => Ok(compare(">=", low)?.then(" AND ").and(compare("<=", high)?)),
        ("number/>=" | "number/<=", [value]) => compare(kind.trim_start_matches("number/"), value),
        ("number/!=" | "string/!=", values) => {
            let parts = values
                .iter()
                .map(|value| compare("<>", value))
                .collect::<Result<Vec<_>, QueryFailure>>()?;
            Ok(SqlFragment::join(parts, " AND ")
                .wrap("(", ")")
                .then(" OR ")
                .and(column.clone())
                .then(" IS NULL"))
        }
        (
            "string/contains" | "string/does-not-contain" | "string/starts-with" | "string/ends-with",
            values,
        ) => {
            let op = kind.trim_start_matches("string/");
            let parts = values.iter().map(|value| match value {
                Value::String(text) => Ok(text_pattern(op, &column, text, false)),
                other => Err(not_usable(target, other)),
            });
            let parts = parts.collect::<Result<Vec<_>, QueryFailure>>()?;
            if op == "does-not-contain" {
                let none = parts.into_iter().map(|part| part.wrap("NOT (", ")"));
                return Ok(SqlFragment::join(none, " AND ")
                    .wrap("(", ")")
                    .then(" OR ")
                    .and(column)
                    .then(" IS NULL"));
            }
            Ok(SqlFragment::join(parts, " OR "))
        }
        (_, [value]) => compare("=", value),
        (_, values) => {
            let list = values
                .iter()
                .map(bind)
                .collect::<Result<Vec<_>, QueryFailure>>()?;
            Ok(column.then(" IN (").and(SqlFragment::join(list, ", ")).then(")"))
        }
    }
}

fn bound(target: ConditionTarget<'_>, value: &Value) -> Result<SqlFragment, QueryFailure> {
    let value = bindable(value)
        .filter(|value| *value != SqlValue::Null)
        .ok_or_else(|| not_usable(target, value))?;
    Ok(SqlFragment::value(numeric(target.base_type, value)))
}

/// The failure for a value that a parameter cannot be.
pub(super) fn not_usable(target: ConditionTarget<'_>, value: &Value) -> QueryFailure {
    let error = format!(
        "Error determining value for parameter \"{}\": cannot use {value}",
        target.parameter
    );
    QueryFailure::typed("invalid-parameter", error)
}

fn dates(target: ConditionTarget<'_>, values: &[Value], today: Date) -> Result<SqlFragment, QueryFailure> {
    let parts = values.iter().map(|value| {
        let filter = value.as_str().and_then(|text| date_string::parse(text, today));
        let filter = filter.ok_or_else(|| {
            let error = format!(
                "Error determining value for parameter \"{}\": Don't know how to parse date string {value}",
                target.parameter
            );
            QueryFailure::typed("invalid-parameter", error)
        })?;
        Ok(match filter {
            DateFilter::Within(from, to) => within(target.column, from, to),
            DateFilter::Without(unit, values) => {
                let list: Vec<String> = values.iter().map(i64::to_string).collect();
                SqlFragment::text(format!(
                    "{} NOT IN ({})",
                    unit.sql(target.column),
                    list.join(", ")
                ))
            }
        })
    });
    Ok(SqlFragment::join(
        parts.collect::<Result<Vec<_>, QueryFailure>>()?,
        " OR ",
    ))
}

fn within(column: &str, from: Option<DateTime>, to: Option<DateTime>) -> SqlFragment {
    let column = TemporalUnit::Second.sql(column);
    let side = |op: &str, at: DateTime| {
        let text = TimeLiteral { at, whole_day: false }.second_text();
        SqlFragment::text(format!("{column} {op} ")).and(SqlFragment::value(SqlValue::Text(text)))
    };
    SqlFragment::join(
        from.map(|at| side(">=", at))
            .into_iter()
            .chain(to.map(|at| side("<", at))),
        " AND ",
    )
}
