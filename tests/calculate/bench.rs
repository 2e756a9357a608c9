//! `derive` over data that nobody made for it, against SQL over the same rows.

use std::path::{Path, PathBuf};

use cardinal::result::{Extent, ResultTable};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use super::kit::{Desk, output, table};

/// The folder of a database of the benchmark, if it lies beside the repository.
fn database(name: &str) -> Option<PathBuf> {
    let data = format!("shared/bench/defog/data/{name}");
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|above| above.join(&data))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no ../{data} beside the repository");
    }
    found
}

/// Some columns of a CSV file, held in the desk and put into SQL under the file's name. A header is `name:type`.
fn hold(desk: &mut Desk, sql: &Connection, folder: &Path, name: &str, columns: &[&str]) {
    let text = std::fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let wanted: Vec<(usize, &str)> = columns
        .iter()
        .map(|column| {
            let (name, kind) = column.split_once(':').unwrap();
            (header.iter().position(|other| *other == name).unwrap(), kind)
        })
        .collect();
    let rows: Vec<Value> = lines
        .filter(|line| !line.contains('"'))
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let cell = |(at, kind): &(usize, &str)| match (cells[*at], *kind) {
                ("", _) => Value::Null,
                (text, "integer" | "number") => serde_json::from_str(text).unwrap(),
                (text, _) => json!(text),
            };
            Value::Array(wanted.iter().map(cell).collect())
        })
        .collect();
    let names: Vec<&str> = columns
        .iter()
        .map(|column| column.split_once(':').unwrap().0)
        .collect();
    sql.execute_batch(&format!("create table {name} ({})", names.join(", ")))
        .unwrap();
    for row in &rows {
        let cells = row.as_array().unwrap().iter().map(|cell| match cell {
            Value::Null => "null".to_owned(),
            Value::String(text) => format!("'{}'", text.replace('\'', "''")),
            other => other.to_string(),
        });
        let cells: Vec<String> = cells.collect();
        sql.execute(&format!("insert into {name} values ({})", cells.join(", ")), [])
            .unwrap();
    }
    assert!(rows.len() > 5, "{name}");
    desk.hold(table(columns, &Value::Array(rows), Extent::Complete));
}

fn queried(sql: &Connection, query: &str) -> Vec<Vec<String>> {
    let mut statement = sql.prepare(query).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..width)
            .map(|at| {
                Ok(match row.get_ref(at)? {
                    ValueRef::Null => String::new(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    ValueRef::Blob(_) => panic!("a blob"),
                })
            })
            .collect()
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn shown(table: &ResultTable) -> Vec<Vec<String>> {
    let cell = |cell: &cardinal::result::Cell| match Value::from(cell) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string().trim_end_matches(".0").to_owned(),
    };
    table
        .rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect()
}

#[tokio::test]
async fn steps_come_to_what_sql_comes_to() {
    let Some(folder) = database("car_dealership") else {
        return;
    };
    let (mut desk, sql) = (Desk::empty().await, Connection::open_in_memory().unwrap());
    hold(
        &mut desk,
        &sql,
        &folder,
        "sales",
        &[
            "id:integer",
            "car_id:integer",
            "sale_price:integer",
            "sale_date:date",
        ],
    );
    hold(
        &mut desk,
        &sql,
        &folder,
        "cars",
        &["id:integer", "make:text", "cost:integer"],
    );
    hold(
        &mut desk,
        &sql,
        &folder,
        "payments_received",
        &["sale_id:integer", "payment_date:date", "payment_amount:integer"],
    );
    let car = json!([{"column": "car_id", "other": "id"}]);
    let cases = [
        (
            "r1",
            json!([
                {"do": "join", "with": "r2", "keys": car, "columns": ["make", "cost"]},
                {"do": "compute", "name": "margin", "formula": "sale_price - cost"},
                {"do": "group", "group_by": [{"column": "make"}], "figures": [
                    {"function": "sum", "column": "margin", "name": "margin"},
                    {"function": "count", "name": "dear", "filters": [
                        {"column": "sale_price", "operation": "greater-than", "values": ["40000"]}]}]},
            ]),
            "select make, sum(sale_price - cost), count(*) filter (where sale_price > 40000) from sales
             join cars on cars.id = car_id group by make order by make",
        ),
        (
            "r2",
            json!([
                {"do": "drop_matching", "with": "r1", "keys": [{"column": "id", "other": "car_id"}]},
                {"do": "sort", "order": [{"column": "id"}]},
                {"do": "select", "columns": ["id"]},
            ]),
            "select id from cars where id not in (select car_id from sales) order by id",
        ),
        (
            "r3",
            json!([
                {"do": "join", "with": "r1", "keys": [{"column": "sale_id", "other": "id"}], "columns": ["sale_date"]},
                {"do": "compute", "name": "days", "formula": "days_between(sale_date, payment_date)"},
                {"do": "group", "group_by": [{"column": "sale_id"}], "figures": [{"function": "max", "column": "days"}]},
            ]),
            "select sale_id, max(cast(julianday(payment_date) - julianday(sale_date) as integer)) from payments_received
             join sales on sales.id = sale_id group by sale_id order by sale_id",
        ),
        (
            "r3",
            json!([
                {"do": "running_total", "column": "payment_amount", "name": "so far", "by": ["sale_id"],
                 "order": [{"column": "payment_date"}, {"column": "payment_amount"}]},
                {"do": "sort", "order": [{"column": "sale_id"}, {"column": "payment_date"}, {"column": "payment_amount"}]},
                {"do": "select", "columns": ["sale_id", "so far"]},
            ]),
            "select sale_id, sum(payment_amount) over (partition by sale_id order by payment_date, payment_amount
             rows unbounded preceding) from payments_received order by sale_id, payment_date, payment_amount",
        ),
    ];
    for (result, steps, query) in cases {
        let came = desk
            .call_tool("derive", &json!({"result": result, "steps": steps}).to_string())
            .await;
        let brought = output(came).brought.unwrap();
        let expected = queried(&sql, query);
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(shown(&brought.table.unpack()), expected, "{query}");
    }
}
