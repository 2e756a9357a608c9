//! Servers that say why a completion ended and do not close the stream behind it.

use std::time::Duration;

use cardinal::model::{ModelError, StopCause, connect};
use serde_json::json;

use super::chunks::{chunk, end, events, said};
use super::retry::wire;
use super::talk::{Heard, listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Longer than any test may take: it ends what would never end.
const EVER: Duration = Duration::from_secs(50);

async fn heard(server: ScriptedModel, timeout: Duration) -> Result<Heard, ModelError> {
    let mut settings = server.settings();
    settings.timeout = timeout;
    let model = connect(&settings, wire(&server)).unwrap();
    let asked = question();
    let heard = tokio::time::timeout(EVER, listen(&*model, &asked));
    heard.await.expect("a server that has said its end is waited for")
}

async fn openai(body: String) -> Result<Heard, ModelError> {
    let server = ScriptedModel::openai(vec![Reply::sse(body).staying_open()]).await;
    heard(server, EVER * 2).await
}

#[tokio::test]
async fn what_is_whole_is_taken_although_nothing_ends_the_stream() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}});
    let call = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "run_card", "arguments": "{\"card_id\":7}"}}]});
    let anthropic = [
        json!({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Seven."}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
        json!({"type": "ping"}),
    ];
    let responses = [
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Seven."}),
        json!({"type": "response.completed", "response": {"status": "completed", "output": [],
            "usage": {"input_tokens": 9, "output_tokens": 2}}}),
    ];
    let messages = ScriptedModel::anthropic(vec![Reply::sse(events(&anthropic)).staying_open()]).await;
    let response = Reply::sse(events(&responses)).staying_open();
    let responses = ScriptedModel::responses_with(move |_| response.clone()).await;
    let (bare, counted, called, anthropic, responses) = tokio::join!(
        openai(events(&[said("Seven."), end("stop")])),
        openai(events(&[said("Sev"), said("en."), end("stop"), usage.clone()])),
        openai(events(&[chunk(call), end("tool_calls"), usage])),
        heard(messages, EVER * 2),
        heard(responses, EVER * 2),
    );
    for answer in [bare, counted, anthropic, responses] {
        let completion = answer.unwrap().completion;
        assert_eq!(
            (completion.text.as_str(), completion.stop),
            ("Seven.", StopCause::End)
        );
        assert!(
            completion
                .usage
                .is_none_or(|usage| (usage.input_tokens, usage.output_tokens) == (9, 2))
        );
    }
    let called = called.unwrap().completion;
    assert_eq!(called.tool_calls[0].arguments, "{\"card_id\":7}");
    assert_eq!(called.usage.unwrap().input_tokens, 9);
}

#[tokio::test]
async fn what_has_no_end_is_waited_for_and_never_taken() {
    let short = Duration::from_millis(300);
    for body in [
        events(&[said("Sev")]),
        events(&[said("Sev"), json!({"choices": [], "usage": {"prompt_tokens": 9}})]),
    ] {
        let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone()).staying_open()).await;
        let error = heard(server, short).await.unwrap_err();
        assert!(matches!(error, ModelError::Wire { .. }), "{error:?}");
    }
    // A reason that comes with all that is said may come with every piece. Whoever then says nothing more had said all.
    let piece = json!({"choices": [{"delta": {"content": "Seven."}, "finish_reason": "stop"}]});
    let server = ScriptedModel::openai(vec![Reply::sse(events(&[piece])).staying_open()]).await;
    assert_eq!(heard(server, short).await.unwrap().completion.text, "Seven.");
    // Once more behind what came late.
    let late = [said("Sev"), end("stop"), said("en."), end("stop")];
    let server = ScriptedModel::openai(vec![Reply::sse(events(&late)).staying_open()]).await;
    assert_eq!(heard(server, short).await.unwrap().completion.text, "Seven.");
}

/// Where a reason comes too early, or without what the protocol has behind it, the end is found all the same.
#[tokio::test]
async fn what_a_server_leaves_open_is_ended() {
    let late = events(&[said("Sev"), end("stop"), said("en.")]);
    let with_every = |text: &str| json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    let every = events(&[with_every("Sev"), with_every("en.")]);
    let every_s = events(&[with_every("Seven"), with_every(" units")]);
    let chat = json!({"object": "chat.completion", "choices": [{"message": {"content": "Seven."}, "finish_reason": "stop"}]});
    let placeless = json!({"choices": [{"message": {"content": "Seven."}}]});
    let message = json!({"type": "message", "role": "assistant", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Seven."}]});
    let content = json!([{"type": "output_text", "text": "Seven."}]);
    let response = json!({"object": "response", "status": "completed",
        "output": [{"type": "message", "role": "assistant", "content": content}]});
    let pretty = |json: &serde_json::Value| serde_json::to_string_pretty(json).unwrap();
    let unended = |body: String| body.trim_end().to_owned();
    let stopped = events(&[
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Seven."}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ]);
    let completed = events(&[
        json!({"type": "response.output_text.delta", "delta": "Seven."}),
        json!({"type": "response.completed", "response": {"status": "completed", "output": []}}),
    ]);
    let bodies = [
        (0, late),
        (0, every),
        // What may be the beginning of a key is kept for a while.
        (0, every_s),
        (0, chat.to_string()),
        (0, pretty(&chat)),
        (0, placeless.to_string()),
        (0, unended(events(&[said("Seven."), end("stop")]))),
        (
            0,
            events(&[said("Sev"), said("en."), end("stop")]) + "data: [DONE]",
        ),
        (1, message.to_string()),
        (1, pretty(&message)),
        (1, unended(stopped)),
        (2, response.to_string()),
        (2, pretty(&response)),
        (2, unended(completed)),
    ];
    let asked = bodies.into_iter().map(|(spoken, body)| async move {
        let reply = Reply::sse(body.clone()).staying_open();
        let server = match spoken {
            0 => ScriptedModel::openai(vec![reply]).await,
            1 => ScriptedModel::anthropic(vec![reply]).await,
            _ => ScriptedModel::responses_with(move |_| reply.clone()).await,
        };
        let mut settings = server.settings();
        settings.timeout = EVER * 2;
        let model = connect(&settings, wire(&server)).unwrap();
        let asked = question();
        (tokio::time::timeout(EVER, listen(&*model, &asked)).await, body)
    });
    for (told, body) in futures_util::future::join_all(asked).await {
        let told = told.unwrap_or_else(|_| panic!("waited for: {body}"));
        let completion = told.unwrap_or_else(|error| panic!("{body}: {error}")).completion;
        let whole = if body.contains("units") {
            "Seven units"
        } else {
            "Seven."
        };
        assert_eq!(completion.text, whole, "{body}");
    }
}

/// A reason may come with every piece, and pieces may be apart.
#[tokio::test]
async fn a_reason_with_every_piece_does_not_end_a_message_at_its_first() {
    let piece = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let reason = || json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}});
    let first = events(&[piece("Sev"), reason()]);
    let at = first.len();
    let body = first + &events(&[piece("en."), reason(), json!({"type": "message_stop"})]);
    let reply = Reply::sse(body).split_at(at).apart(Duration::from_millis(2600));
    let server = ScriptedModel::anthropic(vec![reply]).await;
    assert_eq!(heard(server, EVER).await.unwrap().completion.text, "Seven.");
}
