//! References of an answer resolved over 30 KB of rows, beside serde_json's skim of the same rows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cardinal::references::{KnownResults, ReferencedText};
use cardinal::result::{
    Cell, Column, ColumnKind, EntryKind, Extent, HeldResults, ModelView, NewResult, PackedTable, QuerySource,
    ResultOrigin, ResultTable, totals,
};
use cardinal::text::LinkRules;
use serde::de::IgnoredAny;
use serde_json::{Number, Value, json};

use crate::ratio::Floor;

/// Rows of the result.
const ROWS: u32 = 400;
/// References in the answer.
const REFERENCES: u32 = 20;

pub(crate) async fn measure() {
    let table = table();
    let rows = table
        .rows
        .iter()
        .map(|row| row.iter().map(value).collect::<Value>());
    let json = Value::from(rows.collect::<Vec<_>>()).to_string();
    let mut held = HeldResults::default();
    let handle = held.next();
    held.put(NewResult {
        handle,
        title: "card 7 \"Revenue by day\"".to_owned(),
        origin: ResultOrigin::Query(
            QuerySource {
                kind: EntryKind::Card,
                id: 7,
                name: "Revenue by day".to_owned(),
                arguments: json!({}),
                link: None,
                dbt_metric: None,
            }
            .into(),
        ),
        shown: ModelView {
            rows_shown: u64::from(ROWS),
            rows_known: u64::from(ROWS),
            extent: table.extent,
            truncated: false,
            bytes_shown: 0,
            bytes_received: 0,
        },
        totals: totals(&table).into(),
        table: PackedTable::of(&table),
    });
    let Ok(url) = "http://metabase.example".parse() else {
        return;
    };
    let links = LinkRules::to(&url);
    let rows = held.table(handle).await.ok();
    let known = || {
        let mut known = KnownResults::of(&held, &links);
        if let Some((one, rows)) = held.get(handle).zip(rows.clone()) {
            known.add(one, Ok(rows), BTreeSet::new());
        }
        known
    };
    let mut text = String::new();
    for at in 0..REFERENCES {
        let _ = write!(text, "On that day it was {{{{r1 revenue @ {}}}}}. ", day(at * 7));
    }
    assert!(
        !ReferencedText::of(&text, &known()).text().contains("{{"),
        "the references are resolved"
    );
    let floor = Floor::of("serde_json's skim of its rows", || {
        serde_json::from_str::<IgnoredAny>(&json).is_ok()
    });
    floor.beside("20 references over 400 rows", || {
        ReferencedText::of(&text, &known()).text().len()
    });
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(truth) => json!(truth),
        Cell::Number(number) => json!(number),
        Cell::Text(text) => json!(text.to_string()),
    }
}

fn day(at: u32) -> String {
    let day = jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(i64::from(at)));
    day.to_string()
}

fn table() -> ResultTable {
    let row = |at: u32| {
        let number = |cents: u32| Number::from_f64(f64::from(cents) / 100.0).map_or(Cell::Null, Cell::Number);
        vec![
            Cell::text(day(at)),
            Cell::text(format!("City {}", at % 40)),
            number(at * 7_919 % 9_999_999),
            number(at * 104_729 % 9_999_999),
        ]
    };
    ResultTable {
        columns: vec![
            Column::named("created_at", ColumnKind::Date),
            Column::named("city", ColumnKind::Text),
            Column::named("revenue", ColumnKind::Number),
            Column::named("refunds", ColumnKind::Number),
        ],
        rows: (0..ROWS).map(row).collect(),
        extent: Extent::Complete,
        bytes_received: 0,
    }
}
