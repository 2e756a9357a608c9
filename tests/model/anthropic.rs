//! What goes out to Anthropic's Messages API, and what its answer becomes.

use cardinal::model::{Message, ModelError, StopCause, ToolChoice, Usage};
use serde_json::{Value, json};

use super::talk::{ask, conversation, question, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

#[tokio::test]
async fn text_is_heard_as_it_comes_and_cached_tokens_are_part_of_the_input() {
    let reply = Reply::text("ten thousand euros")
        .with_usage(1200, 1000, 7)
        .with_cache_write(150);
    let server = ScriptedModel::anthropic(vec![reply]).await;
    let heard = ask(&server.settings(), &question()).await.unwrap();
    assert_eq!(heard.texts, ["ten ", "thousand ", "euros"]);
    assert_eq!(heard.completion.text, "ten thousand euros");
    assert_eq!(heard.completion.stop, StopCause::End);
    let usage = Usage {
        input_tokens: 1200,
        cached_tokens: 1000,
        cache_write_tokens: 150,
        output_tokens: 7,
        ..Usage::default()
    };
    assert_eq!(heard.completion.usage, Some(usage));
    assert_eq!(heard.completion.opaque, None);
}

#[tokio::test]
async fn tool_calls_come_whole_and_in_order() {
    let reply =
        Reply::tool_calls([("run_card", json!({"card_id": 7})), ("describe", json!({}))]).saying("I look.");
    let server = ScriptedModel::anthropic(vec![reply]).await;
    let heard = ask(&server.settings(), &question()).await.unwrap();
    assert_eq!(heard.started, ["run_card", "describe"]);
    assert_eq!(heard.completion.stop, StopCause::ToolCalls);
    let calls = heard.completion.tool_calls;
    assert_eq!(
        (calls[0].id.as_str(), calls[0].arguments.as_str()),
        ("toolu_0", "{\"card_id\":7}")
    );
    assert_eq!(
        (calls[1].name.as_str(), calls[1].arguments.as_str()),
        ("describe", "{}")
    );
}

#[tokio::test]
async fn a_request_holds_breakpoints_and_all_results_first_in_one_message() {
    let server = ScriptedModel::anthropic(vec![Reply::text("ok")]).await;
    let mut last = request(conversation());
    last.tool_choice = ToolChoice::None;
    ask(&server.settings(), &last).await.unwrap();
    insta::assert_json_snapshot!(server.requests()[0]);
    let sent = &server.captured()[0];
    assert_eq!(sent.path, "/v1/messages");
    assert_eq!(sent.header("x-api-key"), Some("sk-test-secret"));
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(sent.header("authorization"), None);
}

#[tokio::test]
async fn stops_are_told_apart() {
    let whys = [
        "end_turn",
        "stop_sequence",
        "max_tokens",
        "model_context_window_exceeded",
        "refusal",
    ];
    let server = ScriptedModel::anthropic(whys.map(|why| Reply::text("x").stopping(why)).into()).await;
    let mut stops = Vec::new();
    for _ in whys {
        stops.push(
            ask(&server.settings(), &question())
                .await
                .unwrap()
                .completion
                .stop,
        );
    }
    let (end, length) = (StopCause::End, StopCause::Length);
    assert_eq!(
        stops,
        [end.clone(), end, length.clone(), length, StopCause::Withheld]
    );
    let server = ScriptedModel::anthropic(vec![Reply::text("x").stopping("pause_turn")]).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    assert!(error.to_string().contains("`pause_turn`"), "{error}");
}

fn events(events: &[Value]) -> String {
    let framed = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    framed.collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn thinking_is_kept_and_sent_back_unchanged_in_its_place() {
    let delta =
        |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let start = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
    let body = events(&[
        json!({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 5, "output_tokens": 1}}}),
        json!({"type": "ping"}),
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "let me "})),
        delta(0, json!({"type": "thinking_delta", "thinking": "see"})),
        delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
        stop(0),
        json!({"type": "event_of_next_year", "payload": [1, 2, 3]}),
        start(1, json!({"type": "redacted_thinking", "data": "b3BhcXVl"})),
        stop(1),
        start(
            2,
            json!({"type": "tool_use", "id": "toolu_9", "name": "run_card", "input": {}}),
        ),
        delta(2, json!({"type": "input_json_delta", "partial_json": ""})),
        delta(2, json!({"type": "input_json_delta", "partial_json": "{\"card_"})),
        delta(2, json!({"type": "delta_of_next_year", "payload": 1})),
        delta(2, json!({"type": "input_json_delta", "partial_json": "id\":7}"})),
        stop(2),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}}),
        json!({"type": "message_stop"}),
    ]);
    let server = ScriptedModel::anthropic(vec![Reply::sse(body), Reply::text("ok")]).await;
    let mut conversation = question();
    let completion = ask(&server.settings(), &conversation).await.unwrap().completion;
    assert_eq!(completion.text, "");
    assert_eq!(completion.tool_calls[0].arguments, "{\"card_id\":7}");
    assert_eq!(completion.usage.unwrap().output_tokens, 20);
    conversation.messages.push(Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    });
    conversation
        .messages
        .push(Message::ToolResults(vec![super::talk::result(
            "toolu_9", "10", false,
        )]));
    ask(&server.settings(), &conversation).await.unwrap();
    assert_eq!(
        server.requests()[1]["messages"][1],
        json!({"role": "assistant", "content": [
            {"type": "thinking", "thinking": "let me see", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "b3BhcXVl"},
            {"type": "tool_use", "id": "toolu_9", "name": "run_card", "input": {"card_id": 7}},
        ]})
    );
}

#[tokio::test]
async fn a_stream_that_says_no_reason_for_its_end_broke_off() {
    let whole = crate::support::scripted_anthropic::turn(&Reply::text("ten thousand"));
    let end = whole.find("event: message_delta").unwrap();
    let server = ScriptedModel::anthropic(vec![Reply::sse(&whole[..end])]).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    assert!(matches!(error, ModelError::BrokeOff { .. }), "{error:?}");
}
