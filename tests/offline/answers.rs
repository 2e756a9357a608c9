use cardinal::model::{Message, ToolCall, ToolChoice, ToolResultMessage};
use cardinal::result::{
    Cell, Column, ColumnFormat, ColumnKind, Extent, NumberStyle, PackedTable, ResultTable,
};
use serde_json::{Value, json};

use super::fixture::{ask, complete, planner};
use crate::support::catalogs::column;

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Bool(*flag),
        Value::Number(number) => Cell::Number(number.clone()),
        other => Cell::text(other.as_str().unwrap()),
    }
}

/// What is said to a question when its call brings this table.
fn say(question: &str, columns: Vec<Column>, rows: &Value, extent: Extent) -> String {
    let mut messages = ask(question);
    let (_, calls) = complete(&planner(), messages.clone(), ToolChoice::Auto);
    let (name, arguments) = calls.into_iter().next().unwrap();
    messages.push(Message::Assistant {
        text: String::new(),
        tool_calls: vec![ToolCall {
            id: "c1".to_owned(),
            name: name.clone(),
            arguments: arguments.to_string(),
        }],
        opaque: None,
    });
    let rows = rows.as_array().unwrap().iter();
    let table = ResultTable {
        columns,
        rows: rows
            .map(|row| row.as_array().unwrap().iter().map(cell).collect())
            .collect(),
        extent,
        bytes_received: 1,
    };
    messages.push(Message::ToolResults(vec![ToolResultMessage {
        call_id: "c1".to_owned(),
        tool: name,
        content: "".into(),
        is_error: false,
        result: None,
        table: Some(PackedTable::of(&table)),
    }]));
    let (text, calls) = complete(&planner(), messages, ToolChoice::Auto);
    assert!(calls.is_empty(), "{question}");
    text
}

fn month() -> Column {
    column("created_at", ColumnKind::Datetime, Some("month"))
}

fn sum() -> Column {
    column("sum", ColumnKind::Number, None)
}

#[test]
fn figures_by_month_with_their_total() {
    let rows = json!([
        ["2025-01-01T00:00:00Z", 100.1],
        ["2025-02-01T00:00:00Z", 200.255_000_000_1]
    ]);
    insta::assert_snapshot!(say("revenue by month in 2025", vec![month(), sum()], &rows, Extent::Complete), @r#"
    Revenue (2025-01-01 to 2025-12-31):
    - 2025-01: 100.1
    - 2025-02: 200.26

    Total: 300.36

    Source: metric "Revenue".
    No language model was used: the catalog was searched by keywords.
    "#);
}

#[test]
fn means_and_the_best_are_not_added_up() {
    let rows = json!([["Widget", 4.25], ["Gadget", 3.5]]);
    let columns = || {
        vec![
            column("category", ColumnKind::Text, None),
            column("avg", ColumnKind::Number, None),
        ]
    };
    assert!(!say("average rating by category", columns(), &rows, Extent::Complete).contains("Total"));
    assert!(!say("top 2 categories by revenue", columns(), &rows, Extent::Complete).contains("Total"));
}

#[test]
fn a_result_that_may_be_cut_says_so_and_has_no_total() {
    let rows = json!([["2025-01-01", 1], ["2025-02-01", 2]]);
    let text = say(
        "orders by month",
        vec![month(), sum()],
        &rows,
        Extent::ServerLimit { limit: 2 },
    );
    assert!(text.contains("These may not be all rows there are."));
    assert!(!text.contains("Total"));
}

#[test]
fn the_best_is_named() {
    let rows = json!([["CA", 812]]);
    let columns = vec![
        column("state", ColumnKind::Text, None),
        column("count", ColumnKind::Integer, None),
    ];
    let text = say(
        "which state has the most orders",
        columns,
        &rows,
        Extent::Complete,
    );
    assert!(text.starts_with("Number of orders, most: CA: 812."), "{text}");
}

#[test]
fn shares_are_also_percentages() {
    let text = say(
        "refund rate",
        vec![column("share", ColumnKind::Number, None)],
        &json!([[0.052_345]]),
        Extent::Complete,
    );
    assert!(text.starts_with("Refund rate: 0.0523 (5.23%)."), "{text}");
}

#[test]
fn figures_are_written_as_their_column_is_set_up() {
    let set_up = |format: ColumnFormat| Column { format, ..sum() };
    let currency = ColumnFormat {
        style: Some(NumberStyle::Currency),
        currency: Some("EUR".to_owned()),
        ..ColumnFormat::default()
    };
    let text = say(
        "revenue by month in 2025",
        vec![month(), set_up(currency)],
        &json!([["2025-01-01", 1234.5], ["2025-02-01", 20]]),
        Extent::Complete,
    );
    assert!(
        text.contains("- 2025-01: €1,234.50\n- 2025-02: €20.00\n"),
        "{text}"
    );
    assert!(text.contains("Total: €1,254.50"), "{text}");
    let percent = ColumnFormat {
        style: Some(NumberStyle::Percent),
        ..ColumnFormat::default()
    };
    let text = say(
        "refund rate",
        vec![Column {
            format: percent,
            ..column("share", ColumnKind::Number, None)
        }],
        &json!([[0.42]]),
        Extent::Complete,
    );
    assert!(text.starts_with("Refund rate: 42%."), "{text}");
    let scaled = ColumnFormat {
        scale: Some("0.001".parse().unwrap()),
        suffix: Some(" k".to_owned()),
        prefix: Some("~".to_owned()),
        ..ColumnFormat::default()
    };
    let text = say(
        "revenue in 2025",
        vec![set_up(scaled)],
        &json!([[12_500]]),
        Extent::Complete,
    );
    assert!(text.contains(": ~12.5 k."), "{text}");
}

#[test]
fn days_are_written_as_their_column_is_set_up() {
    let day = |unit: Option<&str>, style: &str| Column {
        unit: unit.map(str::to_owned),
        format: ColumnFormat {
            date_style: Some(style.to_owned()),
            ..ColumnFormat::default()
        },
        ..month()
    };
    for (unit, style, written) in [
        (Some("day"), "D MMMM, YYYY", "4 March, 2025"),
        (None, "dddd, MMMM D, YYYY", "Tuesday, March 4, 2025"),
        (Some("day"), "M/D/YYYY", "2025-03-04"),
        (Some("month"), "D MMMM, YYYY", "2025-03"),
    ] {
        let columns = vec![day(unit, style), sum()];
        let rows = json!([["2025-03-04", 7], ["2025-03-05", 8]]);
        let text = say("revenue by day", columns, &rows, Extent::Complete);
        assert!(text.contains(&format!("{written}: 7")), "{text}");
    }
}

#[test]
fn no_rows_are_no_data() {
    let text = say("revenue in 1999", vec![sum()], &json!([]), Extent::Complete);
    assert!(
        text.starts_with("Revenue (1999-01-01 to 1999-12-31): there is no data."),
        "{text}"
    );
}

#[test]
fn rows_of_a_card_are_narrowed_to_the_period() {
    let columns = vec![
        column("month", ColumnKind::Date, Some("month")),
        column("cancelled", ColumnKind::Integer, None),
    ];
    let rows = json!([
        ["2024-12-01", 5],
        ["2025-01-01", 7],
        ["2025-02-01", 9],
        ["2026-01-01", 1]
    ]);
    let text = say(
        "How many cancelled accounts per month in 2025?",
        columns,
        &rows,
        Extent::Complete,
    );
    assert!(text.contains("- 2025-01: 7\n- 2025-02: 9\n"), "{text}");
    assert!(!text.contains("2024-12") && !text.contains("2026-01:"), "{text}");
}

#[test]
fn text_from_the_data_cannot_hide_or_break_lines() {
    let rows = json!([["Evil\n\u{202E}corp", 1], ["Good", 2]]);
    let columns = vec![
        column("name", ColumnKind::Text, None),
        column("count", ColumnKind::Integer, None),
    ];
    let text = say("orders by vendor", columns, &rows, Extent::Complete);
    assert!(text.contains("- Evil [U+202E]corp: 1\n"), "{text}");
}

#[test]
fn hours_of_one_day_are_told_apart() {
    let hour = || column("created_at", ColumnKind::Datetime, None);
    let rows = json!([
        ["2024-10-14T10:00:00Z", 20],
        ["2024-10-14T11:00:00Z", 22],
        ["2024-10-14T12:30:15Z", 50]
    ]);
    let text = say(
        "revenue by month in 2025",
        vec![hour(), sum()],
        &rows,
        Extent::Complete,
    );
    for line in [
        "2024-10-14 10:00: 20",
        "2024-10-14 11:00: 22",
        "2024-10-14 12:30:15: 50",
    ] {
        assert!(text.contains(line), "{text}");
    }
}
