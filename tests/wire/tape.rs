use std::path::Path;

use cardinal::wire::{Purpose, Tape, TapeError, Wire, WireRequest};
use futures_util::StreamExt;
use http::HeaderValue;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::retry::quick;
use super::server::{Server, answer, chunked};

struct Recording {
    directory: TempDir,
    tape: Tape,
    wire: Wire,
}

impl Recording {
    fn of(server: &Server) -> Self {
        let directory = TempDir::new().unwrap();
        let about = Map::from_iter([("turn".to_owned(), json!("t1"))]);
        let tape = Tape::create(&directory.path().join("tape.jsonl"), &about).unwrap();
        let wire = Wire::new(quick(server)).unwrap().recording(tape.clone());
        Self {
            directory,
            tape,
            wire,
        }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("tape.jsonl")).unwrap()
    }

    /// Header, then one value per exchange.
    fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn with_key(mut request: WireRequest, key: &'static str) -> WireRequest {
    let mut value = HeaderValue::from_static(key);
    value.set_sensitive(true);
    request.headers.insert("x-api-key", value);
    request
}

#[tokio::test]
async fn an_exchange_is_recorded_as_it_was_seen() {
    let server = Server::scripted(vec![answer(
        "202 Accepted",
        "X-Request-Id: r1\r\nSet-Cookie: metabase.SESSION=abc\r\n",
        br#"{"rows":[1]}"#,
    )])
    .await;
    let recording = Recording::of(&server);
    let mut request = with_key(server.query(r#"{"b":1,"a":{"d":2,"c":3}}"#), "mb_very_secret_key");
    request.url.set_query(Some("page=2&token=geheim"));
    recording.wire.send(request).await.unwrap().bytes().await.unwrap();
    recording.tape.check().unwrap();

    assert_eq!(
        recording.lines(),
        [
            json!({"cardinal_tape": 1, "about": {"turn": "t1"}}),
            json!({
                "seq": 0,
                "request": {
                    "purpose": "data_query", "principal": "default", "method": "POST", "path": "/api/query",
                    "query": [["page", "2"], ["token", "[redacted]"]],
                    "body": {"json": {"a": {"c": 3, "d": 2}, "b": 1}},
                },
                "response": {
                    "status": 202, "headers": {"x-request-id": "r1"}, "served_by": "live",
                    "chunks": ["{\"rows\":[1]}"],
                },
                "end": "complete",
            }),
        ]
    );
    assert!(
        recording.text().contains(r#"{"a":{"c":3,"d":2},"b":1}"#),
        "keys are sorted"
    );
}

#[tokio::test]
async fn a_stream_keeps_its_bytes_and_says_when_it_was_left() {
    let events = "data: \u{20ac}uro\n\ndata: [DONE]\n\n";
    let server = Server::scripted(vec![chunked("200 OK", "", events.as_bytes(), 7)]).await;
    let recording = Recording::of(&server);
    let streamed = || {
        let mut request = server.query("{}");
        request.policy.buffered = false;
        request
    };
    let mut left = recording.wire.send(streamed()).await.unwrap();
    left.body.next().await.unwrap().unwrap();
    drop(left);
    recording
        .wire
        .send(streamed())
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();

    let lines = recording.lines();
    assert_eq!(
        (&lines[1]["seq"], &lines[1]["end"]),
        (&json!(0), &json!("dropped"))
    );
    assert_eq!(
        (&lines[2]["seq"], &lines[2]["end"]),
        (&json!(1), &json!("complete"))
    );
    let mut body = Vec::new();
    for chunk in lines[2]["response"]["chunks"].as_array().unwrap() {
        match chunk {
            Value::String(text) => body.extend_from_slice(text.as_bytes()),
            other => {
                use base64::Engine as _;
                let encoded = other["base64"].as_str().unwrap();
                body.extend(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap());
            }
        }
    }
    assert_eq!(body, events.as_bytes());
}

#[tokio::test]
async fn failures_are_on_the_tape_too() {
    let server = Server::scripted(vec![answer("200 OK", "", &[b'x'; 100])]).await;
    let recording = Recording::of(&server);
    let mut request = server.get("/");
    request.policy.cap = 10;
    assert!(recording.wire.send(request).await.is_err());
    assert!(recording.wire.send(server.get("/api/user")).await.is_err());
    let lines = recording.lines();
    assert_eq!(lines[1]["end"]["error"], "too_large");
    assert_eq!(lines[2]["end"]["error"], "not_granted");
    assert_eq!(lines[2]["response"], Value::Null);
}

#[tokio::test]
async fn secrets_are_redacted_by_the_name_of_their_field() {
    let reply = br#"{"user":{"name":"Ana","Api_Key":"k-123"},"input_tokens":5,"continuation_token":"page2"}"#;
    let server = Server::scripted(vec![answer("200 OK", "", reply)]).await;
    let recording = Recording::of(&server);
    let request = server.query(r#"{"password":"hunter2","deep":[{"client-secret":"s3"}],"max_tokens":9}"#);
    recording.wire.send(request).await.unwrap().bytes().await.unwrap();
    let text = recording.text();
    for secret in ["hunter2", "s3", "k-123"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for harmless in ["Ana", "page2", "max_tokens"] {
        assert!(text.contains(harmless), "{harmless} not in {text}");
    }
}

#[tokio::test]
async fn nothing_of_signing_in_is_recorded() {
    let server = Server::scripted(vec![answer("200 OK", "", br#"{"id":"a-session-id"}"#)]).await;
    let recording = Recording::of(&server);
    let mut request = server.query(r#"{"username":"ana","password":"hunter2"}"#);
    request.policy.purpose = Purpose::Auth;
    recording.wire.send(request).await.unwrap().bytes().await.unwrap();
    let text = recording.text();
    assert!(
        !text.contains("a-session-id") && !text.contains("hunter2"),
        "{text}"
    );
    recording.tape.check().unwrap();
}

#[tokio::test]
async fn a_record_that_would_hold_the_credential_is_withheld() {
    let echo = b"invalid key mb_very_secret_key";
    let server = Server::scripted(vec![answer("401 Unauthorized", "", echo)]).await;
    let recording = Recording::of(&server);
    let request = with_key(server.get("/"), "mb_very_secret_key");
    recording.wire.send(request).await.unwrap().bytes().await.unwrap();
    assert!(!recording.text().contains("mb_very_secret_key"));
    assert!(matches!(
        recording.tape.check(),
        Err(TapeError::Withheld { seq: 0, .. })
    ));
}

#[test]
fn a_tape_is_never_overwritten() {
    let directory = TempDir::new().unwrap();
    let path: &Path = &directory.path().join("tape.jsonl");
    std::fs::write(path, "precious").unwrap();
    assert!(matches!(
        Tape::create(path, &Map::new()),
        Err(TapeError::Create { .. })
    ));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "precious");
}
