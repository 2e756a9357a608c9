use std::path::{Path, PathBuf};

use cardinal::wire::{
    CatalogNote, Exchange, ExchangeEnd, Header, MetabaseNote, Miss, Player, PromptNote, Purpose, Tape,
    TapeError, TapeFile, TapeMode, TurnEnd, Wire, WireError, WireRequest,
};
use futures_util::StreamExt;
use http::HeaderValue;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::retry::quick;
use super::server::{Server, answer, chunked};

/// A header that says little.
pub(super) fn header() -> Header {
    Header {
        question: "How many orders?".to_owned(),
        conversation: "c1".to_owned(),
        turn: 1,
        previous: None,
        said_before: Vec::new(),
        spent_before: serde_json::Value::Null,
        principal: "default".to_owned(),
        asker: None,
        today: jiff::civil::date(2026, 6, 30),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        time_zone: "UTC".to_owned(),
        seed: 0,
        model: "openai:x".to_owned(),
        answered_by: "a test".to_owned(),
        prompt: PromptNote {
            words: None,
            hash: "p".to_owned(),
            segments: [("core".to_owned(), "c".to_owned())].into(),
            texts: Some("t".to_owned()),
        },
        catalog: CatalogNote {
            fingerprint: "f".to_owned(),
            entries: 0,
        },
        metabase: MetabaseNote {
            url: "http://127.0.0.1/".to_owned(),
            server: None,
        },
        code: "0".to_owned(),
        setup: Value::Null,
    }
}

pub(super) fn end() -> TurnEnd {
    TurnEnd {
        denials: Vec::new(),
        late: Value::Null,
        health: Value::Null,
        outcome: "answered".to_owned(),
        stop_reason: "final_answer".to_owned(),
        text: "5".to_owned(),
        answer: "a".to_owned(),
    }
}

struct Recording {
    directory: TempDir,
    tape: Tape,
    wire: Wire,
}

impl Recording {
    fn of(server: &Server) -> Self {
        let directory = TempDir::new().unwrap();
        let tape = Tape::create(&directory.path().join("tape.jsonl"), &header()).unwrap();
        let wire = Wire::new(quick(server)).unwrap().recording(tape.clone());
        Self {
            directory,
            tape,
            wire,
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("tape.jsonl")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn read(&self) -> TapeFile {
        TapeFile::read_unfinished(&self.path()).unwrap()
    }
}

async fn send(wire: &Wire, request: WireRequest) -> Vec<u8> {
    wire.send(request).await.unwrap().bytes().await.unwrap().to_vec()
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
    send(&recording.wire, request).await;
    recording.tape.finish(&end()).await.unwrap();

    let text = recording.text();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, exchange, last] = lines.as_slice() else {
        panic!("{text}")
    };
    assert_eq!(
        (&first["cardinal_tape"], &first["header"]["turn"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        exchange["request"],
        json!({
            "purpose": "data_query", "principal": "default", "method": "POST", "path": "/api/query",
            "query": [["page", "2"], ["token", "[redacted]"]], "body": {"a": {"c": 3, "d": 2}, "b": 1},
        })
    );
    assert_eq!(
        exchange["response"],
        json!({
            "status": 202, "headers": {"x-request-id": "r1"}, "served_by": "live",
            "body": {"text": "{\"rows\":[1]}"},
        })
    );
    assert_eq!(
        (&exchange["seq"], &exchange["end"]),
        (&json!(0), &json!("complete"))
    );
    assert_eq!(
        (&last["end"]["exchanges"], &last["end"]["outcome"]),
        (&json!(1), &json!("answered"))
    );
    assert!(
        text.contains(r#"{"a":{"c":3,"d":2},"b":1}"#),
        "keys are sorted: {text}"
    );
    assert_eq!(TapeFile::read(&recording.path()).unwrap().end, Some(end()));
}

#[tokio::test]
async fn a_stream_keeps_its_pieces_and_says_when_it_was_left() {
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
    send(&recording.wire, streamed()).await;

    recording.tape.check().await.unwrap();
    let tape = recording.read();
    let [left, whole] = tape.exchanges.as_slice() else {
        panic!("{tape:#?}")
    };
    assert_eq!(
        (&left.end, &whole.end),
        (&ExchangeEnd::Dropped, &ExchangeEnd::Complete)
    );
    assert_eq!(whole.chunks.concat(), events.as_bytes());
}

#[tokio::test]
async fn failures_are_on_the_tape_too_and_come_back_as_they_were() {
    let server = Server::scripted(vec![answer("200 OK", "", &[b'x'; 100])]).await;
    let recording = Recording::of(&server);
    let mut long = server.get("/");
    long.policy.cap = 10;
    let refused = server.get("/api/user");
    let mut errors = Vec::new();
    for request in [&long, &refused] {
        errors.push(
            recording
                .wire
                .send(request.clone())
                .await
                .unwrap_err()
                .to_string(),
        );
    }
    recording.tape.check().await.unwrap();
    let sent = server.requests();
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire
        .tape_slot()
        .hold(TapeMode::Replay(Player::new(&recording.read())));
    for (request, error) in [long, refused].into_iter().zip(errors) {
        assert_eq!(wire.send(request).await.unwrap_err().to_string(), error);
    }
    assert_eq!(server.requests(), sent);
}

#[tokio::test]
async fn secrets_are_redacted_by_the_name_of_their_field() {
    let reply = br#"{"user":{"name":"Ana","Api_Key":"k-123"},"input_tokens":5,"continuation_token":"page2"}"#;
    let server = Server::scripted(vec![answer("200 OK", "", reply)]).await;
    let recording = Recording::of(&server);
    let request = server.query(r#"{"password":"hunter2","deep":[{"client-secret":"s3"}],"max_tokens":9}"#);
    send(&recording.wire, request).await;
    recording.tape.check().await.unwrap();
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
    send(&recording.wire, request).await;
    recording.tape.check().await.unwrap();
    let text = recording.text();
    assert!(
        !text.contains("a-session-id") && !text.contains("hunter2"),
        "{text}"
    );
    recording.tape.check().await.unwrap();
}

#[tokio::test]
async fn a_tape_that_would_hold_the_credential_is_not_kept() {
    let server = Server::scripted(vec![answer("200 OK", "", b"{}")]).await;
    let recording = Recording::of(&server);
    let pasted = server.query(r#"{"question":"why does my key the_very_secret_key not work?"}"#);
    let request = with_key(pasted, "the_very_secret_key");
    send(&recording.wire, request).await;
    assert!(matches!(
        recording.tape.check().await,
        Err(TapeError::Withheld { .. })
    ));
    assert!(matches!(
        recording.tape.finish(&end()).await,
        Err(TapeError::Withheld { .. })
    ));
    assert!(!recording.path().exists());
}

#[tokio::test]
async fn secrets_are_redacted_by_their_shape_and_never_read() {
    let key = "sk-proj-abcdefgh0123456789";
    let reply = format!("data: the key {key} is leaked\n\n");
    let server = Server::scripted(vec![answer("200 OK", "", reply.as_bytes())]).await;
    let recording = Recording::of(&server);
    send(
        &recording.wire,
        server.query(&format!(r#"{{"note":"use {key}"}}"#)),
    )
    .await;
    recording.tape.finish(&end()).await.unwrap();
    assert!(!recording.text().contains(key), "{}", recording.text());
    assert!(recording.text().contains("[redacted]"));

    let planted = recording.text().replace("[redacted]", key);
    std::fs::write(recording.path(), planted).unwrap();
    assert!(matches!(
        TapeFile::read(&recording.path()),
        Err(TapeError::Secret { line: 2, .. })
    ));
}

#[test]
fn a_tape_is_never_overwritten() {
    let directory = TempDir::new().unwrap();
    let path: &Path = &directory.path().join("tape.jsonl");
    std::fs::write(path, "precious").unwrap();
    assert!(matches!(
        Tape::create(path, &header()),
        Err(TapeError::Create { .. })
    ));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "precious");
}

/// Three exchanges, two of them of the same request.
async fn three(server: &Server) -> Recording {
    let recording = Recording::of(server);
    for body in [r#"{"q":1}"#, r#"{"q":2,"s":"a"}"#, r#"{"q":1}"#] {
        send(&recording.wire, server.query(body)).await;
    }
    recording.tape.finish(&end()).await.unwrap();
    recording
}

async fn counting() -> Server {
    Server::scripted(
        (0..5)
            .map(|n| answer("200 OK", "", format!("answer {n}").as_bytes()))
            .collect(),
    )
    .await
}

#[tokio::test]
async fn a_replay_serves_each_exchange_once_in_order_and_opens_no_socket() {
    let server = counting().await;
    let recording = three(&server).await;
    let sent = server.requests();
    let player = Player::new(&recording.read());
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire.tape_slot().hold(TapeMode::Replay(player.clone()));
    let ask = |body: &str| send(&wire, server.query(body));
    assert_eq!(ask(r#"{"q":1}"#).await, b"answer 0");
    assert_eq!(
        ask(r#"{"s":"a","q":2}"#).await,
        b"answer 1",
        "order of keys does not matter"
    );
    let early = player.finish().unwrap_err().to_string();
    assert!(
        early.contains("1 recorded exchanges") && early.contains("POST /api/query"),
        "{early}"
    );
    assert_eq!(ask(r#"{"q":1}"#).await, b"answer 2");
    player.finish().unwrap();
    assert_eq!(server.requests(), sent);
}

#[tokio::test]
async fn a_request_that_comes_before_its_turn_ends_the_replay() {
    let server = counting().await;
    let recording = three(&server).await;
    let player = Player::new(&recording.read());
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire.tape_slot().hold(TapeMode::Replay(player.clone()));
    let Err(WireError::OffTape(miss)) = wire.send(server.query(r#"{"q":2,"s":"a"}"#)).await else {
        panic!("it was served")
    };
    assert_eq!(
        (miss.exchange, miss.pointer.as_str()),
        (Some(0), "its place in the order")
    );
    assert!(player.finish().is_err());
}

#[tokio::test]
async fn a_miss_names_the_first_difference_and_ends_the_replay() {
    let server = counting().await;
    let recording = three(&server).await;
    let player = Player::new(&recording.read());
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire.tape_slot().hold(TapeMode::Replay(player.clone()));
    send(&wire, server.query(r#"{"q":1}"#)).await;
    let Err(WireError::OffTape(miss)) = wire.send(server.query(r#"{"q":2,"s":"b"}"#)).await else {
        panic!("it was served")
    };
    let Miss {
        exchange,
        pointer,
        recorded,
        now,
        command,
    } = *miss.clone();
    assert_eq!((exchange, pointer.as_str()), (Some(1), "/body/s"));
    assert_eq!((recorded.as_str(), now.as_str()), (r#""a""#, r#""b""#));
    assert!(
        command.contains("cardinal ask 'How many orders?' --tape"),
        "{command}"
    );
    assert!(
        wire.send(server.query(r#"{"q":1}"#)).await.is_err(),
        "nothing is served behind a miss"
    );
    assert!(player.finish().unwrap_err().to_string().contains("/body/s"));
}

#[tokio::test]
async fn damage_is_named_for_what_it_is() {
    let server = counting().await;
    let recording = three(&server).await;
    let text = recording.text();
    let lines: Vec<&str> = text.lines().collect();
    let read = |lines: &[&str]| {
        let path = recording.directory.path().join("mutant.jsonl");
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        TapeFile::read(&path).map(|_| ())
    };
    read(&lines).unwrap();
    let altered = lines[2].replace("answer 1", "answer 9");
    assert!(matches!(
        read(&[lines[0], lines[1], &altered, lines[3], lines[4]]),
        Err(TapeError::Altered { line: 3, .. })
    ));
    let asked = lines[2].replace(r#""s":"a""#, r#""s":"b""#);
    assert!(matches!(
        read(&[lines[0], lines[1], &asked, lines[3], lines[4]]),
        Err(TapeError::Altered { line: 3, .. })
    ));
    assert!(matches!(
        read(&[lines[0], lines[2], lines[1], lines[3], lines[4]]),
        Err(TapeError::Order {
            line: 2,
            expected: 0,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        read(&[lines[0], lines[1], lines[3], lines[4]]),
        Err(TapeError::Order {
            line: 3,
            expected: 1,
            found: 2,
            ..
        })
    ));
    assert!(matches!(
        read(&[lines[0], lines[1], lines[2], lines[4]]),
        Err(TapeError::Order {
            line: 4,
            expected: 2,
            found: 3,
            ..
        })
    ));
    assert!(matches!(
        read(&lines[..4]),
        Err(TapeError::Unfinished { exchanges: 3, .. })
    ));
    assert!(matches!(
        read(&lines[1..]),
        Err(TapeError::Damaged { line: 1, .. })
    ));
    let version = lines[0].replace(r#""cardinal_tape":1"#, r#""cardinal_tape":2"#);
    assert!(matches!(read(&[&version]), Err(TapeError::Version { .. })));
    assert!(matches!(
        read(&[lines[0], "{", lines[4]]),
        Err(TapeError::Damaged { line: 2, .. })
    ));
}

#[tokio::test]
async fn every_cut_of_the_file_is_noticed_and_whole_lines_survive_it() {
    let server = counting().await;
    let recording = three(&server).await;
    let text = recording.text();
    let path = recording.directory.path().join("cut.jsonl");
    // Every cut near a line's end, and some of the others.
    let near = |cut: &usize| {
        cut.is_multiple_of(29) || text.as_bytes()[cut.saturating_sub(2)..=*cut].contains(&b'\n')
    };
    for cut in (0..text.len() - 1).filter(near) {
        std::fs::write(&path, &text.as_bytes()[..cut]).unwrap();
        let Err(error) = TapeFile::read(&path) else {
            panic!("a tape cut at {cut} was read")
        };
        let whole = text[..cut].matches('\n').count();
        match TapeFile::read_unfinished(&path) {
            Ok(tape) => assert_eq!(tape.exchanges.len(), whole - 1),
            Err(_) => assert_eq!(whole, 0, "{error}"),
        }
    }
}

#[tokio::test]
async fn a_broken_off_recording_is_resumed_behind_its_last_whole_line() {
    let server = counting().await;
    let recording = three(&server).await;
    let text = recording.text();
    let torn: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    std::fs::write(recording.path(), torn + r#"{"end":"comp"#).unwrap();

    let (tape, recorder) = TapeFile::resume(&recording.path()).unwrap();
    let sent = server.requests();
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire
        .tape_slot()
        .hold(TapeMode::Resume(Player::new(&tape), recorder.clone()));
    assert_eq!(send(&wire, server.query(r#"{"q":1}"#)).await, b"answer 0");
    assert_eq!(send(&wire, server.query(r#"{"q":2,"s":"a"}"#)).await, b"answer 1");
    assert_eq!(server.requests(), sent, "what is on the tape is not asked again");
    assert_eq!(send(&wire, server.query(r#"{"q":1}"#)).await, b"answer 3");
    recorder.finish(&end()).await.unwrap();
    let whole = TapeFile::read(&recording.path()).unwrap();
    assert_eq!(whole.exchanges.len(), 3);
    assert!(matches!(
        TapeFile::resume(&recording.path()),
        Err(TapeError::Finished { .. })
    ));
}

#[tokio::test]
async fn a_resumed_turn_that_asks_something_else_is_not_mixed_up() {
    let server = counting().await;
    let recording = three(&server).await;
    let text: String = recording
        .text()
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(recording.path(), &text).unwrap();
    let (tape, recorder) = TapeFile::resume(&recording.path()).unwrap();
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire
        .tape_slot()
        .hold(TapeMode::Resume(Player::new(&tape), recorder));
    assert!(matches!(
        wire.send(server.query(r#"{"q":7}"#)).await,
        Err(WireError::OffTape(_))
    ));
    assert_eq!(recording.text(), text);
}

/// A completion of a conversation.
fn completion(server: &Server, system: &str, said: &[&str]) -> WireRequest {
    let mut messages = vec![json!({"role": "system", "content": system})];
    messages.extend(said.iter().map(|text| json!({"role": "user", "content": text})));
    let body = json!({"model": "x", "messages": messages, "tools": [{"name": "t", "description": "d".repeat(2000)}]});
    let mut request = server.query(&body.to_string());
    request.policy.purpose = Purpose::Completion;
    request
}

#[tokio::test]
async fn a_completion_is_told_as_what_it_adds_to_the_one_before() {
    let server = counting().await;
    let recording = Recording::of(&server);
    let words = ["first words", "more words", "last words"];
    for count in 1..=3 {
        send(&recording.wire, completion(&server, "be kind", &words[..count])).await;
    }
    recording.tape.finish(&end()).await.unwrap();
    let text = recording.text();
    assert!(text.len() < 3000, "{text}");
    for said in words.iter().skip(1) {
        assert_eq!(text.matches(said).count(), 1, "{said} in {text}");
    }
    let tape = TapeFile::read(&recording.path()).unwrap();
    let sizes: Vec<usize> = tape
        .exchanges
        .iter()
        .map(|exchange| exchange.request["body"]["messages"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 3, 4]);

    let prompts = recording.directory.path().join("prompts");
    let kept = std::fs::read_dir(&prompts)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let changed = std::fs::read_to_string(&kept)
        .unwrap()
        .replace("be kind", "be rude");
    std::fs::write(&kept, changed).unwrap();
    assert!(matches!(
        TapeFile::read(&recording.path()),
        Err(TapeError::Beside { .. })
    ));
}

#[tokio::test]
async fn recording_ends_when_the_prompt_changes_under_it() {
    let server = counting().await;
    let recording = Recording::of(&server);
    send(&recording.wire, completion(&server, "be kind", &["q"])).await;
    let sent = server.requests();
    let changed = recording
        .wire
        .send(completion(&server, "be rude", &["q", "r"]))
        .await;
    let Err(WireError::Tape(error)) = changed else {
        panic!("it was sent")
    };
    assert!(
        matches!(&*error, TapeError::Changed { pointer, .. } if pointer == "/messages/0/content"),
        "{error}"
    );
    assert_eq!(server.requests(), sent);
    assert!(recording.tape.finish(&end()).await.is_err());
}

#[tokio::test]
async fn the_form_of_an_answer_is_no_part_of_the_prompt() {
    let server = counting().await;
    let recording = Recording::of(&server);
    for schema in ["calls or an answer", "calls or an answer", "an answer alone"] {
        let mut request = completion(&server, "be kind", &["q"]);
        let mut body: Value = serde_json::from_slice(&request.body.unwrap().bytes()).unwrap();
        body["response_format"] = json!({"schema": schema.repeat(200)});
        request.body = Some(body.to_string().into());
        send(&recording.wire, request).await;
    }
    recording.tape.finish(&end()).await.unwrap();
    let tape = TapeFile::read(&recording.path()).unwrap();
    let form = |at: usize| tape.exchanges[at].request["body"]["response_format"]["schema"].clone();
    assert_eq!(form(0), form(1));
    assert_eq!(form(2), json!("an answer alone".repeat(200)));
}

#[tokio::test]
async fn a_prompt_that_was_refused_may_be_said_otherwise() {
    let server = Server::scripted(vec![
        answer("400 Bad Request", "", br#"{"error": "no"}"#),
        answer("200 OK", "", b"a"),
        answer("200 OK", "", b"b"),
    ])
    .await;
    let recording = Recording::of(&server);
    send(&recording.wire, completion(&server, "be kind", &["q"])).await;
    send(&recording.wire, completion(&server, "be good", &["q"])).await;
    let changed = recording.wire.send(completion(&server, "be rude", &["q", "r"]));
    assert!(changed.await.is_err(), "what was taken stays");
}

#[tokio::test]
async fn a_tape_that_was_changed_on_purpose_is_saved_anew_and_then_misses() {
    let server = counting().await;
    let recording = three(&server).await;
    let mut tape = TapeFile::read(&recording.path()).unwrap();
    let exchange: &mut Exchange = &mut tape.exchanges[1];
    exchange.request["body"]["s"] = json!("z");
    let path = recording.directory.path().join("edited.jsonl");
    tape.save(&path).unwrap();
    let edited = TapeFile::read(&path).unwrap();
    assert_eq!(edited.exchanges, tape.exchanges);
    let wire = Wire::new(quick(&server)).unwrap();
    let _slot = wire.tape_slot().hold(TapeMode::Replay(Player::new(&edited)));
    assert!(matches!(
        wire.send(server.query(r#"{"q":2,"s":"a"}"#)).await,
        Err(WireError::OffTape(_))
    ));
}

#[tokio::test]
async fn a_turn_that_came_to_nothing_leaves_no_tape_of_a_header_alone() {
    let server = counting().await;
    let recording = Recording::of(&server);
    recording.tape.abandon().await.unwrap();
    assert!(!recording.path().exists());

    let recording = Recording::of(&server);
    send(&recording.wire, server.query("{}")).await;
    recording.tape.abandon().await.unwrap();
    assert_eq!(recording.read().exchanges.len(), 1, "what was recorded stays");
}

#[tokio::test]
async fn a_slot_is_given_back_when_its_guard_is_dropped_and_not_by_an_older_one() {
    let server = counting().await;
    let (first, second) = (Recording::of(&server), Recording::of(&server));
    let wire = Wire::new(quick(&server)).unwrap();
    let older = wire.tape_slot().hold(TapeMode::Record(first.tape.clone()));
    let newer = wire.tape_slot().hold(TapeMode::Record(second.tape.clone()));
    drop(older);
    send(&wire, server.query("[1]")).await;
    drop(newer);
    send(&wire, server.query("[2]")).await;
    for (recording, exchanges) in [(first, 0), (second, 1)] {
        recording.tape.check().await.unwrap();
        assert_eq!(recording.read().exchanges.len(), exchanges);
    }
}
