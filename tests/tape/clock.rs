//! Turns that their time ended are ended at the same place in a replay, which takes no time.

use std::time::Duration;

use cardinal::agent::BudgetSettings;
use cardinal::tapes::replay;
use serde_json::json;
use tempfile::TempDir;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

/// Asks for other rows in each step, each time after this delay.
async fn curious(delay: Duration) -> ScriptedModel {
    let mut step = 0;
    ScriptedModel::openai_with(move |request| {
        step += 1;
        if request["tool_choice"] == "none" {
            return Reply::text("What I know.");
        }
        let day = format!("2025-{:02}-{:02}", 1 + step % 12, 1 + step % 28);
        let filter = json!({ "dimension": "created_at", "operation": "less-than", "values": [day] });
        let arguments = json!({ "metric_id": a_metric(request), "filters": [filter] });
        Reply::tool_calls([("query_metric", arguments)]).after(delay)
    })
    .await
}

fn within(milliseconds: u64) -> Knobs {
    let budget = BudgetSettings {
        max_time: Duration::from_millis(milliseconds),
        max_steps: 100,
        ..BudgetSettings::default()
    };
    Knobs {
        budget,
        ..Knobs::default()
    }
}

async fn replays(mut stack: Stack) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("turn.jsonl");
    let recorded = stack.record("revenue?", &path).await;
    recorded.tape.unwrap();
    let answer = recorded.answer;
    assert_eq!(json!(answer.stop_reason), "max_time", "{answer:#?}");

    let replayed = replay(&path).await.unwrap().answer;
    assert_eq!(json!(replayed.stop_reason), "max_time");
    assert_eq!(replayed.text, answer.text);
    assert_eq!(json!(replayed.evidence), json!(answer.evidence));
}

#[tokio::test]
async fn between_two_steps_and_in_the_middle_of_one() {
    // After a few steps the next one is cut, and the last word comes in time.
    let stack = Stack::new(curious(Duration::from_millis(400)).await, within(2000)).await;
    Box::pin(replays(stack)).await;
}

#[tokio::test]
async fn while_the_model_is_silent() {
    let stack = Stack::new(curious(Duration::from_secs(3600)).await, within(800)).await;
    Box::pin(replays(stack)).await;
}

#[tokio::test]
async fn while_a_query_runs() {
    let stack = Stack::new(curious(Duration::ZERO).await, within(2000)).await;
    stack
        .sandbox
        .faults()
        .add("POST /api/agent/**=latency:3600s")
        .unwrap();
    Box::pin(replays(stack)).await;
}
