use serde_json::{Value, json};

use super::client::Ask;
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_gets_an_answer_record() {
    let server = TestServer::new().await;
    let reply = server.post("/v1/answers", json!({"question": QUESTION})).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    let record = reply.json();
    assert_eq!(record["status"], "finished");
    assert_eq!(record["turn"], 1);
    assert_eq!(record["question"], QUESTION);
    assert_eq!(record["asked_by"], "local");
    assert_eq!(record["answer"]["outcome"], "answered");
    assert!(record["answer"].get("tape").is_none());
    assert_eq!(reply.header("x-cardinal-answer"), record["id"]);
    assert_eq!(reply.header("x-cardinal-session"), record["session"]);
    let table = &record["tables"][0];
    assert!(table["columns"][0]["kind"].is_string(), "{table:#}");
    assert!(!table["rows"].as_array().unwrap().is_empty());
    // What was told can be read again, to the byte.
    let id = record["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/answers/{id}")).await.json(), record);
    let evidence = server.get(&format!("/v1/answers/{id}/evidence")).await.json();
    assert_eq!(evidence["evidence"], record["answer"]["evidence"]);
    let tape = server.get(&format!("/v1/answers/{id}/tape")).await;
    assert!(
        tape.body.starts_with("{\"cardinal_tape\":"),
        "{}",
        &tape.body[..60]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_remembers_what_was_said() {
    let replies = vec![Reply::text("One."), Reply::text("Two.")];
    let server = TestServer::scripted(replies).await;
    let first = server.ask("First question").await;
    let session = first["session"].as_str().unwrap();
    let second = server.ask_in(session, "Second question").await;
    assert_eq!(second["turn"], 2);
    let asked = server.model.as_ref().unwrap().requests();
    let last = asked.last().unwrap()["messages"].to_string();
    assert!(last.contains("First question") && last.contains("One."), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_restored_by_another_process() {
    let model =
        crate::support::scripted_model::ScriptedModel::openai(vec![Reply::text("One."), Reply::text("Two.")])
            .await;
    let server = TestServer::before(model, |_| {}).await;
    let first = server.ask("First question").await;
    let session = first["session"].as_str().unwrap().to_owned();
    let stopped = server.stop().await;

    let again = stopped.start().await;
    let listed = again.get("/v1/sessions").await.json();
    assert_eq!(listed["sessions"][0]["id"], session);
    let second = again.ask_in(&session, "Second question").await;
    assert_eq!(second["turn"], 2);
    let last = again.model.as_ref().unwrap().requests().last().unwrap()["messages"].to_string();
    assert!(last.contains("First question") && last.contains("One."), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_question_goes_on_from_the_answer_before_it() {
    let replies = ["One.", "Two.", "Other."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let first = server.ask("First question").await;
    let session = first["session"].as_str().unwrap();
    server.ask_in(session, "Second question").await;
    let body = json!({"question": "Edited question", "after": first["id"]});
    let edited = server.post("/v1/answers", body).await.json();
    assert_ne!(edited["session"], first["session"]);
    let last = server.model.as_ref().unwrap().requests().last().unwrap()["messages"].to_string();
    assert!(
        last.contains("First question") && last.contains("Edited question"),
        "{last}"
    );
    assert!(!last.contains("Second question"), "{last}");
    // The session it came from can go, and it still goes on.
    let gone = server
        .send(Ask::new("DELETE", &format!("/v1/sessions/{session}")))
        .await;
    assert_eq!(gone.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_kept_is_refused() {
    let server = TestServer::new().await;
    let ask = || Ask::post("/v1/answers", &json!({"question": QUESTION}));
    for key in ["ä", &"x".repeat(256)] {
        let reply = server.send(ask().with("idempotency-key", key)).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!("bad_request")),
            "{key}"
        );
    }
    let twice = ask().with("idempotency-key", "a").with("idempotency-key", "b");
    assert_eq!(server.send(twice).await.status, 400);
    let sessions = server.get("/v1/sessions").await.json();
    assert_eq!(sessions["sessions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_used_asks_nothing() {
    let server = TestServer::scripted(vec![Reply::text("One.")]).await;
    let ask = Ask::post("/v1/answers", &json!({"question": "A question"})).with("idempotency-key", "k1");
    let first = server.send(ask.clone()).await.json();
    let second = server.send(ask).await.json();
    assert_eq!(first, second);
    assert_eq!(server.model.as_ref().unwrap().requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_answers_one_question_at_a_time() {
    let replies = ["This.", "That.", "Other."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let session = server.post("/v1/sessions", json!({})).await.json();
    let ask = |text: &str| {
        Ask::post(
            "/v1/answers",
            &json!({"question": text, "session": session["id"]}),
        )
    };
    let (a, b, c) = (ask("A"), ask("B"), ask("C"));
    let (a, b, c) = tokio::join!(server.send(a), server.send(b), server.send(c));
    let mut turns: Vec<u64> = [a, b, c]
        .iter()
        .map(|reply| reply.json()["turn"].as_u64().unwrap())
        .collect();
    turns.sort_unstable();
    assert_eq!(turns, [1, 2, 3]);
    // Each request to the model holds all turns before it: none ran beside another.
    let lengths: Vec<usize> = server
        .model
        .as_ref()
        .unwrap()
        .requests()
        .iter()
        .map(|request| {
            request["messages"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|m| m["role"] == "user")
                .count()
        })
        .collect();
    assert_eq!(lengths, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_a_problem_document() {
    let server = TestServer::new().await;
    let cases: [(Ask, u16, &str); 11] = [
        (Ask::post("/v1/answers", &json!({})), 400, "bad_request"),
        (
            Ask::post("/v1/answers", &json!({"question": "  "})),
            400,
            "bad_request",
        ),
        (
            Ask::post("/v1/answers", &json!({"question": "x", "unknown": 1})),
            400,
            "bad_request",
        ),
        (
            Ask::post("/v1/answers", &json!({"question": "x", "session": "ses_no"})),
            404,
            "no_such_session",
        ),
        (
            Ask::post("/v1/answers", &json!({"question": "x".repeat(40_000)})),
            413,
            "too_large",
        ),
        (Ask::get("/v1/answers/ans_no"), 404, "no_such_answer"),
        (Ask::get("/v1/nothing"), 404, "no_such_route"),
        (Ask::new("PUT", "/v1/answers"), 405, "wrong_method"),
        (Ask::get("/v1/sessions?limit=many"), 400, "bad_request"),
        (Ask::get("/v1/admin/usage?days=-1"), 400, "bad_request"),
        (Ask::get("/v1/answers/%ff"), 400, "bad_request"),
    ];
    for (ask, status, code) in cases {
        let reply = server.send(ask.clone()).await;
        assert_eq!(reply.status, status, "{ask:?} {reply:#?}");
        assert_eq!(
            reply.header("content-type"),
            "application/problem+json",
            "{ask:?}"
        );
        let problem = reply.json();
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(status)),
            "{ask:?}"
        );
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }
    let plain = Ask::new("POST", "/v1/answers").with("content-type", "text/plain");
    assert_eq!(server.send(plain).await.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opinion_is_kept_changed_and_taken_back() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    let path = format!("/v1/answers/{}/feedback", record["id"].as_str().unwrap());
    let liked = server
        .post(&path, json!({"rating": "up", "comment": "good"}))
        .await
        .json();
    assert_eq!(
        (&liked["feedback"]["rating"], &liked["feedback"]["comment"]),
        (&json!("up"), &json!("good"))
    );
    let not = server.post(&path, json!({"rating": "down"})).await.json();
    assert_eq!(
        (&not["feedback"]["rating"], &not["feedback"]["comment"]),
        (&json!("down"), &Value::Null)
    );
    let none = server.post(&path, json!({"rating": null})).await.json();
    assert_eq!(none["feedback"], Value::Null);
    assert_eq!(
        server.post(&path, json!({"rating": "sideways"})).await.status,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_and_suggestions_that_it_answers() {
    let server = TestServer::new().await;
    let catalog = server.get("/v1/catalog").await.json();
    let entry = &catalog["entries"][0];
    let (kind, id) = (entry["kind"].as_str().unwrap(), &entry["id"]);
    let whole = server.get(&format!("/v1/catalog/{kind}/{id}")).await.json();
    assert_eq!(whole["name"], entry["name"]);
    assert_eq!(server.get("/v1/catalog/card/99999").await.status, 404);
    let suggestions = server.get("/v1/suggestions").await.json();
    let suggestions = suggestions["suggestions"].as_array().unwrap().clone();
    assert!(suggestions.len() >= 4, "{suggestions:#?}");
    let texts = suggestions
        .iter()
        .map(|suggestion| suggestion["text"].to_string());
    let different: std::collections::BTreeSet<String> = texts.collect();
    assert_eq!(different.len(), suggestions.len(), "{suggestions:#?}");
    for suggestion in suggestions.iter().take(3) {
        let record = server.ask(suggestion["text"].as_str().unwrap()).await;
        assert_eq!(
            record["answer"]["outcome"], "answered",
            "{suggestion:#} {record:#}"
        );
    }
    let me = server.get("/v1/me").await.json();
    assert_eq!(
        (&me["auth"], &me["demo"], &me["metabase"]),
        (&json!("open"), &json!(true), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_used_gives_its_answer_although_what_it_went_on_from_is_gone() {
    let replies = ["One.", "Two."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let first = server.ask("What is the quokka?").await;
    let body = json!({"question": "And the wombat?", "after": first["id"]});
    let ask = Ask::post("/v1/answers", &body).with("idempotency-key", "k1");
    let second = server.send(ask.clone()).await.json();
    let gone = format!("/v1/sessions/{}", first["session"].as_str().unwrap());
    assert_eq!(server.send(Ask::new("DELETE", &gone)).await.status, 204);
    let again = server.send(ask.clone()).await;
    assert_eq!(
        (again.status, &again.json()["id"]),
        (200, &second["id"]),
        "{again:#?}"
    );
    let new = server
        .send(Ask::post("/v1/answers", &body).with("idempotency-key", "k2"))
        .await;
    assert_eq!(new.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_sent_to_whoever_would_rather_have_them() {
    let server = TestServer::new().await;
    let kind = async |accept: &str| {
        let ask = Ask::post("/v1/answers", &json!({"question": QUESTION})).with("accept", accept);
        server.send(ask).await.header("content-type").to_owned()
    };
    for accept in [
        "text/event-stream",
        "application/json;q=0.5, text/event-stream",
        "Text/Event-Stream; q=0.9, */*;q=0.1",
    ] {
        assert_eq!(kind(accept).await, "text/event-stream", "{accept}");
    }
    for accept in [
        "application/json",
        "*/*",
        "text/event-stream;q=0",
        "application/json, text/event-stream;q=0.5",
    ] {
        assert_eq!(kind(accept).await, "application/json", "{accept}");
    }
}
