//! Questions that go on from one point of a conversation at the same time, and what requests may hold.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Ask;
use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

async fn server(delay: u64) -> TestServer {
    let model =
        ScriptedModel::openai_with(move |_| Reply::text("Said.").after(Duration::from_millis(delay))).await;
    TestServer::before(model, |settings| settings.server.max_waiting = 0).await
}

fn asked(server: &TestServer) -> String {
    let requests = server.model.as_ref().unwrap().requests();
    requests.last().unwrap()["messages"].to_string()
}

/// Each goes on from what its client sent, and from nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn branches_that_are_asked_at_once_know_nothing_of_each_other() {
    let server = server(400).await;
    let root = server
        .post("/v1/responses", json!({"input": "What is root?"}))
        .await
        .json();
    let text = root["output"][0]["content"][0]["text"].clone();
    let branches = (0..8).map(|number| {
        let question = format!("What is branch {number}?");
        let ask = if number % 2 == 0 {
            Ask::post("/v1/responses", &json!({"input": question, "previous_response_id": root["id"]}))
        } else {
            let history = json!([said("user", "What is root?"), {"role": "assistant", "content": text}, said("user", &question)]);
            Ask::post("/v1/chat/completions", &json!({ "messages": history }))
        };
        let url = server.url().to_owned();
        tokio::spawn(async move { ask.send(&url).await })
    });
    let mut second = 0;
    for branch in branches.collect::<Vec<_>>() {
        let reply = branch.await.unwrap();
        assert_eq!(reply.status, 200, "{reply:#?}");
        second += usize::from(reply.json()["cardinal"]["turn"] == 2);
    }
    assert_eq!(second, 1, "one goes on in the session of the root");
    for request in server.model.as_ref().unwrap().requests().iter().skip(1) {
        let told = request["messages"].to_string();
        assert_eq!(told.matches("What is branch ").count(), 1, "{told}");
        assert!(told.contains("What is root?"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_one_message_are_no_one_word() {
    let server = server(0).await;
    let part = |text: &str| json!({"type": "text", "text": text});
    let parts = json!([
        part("revenue of 2025"),
        part("10 products"),
        part(" and more\n"),
        part("lines")
    ]);
    let chat = json!({"messages": [{"role": "user", "content": parts}]});
    assert_eq!(server.post("/v1/chat/completions", chat).await.status, 200);
    assert!(
        asked(&server).contains("revenue of 2025\\n10 products and more\\nlines"),
        "{}",
        asked(&server)
    );
    let ui = json!({"message": {"role": "user", "parts": parts}});
    assert_eq!(server.post("/api/chat", ui).await.status, 200);
    assert!(
        asked(&server).contains("revenue of 2025\\n10 products and more\\nlines"),
        "{}",
        asked(&server)
    );
}

/// Open WebUI puts what it found in files around the last question, and sends it bare the next time.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_within_a_template_is_the_question() {
    let server = server(0).await;
    for wrapped in [
        "### Task:\nRespond to the user query using the provided context, incorporating citations.\n<context>\nxyzzy\n</context>\n\nWhat is alpha?",
        "### Task:\nRespond to the user query using the provided context.\n<context>xyzzy</context>\n<user_query>\nWhat is beta?\n</user_query>",
    ] {
        let first = server
            .post(
                "/v1/chat/completions",
                json!({"messages": [said("user", wrapped)]}),
            )
            .await;
        assert_eq!(first.status, 200, "{first:#?}");
        assert!(!asked(&server).contains("xyzzy"), "{}", asked(&server));
        let bare = if wrapped.contains("alpha") {
            "What is alpha?"
        } else {
            "What is beta?"
        };
        let text = first.json()["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .to_owned();
        let next =
            json!({"messages": [said("user", bare), said("assistant", &text), said("user", "And then?")]});
        let next = server.post("/v1/chat/completions", next).await;
        assert_eq!(
            next.header("x-cardinal-session"),
            first.header("x-cardinal-session")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_cannot_mean_is_refused() {
    let server = server(0).await;
    for messages in [
        json!([said("bogus", "x"), said("user", "What?")]),
        json!([said("user", "What?"), {"role": "function", "name": "f", "content": "r"}]),
        json!([said("user", "What?"), {"role": "tool", "tool_call_id": "1", "content": "r"}]),
    ] {
        let refused = server
            .post("/v1/chat/completions", json!({ "messages": messages }))
            .await;
        assert_eq!(refused.status, 400, "{messages}: {refused:#?}");
    }
    let think = json!([{"type": "think", "think": "hm"}, {"type": "text", "text": "Said."}]);
    let history = json!([
        said("system", "Be brief."),
        said("user", "What?"),
        {"role": "assistant", "content": null, "tool_calls": []},
        {"role": "tool", "tool_call_id": "1", "content": "r"},
        {"role": "assistant", "content": think},
        said("user", "And?"),
        said("developer", "Be kind."),
    ]);
    assert_eq!(
        server
            .post("/v1/chat/completions", json!({ "messages": history }))
            .await
            .status,
        200
    );
    let body = json!({"messages": [said("user", "What?")], "metadata": {"session": "one"}});
    for (name, status) in [("two", 400), ("one", 200), ("", 200)] {
        let ask = Ask::post("/v1/chat/completions", &body).with("x-cardinal-session", name);
        assert_eq!(server.send(ask).await.status, status, "{name}");
    }
    for (bytes, status) in [(60_000, 200), (66_000, 431), (100_000, 431)] {
        let ask = Ask::get("/v1/me").with("x-big", &"a".repeat(bytes));
        let reply = server.send(ask).await;
        assert_eq!(reply.status, status, "{bytes}");
        assert!(status == 200 || reply.body.contains("too long"), "{reply:#?}");
    }
}
