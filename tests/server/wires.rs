//! The protocols of others. What their clients do with each line was measured against the clients themselves.

use serde_json::{Value, json};

use super::client::Ask;
use super::database::{postgres, psql};
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

/// The JSON of all data lines but the last mark, and whether that was there.
fn chunks(body: &str) -> (Vec<Value>, bool) {
    let lines: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    let done = lines.last() == Some(&"[DONE]");
    let parsed = lines
        .iter()
        .filter(|line| **line != "[DONE]")
        .map(|line| serde_json::from_str(line).unwrap());
    (parsed.collect(), done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_completion_is_what_plain_clients_expect() {
    let server = TestServer::new().await;
    let body = json!({"model": "any", "messages": [said("system", "Be brief."), said("user", QUESTION)]});
    let reply = server.post("/v1/chat/completions", body).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    let completion = reply.json();
    assert_eq!(completion["object"], "chat.completion");
    let choice = &completion["choices"][0];
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["role"]),
        (&json!("stop"), &json!("assistant"))
    );
    assert!(choice["message"].get("tool_calls").is_none());
    assert!(
        !choice["message"]["reasoning_content"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert_eq!(completion["cardinal"]["outcome"], "answered");
    assert_eq!(
        completion["cardinal"]["answer"],
        reply.header("x-cardinal-answer")
    );
    assert!(completion["usage"]["total_tokens"].is_u64());
    let models = server.get("/v1/models").await.json();
    assert_eq!(models["data"][0]["id"], "cardinal");
    assert_eq!(server.get("/v1/models/cardinal").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_completion_ends_with_a_reason_and_the_mark() {
    let server = TestServer::new().await;
    let body = json!({"messages": [said("user", QUESTION)], "stream": true, "stream_options": {"include_usage": true}});
    let reply = server.post("/v1/chat/completions", body).await;
    let (chunks, done) = chunks(&reply.body);
    assert!(reply.whole && done);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert!(chunk["choices"].is_array());
    }
    let usage = chunks.last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["prompt_tokens"].is_u64());
    let last = &chunks[chunks.len() - 2];
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert!(!text.is_empty());
    assert_eq!(last["cardinal"]["outcome"], "answered");
    let steps = chunks
        .iter()
        .filter(|chunk| chunk["choices"][0]["delta"]["reasoning_content"].is_string());
    assert!(steps.count() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_found_by_its_messages() {
    let replies = ["One.", "Two.", "Other.", "Fresh."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let complete = async |messages: Value| {
        let reply = server
            .post("/v1/chat/completions", json!({ "messages": messages }))
            .await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.json()
    };
    let first = complete(json!([said("user", "First")])).await;
    let history = json!([
        said("user", "First"),
        said("assistant", "One.\n"),
        said("user", "Second")
    ]);
    let second = complete(history).await;
    assert_eq!(second["cardinal"]["session"], first["cardinal"]["session"]);
    assert_eq!(second["cardinal"]["turn"], 2);
    // Edited after the first answer: a session of its own that knows the first turn and not the second.
    let parts = json!([{"type": "text", "text": "Another second"}]);
    let edited =
        json!([said("user", "First"), said("assistant", "One."), {"role": "user", "content": parts}]);
    let edited = complete(edited).await;
    assert_ne!(edited["cardinal"]["session"], first["cardinal"]["session"]);
    let asked = server.model.as_ref().unwrap().requests().last().unwrap()["messages"].to_string();
    assert!(asked.contains("One.") && !asked.contains("Two."), "{asked}");
    // Never said here: a new session.
    let foreign = json!([
        said("user", "First"),
        said("assistant", "Elsewhere."),
        said("user", "Second")
    ]);
    assert_eq!(complete(foreign).await["cardinal"]["turn"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_named_by_header_or_metadata() {
    let replies = ["One.", "Two.", "Three."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let body = json!({"messages": [said("user", "Again")]});
    let ask = Ask::post("/v1/chat/completions", &body).with("x-cardinal-session", "chat-77");
    assert_eq!(
        server.send(ask.clone()).await.json()["cardinal"]["session"],
        "chat-77"
    );
    let mut named = body.clone();
    named["metadata"] = json!({"session": "chat-77"});
    let second = server.post("/v1/chat/completions", named).await.json();
    assert_eq!(second["cardinal"]["turn"], 2);
    let third = server.send(ask).await.json();
    assert_eq!(third["cardinal"]["turn"], 3);
    let bad = Ask::post("/v1/chat/completions", &body).with("x-cardinal-session", "../etc");
    assert_eq!(server.send(bad).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_form_of_their_protocol() {
    let server = TestServer::new().await;
    for body in [
        json!({"messages": []}),
        json!({"messages": [said("assistant", "x")]}),
        json!({"messages": [said("user", "x")], "tools": [{"type": "function"}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
        json!({"messages": [said("user", "x")], "n": 2}),
    ] {
        let reply = server.post("/v1/chat/completions", body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
        let error = &reply.json()["error"];
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].is_string() && error.get("param").is_some() && error.get("code").is_some());
    }
    let ui = server.post("/api/chat", json!({"messages": []})).await;
    assert_eq!(
        (ui.status, ui.header("content-type")),
        (400, "text/plain; charset=utf-8")
    );
    assert!(ui.body.starts_with("the last message"), "{}", ui.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_session_ends_its_turn_by_hanging_up() {
    let model = ScriptedModel::openai_with(|_| Reply::endless_text("more and more ")).await;
    let server = TestServer::before(model, |settings| settings.guard.max_text_bytes = 1 << 30).await;
    let body = json!({"messages": [said("user", "What?")], "stream": true});
    let begun = Ask::post("/v1/chat/completions", &body)
        .until(server.url(), "data: ")
        .await;
    let path = format!("/v1/answers/{}", begun.header("x-cardinal-answer"));
    for _ in 0..200 {
        let record = server.get(&path).await.json();
        if record["status"] == "finished" {
            assert_eq!(record["answer"]["outcome"], "cancelled");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_turn_fails_says_so_and_has_no_mark() {
    let server = TestServer::new().await;
    if postgres().is_some() {
        psql(&server.store_url, "DROP TABLE tape_parts");
    } else {
        // Nothing can be recorded where a file stands instead of the folder.
        let tapes = server.folder.path().join("store.sqlite.tapes");
        std::fs::write(&tapes, "not a folder").unwrap();
    }
    let body = json!({"messages": [said("user", QUESTION)], "stream": true});
    let reply = server.post("/v1/chat/completions", body.clone()).await;
    let (chunks, done) = chunks(&reply.body);
    assert!(!done);
    assert!(
        chunks.last().unwrap()["error"]["message"].is_string(),
        "{chunks:#?}"
    );
    let ui = json!({"messages": [{"role": "user", "parts": [{"type": "text", "text": QUESTION}]}]});
    let reply = server.post("/api/chat", ui).await;
    assert!(
        reply.body.contains("\"type\":\"error\"") && !reply.body.contains("[DONE]"),
        "{}",
        reply.body
    );
    let native = server
        .post("/v1/answers", json!({"question": QUESTION}))
        .await
        .json();
    assert_eq!(
        (&native["status"], &native["answer"]),
        (&json!("failed"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_stream_of_the_ai_sdk() {
    let server = TestServer::new().await;
    let body = json!({
        "id": "chat-1", "trigger": "submit-message",
        "messages": [{"id": "m1", "role": "user", "parts": [{"type": "text", "text": QUESTION}]}],
    });
    let reply = server.post("/api/chat", body).await;
    assert_eq!(reply.header("x-vercel-ai-ui-message-stream"), "v1");
    let (chunks, done) = chunks(&reply.body);
    assert!(reply.whole && done);
    let kinds: Vec<&str> = chunks
        .iter()
        .map(|chunk| chunk["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"start"));
    assert_eq!(kinds.last(), Some(&"finish"));
    let known = [
        "start",
        "start-step",
        "finish-step",
        "finish",
        "text-start",
        "text-delta",
        "text-end",
        "tool-input-available",
        "tool-output-available",
        "tool-output-error",
        "source-url",
        "error",
    ];
    let mut begun = std::collections::BTreeSet::new();
    let (mut steps, mut texts) = (0_i32, 0_i32);
    for chunk in &chunks {
        let kind = chunk["type"].as_str().unwrap();
        assert!(known.contains(&kind) || kind.starts_with("data-"), "{kind}");
        if kind.starts_with("tool-") {
            assert_eq!(
                (&chunk["dynamic"], &chunk["providerExecuted"]),
                (&json!(true), &json!(true))
            );
            let id = chunk["toolCallId"].as_str().unwrap().to_owned();
            assert!(begun.insert(id) == (kind == "tool-input-available"), "{chunk}");
        }
        match kind {
            "start-step" => steps += 1,
            "finish-step" => steps -= 1,
            "text-start" => texts += 1,
            "text-end" => texts -= 1,
            "text-delta" => assert_eq!(texts, 1),
            _ => {}
        }
        assert!((0..=1).contains(&steps));
    }
    assert_eq!((steps, texts), (0, 0));
    // One for each completion.
    let completions = chunks
        .iter()
        .find(|chunk| chunk["type"] == "data-answer")
        .unwrap()["data"]["usage"]["steps"]
        .clone();
    let begun = kinds.iter().filter(|kind| **kind == "start-step").count();
    assert_eq!(json!(begun), completions);
    for name in ["data-table", "data-evidence", "data-answer"] {
        let part = chunks.iter().find(|chunk| chunk["type"] == name).unwrap();
        assert!(part["id"].is_string());
    }
    assert_eq!(chunks.last().unwrap()["messageMetadata"]["outcome"], "answered");
    // Nothing runs any more, and a second message goes on in the same session.
    assert_eq!(server.get("/api/chat/chat-1/stream").await.status, 204);
    let second =
        json!({"id": "chat-1", "message": {"role": "user", "parts": [{"type": "text", "text": QUESTION}]}});
    assert!(server.post("/api/chat", second).await.whole);
    assert_eq!(server.get("/v1/sessions/chat-1").await.json()["turns"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_message_is_resumed_from_its_beginning() {
    let model = ScriptedModel::openai_with(|_| Reply::endless_text("more and more ")).await;
    let server = TestServer::before(model, |settings| settings.guard.max_text_bytes = 1 << 30).await;
    let body =
        json!({"id": "chat-2", "messages": [{"role": "user", "parts": [{"type": "text", "text": "What?"}]}]});
    Ask::post("/api/chat", &body)
        .until(server.url(), "start-step")
        .await;
    let again = Ask::get("/api/chat/chat-2/stream")
        .until(server.url(), "start-step")
        .await;
    assert_eq!(again.status, 200);
    assert!(
        chunks_begun(&again.body).starts_with("data: {\"messageId\""),
        "{}",
        again.body
    );
    assert_eq!(
        server.post("/v1/sessions/chat-2/stop", json!({})).await.status,
        202
    );
}

fn chunks_begun(body: &str) -> &str {
    body.trim_start()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_responses_api_holds_a_conversation() {
    let replies = ["One.", "Two."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let first = server
        .post("/v1/responses", json!({"model": "cardinal", "input": "First"}))
        .await
        .json();
    assert_eq!(
        (&first["object"], &first["status"]),
        (&json!("response"), &json!("completed"))
    );
    assert_eq!(first["output"][0]["content"][0]["text"], "One.");
    let body = json!({"input": [{"role": "user", "content": [{"type": "input_text", "text": "Second"}]}],
        "previous_response_id": first["id"], "stream": true});
    let reply = server.post("/v1/responses", body).await;
    let events: Vec<Value> = chunks(&reply.body).0;
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..9).collect::<Vec<_>>());
    let done = &events[8]["response"];
    assert_eq!(done["cardinal"]["turn"], 2);
    assert!(done["usage"]["total_tokens"].is_u64());
    let unknown = server
        .post(
            "/v1/responses",
            json!({"input": "x", "previous_response_id": "resp_no"}),
        )
        .await;
    assert_eq!(
        (unknown.status, unknown.json()["error"]["code"].clone()),
        (404, json!("no_such_answer"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_says_so_on_the_wires_whose_clients_take_an_end_for_the_whole() {
    let talk = json!([said("user", "Talk")]);
    let parts = json!([{"role": "user", "parts": [{"type": "text", "text": "Talk"}]}]);
    for (path, body, said) in [
        (
            "/v1/chat/completions",
            json!({"messages": talk, "stream": true}),
            "\"error\":{",
        ),
        (
            "/v1/responses",
            json!({"input": "Talk", "stream": true}),
            "\"error\":{",
        ),
        (
            "/api/chat",
            json!({"id": "chat-3", "messages": parts}),
            "\"type\":\"error\"",
        ),
    ] {
        let model = ScriptedModel::openai_with(|_| Reply::endless_text("more and more ")).await;
        let server = TestServer::before(model, |settings| settings.guard.max_text_bytes = 1 << 30).await;
        let (ask, url) = (Ask::post(path, &body), server.url().to_owned());
        let reading = tokio::spawn(async move { ask.send(&url).await });
        while server.model.as_ref().unwrap().requests().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let _stopped = server.stop().await;
        let cut = reading.await.unwrap();
        assert!(!cut.whole && !cut.body.contains("[DONE]"), "{path}: {}", cut.body);
        let last = cut.body.lines().rfind(|line| line.starts_with("data: ")).unwrap();
        assert!(
            last.contains(said) && last.contains("ask again in a moment"),
            "{path}: {last}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_a_step_is_no_markup() {
    let replies = vec![
        Reply::tool_calls([("describe", json!({"entry": "x"}))]),
        Reply::text("Nothing is known of it."),
    ];
    let server = TestServer::scripted(replies).await;
    let body = json!({"messages": [said("user", "What?")]});
    let whole = server.post("/v1/chat/completions", body).await.json();
    let steps = whole["choices"][0]["message"]["reasoning_content"]
        .as_str()
        .unwrap();
    assert!(steps.contains("unknown field \\`entry\\`"), "{steps}");
}
