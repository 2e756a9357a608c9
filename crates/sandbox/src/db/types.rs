use rusqlite::Connection;

use super::pool::quote;

/// The wire's type of a column by its declaration, as the server's SQLite driver reads it.
pub(crate) fn base_type(declared: &str) -> Option<&'static str> {
    let declared = declared.to_ascii_uppercase();
    let has = |part: &str| declared.contains(part);
    Some(match () {
        () if declared.is_empty() => return None,
        () if has("BOOL") => "type/Boolean",
        () if has("BIGINT") || has("BIG INT") || has("INT8") => "type/BigInteger",
        () if has("INT") => "type/Integer",
        () if has("TIMESTAMP") || has("DATETIME") => "type/DateTime",
        () if has("DATE") => "type/Date",
        () if has("TIME") => "type/Time",
        () if has("CHAR") || has("TEXT") || has("CLOB") || has("UUID") || has("JSON") => "type/Text",
        () if has("REAL") || has("DOUB") || has("FLOA") => "type/Float",
        () if has("NUMERIC") || has("DECIMAL") || has("MONEY") => "type/Decimal",
        () => "type/*",
    })
}

/// The type of an undeclared column by the first values in it.
pub(super) fn sampled_type(
    connection: &Connection,
    table: &str,
    column: &str,
) -> rusqlite::Result<&'static str> {
    let (table, column) = (quote(table), quote(column));
    let sql = format!(
        "SELECT typeof({column}), COUNT(*) FROM (SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1000) \
         GROUP BY 1 ORDER BY 1"
    );
    let mut statement = connection.prepare(&sql)?;
    let kinds = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    Ok(match kinds.as_slice() {
        ["integer"] => "type/Integer",
        ["real"] | ["integer", "real"] => "type/Float",
        ["text"] => "type/Text",
        _ => "type/*",
    })
}
