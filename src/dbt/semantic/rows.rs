//! Pages of a result, as dbt writes them: a table of JSON as pandas has it, with a schema and one object for each row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::result::{Cell, Column, ColumnKind, exact_numbers_quoted};

/// Bytes of a day: `2026-05-01`.
const DAY_BYTES: usize = 10;
/// The column that pandas numbers rows with.
const ROW_NUMBER: &str = "index";

#[derive(Debug)]
pub(super) struct ResultPage {
    /// Names and types of its columns, in order.
    pub(super) fields: Vec<ResultField>,
    rows: Vec<Map<String, Value>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ResultField {
    pub(super) name: String,
    #[serde(default, rename = "type")]
    pub(super) field_type: String,
}

#[derive(Deserialize)]
struct PageForm {
    schema: PageSchema,
    data: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct PageSchema {
    fields: Vec<ResultField>,
}

/// A column that was asked for.
#[derive(Debug)]
pub(super) struct WantedColumn {
    /// What dbt calls it: `metric_time__month`.
    pub(super) served_as: String,
    /// What it is in the table; its kind is found from the values unless it is a time.
    pub(super) column: Column,
}

impl ResultPage {
    #[cfg(feature = "arrow")]
    pub(super) fn new(fields: Vec<ResultField>, rows: Vec<Map<String, Value>>) -> Self {
        Self { fields, rows }
    }

    /// Reads a page, in base64 or as it is.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let decoded;
        let json = if text.trim_start().starts_with('{') {
            text.as_bytes()
        } else {
            decoded = STANDARD
                .decode(text.trim())
                .map_err(|error| format!("it is neither JSON nor base64: {error}"))?;
            &decoded
        };
        let form: PageForm =
            serde_json::from_slice(&exact_numbers_quoted(json)).map_err(|error| error.to_string())?;
        let numbered = |field: &ResultField| field.name == ROW_NUMBER;
        Ok(Self {
            fields: form
                .schema
                .fields
                .into_iter()
                .filter(|field| !numbered(field))
                .collect(),
            rows: form.data,
        })
    }

    /// Where each wanted column stands. Some warehouses write names in capitals.
    pub(super) fn places(&self, wanted: &[WantedColumn]) -> Result<Vec<ResultField>, String> {
        let found = wanted.iter().map(|wanted| {
            let mut fields = self.fields.iter();
            fields
                .find(|field| field.name.eq_ignore_ascii_case(&wanted.served_as))
                .cloned()
                .ok_or_else(|| {
                    let came: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
                    format!(
                        "the column {} is missing; it has {}",
                        wanted.served_as,
                        came.join(", ")
                    )
                })
        });
        let found: Vec<ResultField> = found.collect::<Result<_, _>>()?;
        if self.fields.len() == wanted.len() {
            Ok(found)
        } else {
            Err(format!(
                "{} columns were asked for and {} came",
                wanted.len(),
                self.fields.len()
            ))
        }
    }

    /// The rows, in the order of `places`.
    pub(super) fn rows(self, places: &[ResultField]) -> Result<Vec<Vec<Cell>>, String> {
        let mut rows = Vec::with_capacity(self.rows.len());
        for mut row in self.rows {
            let mut cells = Vec::with_capacity(places.len());
            for place in places {
                let Some(value) = row.remove(&place.name) else {
                    return Err(format!("a row has no value for {}", place.name));
                };
                cells.push(cell(value));
            }
            rows.push(cells);
        }
        Ok(rows)
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Bool(truth),
        Value::Number(number) => Cell::Number(number),
        Value::String(text) => Cell::text(text),
        nested @ (Value::Array(_) | Value::Object(_)) => Cell::text(nested.to_string()),
    }
}

/// Sets the kind of each column that is no time, and makes days of moments in columns of days.
pub(super) fn settle(columns: &mut [Column], places: &[ResultField], rows: &mut [Vec<Cell>]) {
    for (at, (column, place)) in columns.iter_mut().zip(places).enumerate() {
        if column.kind == ColumnKind::Date {
            for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
                if let Cell::Text(text) = cell
                    && text.len() > DAY_BYTES
                    && let Some(day) = text.get(..DAY_BYTES)
                {
                    *cell = Cell::text(day);
                }
            }
        } else if column.kind != ColumnKind::Datetime {
            let cells = rows.iter().filter_map(|row| row.get(at));
            column.kind = kind_of(cells).unwrap_or_else(|| kind_of_type(&place.field_type));
        }
    }
}

/// The kind that all values have; `None` without any.
pub(super) fn kind_of<'v>(cells: impl Iterator<Item = &'v Cell>) -> Option<ColumnKind> {
    let kinds = cells.filter_map(|cell| match cell {
        Cell::Null => None,
        Cell::Bool(_) => Some(ColumnKind::Boolean),
        Cell::Number(number) if number.is_f64() => Some(ColumnKind::Number),
        Cell::Number(_) => Some(ColumnKind::Integer),
        Cell::Text(_) => Some(ColumnKind::Text),
    });
    kinds.reduce(|known, kind| match (known, kind) {
        (known, kind) if known == kind => known,
        (ColumnKind::Integer, ColumnKind::Number) | (ColumnKind::Number, ColumnKind::Integer) => {
            ColumnKind::Number
        }
        // A number that a float does not hold comes as a text.
        (ColumnKind::Integer | ColumnKind::Number, ColumnKind::Text)
        | (ColumnKind::Text, ColumnKind::Integer | ColumnKind::Number) => ColumnKind::Number,
        _ => ColumnKind::Text,
    })
}

fn kind_of_type(name: &str) -> ColumnKind {
    match name {
        "integer" => ColumnKind::Integer,
        "number" => ColumnKind::Number,
        "boolean" => ColumnKind::Boolean,
        "datetime" => ColumnKind::Datetime,
        _ => ColumnKind::Text,
    }
}
