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
