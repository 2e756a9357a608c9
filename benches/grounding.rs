//! What it costs to look up the figures of an answer over 30 KB of results, beside merely reading those bytes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use cardinal::grounding::{Claim, Figure, Material, ground};
use cardinal::result::{Cell, Column, ColumnKind, ColumnTotals, Extent, ResultTable, encode_row, totals};
use serde_json::{Number, Value, json};

/// Rows of the result; about 30 KB as the model reads it.
const ROWS: u32 = 200;
/// Rows that the answer lists.
const LISTED: usize = 20;

/// Times each is done; the middle one counts.
const TIMES: usize = 201;

fn main() {
    let case = Case::new();
    let grounding = middle(|| case.ground().len());
    // The floor: each byte of the results is read once.
    let floor = middle(|| case.bytes.bytes().filter(u8::is_ascii_digit).count());
    let ratio = grounding.as_secs_f64() / floor.as_secs_f64().max(f64::EPSILON);
    let size = case.bytes.len();
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "figures of an answer over {size} bytes of results: {grounding:?}"
    );
    let _ = writeln!(
        out,
        "reading those bytes once: {floor:?}, so {ratio:.0} times the floor"
    );
}

/// How long something takes, of many times the one in the middle.
fn middle(mut work: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            std::hint::black_box(work());
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(TIMES / 2).copied().unwrap_or_default()
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
