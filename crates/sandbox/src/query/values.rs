use rusqlite::types::Value as SqlValue;
use serde_json::{Map, Value, json};

use super::cell::cell;
use super::compiler::MbqlCompiler;
use super::outcome::{ColumnValues, QueryFailure};
use crate::db::{SqlitePool, quote};
use crate::facts::KnownValues;
use crate::semantic::{FieldMetadata, TableMetadata};

/// The first `limit` distinct values of a column in ascending order, `[value]` each, and whether there are more.
pub(crate) fn distinct_values(
    compiler: MbqlCompiler<'_>,
    table: &TableMetadata,
    field: &FieldMetadata,
    limit: u64,
) -> Result<(Vec<Vec<Value>>, bool), QueryFailure> {
    let find = |limit| read_values(compiler.pool, table, field, limit);
    let known = compiler.facts.values(field.id, limit, find)?;
    Ok((
        known.values.into_iter().map(|value| vec![value]).collect(),
        known.more,
    ))
}

/// Distinct values and statistics as a fingerprint has them.
pub(crate) fn field_values(
    compiler: MbqlCompiler<'_>,
    table: &TableMetadata,
    field: &FieldMetadata,
    limit: u64,
) -> Result<ColumnValues, QueryFailure> {
    let (values, has_more_values) = distinct_values(compiler, table, field, limit)?;
    let find = || statistics(compiler.pool, table, field);
    Ok(ColumnValues {
        values,
        statistics: compiler.facts.statistics(field.id, find)?.as_ref().clone(),
        has_more_values,
    })
}

fn read_values(
    pool: &SqlitePool,
    table: &TableMetadata,
    field: &FieldMetadata,
    limit: u64,
) -> Result<KnownValues, QueryFailure> {
    let (column, from) = (quote(&field.name), quote(&table.name));
    let one_more = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let sql = format!(
        "SELECT DISTINCT {column} FROM {from} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {one_more}"
    );
    let mut values = pool.with(|connection| {
        let mut statement = connection.prepare(&sql)?;
        let values = statement.query_map([], |row| row.get::<_, SqlValue>(0))?;
        Ok::<_, QueryFailure>(values.collect::<rusqlite::Result<Vec<_>>>()?)
    })?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = values.len() > limit;
    values.truncate(limit);
    let values = values.into_iter().map(|value| cell(value, &field.base_type));
    Ok(KnownValues {
        values: values.collect(),
        more,
    })
}

fn statistics(
    pool: &SqlitePool,
    table: &TableMetadata,
    field: &FieldMetadata,
) -> Result<Map<String, Value>, QueryFailure> {
    let (x, from) = (quote(&field.name), quote(&table.name));
    let mut wanted = vec![
        ("distinct-count", format!("COUNT(DISTINCT {x})"), "type/Integer"),
        (
            "percent-null",
            format!("COALESCE(AVG({x} IS NULL), 0.0)"),
            "type/Float",
        ),
    ];
    let base_type = field.base_type.as_str();
    match base_type {
        "type/Text" => wanted.extend([
            ("average-length", format!("AVG(length({x}))"), "type/Float"),
            (
                "percent-email",
                format!("COALESCE(AVG({x} LIKE '_%@_%._%'), 0.0)"),
                "type/Float",
            ),
            (
                "percent-url",
                format!("COALESCE(AVG({x} LIKE 'http%://_%'), 0.0)"),
                "type/Float",
            ),
        ]),
        "type/Integer" | "type/BigInteger" | "type/Float" | "type/Decimal"
            if !matches!(field.semantic_type.as_deref(), Some("type/PK" | "type/FK")) =>
        {
            wanted.extend([
                ("min", format!("MIN({x})"), base_type),
                ("max", format!("MAX({x})"), base_type),
                ("avg", format!("AVG({x})"), "type/Float"),
                // Clamped: rounding can leave a tiny negative variance.
                (
                    "sd",
                    format!("sqrt(MAX(0.0, AVG({x} * {x} * 1.0) - AVG({x}) * AVG({x})))"),
                    "type/Float",
                ),
                ("q1", quartile(&x, &from, 1), base_type),
                ("q3", quartile(&x, &from, 3), base_type),
            ]);
        }
        "type/Date" | "type/DateTime" | "type/DateTimeWithTZ" => wanted.extend([
            ("earliest", format!("MIN({x})"), base_type),
            ("latest", format!("MAX({x})"), base_type),
        ]),
        _ => {}
    }
    let list: Vec<&str> = wanted.iter().map(|(_, sql, _)| sql.as_str()).collect();
    let sql = format!("SELECT {} FROM {from}", list.join(", "));
    let read = |row: &rusqlite::Row<'_>| {
        (0..wanted.len())
            .map(|at| row.get(at))
            .collect::<rusqlite::Result<Vec<SqlValue>>>()
    };
    let cells = pool.with(|connection| Ok::<_, QueryFailure>(connection.query_row(&sql, [], read)?))?;
    let named = wanted
        .iter()
        .zip(cells)
        .map(|((name, _, base_type), value)| ((*name).to_owned(), cell(value, base_type)));
    Ok(named.filter(|(_, value)| *value != json!(null)).collect())
}

/// The value that `quarters` quarters of the sorted column lie below.
fn quartile(x: &str, from: &str, quarters: u8) -> String {
    format!(
        "(SELECT {x} FROM {from} WHERE {x} IS NOT NULL ORDER BY 1 LIMIT 1 \
         OFFSET (SELECT COUNT({x}) * {quarters} / 4 FROM {from}))"
    )
}
