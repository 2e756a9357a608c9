//! Servers that fail before a word of the answer: behind thoughts, with a page of their proxy, or without a word at all.

use cardinal::model::{ModelError, StopCause, connect};
use serde_json::{Value, json};

use super::chunks::{DONE, called, calls, chunk, end, events, heard, said, says};
use super::retry::wire;
use super::talk::{listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn thought(text: &str) -> Value {
    chunk(json!({ "reasoning_content": text }))
}

fn failure(words: &str) -> Value {
    json!({"error": {"message": words}})
}

/// A model of each protocol that gives this body once, and an answer when it is asked again.
async fn once(body: [String; 3]) -> [ScriptedModel; 3] {
    let [chat, messages, responses] = body.map(|body| vec![Reply::sse(body), Reply::text("ok")]);
    let mut responses = responses.into_iter();
    [
        ScriptedModel::openai(chat).await,
        ScriptedModel::anthropic(messages).await,
        ScriptedModel::responses_with(move |_| responses.next().unwrap()).await,
    ]
}

#[tokio::test]
async fn a_failure_behind_thoughts_is_asked_again() {
    let block = |block: Value| json!({"type": "content_block_start", "index": 0, "content_block": block});
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": 0, "delta": delta});
    let chat = events(&[
        chunk(json!({"role": "assistant"})),
        thought("Let me "),
        thought("see."),
    ]);
    let messages = events(&[
        json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "content": []}}),
        block(json!({"type": "thinking", "thinking": ""})),
        delta(json!({"type": "thinking_delta", "thinking": "Let me see."})),
        delta(json!({"type": "signature_delta", "signature": "seal"})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
    ]);
    let responses = events(&[
        json!({"type": "response.created", "response": {"status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "r", "summary": []}}),
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "r", "delta": "Let me see."}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": {"type": "message", "content": []}}),
        json!({"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}}),
    ]);
    let busy =
        events(&[json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})]);
    // The connection is closed, or the server says what is wrong.
    for last in [String::new(), busy] {
        let bodies = [&chat, &messages, &responses].map(|begun| format!("{begun}{last}"));
        for server in once(bodies).await {
            let told = heard(&server, &question()).await.unwrap();
            assert_eq!(told.completion.text, "ok", "{last}");
            assert_eq!(server.requests().len(), 2, "{last}");
        }
    }
    let details = chunk(json!({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}));
    for first in [
        events(&[details, failure("Provider returned error: 502")]),
        events(&[thought("hm"), end("error")]),
        events(&[thought(&"hm ".repeat(40_000)), failure("overloaded")]),
    ] {
        let server = ScriptedModel::openai(vec![Reply::sse(first), Reply::text("ok")]).await;
        assert_eq!(heard(&server, &question()).await.unwrap().completion.text, "ok");
    }
    // A connection that breaks.
    let whole = events(&[thought("hm"), thought("hm"), said("Seven."), end("stop")]);
    let at = events(&[thought("hm"), thought("hm")]).len();
    let server = ScriptedModel::openai(vec![Reply::sse(whole).cut_after(at), Reply::text("ok")]).await;
    assert_eq!(heard(&server, &question()).await.unwrap().completion.text, "ok");
}

#[tokio::test]
async fn what_no_asking_mends_is_told_behind_thoughts_and_a_word_is_the_beginning() {
    let refused = events(&[thought("hm"), failure("Invalid API key")]);
    let server = ScriptedModel::openai_with(move |_| Reply::sse(refused.clone())).await;
    let error = heard(&server, &question()).await.unwrap_err();
    assert!(error.to_string().contains("Invalid API key"), "{error}");
    assert_eq!(server.requests().len(), 1);

    let begun = events(&[thought("hm"), said("Seven"), failure("overloaded")]);
    let server = ScriptedModel::openai_with(move |_| Reply::sse(begun.clone())).await;
    let error = heard(&server, &question()).await.unwrap_err();
    assert!(matches!(error, ModelError::BrokeOff { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn thoughts_that_are_all_a_model_says_are_asked_for_once() {
    let call = "<tool_call>{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}</tool_call>";
    let placeless = json!({"choices": [{"delta": {"reasoning_content": call}}]});
    let document = json!({"choices": [{"message": {"reasoning_content": call}, "finish_reason": "stop"}]});
    for body in [
        events(&[thought(call), end("stop")]) + DONE,
        events(&[placeless]) + DONE,
        document.to_string(),
    ] {
        let server = ScriptedModel::openai_with({
            let body = body.clone();
            move |_| Reply::sse(body.clone())
        })
        .await;
        let told = heard(&server, &question()).await.unwrap();
        assert_eq!(called(&told), ["run_card{\"card_id\":7}"], "{body}");
        assert_eq!(server.requests().len(), 1, "{body}");
    }
    let long = "hm ".repeat(300_000);
    let body = events(&[thought(&long), said("Seven."), end("stop")]) + DONE;
    let told = says(body).await.unwrap().completion;
    assert_eq!((told.text.as_str(), told.reasoning.len()), ("Seven.", long.len()));
}

#[tokio::test]
async fn a_call_that_its_server_could_not_read_is_read_behind_thoughts() {
    let failed = json!({"error": {"code": "tool_use_failed", "message": "Failed to call a function.",
        "failed_generation": "{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}"}});
    let told = says(events(&[thought("hm"), failed])).await.unwrap();
    assert_eq!(called(&told), ["run_card{\"card_id\":7}"]);
}

#[tokio::test]
async fn a_page_of_a_proxy_whose_server_is_away_is_asked_again() {
    let titles = [
        "503 Service Temporarily Unavailable",
        "502 Bad Gateway",
        "504 Gateway Time-out",
        "Service Unavailable",
        "example.com | 502: Bad gateway",
    ];
    for (title, kind) in titles
        .iter()
        .flat_map(|title| [(title, "text/html"), (title, "text/event-stream")])
    {
        let page = format!("<html>\r\n<head><title>{title}</title></head>\r\n<body>nginx</body></html>\r\n");
        let again = page.clone();
        let first = Reply::sse(page).with_header("content-type", kind).fragmented(7);
        let server = ScriptedModel::openai(vec![first, Reply::text("ok")]).await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "ok",
            "{title}"
        );

        let stays = Reply::sse(again).with_header("content-type", kind);
        let server = ScriptedModel::openai_with(move |_| stays.clone()).await;
        let error = heard(&server, &question()).await.unwrap_err().to_string();
        assert!(
            error.contains(title) && error.contains("cannot answer just now"),
            "{error}"
        );
        assert_eq!(server.requests().len(), 3, "{title}");
    }
    for title in ["Sign in", "Release 503 notes", "404 Not Found"] {
        let page = Reply::sse(format!("<html><title>{title}</title></html>"));
        let server = ScriptedModel::openai_with(move |_| page.clone()).await;
        assert!(heard(&server, &question()).await.is_err());
        assert_eq!(server.requests().len(), 1, "{title}");
    }
}

#[tokio::test]
async fn a_server_without_a_word_is_told_with_where_to_look() {
    let empty = |status: u16| move |_: &Value| Reply::failed(status, "");
    for (status, server) in [
        (400, ScriptedModel::openai_with(empty(400)).await),
        (400, ScriptedModel::anthropic_with(empty(400)).await),
        (400, ScriptedModel::responses_with(empty(400)).await),
        (204, ScriptedModel::openai_with(empty(204)).await),
        (204, ScriptedModel::anthropic_with(empty(204)).await),
        (204, ScriptedModel::responses_with(empty(204)).await),
        (
            422,
            ScriptedModel::openai_with(|_| Reply::failed(422, "{}")).await,
        ),
    ] {
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err().to_string();
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(
            error.contains("does not say why: see its log, and check that") && error.contains("_BASE_URL is"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn calls_behind_thoughts_are_the_beginning_too() {
    let piece =
        json!([{"index": 0, "id": "a", "function": {"name": "run_card", "arguments": "{\"card_id\":7}"}}]);
    let body = events(&[thought("hm"), calls(piece), failure("overloaded")]);
    let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
    assert!(heard(&server, &question()).await.is_err());
    assert_eq!(server.requests().len(), 1);
    let told = says(events(&[thought("Seven is the answer."), end("stop")]) + DONE)
        .await
        .unwrap();
    assert_eq!(
        (told.completion.text.as_str(), told.completion.stop),
        ("", StopCause::End)
    );
}
