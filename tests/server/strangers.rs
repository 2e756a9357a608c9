//! What somebody else, or a client that errs, can do to a turn: nothing.

use std::time::Duration;

use cardinal::config::AuthPolicy;
use serde_json::json;

use super::client::Ask;
use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_with_the_name_of_an_answer_does_not_reach_that_answer() {
    let model = ScriptedModel::openai_with(|request| {
        let said = request["messages"].to_string();
        let slow = said.contains("Is it slow?");
        Reply::text("Nothing is known.").after(Duration::from_millis(if slow { 2500 } else { 1 }))
    })
    .await;
    let server = TestServer::before(model, |settings| settings.server.auth = AuthPolicy::Required).await;
    let ana = server.token("ana@example.com", &["ask"]).await;
    let bo = server.token("bo@example.com", &["ask"]).await;
    let by = |ask: Ask, token: &str| ask.with("authorization", &format!("Bearer {token}"));

    let asked = by(Ask::events(&json!({"question": "Is it slow?"})), &ana);
    let begun = asked.until(server.url(), "event: started").await;
    let answer = begun.header("x-cardinal-answer").to_owned();
    let of_bo = by(
        Ask::post(
            "/v1/chat/completions",
            &json!({"model": "cardinal", "messages": [{"role": "user", "content": "Is it quick?"}]}),
        ),
        &bo,
    );
    let taken = server.send(of_bo.with("x-cardinal-session", &answer)).await;
    assert_eq!(taken.status, 200, "{taken:#?}");
    let stop = by(Ask::new("POST", &format!("/v1/sessions/{answer}/stop")), &bo);
    assert_eq!(server.send(stop).await.status, 202);
    let events = by(Ask::get(&format!("/v1/answers/{answer}/events")), &ana);
    assert!(server.send(events).await.whole);
    let record = by(Ask::get(&format!("/v1/answers/{answer}")), &ana);
    let record = server.send(record).await.json();
    assert_eq!(record["answer"]["outcome"], "answered", "{record:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_seen_more_than_there_is_is_told_nothing_again() {
    let server = TestServer::new().await;
    let asked = server
        .post("/v1/answers", json!({"question": "Revenue in 2025?"}))
        .await;
    let path = format!("/v1/answers/{}/events", asked.header("x-cardinal-answer"));
    let last = server.get(&path).await.events().last().unwrap().0;
    for seen in [last, last + 1, 9999] {
        let rest = Ask::get(&path).with("last-event-id", &seen.to_string());
        let rest = server.send(rest).await;
        assert_eq!((rest.status, rest.body.as_str()), (204, ""), "{seen}");
    }
    let before = Ask::get(&path).with("last-event-id", &(last - 1).to_string());
    let rest = server.send(before).await.events();
    assert_eq!((rest.len(), rest[0].1.as_str()), (1, "done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_key_is_no_key() {
    let server = TestServer::new().await;
    let mut answers = Vec::new();
    for question in ["Revenue in 2025?", "Orders in 2025?"] {
        let ask = Ask::post("/v1/answers", &json!({"question": question})).with("idempotency-key", "");
        let reply = server.send(ask).await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        answers.push(reply.header("x-cardinal-answer").to_owned());
    }
    assert_ne!(answers[0], answers[1]);
}
