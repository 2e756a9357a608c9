//! What is deleted is nowhere: not on tapes, not in the store's files, not in what a model is told. Sessions that went on from it keep
//! their own questions and answers, and go on with these.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Ask;
use super::database::{postgres, psql};
use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

/// Where a word stands in what a store keeps.
fn places(server: &TestServer, word: &str) -> Vec<String> {
    if postgres().is_some() {
        let sql = format!(
            "SELECT id FROM answers WHERE question LIKE '%{word}%' OR content LIKE '%{word}%' UNION \
             SELECT answer FROM tape_parts WHERE convert_from(bytes, 'UTF8') LIKE '%{word}%'"
        );
        return psql(&server.store_url, &sql).lines().map(str::to_owned).collect();
    }
    let mut found = Vec::new();
    look(server.folder.path(), word.as_bytes(), &mut found);
    found
}

fn look(folder: &Path, word: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, word, found);
        } else if std::fs::read(&path)
            .unwrap()
            .windows(word.len())
            .any(|part| part == word)
        {
            found.push(path.display().to_string());
        }
    }
}

/// What the model was told last.
fn last_request(server: &TestServer) -> String {
    let asked = server.model.as_ref().unwrap().requests();
    asked.last().unwrap()["messages"].to_string()
}

async fn delete(server: &TestServer, record: &Value) {
    let path = format!("/v1/sessions/{}", record["session"].as_str().unwrap());
    assert_eq!(server.send(Ask::new("DELETE", &path)).await.status, 204);
}

async fn unknowing_model() -> ScriptedModel {
    ScriptedModel::openai_with(|_| Reply::text("Nothing is known of it.")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_nowhere_and_what_went_on_from_it_keeps_its_own_turns() {
    let server = TestServer::before(unknowing_model().await, |_| {}).await;
    let first = server.ask("What is the quokka?").await;
    let after = |record: &Value, question: &str| json!({"question": question, "after": record["id"]});
    let second = server
        .post("/v1/answers", after(&first, "What is the wombat?"))
        .await
        .json();
    let session = second["session"].as_str().unwrap().to_owned();
    let third = server.ask_in(&session, "What is the numbat?").await;
    // And one that went on from that one.
    let fourth = server
        .post("/v1/answers", after(&third, "What is the bilby?"))
        .await
        .json();
    assert!(last_request(&server).contains("quokka"));
    assert!(places(&server, "quokka").len() > 1);
    delete(&server, &first).await;
    assert_eq!(places(&server, "quokka"), Vec::<String>::new());

    // In this process, and in one that begins later.
    server.ask_in(&session, "What is the dingo?").await;
    let told = last_request(&server);
    for word in ["wombat", "numbat", "dingo", "Nothing is known of it."] {
        assert!(told.contains(word), "{word} is missing in {told}");
    }
    assert!(!told.contains("quokka"), "{told}");
    let server = server.stop().await.start().await;
    for record in [&second, &third, &fourth] {
        let path = format!("/v1/answers/{}", record["id"].as_str().unwrap());
        assert_eq!(server.get(&path).await.json(), *record);
    }
    let asked = Ask::events(&json!({"question": "What is the emu?", "session": session}));
    let events = server.send(asked).await;
    assert!(!events.body.contains("only questions and answers"), "{events:#?}");
    let told = last_request(&server);
    for word in ["wombat", "numbat", "dingo", "emu"] {
        assert!(told.contains(word), "{word} is missing in {told}");
    }
    assert!(!told.contains("quokka"), "{told}");
    let asked = Ask::events(&json!({"question": "What is the koala?", "session": fourth["session"]}));
    let events = server.send(asked).await;
    assert!(events.body.contains("only questions and answers"), "{events:#?}");
    let told = last_request(&server);
    for word in ["wombat", "numbat", "bilby", "koala"] {
        assert!(told.contains(word), "{word} is missing in {told}");
    }
    assert!(!told.contains("quokka") && !told.contains("dingo"), "{told}");
    assert_eq!(places(&server, "quokka"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_runs_on_what_is_deleted_keeps_nothing_of_it() {
    let held = Arc::new(AtomicBool::new(false));
    let holds = Arc::clone(&held);
    let model = ScriptedModel::openai_with(move |_| {
        let late = if holds.load(Ordering::SeqCst) { 1500 } else { 0 };
        Reply::text("Nothing is known of it.").after(Duration::from_millis(late))
    })
    .await;
    let server = TestServer::before(model, |_| {}).await;
    let first = server.ask("What is the quokka?").await;
    held.store(true, Ordering::SeqCst);
    let body = json!({"question": "What is the wombat?", "after": first["id"]});
    let begun = Ask::events(&body).until(server.url(), "event: step").await;
    while server.model.as_ref().unwrap().requests().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    delete(&server, &first).await;
    held.store(false, Ordering::SeqCst);
    let id = begun.header("x-cardinal-answer");
    let told = server.get(&format!("/v1/answers/{id}/events")).await;
    assert_eq!(told.named("answer")[0]["status"], "finished", "{told:#?}");
    assert_eq!(places(&server, "quokka"), Vec::<String>::new());
    assert_eq!(server.get(&format!("/v1/answers/{id}/tape")).await.status, 404);
    server
        .ask_in(begun.header("x-cardinal-session"), "What is the emu?")
        .await;
    let told = last_request(&server);
    assert!(told.contains("wombat") && !told.contains("quokka"), "{told}");
}

/// Not that of the server's clock: the demo means another one by "today".
#[tokio::test(flavor = "multi_thread")]
async fn what_is_recalled_has_the_day_of_its_question() {
    let server = TestServer::before(unknowing_model().await, |_| {}).await;
    let first = server.ask("What is the quokka?").await;
    let body = json!({"question": "What is the wombat?", "after": first["id"]});
    let second = server.post("/v1/answers", body).await.json();
    let before = last_request(&server);
    let days = |told: &str| -> Vec<String> {
        let days = told.split("Today is ").skip(1);
        days.map(|day| day.chars().take(10).collect()).collect()
    };
    assert_eq!(days(&before).len(), 2, "{before}");
    delete(&server, &first).await;
    server
        .ask_in(second["session"].as_str().unwrap(), "What is the numbat?")
        .await;
    assert_eq!(days(&last_request(&server)), days(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_ended_leaves_no_log_beside_its_store() {
    let server = TestServer::before(unknowing_model().await, |_| {}).await;
    server.ask("What is the quokka?").await;
    let log = server.folder.path().join("store.sqlite-wal");
    let is_sqlite = postgres().is_none();
    assert!(!is_sqlite || log.metadata().unwrap().len() > 0);
    let _stopped = server.stop().await;
    assert_eq!(log.metadata().map_or(0, |file| file.len()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_made_anew_takes_the_place_of_the_last_one() {
    let replies = ["One.", "Two.", "Three.", "Four."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let ask = async |question: &str, more: Value| {
        let mut body = json!({"id": "chat-9", "messages": [{"role": "user", "parts": [{"type": "text", "text": question}]}]});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let reply = server.post("/api/chat", body).await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.header("x-cardinal-answer").to_owned()
    };
    let first = ask("What is the quokka?", json!({"trigger": "submit-message"})).await;
    let second = ask(
        "What is the wombat?",
        json!({"trigger": "submit-message", "messageId": null}),
    )
    .await;
    let again = ask("What is the wombat?", json!({"trigger": "regenerate-message"})).await;
    assert_eq!(server.get(&format!("/v1/answers/{second}")).await.status, 404);
    let told = last_request(&server);
    assert!(told.contains("One.") && !told.contains("Two."), "{told}");
    let whole = server.get("/v1/sessions/chat-9").await.json();
    assert_eq!(
        (&whole["turns"], &whole["answers"][1]["id"]),
        (&json!(2), &json!(again))
    );
    assert_eq!(whole["answers"][1]["turn"], 2);
    // One before the last takes what was asked since along.
    let anew = ask(
        "What is the quokka?",
        json!({"trigger": "regenerate-message", "messageId": first}),
    )
    .await;
    let whole = server.get("/v1/sessions/chat-9").await.json();
    assert_eq!(
        (&whole["turns"], &whole["answers"][0]["id"]),
        (&json!(1), &json!(anew))
    );
    assert!(!last_request(&server).contains("One."));
    assert_eq!(places(&server, "wombat"), Vec::<String>::new());
}

/// A process may end between what the store says and its files.
#[tokio::test(flavor = "multi_thread")]
async fn a_tape_that_no_answer_has_is_removed() {
    if postgres().is_some() {
        return;
    }
    let server = TestServer::before(unknowing_model().await, |_| {}).await;
    let record = server.ask("What is the quokka?").await;
    let tapes = server.folder.path().join("store.sqlite.tapes");
    let file = |id: &str| tapes.join(format!("{id}.jsonl"));
    std::fs::copy(file(record["id"].as_str().unwrap()), file("ans_gone")).unwrap();
    let sessions = std::fs::read_dir(&tapes).unwrap().count();
    server.server.retire().await.unwrap();
    assert!(!file("ans_gone").exists());
    assert!(file(record["id"].as_str().unwrap()).exists());
    assert_eq!(std::fs::read_dir(&tapes).unwrap().count(), sessions - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_is_taken_back_and_a_title_of_before_are_nowhere() {
    let server = TestServer::before(unknowing_model().await, |_| {}).await;
    let record = server.ask("What is the emu?").await;
    let feedback = format!("/v1/answers/{}/feedback", record["id"].as_str().unwrap());
    let rated = json!({"rating": "down", "comment": "The quokka is missing"});
    assert_eq!(server.post(&feedback, rated).await.status, 200);
    let session = format!("/v1/sessions/{}", record["session"].as_str().unwrap());
    for title in ["All about the quokka", "Animals"] {
        let named = Ask::new("PATCH", &session).json(&json!({"title": title}));
        assert_eq!(server.send(named).await.status, 200);
    }
    assert_eq!(server.post(&feedback, json!({"rating": null})).await.status, 200);
    assert_eq!(places(&server, "quokka"), Vec::<String>::new());
    assert_eq!(server.get(&session).await.json()["title"], "Animals");
}
