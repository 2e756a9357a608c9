//! The tool `derive`: what its steps come to, what it refuses, and what is told of where its rows came from.

use cardinal::result::{Extent, ResultTable};
use serde_json::{Value, json};

use super::kit::{Came, Desk, output, table};

/// Orders, customers and a list of months.
async fn desk() -> Desk {
    let mut desk = Desk::empty().await;
    desk.hold(table(
        &[
            "id:integer",
            "customer_id:integer",
            "opened:date",
            "closed:date",
            "price:number",
            "cost:number",
            "state:text",
        ],
        &json!([
            [1, 10, "2026-01-01", "2026-01-11", 100.10, 50.05, "open"],
            [2, 10, "2026-01-05", null, 200.20, 0, "closed"],
            [3, 11, "2026-02-01", "2026-03-01", 50, 60, "closed"],
            [4, 12, "2026-02-03", "2026-02-04", 50, 10, "held"],
        ]),
        Extent::Complete,
    ));
    desk.hold(table(
        &["customer:integer", "name:text", "since:integer"],
        &json!([
            [10, "Harbor", 1_700_000_000],
            [11, "Vale", 1_600_000_000],
            [13, "Crest", 1_500_000_000]
        ]),
        Extent::Complete,
    ));
    desk.hold(table(
        &["year:integer", "month:integer"],
        &json!([[2025, 12], [2026, 1]]),
        Extent::Complete,
    ));
    desk
}

async fn derived(result: &str, steps: Value) -> ResultTable {
    let came = desk()
        .await
        .call_tool("derive", &json!({"result": result, "steps": steps}).to_string())
        .await;
    output(came).brought.unwrap().table.unpack()
}

async fn refused(steps: Value) -> String {
    match desk()
        .await
        .call_tool("derive", &json!({"result": "r1", "steps": steps}).to_string())
        .await
    {
        Came::Refused(message) | Came::Failed(message) => message,
        Came::Output(output) => panic!("{}", output.content),
    }
}

/// A column's cells.
fn column(table: &ResultTable, name: &str) -> Vec<Value> {
    let at = table.columns.iter().position(|column| column.name == name);
    let at = at.unwrap_or_else(|| panic!("no {name} in {:?}", table.columns));
    table.rows.iter().map(|row| Value::from(&row[at])).collect()
}

#[tokio::test]
async fn a_formula_is_computed_row_by_row_and_exactly() {
    for (formula, expected) in [
        ("price - cost", json!([50.05, 200.2, -10, 40])),
        ("(price + cost) * 2", json!([300.3, 400.4, 220, 120])),
        ("price / cost", json!([2, null, 0.833_333_333_333, 5])),
        ("-price", json!([-100.1, -200.2, -50, -50])),
        ("days_between(opened, closed)", json!([10, null, 28, 1])),
        ("days_between(\"opened\", '2026-02-10')", json!([40, 36, 9, 7])),
        ("months_between(opened, \"2026-03-01\")", json!([2, 1, 1, 0])),
        (
            "start_of_month(opened)",
            json!(["2026-01-01", "2026-01-01", "2026-02-01", "2026-02-01"]),
        ),
        ("bucket(price, 100)", json!([100, 200, 0, 0])),
        ("length(state)", json!([4, 6, 6, 4])),
    ] {
        let table = derived("r1", json!([{"do": "compute", "name": "it", "formula": formula}])).await;
        assert_eq!(json!(column(&table, "it")), expected, "{formula}");
    }
    let table = derived(
        "r2",
        json!([{"do": "compute", "name": "it", "formula": "from_epoch(since)"}]),
    )
    .await;
    assert_eq!(column(&table, "it")[0], json!("2023-11-14T22:13:20Z"));
    let table = derived(
        "r3",
        json!([{"do": "compute", "name": "it", "formula": "date(year, month)"}]),
    )
    .await;
    assert_eq!(json!(column(&table, "it")), json!(["2025-12-01", "2026-01-01"]));
}

#[tokio::test]
async fn rows_are_kept_by_another_result_and_by_either_of_two_conditions() {
    let keys = json!([{"column": "customer_id", "other": "customer"}]);
    for (step, expected) in [
        (
            json!({"do": "keep_matching", "with": "r2", "keys": keys}),
            json!([1, 2, 3]),
        ),
        (
            json!({"do": "drop_matching", "with": "r2", "keys": keys}),
            json!([4]),
        ),
        (
            json!({"do": "drop_matching", "with": "r2", "keys": ["customer_id = customer"]}),
            json!([4]),
        ),
        (
            json!({"do": "keep", "match": "any", "filters": [
                {"column": "state", "operation": "equals", "values": ["held"]},
                {"column": "price", "operation": "greater-than", "values": ["150"]},
            ]}),
            json!([2, 4]),
        ),
    ] {
        let table = derived("r1", json!([step])).await;
        assert_eq!(json!(column(&table, "id")), expected, "{step}");
    }
}

#[tokio::test]
async fn columns_of_another_result_are_joined_by_key() {
    let keys = json!([{"column": "customer_id", "other": "customer"}]);
    let steps = json!([
        {"do": "join", "with": "r2", "keys": keys, "columns": ["name"]},
        {"do": "group", "group_by": [{"column": "name"}], "figures": [{"function": "sum", "column": "price", "name": "revenue"}]},
        {"do": "sort", "order": ["revenue desc"]},
    ]);
    let came = desk()
        .await
        .call_tool("derive", &json!({"result": "r1", "steps": steps}).to_string())
        .await;
    let brought = output(came).brought.unwrap();
    assert_eq!(
        json!(column(&brought.table.unpack(), "name")),
        json!(["Harbor", "Vale", null])
    );
    assert_eq!(
        json!(column(&brought.table.unpack(), "revenue")),
        json!([300.3, 50, 50])
    );
    let from: Vec<String> = brought
        .origin
        .made_from()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(from, ["r1", "r2"]);
    assert_eq!(
        brought.origin.operations().unwrap()["steps"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn rank_lag_running_total_and_first_rows_go_by_part() {
    let order = json!([{"column": "opened"}]);
    let steps = json!([
        {"do": "lag", "column": "price", "name": "earlier", "by": ["customer_id"], "order": order},
        {"do": "running_total", "column": "price", "name": "so far", "order": order},
        {"do": "rank", "order": [{"column": "price", "direction": "desc"}]},
    ]);
    let table = derived("r1", steps).await;
    assert_eq!(json!(column(&table, "earlier")), json!([null, 100.1, null, null]));
    assert_eq!(
        json!(column(&table, "so far")),
        json!([100.1, 300.3, 350.3, 400.3])
    );
    assert_eq!(json!(column(&table, "rank")), json!([2, 1, 3, 3]));
    let last = json!([{"do": "first_rows", "by": ["customer_id"], "order": [{"column": "opened", "direction": "desc"}]}]);
    assert_eq!(json!(column(&derived("r1", last).await, "id")), json!([2, 3, 4]));
}

#[tokio::test]
async fn a_group_has_median_percentile_and_conditional_figures() {
    let closed = json!([{"column": "state", "operation": "equals", "values": ["closed"]}]);
    let steps = json!([{"do": "group", "figures": [
        {"function": "median", "column": "price"},
        {"function": "percentile", "column": "price", "percent": 100},
        {"function": "count", "name": "closed ones", "filters": closed},
        {"function": "sum", "column": "price", "name": "closed revenue", "filters": closed},
    ]}]);
    let table = derived("r1", steps).await;
    assert_eq!(column(&table, "median_of_price"), [json!(75.05)]);
    assert_eq!(column(&table, "percentile_100_of_price"), [json!(200.2)]);
    assert_eq!(column(&table, "closed ones"), [json!(2)]);
    assert_eq!(column(&table, "closed revenue"), [json!(250.2)]);
}

#[tokio::test]
async fn refusals_teach() {
    for (steps, told) in [
        (json!([]), "steps is empty"),
        (json!([{"do": "invent"}]), "do is one of"),
        (
            json!([{"do": "compute", "name": "x", "formula": "price - costs"}]),
            "\"cost\"",
        ),
        (
            json!([{"do": "compute", "name": "x", "formula": "closed - opened"}]),
            "days_between(from, to)",
        ),
        (
            json!([{"do": "compute", "name": "x", "formula": "case when price > 1 then 1 end"}]),
            "conditions belong into filters",
        ),
        (
            json!([{"do": "compute", "name": "x", "formula": "median(price)"}]),
            "the functions are",
        ),
        (
            json!([{"do": "compute", "name": "x", "formula": "price +"}]),
            "ends too early",
        ),
        (
            json!([{"do": "compute", "name": "price", "formula": "price + 1"}]),
            "there is a column",
        ),
        (
            json!([{"do": "compute", "name": "x", "formula": "state * 2"}]),
            "takes numbers, not text",
        ),
        (json!([{"do": "sort"}]), "sort needs order"),
        (
            json!([{"do": "sort", "order": [{"column": "id"}], "formula": "id"}]),
            "sort takes: order",
        ),
        (
            json!([{"do": "join", "with": "r9", "keys": [{"column": "id"}], "columns": ["name"]}]),
            "no result",
        ),
        (
            json!([{"do": "group", "figures": [{"function": "percentile", "column": "price"}]}]),
            "percent: 90",
        ),
        (
            json!([{"do": "select", "columns": ["id"]}, {"do": "sort", "order": [{"column": "price"}]}]),
            "after the steps before has no column",
        ),
        (
            json!([{"do": "join", "with": "r1", "keys": [{"column": "customer_id"}], "columns": ["price"]}]),
            "keep one row of each key",
        ),
    ] {
        let refusal = refused(steps.clone()).await;
        assert!(refusal.contains(told), "{steps}: {refusal}");
    }
    let deep = format!("{}price{}", "(".repeat(100), ")".repeat(100));
    assert!(
        refused(json!([{"do": "compute", "name": "x", "formula": deep}]))
            .await
            .contains("too deep")
    );
}

#[tokio::test]
async fn the_right_call_of_the_tools_text_passes() {
    let text = include_str!("../../prompts/tools/derive.md");
    let (_, example) = text.split_once("Example: ").unwrap();
    let mut desk = desk().await;
    desk.hold(table(&["customer_id:integer"], &json!([[10]]), Extent::Complete));
    let example = example.trim().replace("\"r2\"", "\"r4\"");
    assert!(matches!(
        desk.call_tool("derive", &example).await,
        Came::Output(_)
    ));
}
