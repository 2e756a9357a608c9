//! What open conversations take of memory is bounded, however many turns they have.

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

#[tokio::test(flavor = "multi_thread")]
async fn conversations_keep_no_more_than_they_may_however_many_turns_they_have() {
    const SESSIONS: usize = 6;
    const TURNS: usize = 40;
    const IN_A_ROW: usize = 20;
    const MOST: u64 = 100_000;
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
    // Each is asked some questions in a row, so that not every question has to read all tapes again.
    for round in 0..TURNS / IN_A_ROW {
        for session in &sessions {
            for turn in 0..IN_A_ROW {
                let question = format!("Question {} of {session}?", round * IN_A_ROW + turn);
                assert_eq!(server.ask_in(session, &question).await["status"], "finished");
                let (_, bytes) = kept(&server).await;
                most = most.max(bytes);
                assert!(bytes <= MOST, "{bytes} bytes are kept after {question}");
            }
        }
    }
    // It is near the bound, so that the bound is what held it; and what was let go of is known all the same.
    assert!(most > MOST / 2, "{most}");
    let first = &sessions[0];
    assert_eq!(server.ask_in(first, "And now?").await["turn"], TURNS + 1);
    let requests = server.model.as_ref().unwrap().requests();
    let told: &Value = &requests.last().unwrap()["messages"];
    for turn in 0..TURNS {
        assert!(
            told.to_string().contains(&format!("Question {turn} of {first}?")),
            "{turn}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_may_be_kept_nothing_is_and_every_question_is_answered() {
    let model = ScriptedModel::openai_with(|_| Reply::text("Said.")).await;
    let server = TestServer::before(model, |settings| settings.server.max_kept_bytes = 0).await;
    let first = server.ask("What is alpha?").await;
    let session = first["session"].as_str().unwrap();
    assert_eq!(kept(&server).await, (0, 0));
    assert_eq!(server.ask_in(session, "And beta?").await["turn"], 2);
    let requests = server.model.as_ref().unwrap().requests();
    assert!(requests.last().unwrap()["messages"].to_string().contains("alpha"));
}
