//! What a result costs between the wire and the model, beside reading its bytes once: rows parsed from JSON, totals,
//! encoding, shaping, and what `more_rows` works out.

#[path = "kit/ratio.rs"]
mod ratio;

use std::sync::LazyLock;

use cardinal::result::derive::{
    Granularity, RowAggregate, RowFilter, RowFunction, RowGroup, RowOperations, RowSort, StopSignal,
    ValueComparison, ValueTest, derive,
};
use cardinal::result::{
    Column, ColumnKind, Extent, Handle, JsonRows, ResultHeading, ResultTable, ShapingSettings, encode_row,
    shape, totals,
};
use divan::Bencher;
use divan::counter::BytesCount;
use serde::de::IgnoredAny;
use serde_json::json;

use self::ratio::Floor;

/// Rows of the large result: about 2 MB of JSON.
const ROWS: u64 = 20_000;
/// Rows of a result that is shown whole.
const SHOWN: usize = 200;

static JSON: LazyLock<String> = LazyLock::new(|| {
    let row = |at: u64| {
        json!([
            format!("2024-{:02}-{:02}", at % 12 + 1, at % 28 + 1),
            format!("Customer Number {at} of Somewhere"),
            format!("City {}", at % 40),
            if at.is_multiple_of(2) { "paid" } else { "refunded" },
            at,
            f64::from(u32::try_from(at * 7_919 % 1_000_000).unwrap_or_default()) / 100.0,
            null_or(at),
        ])
    };
    serde_json::Value::from((0..ROWS).map(row).collect::<Vec<_>>()).to_string()
});

fn null_or(at: u64) -> Option<u64> {
    (!at.is_multiple_of(5)).then_some(at % 90)
}

static LARGE: LazyLock<ResultTable> = LazyLock::new(|| {
    let column = |name: &str, kind| Column {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        unit: None,
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    };
    ResultTable {
        columns: vec![
            column("created_at", ColumnKind::Date),
            column("customer", ColumnKind::Text),
            column("city", ColumnKind::Text),
            column("status", ColumnKind::Text),
            column("order_id", ColumnKind::Integer),
            column("amount", ColumnKind::Number),
            column("days", ColumnKind::Integer),
        ],
        rows: parse(),
        extent: Extent::Complete,
        bytes_received: JSON.len() as u64,
    }
});

static SMALL: LazyLock<ResultTable> = LazyLock::new(|| ResultTable {
    rows: LARGE.rows.iter().take(SHOWN).cloned().collect(),
    ..LARGE.clone()
});

fn parse() -> Vec<Vec<cardinal::result::Cell>> {
    serde_json::from_str::<JsonRows>(&JSON).unwrap_or_default().0
}

fn bytes() -> BytesCount {
    BytesCount::new(JSON.len())
}

fn skim() -> bool {
    serde_json::from_str::<IgnoredAny>(&JSON).is_ok()
}

fn encode() -> usize {
    LARGE.rows.iter().map(|row| encode_row(row).len()).sum()
}

fn shaped() -> usize {
    let heading = ResultHeading {
        handle: Handle::FIRST,
        title: "card 7 \"Orders\"",
        asked: None,
        note: None,
        made: None,
        looked_up: false,
        narrow: "run_card with a shorter period",
    };
    shape(&SMALL, &heading, ShapingSettings::default()).text.len()
}

fn top_cities() -> RowOperations {
    RowOperations {
        filters: vec![RowFilter {
            column: 5,
            test: ValueTest::Compares(ValueComparison::Greater, json!(500)),
        }],
        groups: vec![
            RowGroup {
                column: 2,
                granularity: None,
            },
            RowGroup {
                column: 0,
                granularity: Some(Granularity::Quarter),
            },
        ],
        aggregates: vec![
            RowAggregate {
                function: RowFunction::Sum,
                column: Some(5),
            },
            RowAggregate {
                function: RowFunction::CountDistinct,
                column: Some(1),
            },
        ],
        sort: vec![RowSort {
            column: 2,
            descending: true,
        }],
        limit: Some(10),
        ..RowOperations::default()
    }
}

fn derived() -> usize {
    derive(&LARGE, &top_cities(), &StopSignal::default()).map_or(0, |derived| derived.table.rows.len())
}

#[divan::bench]
fn json_skimmed(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(skim);
}

#[divan::bench]
fn rows_parsed(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(parse);
}

#[divan::bench]
fn totals_computed(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(|| totals(&LARGE));
}

#[divan::bench]
fn rows_encoded(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(encode);
}

#[divan::bench]
fn shown_result_shaped(bencher: Bencher<'_, '_>) {
    bencher.bench(shaped);
}

#[divan::bench]
fn groups_derived(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(derived);
}

/// The rows of the shown result, as they came.
fn shown_json() -> String {
    let rows = JSON
        .match_indices("],[")
        .nth(SHOWN - 1)
        .map_or(JSON.len(), |(at, _)| at + 1);
    JSON.get(..rows)
        .map(|rows| format!("{rows}]"))
        .unwrap_or_default()
}

fn main() {
    divan::main();
    let floor = Floor::of("serde_json's skim of its bytes", skim);
    floor.beside("rows parsed", parse);
    floor.beside("totals computed", || totals(&LARGE));
    floor.beside("rows encoded", encode);
    floor.beside("groups derived", derived);
    let shown = shown_json();
    let floor = Floor::of("serde_json's skim of its bytes", || {
        serde_json::from_str::<IgnoredAny>(&shown).is_ok()
    });
    floor.beside("200 rows shaped for the model", shaped);
}
