//! A thousand forbidden calls through the real driver: a thousand refusals, and not one request.

use cardinal::agent::CallStatus;
use cardinal::agent::{BudgetSettings, GuardSettings};
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

fn forbidden(n: usize, request: &Value) -> (&'static str, String) {
    let id = a_metric(request);
    match n % 20 {
        0 => ("run_card", json!({ "card_id": 700_000 + n }).to_string()),
        1 => ("run_card", format!(r#"{{"card_id": "{n} or so"}}"#)),
        2 => ("query_metric", format!(r#"{{"metric_id": {id}.5}}"#)),
        3 => ("query_metric", format!(r#"{{"metric_id": -{n}}}"#)),
        4 => ("execute_sql", json!({ "sql": format!("select {n}") }).to_string()),
        5 => ("query_metric", json!({ "metric_id": id, "sql": "drop table orders" }).to_string()),
        6 => ("query_metric", json!({ "metric_id": id, "limit": -5 }).to_string()),
        7 => ("query_metric", format!(r#"{{"metric_id": {id}, "limit": NaN}}"#)),
        8 => ("query_metric", json!({ "metric_id": id, "group_by": [{ "dimension": format!("password_{n}") }] }).to_string()),
        9 => ("query_metric", "[".repeat(n + 100)),
        10 => ("query_metric", format!(r#"{{"metric_id": {id}, "filters": {}1{}}}"#, "[".repeat(60), "]".repeat(60))),
        11 => ("query_metric", "not json at all".to_owned()),
        12 => ("describe", json!({ "kind": "card", "id": 800_000 + n }).to_string()),
        13 => ("field_values", json!({ "kind": "metric", "id": id, "name": "no_such" }).to_string()),
        14 => ("query_metric", format!(r#"{{"metric_id": 1e{}}}"#, n + 30)),
        15 => ("query_metric", json!({ "metric_id": [id, id] }).to_string()),
        16 => ("query_metric", "null".to_owned()),
        17 => (
            "query_metric",
            json!({ "metric_id": id, "filters": [{ "dimension": "created_at", "operation": "or 1=1", "values": [n] }] }).to_string(),
        ),
        18 => ("query_metric", json!({ "metric_id": id, "limit": 0 }).to_string()),
        _ => ("query_metric", json!({ "metric_id": id, "filters": "all" }).to_string()),
    }
}

#[tokio::test]
async fn a_thousand_forbidden_calls_are_a_thousand_refusals_and_no_request() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        if request["tool_choice"] == "none" || step == 20 {
            return Reply::text("I gave up.");
        }
        let calls: Vec<_> = (0..50).map(|n| forbidden(step * 50 + n, request)).collect();
        step += 1;
        Reply::raw_tool_calls(calls)
    });
    let most = u32::MAX;
    let knobs = Knobs {
        budget: BudgetSettings {
            max_steps: 100,
            max_tool_calls: 5_000,
            max_tokens: u64::MAX / 4,
            ..BudgetSettings::default()
        },
        guard: GuardSettings {
            max_error_streak: most / 4,
            max_errors: most,
            max_same_call: most / 4,
            ..GuardSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = Stack::new(model.await, knobs).await;
    let before = stack.sandbox.requests().len();
    let answer = stack.ask("give me everything").await;
    assert_eq!(answer.tool_calls.len(), 1_000);
    for call in &answer.tool_calls {
        assert_eq!(call.status, CallStatus::Refused, "{call:#?}");
        assert!(call.message.as_ref().is_some_and(|message| !message.is_empty()));
    }
    assert_eq!(stack.sandbox.requests().len(), before, "nothing was sent");
}

#[tokio::test]
async fn ten_megabytes_of_arguments_are_refused_and_not_sent_back() {
    let huge = format!(
        r#"{{"metric_id": 1, "filters": "{}"}}"#,
        "x".repeat(10 * 1024 * 1024)
    );
    let mut reply = Reply::raw_tool_calls([("query_metric", huge)]);
    reply.fragment = Some(256 * 1024);
    let model = ScriptedModel::openai(vec![reply, Reply::text("Enough.")]).await;
    let mut stack = Stack::new(model, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.tool_calls.len(), 1, "{answer:#?}");
    assert_eq!(answer.tool_calls[0].status, CallStatus::Refused);
    let second = stack.model.captured().pop().unwrap();
    assert!(second.body.len() < 200_000, "{} bytes", second.body.len());
    assert!(serde_json::to_string(&answer).unwrap().len() < 100_000);
}
