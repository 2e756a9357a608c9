use cardinal::result::ShapingSettings;
use cardinal::result::{Cell, ColumnKind, ResultTable, shape};
use serde_json::{Map, Number, Value};

use super::encoding::{HEADING, column, table};

/// Rows as the sandbox's orders table has them.
pub(super) fn orders(count: u64) -> ResultTable {
    use ColumnKind::{Datetime, Integer, Number as Decimal, Text};
    let columns = [
        ("id", Integer),
        ("user_id", Integer),
        ("product_id", Integer),
        ("subtotal", Decimal),
        ("tax", Decimal),
        ("total", Decimal),
        ("discount", Decimal),
        ("created_at", Datetime),
        ("quantity", Integer),
        ("status", Text),
    ]
    .map(|(name, kind)| column(name, kind))
    .to_vec();
    let cents =
        |n: u64| Cell::Number(Number::from_f64(f64::from(u32::try_from(n).unwrap()) / 100.0).unwrap());
    let rows = (1..=count)
        .map(|n| {
            let subtotal = 1_500 + n * 7919 % 14_000;
            vec![
                Cell::Number((n + 10_000).into()),
                Cell::Number((n * 31 % 2_500 + 1).into()),
                Cell::Number((n * 17 % 200 + 1).into()),
                cents(subtotal),
                cents(subtotal * 6 / 100),
                cents(subtotal * 106 / 100),
                if n % 9 == 0 {
                    cents(n * 13 % 900)
                } else {
                    Cell::Null
                },
                Cell::text(format!(
                    "2025-{:02}-{:02}T{:02}:{:02}:27Z",
                    n % 12 + 1,
                    n % 28 + 1,
                    n % 24,
                    n % 60
                )),
                Cell::Number((n % 7 + 1).into()),
                Cell::Text(["paid", "shipped", "refunded"][(n % 3) as usize].into()),
            ]
        })
        .collect();
    table(columns, rows)
}

fn as_objects(table: &ResultTable, max_bytes: usize) -> usize {
    let mut bytes = 2;
    table
        .rows
        .iter()
        .take_while(|row| {
            let object: Map<String, Value> = table
                .columns
                .iter()
                .zip(*row)
                .map(|(column, cell)| {
                    let value = match cell {
                        Cell::Null => Value::Null,
                        Cell::Bool(b) => Value::Bool(*b),
                        Cell::Number(n) => Value::Number(n.clone()),
                        Cell::Text(text) => Value::String(text.to_string()),
                    };
                    (column.name.clone(), value)
                })
                .collect();
            bytes += serde_json::to_string(&object).unwrap().len() + 1;
            bytes <= max_bytes
        })
        .count()
}

#[test]
fn at_least_2_3_times_the_rows_of_a_list_of_objects() {
    let orders = orders(3_000);
    let ours = shape(
        &orders,
        &HEADING,
        ShapingSettings {
            max_rows: 3_000,
            max_bytes: 30_000,
        },
    )
    .rows_shown;
    let objects = as_objects(&orders, 30_000);
    assert!(ours * 10 >= objects * 23, "{ours} rows against {objects}");
}
