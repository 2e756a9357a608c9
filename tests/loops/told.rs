//! What stands above and in the rows of a result: what was asked, names of days, values that do not occur, what a figure that
//! was worked out came from.

use cardinal::agent::{Outcome, StopReason};
use serde_json::{Value, json};

use super::limited::said;

async fn read(tool: &'static str, arguments: Value) -> String {
    said("Tell me.", vec![(tool, arguments)], "Done.").await.1
}

fn revenue(filters: Value, group_by: Value) -> Value {
    json!({ "metric_id": 1, "filters": filters, "group_by": group_by })
}

#[tokio::test]
async fn the_heading_says_what_was_asked_and_the_column_is_named_after_the_metric() {
    let filters = json!([{ "dimension": "created_at", "operation": "year-equals", "values": ["2025"] }]);
    let month = json!([{ "dimension": "created_at", "granularity": "month" }]);
    let text = read("query_metric", revenue(filters, month)).await;
    assert!(
        text.contains("\nasked: created_at in 2025; by created_at (month)\n"),
        "{text}"
    );
    assert!(
        text.contains("\ncreated_at:date(month)\trevenue:number\n"),
        "{text}"
    );
    // A unit that a filter compares by is part of what was asked.
    let filters = json!([{ "dimension": "created_at", "operation": "equals", "values": ["2025-03-04"], "bucket": "year" }]);
    let text = read("query_metric", revenue(filters, json!([]))).await;
    assert!(
        text.contains("\nasked: created_at (year) on 2025-03-04\n"),
        "{text}"
    );
}

#[tokio::test]
async fn defaults_of_a_card_are_told_like_what_was_asked() {
    let text = read("run_card", json!({ "card_id": 11 })).await;
    assert!(
        text.contains("\nasked: period past12months (default)\n"),
        "{text}"
    );
    // What is given is no default to the model, also where it is the same value.
    for (limit, told) in [
        (json!({}), "asked: limit 10 (default)"),
        (json!({ "limit": "10" }), "asked: limit 10"),
    ] {
        let text = read("run_card", json!({ "card_id": 12, "parameters": limit })).await;
        assert!(text.contains(&format!("\n{told}\n")), "{text}");
    }
    let given = json!({ "limit": "3", "category": ["Toys"] });
    let text = read("run_card", json!({ "card_id": 12, "parameters": given })).await;
    assert!(text.contains("\nasked: category Toys, limit 3\n"), "{text}");
    // What is made of it rests on the same.
    let calls = vec![
        ("run_card", json!({ "card_id": 12 })),
        ("more_rows", json!({ "result": "r1", "limit": 2 })),
    ];
    let (_, text) = said("Tell me.", calls, "Done.").await;
    assert!(text.contains("\nasked: in r1, limit 10\n"), "{text}");
}

#[tokio::test]
async fn days_of_the_week_have_names_and_weeks_say_on_which_day_they_begin() {
    let by = |granularity: &str| json!([{ "dimension": "created_at", "granularity": granularity }]);
    let text = read("query_metric", revenue(json!([]), by("day-of-week"))).await;
    for day in ["Sunday\t", "Monday\t", "Saturday\t"] {
        assert!(text.contains(&format!("\n{day}")), "{day}\n{text}");
    }
    // A card's days have the same names.
    let text = read("run_card", json!({ "card_id": 13 })).await;
    assert!(
        text.contains("\nSunday\t2331\n") && text.contains("\nMonday\t2933\n"),
        "{text}"
    );
    let text = read("query_metric", revenue(json!([]), by("week"))).await;
    assert!(
        text.contains("\nunits: created_at weeks begin on Sunday; "),
        "{text}"
    );
    // A filter by name finds the same rows as the group of that name.
    let monday =
        json!([{ "dimension": "created_at", "operation": "day-of-week-equals", "values": ["Monday"] }]);
    let text = read("query_metric", revenue(monday, by("day-of-week"))).await;
    assert!(
        text.contains("\nMonday\t") && !text.contains("\nSunday\t"),
        "{text}"
    );
    assert!(text.contains("asked: created_at on Monday; by"), "{text}");
}

#[tokio::test]
async fn a_value_that_does_not_occur_is_told_with_the_nearest() {
    let filters =
        json!([{ "dimension": "Product.title", "operation": "equals", "values": ["Modern Leather Hamock"] }]);
    let text = read("query_metric", revenue(filters, json!([]))).await;
    assert!(
        text.contains("\nno row matched: \"Modern Leather Hamock\" ")
            && text.contains("nearest: \"Modern Leather Hammock\""),
        "{text}"
    );
    let right = json!([{ "dimension": "Product.title", "operation": "equals", "values": ["Modern Leather Hammock"] }]);
    assert!(
        !read("query_metric", revenue(right, json!([])))
            .await
            .contains("no row matched")
    );
}

#[tokio::test]
async fn a_figure_that_was_worked_out_names_the_cells_it_came_from() {
    let month = json!([{ "dimension": "created_at", "granularity": "month" }]);
    let filters = json!([{ "dimension": "created_at", "operation": "year-equals", "values": [2025] }]);
    let steps = json!([
        { "do": "lag", "column": "revenue", "name": "before", "order": [{ "column": "created_at" }] },
        { "do": "compute", "name": "adjusted", "formula": "revenue * 2 - before" },
    ]);
    let calls = vec![
        ("query_metric", revenue(filters, month)),
        ("derive", json!({ "result": "r1", "steps": steps })),
    ];
    let (_, read) = said("How did revenue change?", calls.clone(), "Done.").await;
    let row = read.lines().find(|line| line.starts_with("2025-03-01")).unwrap();
    let change = row.rsplit('\t').next().unwrap().to_owned();
    let text = format!("In March 2025 adjusted was {change}.");
    let (answer, _) = said("How did revenue change?", calls, &text).await;
    let shown = serde_json::to_value(&answer).unwrap();
    let sources = shown["figures"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|figure| figure["sources"].as_array().unwrap());
    let found: Vec<&Value> = sources
        .filter(|source| source["result"] == "r2" && source["column"] == "adjusted")
        .collect();
    let [source] = found.as_slice() else {
        panic!("{shown:#}")
    };
    assert_eq!(
        source["derived_from"],
        json!([
            { "result": "r1", "row": 2, "column": "revenue" },
            { "result": "r1", "row": 3, "column": "revenue" },
        ])
    );
}

#[tokio::test]
async fn what_is_missing_decides_how_the_turn_ends() {
    for (missing, outcome, stop) in [
        ("data", Outcome::NotInCatalog, StopReason::CannotAnswer),
        ("tool", Outcome::NotInCatalog, StopReason::CannotCompute),
        ("action", Outcome::Refused, StopReason::CannotAct),
    ] {
        let call = json!({ "reason": "It cannot be had.", "missing": missing });
        let model = crate::support::scripted_model::ScriptedModel::openai_with(move |_| {
            crate::support::scripted_model::Reply::tool_calls([("cannot_answer", call.clone())])
        });
        let mut stack =
            crate::support::stack::Stack::new(model.await, crate::support::stack::Knobs::default()).await;
        let answer = stack.ask("What is the weather?").await;
        assert_eq!((answer.outcome, answer.stop_reason), (outcome, stop));
    }
}

#[tokio::test]
async fn a_tie_at_the_edge_of_a_limit_is_told() {
    let products = json!({
        "metric_id": 1,
        "group_by": [{ "dimension": "Product.category" }, { "dimension": "Product.title" }],
    });
    let first = |column: &str| json!({ "result": "r1", "sort": [{ "column": column, "direction": "desc" }], "limit": 1 });
    for (column, tied) in [("category", true), ("revenue", false)] {
        let calls = vec![("query_metric", products.clone()), ("more_rows", first(column))];
        let (_, text) = said("Tell me.", calls, "Done.").await;
        let line = "\ntie at the edge: the first row that the limit leaves out has the same value as the last one here; ";
        assert_eq!(text.contains(line), tied, "{text}");
    }
}

#[tokio::test]
async fn a_column_that_is_grouped_anew_has_a_label_of_its_own_unit() {
    let months = revenue(
        json!([]),
        json!([{ "dimension": "created_at", "granularity": "month" }]),
    );
    let quarters = json!({
        "result": "r1",
        "group_by": [{ "column": "created_at", "granularity": "quarter" }],
        "aggregations": [{ "function": "sum", "column": "revenue" }],
    });
    let calls = vec![("query_metric", months), ("more_rows", quarters)];
    let (_, text) = said("Tell me.", calls, "Done.").await;
    assert!(
        text.contains("\ncreated_at:date(quarter)\tsum_of_revenue:number\n"),
        "{text}"
    );
    assert!(text.contains(": Quarter\"") && !text.contains("Month"), "{text}");
    // The sum is of the unit that its figures are of.
    assert!(
        text.contains("\nunits: sum_of_revenue USD by its description\n"),
        "{text}"
    );
}
