//! A turn over a server that never closes its streams, and calls that the model wrote in types of its own, on tape.

use cardinal::tapes::replay;
use cardinal::wire::ExchangeEnd;
use serde_json::json;

use super::kit::{completions, taped};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::a_metric;

#[tokio::test]
async fn what_was_taken_without_an_end_and_read_as_meant_is_so_in_a_replay() {
    let mut step = 0;
    let server = ScriptedModel::openai_with(move |request| {
        step += 1;
        let chunk = |delta: serde_json::Value, reason: Option<&str>| {
            let piece = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
            format!("data: {piece}\n\n")
        };
        let (said, reason) = if step == 1 {
            let metric = a_metric(request).to_string();
            let by = |unit: &str| json!({"metric_id": metric, "group_by": {"dimension": "created_at", "granularity": unit}});
            let both = json!([by("year"), by("quarter")]).to_string();
            let call =
                json!({"index": 0, "id": "a", "function": {"name": "query_metric", "arguments": both}});
            (json!({ "tool_calls": [call] }), "tool_calls")
        } else {
            (json!({"content": "It grew."}), "stop")
        };
        Reply::sse(chunk(said, None) + &chunk(json!({}), Some(reason))).staying_open()
    });
    let taped = taped(server.await).await;
    assert_eq!(taped.answer.text, "It grew.");
    assert_eq!(taped.answer.evidence.len(), 2, "{:#?}", taped.answer);
    assert_eq!(taped.stack.model.requests().len(), 2, "no call was refused");

    let tape = taped.read();
    for number in completions(&tape) {
        assert_eq!(tape.exchanges[number].end, ExchangeEnd::Dropped);
    }
    let replayed = replay(&taped.path()).await.unwrap().answer;
    assert_eq!(replayed.text, taped.answer.text);
    assert_eq!(json!(replayed.evidence), json!(taped.answer.evidence));
    assert_eq!(replayed.stop_reason, taped.answer.stop_reason);
}
