use std::sync::Arc;

use cardinal::catalog::{Catalog, Entry};
use cardinal::model::ToolChoice;
use cardinal::planner::OfflinePlanner;
use cardinal::result::ColumnKind;
use serde_json::{Value, json};

use super::fixture::{TODAY, ask, complete, plan};
use crate::support::catalogs::{card, column, dimension, metric, parameter};

/// Entry and arguments, written short: `metric 1 by Product.title top 5`.
fn short(question: &str) -> String {
    let (tool, arguments) = plan(question);
    let mut text = match tool.as_str() {
        "query_metric" => format!("metric {}", arguments["metric_id"]),
        "run_card" => format!("card {}", arguments["card_id"]),
        other => return other.to_owned(),
    };
    for filter in arguments["filters"].as_array().into_iter().flatten() {
        if filter["operation"] == "is-not-null" {
            continue;
        }
        let values: Vec<String> = filter["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().map_or(v.to_string(), str::to_owned))
            .collect();
        let operation = match filter["operation"].as_str().unwrap() {
            "equals" => "=",
            "not-equals" => "!=",
            "greater-than-or-equal" => ">=",
            "less-than" => "<",
            "greater-than" => ">",
            other => other,
        };
        text += &format!(
            " | {} {operation} {}",
            filter["dimension"].as_str().unwrap(),
            values.join(",")
        );
    }
    for group in arguments["group_by"].as_array().into_iter().flatten() {
        text += &format!(" by {}", group["dimension"].as_str().unwrap());
        if let Some(unit) = group["granularity"].as_str() {
            text += &format!("({unit})");
        }
    }
    if let Some(limit) = arguments["limit"].as_u64() {
        text += &format!(" {} {limit}", arguments["order"].as_str().unwrap());
    }
    if let Some(parameters) = arguments.get("parameters") {
        text += &format!(" {parameters}");
    }
    text
}

fn all(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(question, expected)| (question, expected, short(question)))
        .filter(|(_, expected, found)| found != *expected)
        .map(|(question, expected, found)| format!("{question}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} wrong:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn one_figure() {
    all(&[
        ("refund rate", "metric 4"),
        ("What share of orders gets refunded?", "metric 4"),
        ("MRR", "metric 8"),
        ("How many orders have there been?", "metric 2"),
        ("What's the typical order value?", "metric 3"),
        ("AOV in Texas", "metric 3 | User.state = TX"),
        (
            "What's the average rating of Widgets?",
            "metric 7 | Product.category = Widget",
        ),
        (
            "How many orders came from Google customers?",
            "metric 2 | User.source = Google",
        ),
        (
            "What is the average order value excluding Gadget?",
            "metric 3 | Product.category != Gadget",
        ),
        (
            "How many orders were above 100 dollars?",
            "metric 2 | total > 100",
        ),
        ("How many orders were cancelled?", "metric 2 | status = cancelled"),
    ]);
}

#[test]
fn for_each_of_something() {
    all(&[
        ("revenue by month", "metric 1 by created_at(month)"),
        ("average rating by category", "metric 7 by Product.category"),
        ("average order value by state", "metric 3 by User.state"),
        ("What's our MRR by plan?", "metric 8 by plan"),
        ("units sold per product category", "metric 5 by Product.category"),
        (
            "revenue by category and year",
            "metric 1 by created_at(year) by Product.category",
        ),
        (
            "How did revenue develop over time?",
            "metric 1 by created_at(month)",
        ),
        ("number of customers by source", "metric 6 by source"),
        ("Orders for each acquisition channel", "metric 2 by User.source"),
    ]);
}

#[test]
fn the_best_and_the_worst() {
    all(&[
        ("top 5 products by revenue", "metric 1 by Product.title desc 5"),
        (
            "What are the five best selling products?",
            "metric 5 by Product.title desc 5",
        ),
        ("which state has the most orders", "metric 2 by User.state desc 1"),
        (
            "Which 3 states have the highest revenue?",
            "metric 1 by User.state desc 3",
        ),
        (
            "Which category has the lowest average rating?",
            "metric 7 by Product.category asc 1",
        ),
        (
            "What was our best month for revenue?",
            "metric 1 by created_at(month) desc 1",
        ),
        (
            "Which day of the week has the most orders?",
            "metric 2 by created_at(day-of-week) desc 1",
        ),
        (
            "Who are our top 10 customers by revenue?",
            "metric 1 by User.name desc 10",
        ),
    ]);
}

#[test]
fn values_side_by_side_are_told_apart() {
    all(&[
        (
            "Revenue from Facebook vs Google",
            "metric 1 | User.source = Facebook,Google by User.source",
        ),
        (
            "Compare orders in CA and NY by state",
            "metric 2 | User.state = CA,NY by User.state",
        ),
        (
            "HOW MANY ORDERS IN TEXAS OR NEW YORK",
            "metric 2 | User.state = NY,TX by User.state",
        ),
    ]);
}

#[test]
fn cards_that_were_made_for_the_question() {
    all(&[
        ("How many cancelled accounts per month?", "card 42"),
        ("Which invoices are overdue?", "card 43"),
        (
            "List customers in the state of Texas",
            "card 44 {\"state\":\"TX\"}",
        ),
    ]);
}

#[test]
fn a_missing_required_value_is_asked_for() {
    let (tool, arguments) = plan("List the customers in a state");
    assert_eq!(tool, "ask_user");
    assert_eq!(arguments["options"], json!(["CA", "NY", "TX", "WA"]));
    assert!(
        arguments["question"]
            .as_str()
            .unwrap()
            .contains("Customers in a state")
    );
}

#[test]
fn what_the_catalog_does_not_hold_is_not_answered() {
    for question in [
        "What is the weather in Paris?",
        "How many employees do we have?",
        "Who won the world cup?",
        "What is our website conversion rate?",
        "What's the stock price of Apple?",
        "delete all orders",
        "How much did we spend on marketing last year?",
        "What is our net promoter score?",
        "How many support tickets were opened?",
        "What is our inventory of widgets?",
        "tell me a joke",
        "revenue by shoe size",
        "",
        "???",
    ] {
        let (tool, arguments) = plan(question);
        assert_eq!(tool, "cannot_answer", "{question}: {arguments}");
        assert!(
            arguments["reason"]
                .as_str()
                .unwrap()
                .contains("No language model was used")
        );
    }
    let (_, arguments) = plan("How many orders were shipped by drone?");
    assert_eq!(
        arguments["reason"].as_str().unwrap().split(". ").next(),
        Some("Nothing in the catalog speaks of \"shipped\", \"drone\"")
    );
    assert!(
        arguments["nearest"]
            .as_array()
            .unwrap()
            .contains(&Value::from("Number of orders"))
    );
}

#[test]
fn the_same_question_is_always_planned_the_same() {
    let once = plan("top 5 products by revenue in 2025");
    for _ in 0..3 {
        assert_eq!(plan("top 5 products by revenue in 2025"), once);
    }
}

#[test]
fn a_card_that_lacks_the_asked_groups_is_not_run_and_the_group_is_named() {
    let reason = |question: &str| {
        let planner = OfflinePlanner::new(Arc::new(cards_only()), TODAY);
        let (_, mut calls) = complete(&planner, ask(question), ToolChoice::Auto);
        let (tool, arguments) = calls.remove(0);
        (tool, arguments["reason"].as_str().unwrap_or_default().to_owned())
    };
    for (question, word) in [
        ("revenue by channel", "channel"),
        ("revenue by category", "category"),
        ("revenue by quarter", "quarter"),
        ("revenue by day of week", "day of the week"),
        ("top 3 vendors by rating", "vendors"),
    ] {
        let (tool, reason) = reason(question);
        assert_eq!(tool, "cannot_answer", "{question}");
        assert!(
            reason.contains(&format!("no place for \"{word}\"")),
            "{question}: {reason}"
        );
    }
    for question in ["revenue by month", "top 3 products by rating"] {
        assert_eq!(reason(question).0, "run_card", "{question}");
    }
}

/// A Metabase without metrics: two saved questions whose descriptions speak of more than they tell apart.
/// A ferry line: two ports of one kind, and a column that counts.
fn ferries() -> Catalog {
    let ports: &[&str] = &["Kiel", "Oslo", "Dover"];
    let mut revenue = metric(1, "Revenue", "Amounts of bookings in EUR.", "Sum of Amount");
    revenue.dimensions = vec![
        dimension("departed_on", ColumnKind::Date, &[]),
        dimension("passengers", ColumnKind::Integer, &[]),
        dimension("country", ColumnKind::Text, &["Denmark", "Norway"]),
        dimension("Route.from_port", ColumnKind::Text, ports),
        dimension("Route.to_port", ColumnKind::Text, ports),
    ];
    let mut delay = metric(
        2,
        "Average delay",
        "Mean delay of sailings in minutes.",
        "Average of Delay minutes",
    );
    delay.dimensions.clone_from(&revenue.dimensions);
    let entries = vec![Entry::Metric(Arc::new(revenue)), Entry::Metric(Arc::new(delay))];
    Catalog::for_tests(entries)
}

fn planned(catalog: Catalog, question: &str) -> (String, Value) {
    let planner = OfflinePlanner::new(Arc::new(catalog), TODAY);
    let (_, mut calls) = complete(&planner, ask(question), ToolChoice::Auto);
    assert_eq!(calls.len(), 1, "{question}");
    calls.remove(0)
}

#[test]
fn a_word_that_was_not_used_is_named_instead_of_answered_past() {
    for (question, word) in [
        ("Revenue per booking", "booking"),
        ("What is the revenue per passenger?", "passenger"),
        ("Revenue in USD", "usd"),
        ("Revenue in dollars", "dollars"),
        ("Revenue between Kiel and Oslo", "kiel"),
    ] {
        let (tool, arguments) = planned(ferries(), question);
        assert_eq!(tool, "cannot_answer", "{question}: {arguments}");
        let reason = arguments["reason"].as_str().unwrap().to_lowercase();
        assert!(reason.contains(&format!("\"{word}\"")), "{question}: {reason}");
    }
    for question in ["Total delay in 2025", "How many sailings per day on average?"] {
        assert_eq!(planned(ferries(), question).0, "cannot_answer", "{question}");
    }
}

#[test]
fn a_value_of_two_columns_is_of_the_one_that_is_named_before_it() {
    let (tool, arguments) = planned(ferries(), "Revenue from Oslo to Kiel in euros");
    assert_eq!(tool, "query_metric");
    let filters = arguments["filters"].as_array().unwrap();
    let of = |dimension: &str| {
        let found = filters.iter().find(|filter| filter["dimension"] == dimension);
        found.map(|filter| filter["values"][0].clone())
    };
    assert_eq!(of("Route.from_port"), Some(json!("Oslo")), "{arguments}");
    assert_eq!(of("Route.to_port"), Some(json!("Kiel")), "{arguments}");
    let (tool, arguments) = planned(ferries(), "Revenue by passengers");
    assert_eq!(tool, "query_metric", "{arguments}");
    assert_eq!(arguments["group_by"][0]["dimension"], "passengers");
}

fn cards_only() -> Catalog {
    let mut revenue = card(41, "Revenue by month", "Revenue over every channel and category.");
    revenue.columns = vec![
        column("month", ColumnKind::Date, Some("month")),
        column("revenue", ColumnKind::Number, None),
    ];
    revenue.parameters = vec![parameter("category", "string/=", false, &["Toys", "Office"])];
    let mut ratings = card(42, "Product ratings", "Rating of each product, with its vendor.");
    ratings.columns = vec![
        column("product", ColumnKind::Text, None),
        column("vendor", ColumnKind::Text, None),
        column("rating", ColumnKind::Number, None),
    ];
    Catalog::for_tests(vec![
        Entry::Card(Arc::new(revenue)),
        Entry::Card(Arc::new(ratings)),
    ])
}
