//! What open conversations take of memory is bounded, however many turns they have.

use std::time::Duration;

use serde_json::{Value, json};

use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

/// What the server says of itself: sessions in memory, and bytes of these.
async fn kept(server: &TestServer) -> (u64, u64) {
    let told = server.get("/metrics").await.body;
    let read = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is not in {told}"))
            .trim()
            .parse()
            .unwrap()
    };
    (
        read("cardinal_sessions_kept "),
        read("cardinal_sessions_kept_bytes "),
    )
}

/// The same, once the turn that was just told has let go of its session.
async fn settled(server: &TestServer, most: u64) -> (u64, u64) {
    for _ in 0..300 {
        let (sessions, bytes) = kept(server).await;
        if bytes <= most {
            return (sessions, bytes);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?} are kept, and not {most} bytes", kept(server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_keep_no_more_than_they_may_however_many_turns_they_have() {
    const SESSIONS: usize = 16;
    const TURNS: usize = 6;
    const MOST: u64 = 40_000;
    let mut number = 0;
    let model = ScriptedModel::openai_with(move |_| {
        number += 1;
        let words = ["alpha", "beta", "gamma", "delta"];
        Reply::text(format!("{} {}", words[number % words.len()], "word ".repeat(200)))
    })
    .await;
    let server = TestServer::before(model, |settings| settings.server.max_kept_bytes = MOST).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let made = server.post("/v1/sessions", json!({})).await.json();
        sessions.push(made["id"].as_str().unwrap().to_owned());
    }
    let mut most = 0;
    for turn in 0..TURNS {
        for session in &sessions {
            let question = format!("Question {turn} of {session}?");
            assert_eq!(server.ask_in(session, &question).await["status"], "finished");
            most = most.max(settled(&server, MOST).await.1);
        }
    }
    // It is near the bound, so that the bound is what held it; and what was let go of is known all the same.
    assert!(most > MOST / 2, "{most}");
    let (first, last) = (&sessions[0], &sessions[SESSIONS - 1]);
    for session in [first, last] {
        assert_eq!(server.ask_in(session, "And now?").await["turn"], TURNS + 1);
        let requests = server.model.as_ref().unwrap().requests();
        let told: &Value = &requests.last().unwrap()["messages"];
        for turn in 0..TURNS {
            assert!(
                told.to_string()
                    .contains(&format!("Question {turn} of {session}?")),
                "{turn}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_may_be_kept_nothing_is_and_every_question_is_answered() {
    let model = ScriptedModel::openai_with(|_| Reply::text("Said.")).await;
    let server = TestServer::before(model, |settings| settings.server.max_kept_bytes = 0).await;
    let first = server.ask("What is alpha?").await;
    let session = first["session"].as_str().unwrap();
    assert_eq!(settled(&server, 0).await, (0, 0));
    assert_eq!(server.ask_in(session, "And beta?").await["turn"], 2);
    let requests = server.model.as_ref().unwrap().requests();
    assert!(requests.last().unwrap()["messages"].to_string().contains("alpha"));
}
