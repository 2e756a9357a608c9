//! What people who ask are told when something goes wrong, and what they are not told.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::Ask;
use super::kit::{CARD_QUESTION, TestServer};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_its_model_cut_is_whole_for_nobody() {
    let cut = || Reply::text("Half a sentence that").stopping("length");
    let server = TestServer::scripted(vec![cut(), cut(), cut()]).await;
    let chat = json!({"messages": [{"role": "user", "content": "What is alpha?"}]});
    let chat = server.post("/v1/chat/completions", chat).await.json();
    assert_eq!(chat["choices"][0]["finish_reason"], "length", "{chat:#}");
    let responses = server
        .post("/v1/responses", json!({"input": "What is beta?"}))
        .await
        .json();
    assert_eq!(
        (
            &responses["status"],
            &responses["incomplete_details"]["reason"],
            &responses["output"][0]["status"]
        ),
        (
            &json!("incomplete"),
            &json!("max_output_tokens"),
            &json!("incomplete")
        )
    );
    let ui = json!({"message": {"role": "user", "parts": [{"type": "text", "text": "What is gamma?"}]}});
    let ui = server.post("/api/chat", ui).await.body;
    assert!(ui.contains("\"finishReason\":\"length\""), "{ui}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_on_any_wire_is_told_when_the_server_ends() {
    let model =
        ScriptedModel::openai_with(|_| Reply::text("It is unknown.").after(Duration::from_secs(600))).await;
    let server = TestServer::before(model, |_| {}).await;
    let url = server.url().to_owned();
    let chat = json!({"messages": [{"role": "user", "content": "What is alpha?"}]});
    let asks = [
        Ask::post("/v1/chat/completions", &chat),
        Ask::post("/v1/chat/completions", &chat).with("x-cardinal-session", "named"),
        Ask::post("/v1/responses", &json!({"input": "What is beta?"})),
        Ask::post("/v1/answers", &json!({"question": "What is gamma?"})),
    ];
    let waiting: Vec<_> = asks
        .map(|ask| {
            let url = url.clone();
            tokio::spawn(async move { ask.send(&url).await })
        })
        .into();
    while server.model.as_ref().unwrap().requests().len() < waiting.len() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let _stopped = server.stop().await;
    for reply in waiting {
        let reply = reply.await.unwrap();
        assert_eq!(reply.status, 503, "{reply:#?}");
        assert!(
            reply.body.contains("not_finished") && !reply.header("retry-after").is_empty(),
            "{reply:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_moved_away_takes_no_questions() {
    let server = TestServer::new().await;
    let Some(path) = server.store_url.strip_prefix("sqlite:").map(str::to_owned) else {
        return;
    };
    let away = format!("{path}.away");
    std::fs::rename(&path, &away).unwrap();
    let ready = server.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["checks"]["store"]),
        (503, &json!("cannot be read"))
    );
    is_away(&server).await;
    // Another file in its place is another store.
    std::fs::write(&path, "").unwrap();
    assert_eq!(server.get("/readyz").await.status, 503);
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.ask(CARD_QUESTION).await["status"], "finished");
}

/// Asks, and is told to ask again in a moment.
async fn is_away(server: &TestServer) {
    let asked = server.post("/v1/answers", json!({"question": "What is alpha?"}));
    let refused = tokio::time::timeout(Duration::from_secs(8), asked).await.unwrap();
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &json!("store_away")),
        "{refused:#?}"
    );
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_somebody_else_holds_is_away() {
    let model =
        ScriptedModel::openai_with(|_| Reply::text("It is unknown.").after(Duration::from_millis(500))).await;
    let server = TestServer::before(model, |_| {}).await;
    let Some(path) = server.store_url.strip_prefix("sqlite:") else {
        return;
    };
    let holder = rusqlite::Connection::open(path).unwrap();
    // A question that was taken before is answered all the same, when the store is back.
    let taken = Ask::post("/v1/answers", &json!({"question": "What is beta?"}));
    let url = server.url().to_owned();
    let taken = tokio::spawn(async move { taken.send(&url).await });
    while server.model.as_ref().unwrap().requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    is_away(&server).await;
    // Nobody is to be sent here meanwhile.
    let ready = server.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["checks"]["store"]),
        (503, &json!("cannot be written"))
    );
    is_away(&server).await;
    holder.execute_batch("ROLLBACK").unwrap();
    let taken = taken.await.unwrap();
    assert_eq!(
        (taken.status, &taken.json()["status"]),
        (200, &json!("finished")),
        "{taken:#?}"
    );
    assert_eq!(server.ask("What is gamma?").await["status"], "finished");
    for _ in 0..100 {
        if server.get("/readyz").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:#?}", server.get("/readyz").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_question_is_refused() {
    let server = TestServer::new().await;
    let ask = |question: &str, key: &str| {
        Ask::post("/v1/answers", &json!({ "question": question })).with("idempotency-key", key)
    };
    let first = server.send(ask(CARD_QUESTION, "one")).await.json();
    assert_eq!(
        server.send(ask(CARD_QUESTION, "one")).await.json()["id"],
        first["id"]
    );
    let other = server
        .send(ask("How many orders were placed in 2025?", "one"))
        .await;
    assert_eq!(
        (other.status, &other.json()["code"]),
        (422, &json!("key_reused")),
        "{other:#?}"
    );
    assert!(
        other.json()["detail"]
            .as_str()
            .unwrap()
            .contains(first["id"].as_str().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_question_behind_another_answer_is_refused() {
    let server = TestServer::new().await;
    let (one, two) = (server.ask(CARD_QUESTION).await, server.ask(CARD_QUESTION).await);
    let ask = |key: &str, place: serde_json::Value| {
        let mut body = json!({ "question": CARD_QUESTION });
        let fields = body.as_object_mut().unwrap();
        fields.extend(place.as_object().unwrap().clone());
        server.send(Ask::post("/v1/answers", &body).with("idempotency-key", key))
    };
    let first = ask("one", json!({"after": one["id"]})).await.json();
    let again = ask("one", json!({"after": one["id"]})).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &first["id"]));
    ask("two", json!({})).await;
    ask("three", json!({"session": one["session"]})).await;
    for (key, place) in [
        ("one", json!({"after": two["id"]})),
        ("one", json!({})),
        ("two", json!({"after": two["id"]})),
        ("three", json!({"after": two["id"]})),
    ] {
        let other = ask(key, place.clone()).await;
        assert_eq!(
            (other.status, &other.json()["code"]),
            (422, &json!("key_reused")),
            "{key} {place}: {other:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_cannot_be_is_said_by_name() {
    let server = TestServer::new().await;
    for limit in ["abc", "-1", "1.0", "0", ""] {
        let refused = server.get(&format!("/v1/sessions?limit={limit}")).await;
        assert_eq!(refused.status, 400, "{limit}");
        assert!(
            refused.body.contains("`limit` is a whole number"),
            "{}",
            refused.body
        );
    }
    for list in ["/v1/sessions", "/v1/admin/answers"] {
        for before in ["bogus", ""] {
            let refused = server.get(&format!("{list}?before={before}")).await;
            assert_eq!(refused.status, 400, "{list} {before}: {}", refused.body);
        }
    }
    let body = json!({"question": CARD_QUESTION});
    let packed = server
        .send(Ask::post("/v1/answers", &body).with("content-encoding", "gzip"))
        .await;
    assert_eq!(packed.status, 415);
    assert!(packed.body.contains("Content-Encoding"), "{}", packed.body);
    let plain = server
        .send(Ask::post("/v1/answers", &body).with("content-encoding", "identity"))
        .await;
    assert_eq!(plain.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_whose_price_is_not_known_says_so() {
    let server = TestServer::scripted(vec![Reply::text("It is unknown.")]).await;
    server.ask("What is alpha?").await;
    let usage = server.get("/v1/admin/usage").await.json();
    assert_eq!(
        (&usage["days"][0]["answers"], &usage["days"][0]["cost_usd"]),
        (&json!(1), &json!(null))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_as_a_request_is_told_why() {
    let server = TestServer::new().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let lines = "a: b\r\n".repeat(200);
    for (sent, status) in [
        ("BAD\r\n\r\n".to_owned(), 400),
        (
            "GET /v1/sessions HTTP/3.0\r\nHost: localhost\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n".to_owned(),
            400,
        ),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"), 431),
        (
            format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(70_000)),
            414,
        ),
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        // What is left unread may reset the connection behind the response.
        let _ = stream.read_to_end(&mut reply).await;
        let reply = String::from_utf8(reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        assert!(head.contains("content-type: application/problem+json"), "{reply}");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{reply}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["status"], status);
        assert!(!body["detail"].as_str().unwrap().is_empty());
        assert_eq!(body["error"]["message"], body["detail"]);
    }
}
