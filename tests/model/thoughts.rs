//! Thoughts as parts of a message's content: they are heard as thoughts, and go back where they stood.

use cardinal::model::{Completion, Message, RequestPart, connect};
use serde_json::{Value, json};

use super::chunks::{DONE, chunk, end, events, heard};
use super::retry::wire;
use super::talk::{listen, question, request, result};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn thinking(text: &str) -> Value {
    json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]})
}

fn call() -> Value {
    json!({"tool_calls": [{"index": 0, "id": "a1b2c3d4e", "function": {"name": "run_card", "arguments": "{\"card_id\":7}"}}]})
}

/// The conversation that goes on from a completion.
fn after(completion: Completion) -> cardinal::model::ModelRequest {
    let id = completion.tool_calls[0].id.clone();
    let answered = Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    };
    let asked = Message::Note("Revenue?".to_owned());
    request(vec![
        asked,
        answered,
        Message::ToolResults(vec![result(&id, "7", false)]),
    ])
}

#[tokio::test]
async fn thoughts_within_a_content_go_back_within_it_beside_calls() {
    let streamed = events(&[
        chunk(thinking("I need ")),
        chunk(thinking("the card.")),
        chunk(json!({"content": "I look."})),
        chunk(call()),
        end("tool_calls"),
    ]) + DONE;
    let whole = json!({"choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "tool_calls": call()["tool_calls"], "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "I need the card."}]},
            {"type": "text", "text": "I look."}]}}]});
    for reply in [Reply::sse(streamed), Reply::json(whole)] {
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let first = heard(&server, &question()).await.unwrap();
        assert_eq!(first.texts.concat(), "I look.");
        assert_eq!(first.completion.reasoning, "I need the card.");
        heard(&server, &after(first.completion)).await.unwrap();
        let body = server.requests().pop().unwrap();
        let back = &body["messages"][2];
        assert_eq!(
            back["content"],
            json!([
                {"type": "thinking", "thinking": [{"type": "text", "text": "I need the card."}]},
                {"type": "text", "text": "I look."},
            ])
        );
        assert_eq!(back["tool_calls"][0]["id"], "a1b2c3d4e");
    }
}

#[tokio::test]
async fn thoughts_beside_an_answer_do_not_go_back() {
    let body = events(&[
        chunk(thinking("Easy.")),
        chunk(json!({"content": "Seven."})),
        end("stop"),
    ]) + DONE;
    let server = ScriptedModel::openai(vec![Reply::sse(body)]).await;
    let completion = heard(&server, &question()).await.unwrap().completion;
    assert_eq!((completion.text.as_str(), completion.opaque), ("Seven.", None));
}

#[tokio::test]
async fn a_server_that_refuses_another_ones_thoughts_is_asked_without_them() {
    let server = ScriptedModel::openai_with(|body| {
        if body["messages"].to_string().contains("thinking") {
            let words = "messages.2.content.0.type: unknown content type `thinking`";
            Reply::status(
                400,
                json!({"error": {"message": words, "type": "invalid_request_error"}}),
            )
        } else {
            Reply::text("Seven.")
        }
    })
    .await;
    let mut asked = after(Completion {
        text: String::new(),
        reasoning: String::new(),
        tool_calls: vec![super::talk::call("a", "run_card", "{\"card_id\":7}")],
        opaque: None,
        stop: cardinal::model::StopCause::ToolCalls,
        usage: None,
        model: "other".to_owned(),
        id: None,
    });
    let Message::Assistant { opaque, .. } = &mut asked.messages[1] else {
        unreachable!()
    };
    let thoughts = thinking("hm")["content"].clone();
    *opaque = Some(json!({"openai": {"message": {}, "calls": {}, "thoughts": thoughts}}));
    let model = connect(&server.settings(), wire(&server)).unwrap();
    assert_eq!(listen(&*model, &asked).await.unwrap().completion.text, "Seven.");
    assert_eq!(model.left_out(), [RequestPart::KeptFields]);
}
