//! A conversation that goes on and on stays within bounds, and says what it does not know any more.

use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::kit::TestServer;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;

/// A model whose every answer is that long.
async fn talkative(words: usize) -> ScriptedModel {
    ScriptedModel::openai_with(move |request| {
        let asked = request["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
        let name = asked.split("thing-").nth(1).unwrap_or_default();
        let name: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
        ModelReply::text(format!("That is told-{name}. {}", "word ".repeat(words)))
    })
    .await
}

/// A name without figures.
fn name(number: usize) -> String {
    let digits = number.to_string();
    digits
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

async fn ask(server: &TestServer, session: &str, number: usize) -> Reply {
    let question = format!("What is thing-{}?", name(number));
    let reply = server
        .send(Ask::events(&json!({"question": question, "session": session})))
        .await;
    assert_eq!(reply.named("done")[0]["status"], "finished", "{reply:#?}");
    reply
}

/// What the model was sent last.
fn sent(server: &TestServer) -> String {
    let requests = server.model.as_ref().unwrap().requests();
    requests.last().unwrap()["messages"].to_string()
}

fn says_that_it_is_long(reply: &Reply) -> bool {
    let notes = reply.named("note");
    let texts: Vec<&str> = notes.iter().filter_map(|note| note["text"].as_str()).collect();
    texts.iter().any(|text| text.contains("conversation is long"))
}

async fn session_of(server: &TestServer) -> String {
    let made = server.post("/v1/sessions", json!({})).await.json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_one_session_stays_within_its_bound_and_a_note_says_so() {
    const MOST: u64 = 10_000;
    const TURNS: usize = 40;
    let server = TestServer::before(talkative(150).await, |settings| {
        settings.conversation.max_bytes = MOST;
    })
    .await;
    let session = session_of(&server).await;
    let (mut told, mut most) = (0, 0);
    let mut first = 0;
    for turn in 1..=TURNS {
        let reply = ask(&server, &session, turn).await;
        let request = sent(&server);
        first = if turn == 1 { request.len() } else { first };
        most = most.max(request.len() - first);
        if says_that_it_is_long(&reply) {
            told += 1;
        }
        // What was said last is known.
        let before = format!("told-{}.", name(turn - 1));
        assert!(turn == 1 || request.contains(&before), "{turn}: {request}");
    }
    assert!((2..=TURNS / 4).contains(&told), "it was said {told} times");
    let bound = usize::try_from(MOST).unwrap() * 3 / 2;
    assert!(
        most <= bound,
        "{most} bytes were sent beyond those of the first question"
    );
    assert!(!sent(&server).contains("told-b."));
    // What is left of it is restored.
    let known = sent(&server).matches("told-").count();
    let server = server.stop().await.start().await;
    let reply = ask(&server, &session, TURNS + 1).await;
    assert_eq!(reply.named("started")[0]["turn"], TURNS + 1);
    let request = sent(&server);
    assert!(request.contains(&format!("told-{}.", name(TURNS))), "{request}");
    assert!(
        says_that_it_is_long(&reply) || request.matches("told-").count() > known,
        "{request}"
    );
    let whole: Value = server.get(&format!("/v1/sessions/{session}")).await.json();
    assert_eq!(whole["answers"].as_array().unwrap().len(), TURNS + 1);
}

/// So many that their tapes are not replayed one after the other any more.
#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_many_turns_goes_on_after_a_restart() {
    const TURNS: usize = 1_200;
    let server = TestServer::before(talkative(1).await, |_| {}).await;
    let session = session_of(&server).await;
    let mut told = 0;
    for turn in 1..=TURNS {
        told += usize::from(says_that_it_is_long(&ask(&server, &session, turn).await));
    }
    assert_eq!(told, 5);
    let server = server.stop().await.start().await;
    let begun = std::time::Instant::now();
    let reply = ask(&server, &session, TURNS + 1).await;
    assert_eq!(reply.named("started")[0]["turn"], TURNS + 1);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    let request = sent(&server);
    assert!(request.contains(&format!("told-{}.", name(TURNS))), "{request}");
    assert!(!request.contains("told-b."), "{request}");
}
