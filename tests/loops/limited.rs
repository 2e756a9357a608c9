//! Rows that a call itself limited: they are what was asked for, and no total over all.

use cardinal::agent::GroundingSettings;
use cardinal::agent::{Answer, Outcome};
use cardinal::grounding::{FigureStatus, Reason};
use cardinal::result::Extent;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, tool_contents};

/// The products with the most revenue in 2025, as many as `limit` says.
fn products(order: Option<&str>, limit: u32) -> Value {
    let mut arguments = json!({
        "metric_id": 1,
        "group_by": [{ "dimension": "Product.title" }],
        "filters": [{ "dimension": "created_at", "operation": "year-equals", "values": [2025] }],
        "limit": limit,
    });
    if let Some(order) = order {
        arguments["order"] = json!(order);
    }
    arguments
}

/// The sum of the first five.
const FIVE: &str = "92,615.66";

/// Answers after some calls, without a second try; also what the last call brought, as the model read it.
pub(super) async fn said(question: &str, calls: Vec<(&'static str, Value)>, text: &str) -> (Answer, String) {
    let text = text.to_owned();
    let mut calls = calls.into_iter();
    let model = ScriptedModel::openai_with(move |_| match calls.next() {
        Some(call) => Reply::tool_calls([call]),
        None => Reply::text(text.clone()),
    });
    let knobs = Knobs {
        grounding: GroundingSettings {
            repair: false,
            ..GroundingSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = Stack::new(model.await, knobs).await;
    let answer = stack.ask(question).await;
    let last = tool_contents(stack.model.requests().last().unwrap())
        .pop()
        .unwrap();
    (answer, last)
}

#[tokio::test]
async fn the_first_five_are_a_whole_answer_and_any_five_only_if_five_were_wanted() {
    let sorted = || vec![("query_metric", products(Some("desc"), 5))];
    let any = || vec![("query_metric", products(None, 5))];
    for (question, calls, outcome) in [
        ("What are our best products of 2025?", sorted(), Outcome::Answered),
        ("What did products bring in 2025?", any(), Outcome::Partial),
        ("Give me five products of 2025.", any(), Outcome::Answered),
        ("Give me 5 products of 2025.", any(), Outcome::Answered),
    ] {
        let ordered = calls[0].1.get("order").is_some();
        let (answer, read) = said(question, calls, "There they are.").await;
        assert_eq!(answer.outcome, outcome, "{question}");
        assert!(!answer.tool_calls[0].truncated);
        let Extent::AskedLimit {
            limit: 5,
            of: Some(of),
            ordered: told,
        } = answer.evidence[0].extent
        else {
            panic!("{:?}", answer.evidence[0].extent)
        };
        assert_eq!(told, ordered);
        let rows = format!("rows: 5 shown of 5 asked for; there are {of}");
        assert!(read.contains(&rows) && of > 100, "{read}");
        assert_eq!(read.contains("you set no order"), !ordered, "{read}");
        assert!(
            read.contains("for a figure over all, ask without limit"),
            "{read}"
        );
        assert!(!read.contains("totals over"), "{read}");
        assert!(
            read.contains("\nasked: created_at in 2025; by Product.title; limit 5\n"),
            "{read}"
        );
        assert!(read.contains("\trevenue:number\n"), "{read}");
    }
}

#[tokio::test]
async fn their_sum_is_theirs_and_not_that_of_all() {
    let calls = || vec![("query_metric", products(Some("desc"), 5))];
    let summed = || {
        let mut calls = calls();
        let sum = json!({"result": "r1", "aggregations": [{"function": "sum", "column": "revenue"}]});
        calls.push(("more_rows", sum));
        calls
    };
    let calculated = || {
        let mut calls = calls();
        let cell = json!({"result": "r1", "column": "revenue", "total": "sum"});
        let first = json!({"result": "r1", "column": "revenue", "row": 1});
        let of = json!([{"name": "revenue", "operation": "max", "of": [cell, first]}]);
        calls.push(("calculate", json!({ "calculations": of })));
        calls
    };
    for calls in [calls(), summed(), calculated()] {
        for (text, right) in [
            (
                format!("Together the top five products brought {FIVE} USD."),
                true,
            ),
            (format!("These products brought {FIVE} USD in all."), true),
            (format!("Total revenue of 2025 was {FIVE} USD."), false),
            (format!("Revenue in 2025: {FIVE} USD"), false),
        ] {
            let (answer, read) = said("How did our products do in 2025?", calls.clone(), &text).await;
            let figure = answer
                .figures
                .iter()
                .find(|figure| figure.figure.text.contains(FIVE))
                .unwrap();
            let status = figure.figure.status;
            if right {
                assert_eq!(status, FigureStatus::Matched, "{text}\n{read}");
                assert_eq!(answer.outcome, Outcome::Answered, "{text}");
            } else {
                let reason = Reason::IncompleteTotal;
                assert_eq!(status, FigureStatus::Unmatched { reason }, "{text}\n{read}");
                assert_eq!(answer.outcome, Outcome::Partial, "{text}");
            }
            if answer.evidence.len() > 1 {
                assert!(read.contains("r1 has only the"), "{read}");
            }
        }
    }
}

#[tokio::test]
async fn a_card_that_takes_a_limit_does_not_show_all_there_are() {
    for (parameters, limit) in [(json!({}), 10), (json!({"limit": 3}), 3)] {
        let call = ("run_card", json!({"card_id": 12, "parameters": parameters}));
        let (answer, read) = said("What are our best products?", vec![call], "There they are.").await;
        assert_eq!(answer.outcome, Outcome::Answered);
        assert!(
            read.contains(&format!(
                "rows: {limit} shown of {limit} asked for; there may be more:"
            )),
            "{read}"
        );
        let totals = format!("totals over these {limit} rows only");
        assert_eq!(read.contains(&totals), limit > 5, "{read}");
    }
}
