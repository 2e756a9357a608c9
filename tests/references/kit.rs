//! Held results to point at.

use std::collections::BTreeSet;

use cardinal::references::{KnownResults, ReferencedText};
use cardinal::result::{
    Cell, Column, ColumnKind, EntryKind, Extent, Handle, HeldResults, ModelView, NewResult, PackedTable,
    QuerySource, ResultOrigin, ResultTable, totals,
};
use cardinal::text::LinkRules;
use serde_json::{Value, json};

pub fn column(name: &str, kind: ColumnKind) -> Column {
    Column::named(name, kind)
}

pub fn bucketed(name: &str, unit: &str) -> Column {
    Column {
        unit: Some(unit.to_owned()),
        ..column(name, ColumnKind::Date)
    }
}

pub fn table(columns: Vec<Column>, rows: Vec<Vec<Value>>) -> ResultTable {
    let cell = |value: Value| match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Bool(truth),
        Value::Number(number) => Cell::Number(number),
        Value::String(text) => Cell::text(text),
        other => panic!("{other} is not a cell"),
    };
    ResultTable {
        columns,
        rows: rows
            .into_iter()
            .map(|row| row.into_iter().map(cell).collect())
            .collect(),
        extent: Extent::Complete,
        bytes_received: 0,
    }
}

/// Holds a table under the next name.
pub fn hold(held: &mut HeldResults, table: ResultTable) -> Handle {
    let handle = held.next();
    let rows = table.rows.len() as u64;
    held.put(NewResult {
        handle,
        title: format!("metric {handle}"),
        origin: ResultOrigin::Query(
            QuerySource {
                kind: EntryKind::Metric,
                id: handle.number(),
                name: format!("Metric {handle}"),
                arguments: json!({}),
                link: None,
                dbt_metric: None,
            }
            .into(),
        ),
        shown: ModelView {
            rows_shown: rows,
            rows_known: rows,
            extent: table.extent,
            truncated: false,
            bytes_shown: 0,
            bytes_received: 0,
        },
        totals: totals(&table).into(),
        table: PackedTable::of(&table),
    });
    handle
}

/// r1 by month, r2 by fiscal year, r3 by month and product, r4 one row, r5 without a key, r6 by customer.
pub fn shop() -> HeldResults {
    let mut held = HeldResults::default();
    hold(
        &mut held,
        table(
            vec![
                bucketed("created_at", "month"),
                column("revenue", ColumnKind::Number),
                column("orders", ColumnKind::Integer),
                column("conversion_rate", ColumnKind::Number),
            ],
            vec![
                vec![json!("2025-01-01"), json!(28550.43), json!(412), json!(0.125)],
                vec![json!("2025-02-01"), json!(31981.91), json!(0), json!(0.25)],
                vec![json!("2025-03-01"), json!(28610.44), json!(455), Value::Null],
            ],
        ),
    );
    hold(
        &mut held,
        table(
            vec![
                column("fiscal_year", ColumnKind::Integer),
                column("revenue", ColumnKind::Number),
            ],
            vec![
                vec![json!(2023), json!(1_000_000)],
                vec![json!(2024), json!(1_200_000)],
                vec![json!(2025), json!(900_000.5)],
            ],
        ),
    );
    hold(
        &mut held,
        table(
            vec![
                bucketed("month", "month"),
                column("product", ColumnKind::Text),
                column("revenue", ColumnKind::Number),
            ],
            vec![
                vec![json!("2025-01-01"), json!("Widget"), json!(10)],
                vec![json!("2025-01-01"), json!("Gadget, Large"), json!(20)],
                vec![json!("2025-02-01"), json!("Widget"), json!(30)],
                vec![json!("2025-02-01"), json!("Gadget, Large"), json!(40)],
            ],
        ),
    );
    hold(
        &mut held,
        table(
            vec![column("count", ColumnKind::Integer)],
            vec![vec![json!(1234)]],
        ),
    );
    hold(
        &mut held,
        table(
            vec![
                column("amount", ColumnKind::Number),
                column("tax", ColumnKind::Number),
            ],
            vec![
                vec![json!(5), json!(1)],
                vec![json!(5), json!(1)],
                vec![json!(7.5), json!(2)],
            ],
        ),
    );
    hold(
        &mut held,
        table(
            vec![
                column("customer", ColumnKind::Text),
                column("customer_id", ColumnKind::Integer),
                column("spent", ColumnKind::Number),
            ],
            vec![
                vec![json!("Harbor Holdings, Inc."), json!(40012), json!(17.5)],
                vec![json!("{{r1 revenue @ total}}"), json!(40013), json!(3)],
                vec![
                    json!("a|b [x](http://evil.example/?q=1) *c*"),
                    json!(40014),
                    json!(4),
                ],
            ],
        ),
    );
    held
}

pub async fn known(held: &HeldResults) -> KnownResults {
    let links = LinkRules::to(&"http://metabase.example".parse().unwrap());
    let mut known = KnownResults::of(held, &links);
    for one in held.iter() {
        let table = held.table(one.handle).await;
        known.add(one, table, BTreeSet::new());
    }
    known
}

/// The text with its values, from the shop's results.
pub async fn resolved(text: &str) -> ReferencedText {
    let held = shop();
    ReferencedText::of(text, &known(&held).await)
}

/// What is wrong with the only reference of a text.
pub async fn problem(text: &str) -> String {
    let resolved = resolved(text).await;
    let [reference] = resolved.references() else {
        panic!("{text}: {:?}", resolved.references());
    };
    let problem = reference.problem.as_ref();
    problem.map_or_else(|| format!("none: {}", resolved.text()), ToString::to_string)
}
