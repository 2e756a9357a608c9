//! Questions that wait, are sent again, or whose clients are gone: what they may count on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::Ask;
use super::database::postgres;
use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

async fn slow_model() -> ScriptedModel {
    ScriptedModel::openai_with(|_| Reply::text("Late.").after(Duration::from_secs(600))).await
}

/// The record of an answer, when it is over.
async fn over(url: &str, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let record = Ask::get(&format!("/v1/answers/{id}")).send(url).await.json();
        if record["status"] != "queued" && record["status"] != "running" {
            return record;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it goes on: {record:#}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_a_question_that_waits() {
    let server = TestServer::before(slow_model().await, |_| {}).await;
    let other = server.replica().await;
    let ask = |body: Value| Ask::events(&body);
    let first = ask(json!({"question": "What is alpha?"}))
        .until(server.url(), "event: step")
        .await;
    let session = first.header("x-cardinal-session").to_owned();
    // Stopped where it waits, at another replica, and with its session.
    let mut waiting = Vec::new();
    for word in ["beta", "gamma", "delta"] {
        let body = json!({"question": format!("What is {word}?"), "session": session});
        let told = ask(body).until(server.url(), "event: queued").await;
        waiting.push(told.header("x-cardinal-answer").to_owned());
    }
    for (id, url) in [(&waiting[0], server.url()), (&waiting[1], other.url.as_str())] {
        let stop = Ask::post(&format!("/v1/answers/{id}/stop"), &json!({}));
        assert_eq!(stop.send(url).await.status, 202);
        let record = over(server.url(), id).await;
        assert_eq!(record["answer"]["outcome"], "cancelled", "{record:#}");
        let told = server.get(&format!("/v1/answers/{id}/events")).await;
        assert!(
            told.whole && told.named("done")[0]["status"] == "finished",
            "{told:#?}"
        );
    }
    let running = server
        .get(&format!("/v1/answers/{}", first.header("x-cardinal-answer")))
        .await;
    assert_eq!(running.json()["status"], "running");
    let stop = Ask::post(&format!("/v1/sessions/{session}/stop"), &json!({}));
    assert_eq!(server.send(stop).await.status, 202);
    let record = over(server.url(), &waiting[2]).await;
    assert_eq!(record["answer"]["outcome"], "cancelled", "{record:#}");
    assert_eq!(server.model.as_ref().unwrap().requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_key_needs_no_place_at_any_replica() {
    let held = Arc::new(AtomicBool::new(true));
    let holds = Arc::clone(&held);
    let model = ScriptedModel::openai_with(move |_| {
        assert!(holds.swap(false, Ordering::SeqCst), "it was asked twice");
        Reply::text("It is unknown.").after(Duration::from_millis(1500))
    })
    .await;
    let server = TestServer::before(model, |settings| {
        settings.server.max_turns = 1;
        settings.server.max_waiting = 0;
    })
    .await;
    let other = server.replica().await;
    let body = json!({"question": "What is alpha?"});
    let begun = Ask::events(&body)
        .with("idempotency-key", "one")
        .until(server.url(), "event: step")
        .await;
    let id = begun.header("x-cardinal-answer");
    let again = |ask: Ask| ask.with("idempotency-key", "one");
    for url in [server.url(), other.url.as_str()] {
        let (whole, events) = (again(Ask::post("/v1/answers", &body)), again(Ask::events(&body)));
        let (whole, events) = tokio::join!(whole.send(url), events.send(url));
        assert_eq!(whole.status, 200, "{whole:#?}");
        assert_eq!(
            (&whole.json()["id"], &whole.json()["status"]),
            (&json!(id), &json!("finished"))
        );
        assert!(events.whole);
        assert_eq!(events.named("answer")[0]["answer"]["text"], "It is unknown.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_ends_with_its_client_does_so_at_the_process_that_takes_it_over() {
    for named in [false, true] {
        let asked = AtomicBool::new(false);
        let model = ScriptedModel::openai_with(move |_| {
            let late = if asked.swap(true, Ordering::SeqCst) {
                0
            } else {
                600
            };
            Reply::text("It is unknown.").after(Duration::from_secs(late))
        })
        .await;
        let server = TestServer::before(model, |_| {}).await;
        let body = json!({"messages": [{"role": "user", "content": "What is alpha?"}], "stream": true});
        let mut ask = Ask::post("/v1/chat/completions", &body);
        if named {
            ask = ask.with("x-cardinal-session", "chat-1");
        }
        let url = server.url().to_owned();
        let reading = tokio::spawn(async move { ask.send(&url).await });
        while server.model.as_ref().unwrap().requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let stopped = server.stop().await;
        let cut = reading.await.unwrap();
        let id = cut.header("x-cardinal-answer");
        let again = stopped.start().await;
        let record = over(again.url(), id).await;
        // Whoever named no session cannot come back.
        let outcome = if named { "answered" } else { "cancelled" };
        assert_ne!(record["answer"], Value::Null, "{record:#}");
        assert_eq!(
            record["answer"]["outcome"] == "cancelled",
            outcome == "cancelled",
            "{record:#}"
        );
        let asked = again.model.as_ref().unwrap().requests().len();
        assert_eq!(asked, if named { 2 } else { 1 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_client_hangs_up_while_it_is_stored_is_asked_all_the_same() {
    if postgres().is_some() {
        // There the row of a session is what would have to be held.
        return;
    }
    let model = ScriptedModel::openai_with(|_| Reply::text("It is unknown.")).await;
    let server = TestServer::before(model, |_| {}).await;
    let path = server.store_url.strip_prefix("sqlite:").unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let held = connection;
    let ask = Ask::post("/v1/answers", &json!({"question": "What is alpha?"}));
    let connection = ask.open(server.url()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(connection);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.get("/v1/sessions").await.json()["sessions"], json!([]));
    held.execute_batch("COMMIT").unwrap();
    let begun = Instant::now();
    let session = loop {
        let sessions = server.get("/v1/sessions").await.json();
        if let Some(session) = sessions["sessions"][0]["id"].as_str() {
            break session.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the question is lost");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let whole = server.get(&format!("/v1/sessions/{session}")).await.json();
    let record = over(server.url(), whole["answers"][0]["id"].as_str().unwrap()).await;
    assert_eq!(record["answer"]["text"], "It is unknown.");
}

/// The pieces of a text go out together: each write to a client costs as much as many of them.
#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_a_text_that_come_at_once_go_out_together() {
    let model = ScriptedModel::openai_with(|_| Reply::endless_text("more ")).await;
    let server = TestServer::before(model, |settings| settings.guard.max_text_bytes = 1 << 30).await;
    let mut connection: TcpStream = Ask::events(&json!({"question": "What?"}))
        .open(server.url())
        .await;
    let mut received = Vec::new();
    while received.len() < 400_000 {
        let mut piece = [0; 16 * 1024];
        let length = connection.read(&mut piece).await.unwrap();
        assert!(length > 0);
        received.extend_from_slice(&piece[..length]);
    }
    let _ = connection.shutdown().await;
    let text = String::from_utf8_lossy(&received);
    let events = text.matches("event: text\n").count();
    let size = regex::Regex::new(r"\r\n[0-9A-Fa-f]+\r\n").unwrap();
    let writes = size.find_iter(&text).count();
    assert!(events > 4 * writes, "{events} pieces went out in {writes} writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_message_is_resumed_at_another_replica() {
    let model =
        ScriptedModel::openai_with(|_| Reply::text("It is unknown.").after(Duration::from_secs(2))).await;
    let server = TestServer::before(model, |_| {}).await;
    let other = server.replica().await;
    let body = json!({"id": "chat-2", "messages": [{"role": "user", "parts": [{"type": "text", "text": "What is alpha?"}]}]});
    Ask::post("/api/chat", &body)
        .until(server.url(), "start-step")
        .await;
    let told = Ask::get("/api/chat/chat-2/stream").send(&other.url).await;
    assert_eq!(told.status, 200, "{told:#?}");
    assert!(
        told.whole && told.body.contains("[DONE]") && told.body.contains("It is unknown."),
        "{told:#?}"
    );
    assert_eq!(
        Ask::get("/api/chat/chat-2/stream").send(&other.url).await.status,
        204
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_version_three_goes_on_as_one_of_this_version() {
    if postgres().is_some() {
        return;
    }
    let server = TestServer::new().await;
    let record = server.ask(super::kit::QUESTION).await;
    let path = server.store_url.strip_prefix("sqlite:").unwrap().to_owned();
    let stopped = server.stop().await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "DROP INDEX sessions_by_base; ALTER TABLE answers DROP COLUMN ends_with_client; \
             ALTER TABLE answers DROP COLUMN forgotten; DROP INDEX sessions_unfolded; DROP INDEX answers_unfolded; \
             DROP INDEX answers_bytes; ALTER TABLE sessions DROP COLUMN folded; ALTER TABLE answers DROP COLUMN folded; \
             ALTER TABLE sessions DROP COLUMN said_before; \
             PRAGMA user_version = 3;",
        )
        .unwrap();
    drop(connection);
    let again = stopped.start().await;
    let found = again.get("/v1/sessions?search=ORDERS").await.json();
    assert_eq!(found["sessions"][0]["id"], record["session"]);
    let next = again
        .ask_in(record["session"].as_str().unwrap(), super::kit::QUESTION)
        .await;
    assert_eq!((&next["turn"], &next["status"]), (&json!(2), &json!("finished")));
}

/// On every wire, in the middle of the request and of the response.
#[tokio::test(flavor = "multi_thread")]
async fn clients_of_every_protocol_that_hang_up_anywhere_leave_nothing_running() {
    let model = ScriptedModel::openai_with(|_| Reply::text("It is unknown.")).await;
    let server = TestServer::before(model, |_| {}).await;
    let said = json!([{"role": "user", "content": "What is alpha?"}]);
    let parts = json!([{"role": "user", "parts": [{"type": "text", "text": "What is alpha?"}]}]);
    let wires = [
        ("/v1/answers", json!({"question": "What is alpha?"})),
        ("/v1/chat/completions", json!({"messages": said, "stream": true})),
        ("/v1/chat/completions", json!({"messages": said})),
        ("/v1/responses", json!({"input": said, "stream": true})),
        ("/v1/responses", json!({"input": said})),
        ("/api/chat", json!({"messages": parts})),
    ];
    for (path, body) in wires {
        let ask = Ask::post(path, &body);
        let whole = ask.send(server.url()).await;
        assert_eq!(whole.status, 200, "{whole:#?}");
        let (sent, received) = (ask.length(server.url()), whole.body.len() + 300);
        for place in (0..sent).step_by(29) {
            ask.hang_up(server.url(), place, 0).await;
        }
        for place in (0..received).step_by(received / 20 + 1) {
            ask.hang_up(server.url(), usize::MAX, place).await;
        }
    }
    let begun = Instant::now();
    loop {
        let sessions = server.get("/v1/sessions?limit=200").await.json();
        let sessions = sessions["sessions"].as_array().unwrap().clone();
        assert!(sessions.len() > 100, "{}", sessions.len());
        if sessions.iter().all(|session| session["running"].is_null()) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "a turn goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.ask("What is beta?").await["status"], "finished");
}

/// It would hold its turn and its connection for good.
#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_has_hung_up() {
    const ASKED: usize = 2000;
    let server = TestServer::new().await;
    let one = server.get("/openapi.json").await.body.len();
    let host = server.url().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let asks = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(ASKED);
    connection.write_all(asks.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(70)).await;
    // A part of what was sent before it was given up may be there, and no more comes.
    let (mut received, mut piece) = (0, vec![0; 1 << 20]);
    loop {
        match connection.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => received += length,
        }
    }
    assert!(
        received > 0 && received < ASKED * one / 2,
        "{received} of {}",
        ASKED * one
    );
}
