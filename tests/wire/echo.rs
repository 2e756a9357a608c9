//! A credential that a server echoes goes no further, and our own words stay as they are.

use cardinal::wire::{Player, Purpose, Tape, TapeFile, TapeMode, Wire, WireError, WireRequest};
use futures_util::StreamExt;
use http::{HeaderName, HeaderValue};
use tempfile::TempDir;

use super::retry::quick;
use super::server::{Server, answer, chunked};
use super::tape::{end, header};

const KEY: &str = "mb_c2FuZGJveC9vZi9jYXJkaW5hbA==";

fn carrying(mut request: WireRequest, name: &'static str, value: &str) -> WireRequest {
    let mut value = HeaderValue::try_from(value).unwrap();
    value.set_sensitive(true);
    request.headers.insert(HeaderName::from_static(name), value);
    request
}

/// What is seen of a server that answers so, headers and body together.
async fn seen(reply: Vec<u8>, carrying: impl FnOnce(&Server) -> WireRequest) -> String {
    let server = Server::scripted(vec![reply]).await;
    let wire = Wire::new(quick(&server)).unwrap();
    let response = wire.send(carrying(&server)).await.unwrap();
    let headers = format!("{:?}", response.headers);
    let body = response.bytes().await.unwrap();
    format!("{headers}\n{}", String::from_utf8_lossy(&body))
}

#[tokio::test]
async fn a_refusal_that_repeats_the_key_is_seen_without_it() {
    let echo = format!("The key {KEY} is not known");
    let header = format!("X-Request-Id: for-{KEY}\r\n");
    let reply = answer("401 Unauthorized", &header, echo.as_bytes());
    let seen = seen(reply, |server| carrying(server.get("/"), "x-api-key", KEY)).await;
    assert!(!seen.contains(KEY), "{seen}");
    assert!(
        seen.contains("The key [redacted] is not known") && seen.contains("for-[redacted]"),
        "{seen}"
    );
}

#[tokio::test]
async fn so_is_a_failed_envelope_however_the_key_is_written_in_it() {
    for written in [
        KEY.to_owned(),
        KEY.replace('/', "\\/"),
        KEY.replace('/', "%2F").replace('=', "%3D"),
    ] {
        let echo = format!(r#"{{"status":"failed","error":"no access with {written}."}}"#);
        let reply = answer("202 Accepted", "", echo.as_bytes());
        let seen = seen(reply, |server| carrying(server.query("{}"), "x-api-key", KEY)).await;
        assert!(seen.contains(r#""error":"no access with [redacted].""#), "{seen}");
    }
}

#[tokio::test]
async fn so_is_a_key_in_the_query_of_the_address() {
    for name in ["key", "api_key", "access_token"] {
        let echo = format!("no such page: /?{name}={KEY}");
        for (status, body) in [
            ("403 Forbidden", echo.clone()),
            ("200 OK", format!(r#"{{"error":"{echo}"}}"#)),
        ] {
            let reply = answer(status, "", body.as_bytes());
            let asked = |server: &Server| {
                let mut request = server.get("/");
                request.url.query_pairs_mut().append_pair(name, KEY);
                request
            };
            let seen = seen(reply, asked).await;
            assert!(
                !seen.contains(KEY) && seen.contains("[redacted]"),
                "{name}: {seen}"
            );
        }
    }
}

#[tokio::test]
async fn a_bearer_token_is_the_secret_not_its_scheme() {
    let echo = "the bearer of sk-local-0123 is unknown";
    let reply = answer("401 Unauthorized", "", echo.as_bytes());
    let bearer = |server: &Server| carrying(server.get("/"), "authorization", "Bearer sk-local-0123");
    let seen = seen(reply, bearer).await;
    assert!(seen.ends_with("the bearer of [redacted] is unknown"), "{seen}");
}

#[tokio::test]
async fn a_stream_is_seen_without_the_key_wherever_it_is_split() {
    let text = format!("data: {{\"error\":\"{KEY}\"}}\n\n");
    let server = Server::scripted(vec![chunked("200 OK", "", text.as_bytes(), 5)]).await;
    let wire = Wire::new(quick(&server)).unwrap();
    let mut request = carrying(server.query("{}"), "x-api-key", KEY);
    request.policy.buffered = false;
    let pieces: Vec<_> = wire.send(request).await.unwrap().body.collect().await;
    let seen: Vec<u8> = pieces
        .into_iter()
        .flat_map(|piece| piece.unwrap().to_vec())
        .collect();
    assert_eq!(
        String::from_utf8(seen).unwrap(),
        "data: {\"error\":\"[redacted]\"}\n\n"
    );
}

#[tokio::test]
async fn a_password_that_a_sign_in_repeats_is_seen_nowhere() {
    let reply = answer("400 Bad Request", "", b"no user ana with password hunter2");
    let sign_in = |server: &Server| {
        let mut request = server.query(r#"{"username":"ana","password":"hunter2"}"#);
        request.policy.purpose = Purpose::Auth;
        request
    };
    let seen = seen(reply, sign_in).await;
    assert!(seen.ends_with("no user ana with password [redacted]"), "{seen}");
}

#[tokio::test]
async fn data_keeps_the_words_that_a_header_happens_to_hold() {
    let rows = br#"{"rows":[["dashboard",12345678]]}"#;
    let reply = || answer("200 OK", "", rows);
    let words = seen(reply(), |server| {
        carrying(server.query("{}"), "x-title", "dashboard")
    })
    .await;
    let digits = seen(reply(), |server| {
        carrying(server.query("{}"), "x-api-key", "12345678")
    })
    .await;
    for seen in [words, digits] {
        assert!(seen.ends_with(r#"{"rows":[["dashboard",12345678]]}"#), "{seen}");
    }
}

#[tokio::test]
async fn our_own_errors_keep_the_address_whatever_the_key_is() {
    let server = Server::scripted(vec![answer("200 OK", "", &[b'x'; 100])]).await;
    let host = format!("127.0.0.1:{}", server.url.port().unwrap());
    let mut request = carrying(server.get("/"), "x-api-key", &host);
    request.policy.cap = 10;
    let error = Wire::new(quick(&server))
        .unwrap()
        .send(request)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, WireError::TooLarge { host: named, .. } if *named == host),
        "{error}"
    );
    assert!(error.to_string().contains(&host), "{error}");
}

#[tokio::test]
async fn a_tape_of_an_echo_holds_what_was_seen_and_replays() {
    let echo = format!(r#"{{"status":"failed","error":"no access with {KEY}"}}"#);
    let server = Server::scripted(vec![answer("202 Accepted", "", echo.as_bytes())]).await;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tape.jsonl");
    let tape = Tape::create(&path, &header()).unwrap();
    let wire = Wire::new(quick(&server)).unwrap();
    let request = || carrying(server.query("{}"), "x-api-key", KEY);
    let recording = wire.tape_slot().hold(TapeMode::Record(tape.clone()));
    let seen = wire.send(request()).await.unwrap().bytes().await.unwrap();
    drop(recording);
    tape.finish(&end()).await.unwrap();
    assert!(!std::fs::read_to_string(&path).unwrap().contains(KEY));

    let _replay = wire
        .tape_slot()
        .hold(TapeMode::Replay(Player::new(&TapeFile::read(&path).unwrap())));
    let again = wire.send(request()).await.unwrap().bytes().await.unwrap();
    assert_eq!(again, seen);
    assert_eq!(server.requests(), 1);
}
