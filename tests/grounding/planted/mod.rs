//! Wrong figures planted by rule into right answers over real results of the sandbox, and how many are caught.

mod measure;
mod write;
mod wrong;

use cardinal::model::ToolCall;
use cardinal::result::{HeldResults, totals};
use serde_json::{Value, json};

use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::{Knobs, Stack};
use measure::{Scene, measure};
use write::Fact;
use wrong::{ALL, Wrong};

/// A tool call for each result; with a year, so that the year before can be asked for too.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let by = |metric: &str, dimension: &str, granularity: Option<&str>| {
        let mut group = json!({ "dimension": dimension });
        if let Some(granularity) = granularity {
            group["granularity"] = json!(granularity);
        }
        json!({ "metric_id": metric, "group_by": [group] })
    };
    vec![
        (
            "Revenue by month",
            "query_metric",
            by("Revenue", "created_at", Some("month")),
        ),
        (
            "Orders by month",
            "query_metric",
            by("Number of orders", "created_at", Some("month")),
        ),
        (
            "Revenue by quarter",
            "query_metric",
            by("Revenue", "created_at", Some("quarter")),
        ),
        (
            "Revenue by country",
            "query_metric",
            by("Revenue", "User.country", None),
        ),
        (
            "Orders by country",
            "query_metric",
            by("Number of orders", "User.country", None),
        ),
        (
            "Revenue by category",
            "query_metric",
            by("Revenue", "Product.category", None),
        ),
        (
            "Revenue by vendor",
            "query_metric",
            by("Revenue", "Product.vendor", None),
        ),
        (
            "Average order value by channel",
            "query_metric",
            by("Average order value", "channel", None),
        ),
        ("Revenue", "query_metric", json!({ "metric_id": "Revenue" })),
        (
            "Number of orders",
            "query_metric",
            json!({ "metric_id": "Number of orders" }),
        ),
        (
            "Repeat purchase rate",
            "run_card",
            json!({ "card_id": "Repeat purchase rate" }),
        ),
        (
            "Trial conversion by source",
            "run_card",
            json!({ "card_id": "Trial conversion by source" }),
        ),
        (
            "Discounted orders",
            "run_card",
            json!({ "card_id": "Discounted orders" }),
        ),
        (
            "Customers by country",
            "run_card",
            json!({ "card_id": "Customers by country" }),
        ),
    ]
}

/// The call with the id of the entry it names, limited to a year if it is a metric's.
fn of_year(stack: &Stack, tool: &str, mut arguments: Value, year: i32) -> Value {
    let key = if tool == "run_card" {
        "card_id"
    } else {
        "metric_id"
    };
    let name = arguments[key].as_str().unwrap().to_owned();
    let entry = stack.catalog.entries().iter().find(|entry| entry.name() == name);
    arguments[key] = json!(entry.unwrap_or_else(|| panic!("no {name} in the catalog")).id());
    if key == "metric_id" {
        arguments["filters"] =
            json!([{ "dimension": "created_at", "operation": "year-equals", "values": [year] }]);
    }
    arguments
}

async fn fact(stack: &Stack, tool: &str, arguments: &Value, handle: &str) -> Fact {
    let call = ToolCall {
        id: "1".to_owned(),
        name: tool.to_owned(),
        arguments: arguments.to_string(),
    };
    let shelf = HeldResults::default();
    let planned = stack
        .toolbox
        .gate(&call, &shelf)
        .unwrap_or_else(|no| panic!("{}", no.message));
    let brought = stack
        .toolbox
        .execute(&planned, &shelf)
        .await
        .unwrap()
        .brought
        .unwrap();
    let source = brought.origin.source().unwrap();
    let table = brought.table.unpack();
    Fact {
        handle: handle.to_owned(),
        title: source.name.clone(),
        arguments: source.arguments.clone(),
        totals: totals(&table),
        table,
    }
}

async fn scenes() -> Vec<Scene> {
    let stack = Stack::new(ScriptedModel::openai(Vec::new()).await, Knobs::default()).await;
    let mut scenes = Vec::new();
    for (question, tool, arguments) in calls() {
        let now = of_year(&stack, tool, arguments.clone(), 2025);
        let before = of_year(&stack, tool, arguments, 2024);
        let earlier = match tool {
            "query_metric" => Some(fact(&stack, tool, &before, "r1").await),
            _ => None,
        };
        scenes.push(Scene {
            question: format!("{question} in 2025?"),
            fact: fact(&stack, tool, &now, "r2").await,
            earlier,
        });
    }
    scenes
}

#[tokio::test]
async fn planted_figures_are_caught_and_right_ones_let_through() {
    let report = measure(&scenes().await, 20_260_630);
    let planted: u32 = report.caught.values().map(|(planted, _)| planted).sum();
    eprintln!("{}\n{}", report.notes, report.table());
    assert!(planted >= 300, "{planted}");
    let least = |wrong| match wrong {
        Wrong::Invented | Wrong::WrongRounding | Wrong::OffByOneRow | Wrong::WrongMonth | Wrong::Stale => {
            0.99
        }
        Wrong::SwappedColumns => 0.85,
    };
    for wrong in ALL {
        assert!(
            report.share(wrong) >= least(wrong),
            "{wrong:?}\n{}\n{}",
            report.notes,
            report.table()
        );
    }
    let (figures, flagged) = report.figures;
    assert!(f64::from(flagged) < 0.01 * f64::from(figures), "{}", report.notes);
}
