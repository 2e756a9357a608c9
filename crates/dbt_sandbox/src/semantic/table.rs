use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use super::fault::SemanticFault;
use super::query::{CellKind, SemanticSql};

pub(crate) const PAGE: usize = 1024;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellType {
    Whole,
    Number,
    Text,
    Truth,
    Moment,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct SemanticTable {
    pub(crate) names: Vec<String>,
    pub(crate) types: Vec<CellType>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl SemanticTable {
    pub(crate) fn read(connection: &Connection, query: &SemanticSql) -> Result<Self, SemanticFault> {
        let mut select = connection.prepare(&query.sql)?;
        let mut found = select.query([])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let mut cells = Vec::with_capacity(query.columns.len());
            for (at, column) in query.columns.iter().enumerate() {
                cells.push(cell(row.get_ref(at)?, column.kind));
            }
            rows.push(cells);
        }
        let types = query
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| match column.kind {
                CellKind::Date | CellKind::Moment => CellType::Moment,
                CellKind::Truth => CellType::Truth,
                CellKind::Plain | CellKind::Figure => type_of(&rows, at),
            });
        Ok(Self {
            names: query.columns.iter().map(|column| column.name.clone()).collect(),
            types: types.collect(),
            rows,
        })
    }

    pub(crate) fn pages(&self) -> usize {
        self.rows.len().div_ceil(PAGE).max(1)
    }

    /// The rows of a page; the first is 1.
    pub(crate) fn page(&self, number: usize) -> &[Vec<Value>] {
        let from = number.saturating_sub(1).saturating_mul(PAGE).min(self.rows.len());
        let to = (from + PAGE).min(self.rows.len());
        self.rows.get(from..to).unwrap_or_default()
    }

    /// A page as pandas writes a table.
    pub(crate) fn json(&self, page: usize, orient: &str) -> Value {
        let first = page.saturating_sub(1) * PAGE;
        let rows = self.page(page);
        let record = |row: &Vec<Value>| -> Map<String, Value> {
            self.names.iter().cloned().zip(row.iter().cloned()).collect()
        };
        match orient {
            "RECORDS" => rows.iter().map(|row| Value::Object(record(row))).collect(),
            "VALUES" => json!(rows),
            "SPLIT" => {
                let index: Vec<usize> = (0..rows.len()).collect();
                json!({ "columns": self.names, "index": index, "data": rows })
            }
            "INDEX" => {
                let records = rows
                    .iter()
                    .enumerate()
                    .map(|(at, row)| (at.to_string(), Value::Object(record(row))));
                Value::Object(records.collect())
            }
            "COLUMNS" => {
                let columns = self.names.iter().enumerate().map(|(column, name)| {
                    let cells = rows
                        .iter()
                        .enumerate()
                        .map(|(at, row)| (at.to_string(), row.get(column).cloned().unwrap_or_default()));
                    (name.clone(), Value::Object(cells.collect()))
                });
                Value::Object(columns.collect())
            }
            _ => {
                let mut fields = vec![json!({ "name": "index", "type": "integer" })];
                fields.extend(self.names.iter().zip(&self.types).map(|(name, of)| {
                    let of = match of {
                        CellType::Whole => "integer",
                        CellType::Number => "number",
                        CellType::Text => "string",
                        CellType::Truth => "boolean",
                        CellType::Moment => "datetime",
                    };
                    json!({ "name": name, "type": of })
                }));
                let data: Vec<Value> = rows
                    .iter()
                    .enumerate()
                    .map(|(at, row)| {
                        let mut fields = record(row);
                        fields.insert("index".to_owned(), json!(first + at));
                        Value::Object(fields)
                    })
                    .collect();
                json!({
                    "schema": { "fields": fields, "primaryKey": ["index"], "pandas_version": "1.4.0" },
                    "data": data,
                })
            }
        }
    }
}

fn cell(value: ValueRef<'_>, kind: CellKind) -> Value {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(number) if kind == CellKind::Truth => json!(number != 0),
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text);
            match kind {
                // As pandas writes moments.
                CellKind::Date | CellKind::Moment => json!(format!("{}.000", text.replacen(' ', "T", 1))),
                _ => json!(text),
            }
        }
    }
}

fn type_of(rows: &[Vec<Value>], column: usize) -> CellType {
    let mut values = rows
        .iter()
        .filter_map(|row| row.get(column))
        .filter(|value| !value.is_null())
        .peekable();
    if values.peek().is_none() {
        return CellType::Text;
    }
    let values: Vec<&Value> = values.collect();
    if values.iter().all(|value| value.is_i64()) {
        CellType::Whole
    } else if values.iter().all(|value| value.is_number()) {
        CellType::Number
    } else {
        CellType::Text
    }
}
