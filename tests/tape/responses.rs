//! A turn over the Responses API on tape: two calls in one step, and sealed reasoning that goes back with them.

use cardinal::tapes::replay;
use serde_json::{Value, json};

use super::kit::{completions, taped};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::scripted_responses::reasoning;
use crate::support::stack::first_listed;

#[tokio::test]
async fn two_calls_and_the_reasoning_behind_them_are_replayed_to_the_same_bytes() {
    let mut step = 0;
    let server = ScriptedModel::responses_with(move |request| {
        step += 1;
        let metric = first_listed(request, "metric");
        let by = |unit: &str| json!({ "metric_id": metric, "group_by": [{ "dimension": "created_at", "granularity": unit }] });
        match step {
            1 => Reply::tool_calls([("query_metric", by("year")), ("query_metric", by("quarter"))])
                .saying("Let me look."),
            _ => Reply::text("It grew."),
        }
        .with_usage(100, 60, 10)
        .fragmented(13)
    });
    let taped = taped(server.await).await;
    assert_eq!(taped.answer.text, "It grew.");
    assert_eq!(taped.answer.evidence.len(), 2, "{:#?}", taped.answer);
    assert_eq!(taped.answer.usage.cached_tokens, 120);

    let asked = taped.stack.model.requests();
    assert_eq!(asked.len(), 2);
    let kinds = |body: &Value| -> Vec<String> {
        let items = body["input"].as_array().unwrap().iter();
        items
            .map(|item| item["type"].as_str().unwrap_or("said").to_owned())
            .collect()
    };
    assert_eq!(
        kinds(&asked[1]),
        [
            "said",
            "reasoning",
            "message",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output"
        ]
    );
    assert_eq!(asked[1]["input"][1], reasoning());

    let tape = taped.read();
    let recorded = completions(&tape);
    let sent: Vec<&Value> = recorded
        .iter()
        .map(|number| &tape.exchanges[*number].request["body"])
        .collect();
    assert_eq!(
        sent,
        asked.iter().collect::<Vec<_>>(),
        "the tape holds what was sent"
    );
    let bytes = std::fs::read(taped.path()).unwrap();
    let replayed = replay(&taped.path()).await.unwrap();
    assert_eq!(replayed.answer.text, taped.answer.text);
    assert_eq!(json!(replayed.answer.evidence), json!(taped.answer.evidence));
    assert_eq!(json!(replayed.answer.usage), json!(taped.answer.usage));
    assert_eq!(std::fs::read(taped.path()).unwrap(), bytes);
    assert_eq!(taped.stack.model.requests().len(), 2, "nobody was asked again");
}
