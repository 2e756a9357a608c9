//! Several servers over one store: a session is one session, wherever it is asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Ask;
use super::database::{postgres_or_skip, psql, schema, store_url};
use super::kit::TestServer;
use super::process::ProcessPlan;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

/// What a person said last in a request.
fn last_question(request: &Value) -> String {
    let messages = request["messages"].as_array().unwrap();
    let said = messages.iter().rev().find(|message| message["role"] == "user");
    said.unwrap()["content"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_at_another_replica() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let model = ScriptedModel::openai_with(move |request| {
        kept.lock().unwrap().push(request["messages"].clone());
        Reply::text("It is unknown.")
    })
    .await;
    let server = TestServer::before(model, |_| {}).await;
    let other = server.replica().await;
    let first = server.ask("What is alpha?").await;
    let session = first["session"].as_str().unwrap();
    for (at, question) in [
        (&other.url, "And beta?"),
        (&server.server.url, "And gamma?"),
        (&other.url, "And delta?"),
    ] {
        let body = json!({"question": question, "session": session});
        let record = Ask::post("/v1/answers", &body).send(at).await.json();
        assert_eq!(record["status"], "finished", "{record:#}");
    }
    // The last request knows all that was said, at whichever replica.
    let said = seen.lock().unwrap().last().unwrap().to_string();
    for word in ["alpha", "beta", "gamma", "delta"] {
        assert!(said.contains(word), "{word} is missing in {said}");
    }
    let whole = server.get(&format!("/v1/sessions/{session}")).await.json();
    let turns: Vec<&Value> = whole["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| &answer["turn"])
        .collect();
    assert_eq!(turns, [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_of_a_session_run_one_at_a_time_and_in_order_across_replicas() {
    let (order, at_once) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(Mutex::new((0_i32, 0_i32))),
    );
    let (kept, counted) = (Arc::clone(&order), Arc::clone(&at_once));
    let model = ScriptedModel::openai_with(move |request| {
        kept.lock().unwrap().push(last_question(request));
        let counted = Arc::clone(&counted);
        {
            let mut count = counted.lock().unwrap();
            count.0 += 1;
            count.1 = count.1.max(count.0);
        }
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(140));
            counted.lock().unwrap().0 -= 1;
        });
        Reply::text("It is unknown.").after(Duration::from_millis(150))
    })
    .await;
    let server = TestServer::before(model, |_| {}).await;
    let other = server.replica().await;
    let session = server.post("/v1/sessions", json!({})).await.json();
    let urls = [server.server.url.clone(), other.url.clone()];
    let mut asked = Vec::new();
    for (number, word) in ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
        .into_iter()
        .enumerate()
    {
        let body = json!({"question": format!("What is {word}?"), "session": session["id"]});
        let url = urls[number % 2].clone();
        // It is stored when its first event comes.
        let begun = Ask::events(&body).until(&url, "event: started").await;
        asked.push((begun.header("x-cardinal-answer").to_owned(), word));
    }
    for (id, _) in &asked {
        let told = Ask::get(&format!("/v1/answers/{id}/events")).send(&urls[0]).await;
        assert!(
            told.whole && told.named("answer")[0]["status"] == "finished",
            "{told:#?}"
        );
    }
    let order = order.lock().unwrap();
    let words: Vec<&str> = asked.iter().map(|(_, word)| *word).collect();
    assert_eq!(order.len(), words.len(), "{order:#?}");
    for (question, word) in order.iter().zip(words) {
        assert!(question.contains(word), "{word} was not next in {order:#?}");
    }
    assert_eq!(
        at_once.lock().unwrap().1,
        1,
        "two turns of one session ran at once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_stopped_and_deleted_from_another_replica() {
    let model = ScriptedModel::openai_with(|_| Reply::text("Late.").after(Duration::from_secs(600))).await;
    let server = TestServer::before(model, |_| {}).await;
    let other = server.replica().await;
    let begun = Ask::events(&json!({"question": "What is alpha?"}))
        .until(server.url(), "event: step")
        .await;
    let id = begun.header("x-cardinal-answer").to_owned();
    let stop = Ask::post(&format!("/v1/answers/{id}/stop"), &json!({}));
    assert_eq!(stop.send(&other.url).await.status, 202);
    let told = Ask::get(&format!("/v1/answers/{id}/events"))
        .send(&other.url)
        .await;
    assert_eq!(
        told.named("answer")[0]["answer"]["outcome"],
        "cancelled",
        "{told:#?}"
    );

    let begun = Ask::events(&json!({"question": "What is beta?"}))
        .until(server.url(), "event: step")
        .await;
    let (id, session) = (
        begun.header("x-cardinal-answer"),
        begun.header("x-cardinal-session"),
    );
    let delete = Ask::new("DELETE", &format!("/v1/sessions/{session}"));
    assert_eq!(delete.send(&other.url).await.status, 204);
    assert_eq!(server.get(&format!("/v1/answers/{id}")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_question_at_all_replicas() {
    let model =
        ScriptedModel::openai_with(|_| Reply::text("It is unknown.").after(Duration::from_millis(200))).await;
    let server = TestServer::before(model, |_| {}).await;
    let other = server.replica().await;
    let ask = Ask::post("/v1/answers", &json!({"question": "What is alpha?"})).with("idempotency-key", "one");
    let (here, there) = tokio::join!(ask.send(server.url()), ask.send(&other.url));
    // Whoever is second is told of the first one's answer.
    assert_eq!(
        here.header("x-cardinal-answer"),
        there.header("x-cardinal-answer")
    );
    assert_eq!(server.model.as_ref().unwrap().requests().len(), 1);
}

/// A process that is stopped where it stands loses its turn to another one. When it goes on, it neither writes to the tape
/// nor tells an answer of its own.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_wakes_up_late_leaves_its_turn() {
    let model = ScriptedModel::openai_with(|request| {
        let last = request["messages"].as_array().unwrap().last().unwrap();
        if last["role"] == "tool" {
            return Reply::text("It is unknown.").after(Duration::from_secs(4));
        }
        Reply::tool_calls([("field_values", json!({"entry": "nothing"}))])
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let Some(url) = postgres_or_skip("a_process_that_wakes_up_late_leaves_its_turn") else {
        return;
    };
    let store = schema(&url);
    let plan = ProcessPlan::new(folder.path(), &store, &model);
    let (first, second) = (plan.start(), plan.start());
    let begun = Ask::events(&json!({"question": "What is alpha?"}))
        .until(&first.url, "event: tool_finished")
        .await;
    let id = begun.header("x-cardinal-answer").to_owned();
    while model.requests().len() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.signal("STOP");
    let told = Ask::get(&format!("/v1/answers/{id}/events"))
        .send(&second.url)
        .await;
    assert_eq!(told.named("answer")[0]["status"], "finished", "{told:#?}");
    let tape = || {
        psql(
            &store,
            &format!("SELECT md5(string_agg(bytes, '' ORDER BY at)) FROM tape_parts WHERE answer = '{id}'"),
        )
    };
    let before = tape();
    first.signal("CONT");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(
        tape(),
        before,
        "a turn that was taken over was written to by its first process"
    );
    let record = Ask::get(&format!("/v1/answers/{id}"))
        .send(&first.url)
        .await
        .json();
    assert_eq!(record["answer"]["text"], "It is unknown.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_later_version_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_url(folder.path());
    let settings = super::kit::settings(&store);
    drop(cardinal::server::SessionStore::open(&settings).await.unwrap());
    if let Some(path) = store.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
    } else {
        psql(&store, "UPDATE cardinal_store SET version = 99");
    }
    let error = cardinal::server::SessionStore::open(&settings).await.unwrap_err();
    assert!(error.to_string().contains("has version 99"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let mut settings = super::kit::settings("sqlite:unused");
    settings.store.place = Some(super::database::place("postgres://ana:sesame@127.0.0.1:1/data"));
    let error = cardinal::server::SessionStore::open(&settings)
        .await
        .unwrap_err()
        .to_string();
    assert!(!error.contains("sesame"), "{error}");
    if cfg!(feature = "postgres") {
        assert!(
            error.contains("postgres://127.0.0.1:1/data") && error.contains("CARDINAL_DATABASE_URL"),
            "{error}"
        );
    } else {
        assert!(
            error.contains("cargo install --locked --path . --features full"),
            "{error}"
        );
    }
}
