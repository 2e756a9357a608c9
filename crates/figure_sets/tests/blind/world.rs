//! The results that the answers are about.

use std::collections::BTreeMap;

use cardinal::result::{Cell, Column, ColumnKind, ColumnTotals, Extent, ResultTable, totals};
use serde_json::Value;

/// A result and what brought it.
pub struct Brought {
    pub title: String,
    pub arguments: Value,
    pub table: ResultTable,
    pub totals: Vec<ColumnTotals>,
}

/// All results, by the name that the answers call them by.
pub type World = BTreeMap<String, Brought>;

pub fn world() -> World {
    parse(include_str!("results.json"))
}

/// The results of a file.
pub fn parse(results: &str) -> World {
    let results: BTreeMap<String, Value> = serde_json::from_str(results).unwrap();
    results
        .into_iter()
        .map(|(name, result)| (name, brought(&result)))
        .collect()
}

fn brought(result: &Value) -> Brought {
    let columns = result["columns"].as_array().unwrap().iter().map(column).collect();
    let rows = result["rows"].as_array().unwrap();
    let table = ResultTable {
        columns,
        rows: rows
            .iter()
            .map(|row| row.as_array().unwrap().iter().map(cell).collect())
            .collect(),
        extent: Extent::Complete,
        bytes_received: 0,
    };
    Brought {
        title: result["title"].as_str().unwrap().to_owned(),
        arguments: result["arguments"].clone(),
        totals: totals(&table),
        table,
    }
}

fn column(column: &Value) -> Column {
    let word = |at: usize| column.get(at).and_then(Value::as_str).map(str::to_owned);
    Column {
        name: word(0).unwrap(),
        label: word(1).unwrap(),
        kind: match word(2).unwrap().as_str() {
            "integer" => ColumnKind::Integer,
            "number" => ColumnKind::Number,
            "date" => ColumnKind::Date,
            "datetime" => ColumnKind::Datetime,
            "time" => ColumnKind::Time,
            "other" => ColumnKind::Other,
            _ => ColumnKind::Text,
        },
        unit: word(3),
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Number(number) => Cell::Number(number.clone()),
        Value::String(text) => Cell::text(text.as_str()),
        _ => Cell::Null,
    }
}
