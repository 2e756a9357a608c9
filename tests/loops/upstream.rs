//! The model or the data source fails: the turn says so, and never looks like an answer.

use cardinal::agent::{CallStatus, Outcome, StopReason};
use serde_json::json;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

#[tokio::test]
async fn the_model_answers_with_an_error() {
    let body = json!({ "error": { "message": "bad request", "type": "invalid_request_error" } });
    let mut stack = Stack::scripted(vec![Reply::status(400, body)]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::ModelFailed)
    );
    assert!(answer.text.contains("bad request"), "{}", answer.text);
    assert!(!serde_json::to_string(&answer).unwrap().contains("sk-test-secret"));
}

#[tokio::test]
async fn the_model_breaks_off_in_the_middle_of_its_answer() {
    let mut reply = Reply::text("Revenue was 1 234 567 in 2025, which is more than before and so on.");
    reply.cut_after = Some(400);
    let mut stack = Stack::scripted(vec![reply]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::ModelFailed)
    );
    assert!(answer.text.contains("The model failed."), "{}", answer.text);
}

#[tokio::test]
async fn a_source_that_is_down_is_not_an_answer() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            _ => Reply::text("The data source does not answer."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack
        .sandbox
        .faults()
        .set(cardinal::sandbox::faults::FaultRule::parse_all("* /api/**=503").unwrap());
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.tool_calls[0].status, CallStatus::Failed);
    assert_eq!(answer.outcome, Outcome::UpstreamFailed, "{answer:#?}");
}

#[tokio::test]
async fn a_credential_that_stopped_working_ends_the_turn() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            _ => Reply::text("Never asked."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack
        .sandbox
        .faults()
        .set(cardinal::sandbox::faults::FaultRule::parse_all("* /api/agent/**=401").unwrap());
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::DataFailed),
        "{answer:#?}"
    );
    assert_eq!(stack.model.requests().len(), 1);
}

#[tokio::test]
async fn a_completion_that_broke_off_is_never_free() {
    let call =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"run_card"}}]}}]}"#;
    let mut stack = Stack::scripted(vec![Reply::sse(format!("data: {call}\n\n"))]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::ModelFailed);
    assert_eq!((answer.usage.unreported, answer.usage.cost_usd), (1, None));
}
