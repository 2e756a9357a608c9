//! What is not kept: sessions that nobody asked for long, the oldest ones when there is too much, and what was deleted.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Ask;
use super::database::{psql, tape_lines};
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;

/// Makes a session look as if it was asked so many days ago.
fn age(server: &TestServer, record: &Value, days: i64) {
    let session = record["session"].as_str().unwrap();
    let sql = format!(
        "UPDATE sessions SET updated_at = updated_at - {} WHERE id = '{session}'",
        days * 86_400_000
    );
    match server.store_url.strip_prefix("sqlite:") {
        Some(path) => {
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            connection.execute(&sql, []).unwrap();
        }
        None => drop(psql(&server.store_url, &sql)),
    }
}

async fn is_there(server: &TestServer, record: &Value) -> bool {
    let path = format!("/v1/answers/{}", record["id"].as_str().unwrap());
    let found = server.get(&path).await.status == 200;
    let taped = tape_lines(&server.store_url, record["id"].as_str().unwrap()) > 0;
    assert_eq!(found, taped, "an answer and its tape go together");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_nobody_asked_for_long_go_with_their_tapes() {
    let server =
        TestServer::with(|settings| settings.store.keep = Some(Duration::from_secs(30 * 86_400))).await;
    let (old, new) = (server.ask(QUESTION).await, server.ask(QUESTION).await);
    age(&server, &old, 31);
    age(&server, &new, 29);
    server.server.retire().await.unwrap();
    assert!(!is_there(&server, &old).await);
    assert!(is_there(&server, &new).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_sessions_go_when_there_is_too_much() {
    let server = TestServer::with(|settings| settings.store.max_bytes = Some(1)).await;
    let (first, second) = (server.ask(QUESTION).await, server.ask(QUESTION).await);
    server.server.retire().await.unwrap();
    // Whoever asked last reads it still.
    assert!(!is_there(&server, &first).await && is_there(&server, &second).await);

    // With room for one, the one that was asked last stays.
    let server = TestServer::new().await;
    let one = server.ask(QUESTION).await;
    let path = format!("/v1/answers/{}/tape", one["id"].as_str().unwrap());
    let size = u64::try_from(server.get(&path).await.body.len()).unwrap();
    let server = TestServer::with(|settings| settings.store.max_bytes = Some(size * 3)).await;
    let (first, second) = (server.ask(QUESTION).await, server.ask(QUESTION).await);
    let third = server.ask(QUESTION).await;
    age(&server, &first, 2);
    age(&server, &second, 1);
    server.server.retire().await.unwrap();
    assert!(!is_there(&server, &first).await);
    assert!(is_there(&server, &third).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_makes_room_for_itself_at_once() {
    let server = TestServer::with(|settings| settings.store.max_bytes = Some(1)).await;
    let first = server.ask(QUESTION).await;
    let second = server.ask(QUESTION).await;
    while server
        .get(&format!("/v1/answers/{}", first["id"].as_str().unwrap()))
        .await
        .status
        == 200
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(is_there(&server, &second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_unless_the_settings_say_so() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    age(&server, &record, 4000);
    server.server.retire().await.unwrap();
    assert!(is_there(&server, &record).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_went_on_from_a_deleted_one_goes_on_without_it_and_says_so() {
    let replies = (0..3).map(|_| Reply::text("It is unknown.")).collect();
    let server = TestServer::scripted(replies).await;
    let first = server.ask("What is alpha?").await;
    let body = json!({"question": "What is beta?", "after": first["id"]});
    let second = server.post("/v1/answers", body).await.json();
    assert_eq!(second["status"], "finished", "{second:#}");
    let path = format!("/v1/sessions/{}", first["session"].as_str().unwrap());
    assert_eq!(server.send(Ask::new("DELETE", &path)).await.status, 204);
    assert_eq!(
        tape_lines(&server.store_url, first["id"].as_str().unwrap()),
        0,
        "a tape was kept"
    );
    // What went on from it is there without its tape, which held what was deleted, can be read, and can be asked at a server that
    // does not have it in memory.
    let path = format!("/v1/answers/{}", second["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.json(), second);
    assert_eq!(tape_lines(&server.store_url, second["id"].as_str().unwrap()), 0);
    let other = server.replica().await;
    let body = json!({"question": "What is gamma?", "session": second["session"]});
    let told = Ask::events(&body).send(&other.url).await;
    assert!(
        told.body.contains("only questions and answers are known"),
        "{told:#?}"
    );
    assert_eq!(told.named("answer")[0]["status"], "finished");
}
