//! What it costs to look up the figures of an answer over 30 KB of results, beside merely reading those bytes.

#[path = "kit/ratio.rs"]
mod ratio;

use std::fmt::Write as _;
use std::sync::LazyLock;

use cardinal::grounding::{Claim, Figure, Material, ground};
use cardinal::result::{Cell, Column, ColumnKind, ColumnTotals, Extent, ResultTable, encode_row, totals};
use divan::Bencher;
use divan::counter::BytesCount;
use serde_json::{Number, Value, json};

use self::ratio::Floor;

/// Rows of the result; about 30 KB as the model reads it.
const ROWS: u32 = 200;
/// Rows that the answer lists.
const LISTED: usize = 20;

static CASE: LazyLock<Case> = LazyLock::new(Case::new);

/// The floor: each byte of the results is read once.
#[divan::bench]
fn bytes_read(bencher: Bencher<'_, '_>) {
    let read = || CASE.bytes.bytes().filter(u8::is_ascii_digit).count();
    bencher.counter(BytesCount::new(CASE.bytes.len())).bench(read);
}

#[divan::bench]
fn figures_looked_up(bencher: Bencher<'_, '_>) {
    let ground = || CASE.ground().len();
    bencher.counter(BytesCount::new(CASE.bytes.len())).bench(ground);
}

fn main() {
    divan::main();
    let read = || CASE.bytes.bytes().filter(u8::is_ascii_digit).count();
    Floor::of("reading each byte of its rows", read).beside("figures looked up", || CASE.ground().len());
}

struct Case {
    table: ResultTable,
    totals: Vec<ColumnTotals>,
    arguments: Value,
    text: String,
    bytes: String,
}

impl Case {
    fn new() -> Self {
        let column = |name: &str, kind, unit: Option<&str>| Column {
            name: name.to_owned(),
            label: name.to_owned(),
            kind,
            unit: unit.map(str::to_owned),
            description: None,
            format: cardinal::result::ColumnFormat::default(),
        };
        let mut columns = vec![
            column("created_at", ColumnKind::Date, Some("day")),
            column("customer", ColumnKind::Text, None),
            column("city", ColumnKind::Text, None),
        ];
        columns.extend((1..=8).map(|at| column(&format!("measure_{at}"), ColumnKind::Number, None)));
        let rows: Vec<Vec<Cell>> = (0..ROWS).map(row).collect();
        let table = ResultTable {
            columns,
            rows,
            extent: Extent::Complete,
            bytes_received: 0,
        };
        let bytes: Vec<String> = table.rows.iter().map(encode_row).collect();
        Self {
            totals: totals(&table),
            text: answer(&table),
            bytes: bytes.join("\n"),
            table,
            arguments: json!({"metric_id": 1}),
        }
    }

    fn ground(&self) -> Vec<Figure> {
        let material = Material {
            handle: "r1",
            title: "Revenue",
            arguments: &self.arguments,
            table: &self.table,
            totals: &self.totals,
            rows_seen: self.table.rows.len(),
            current: true,
        };
        let claim = Claim {
            text: &self.text,
            question: "What did our customers bring, day by day?",
            earlier: &[],
            today: jiff::civil::date(2026, 6, 30),
            shown: &[],
        };
        ground(&claim, &[material])
    }
}

fn row(at: u32) -> Vec<Cell> {
    let day = jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(i64::from(at)));
    let mut cells = vec![
        Cell::text(day.to_string()),
        Cell::text(format!("Customer Number {at} of Somewhere")),
        Cell::text(format!("City {}", at % 40)),
    ];
    cells.extend((1..=8_u32).map(|column| {
        let cents = (at * 7_919 + column * 104_729) % 9_999_999;
        Number::from_f64(f64::from(cents) / 100.0).map_or(Cell::Null, Cell::Number)
    }));
    cells
}

/// A table of rows, and a few sentences with totals, shares and changes.
fn answer(table: &ResultTable) -> String {
    let mut text = String::from("| Day | Customer | Measure 1 |\n|---|---|---|\n");
    for row in table.rows.iter().take(LISTED) {
        if let [Cell::Text(day), Cell::Text(name), _, Cell::Number(value), ..] = row.as_slice() {
            let _ = writeln!(text, "| {day} | {name} | {value} |");
        }
    }
    text.push_str(
        "\nThe first customer made 12.5 % of the total of 1,234,567.89, up 4.2 % from the day before.\n",
    );
    text
}
