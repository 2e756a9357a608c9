//! What is too much is refused with 429 and a time to wait.

use std::time::Duration;

use cardinal::config::AuthPolicy;
use serde_json::json;

use super::client::{Ask, Reply};
use super::kit::TestServer;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;

fn is_refused(reply: &Reply, code: &str) {
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (429, &json!(code)),
        "{reply:#?}"
    );
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
}

async fn slow_model() -> ScriptedModel {
    ScriptedModel::openai_with(|_| ModelReply::text("Late.").after(Duration::from_secs(600))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_session_refuses_where_nothing_may_wait() {
    let server = TestServer::before(slow_model().await, |settings| settings.server.max_waiting = 0).await;
    let other = server.replica().await;
    let begun = Ask::events(&json!({"question": "What is alpha?"}))
        .until(server.url(), "event: step")
        .await;
    let session = begun.header("x-cardinal-session");
    let ask = Ask::post(
        "/v1/answers",
        &json!({"question": "And beta?", "session": session}),
    );
    is_refused(&ask.send(server.url()).await, "session_busy");
    // The session is as busy at another replica.
    is_refused(&ask.send(&other.url).await, "session_busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_session_of_somebody_else_is_none() {
    let server = TestServer::before(slow_model().await, |settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.server.max_waiting = 0;
    })
    .await;
    let bearer = |token: String| format!("Bearer {token}");
    let ana = bearer(server.token("ana", &["ask"]).await);
    let bo = bearer(server.token("bo", &["ask"]).await);
    let begun = Ask::events(&json!({"question": "What is alpha?"}))
        .with("authorization", &ana)
        .until(server.url(), "event: step")
        .await;
    let session = begun.header("x-cardinal-session");
    let question = json!({"role": "user", "content": "And beta?"});
    let native = Ask::post(
        "/v1/answers",
        &json!({"question": "And beta?", "session": session}),
    );
    let of_another = server.send(native.clone().with("authorization", &bo)).await;
    assert_eq!(of_another.status, 404, "{of_another:#?}");
    let wires = [
        Ask::post(
            "/v1/chat/completions",
            &json!({"model": "cardinal", "messages": [question], "stream": true}),
        )
        .with("x-cardinal-session", session),
        Ask::post(
            "/api/chat",
            &json!({"id": session, "message": {"role": "user", "parts": [{"type": "text", "text": "And beta?"}]}}),
        ),
    ];
    assert_eq!(server.send(native.with("authorization", &ana)).await.status, 429);
    for (ask, begins) in wires.into_iter().zip(["\"role\"", "start-step"]) {
        let own = server.send(ask.clone().with("authorization", &ana)).await;
        assert_eq!(own.status, 429, "{own:#?}");
        // There another's name is as good as any.
        let of_another = ask.with("authorization", &bo).until(server.url(), begins).await;
        assert_eq!(of_another.status, 200, "{of_another:#?}");
        let session = format!("/v1/sessions/{session}");
        let gone = Ask::new("DELETE", &session).with("authorization", &bo);
        assert_eq!(server.send(gone).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_principal_has_so_many_turns_at_once_and_all_have_so_many() {
    let server = TestServer::before(slow_model().await, |settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.server.max_turns = 2;
        settings.server.max_turns_per_principal = 1;
    })
    .await;
    let mut bearers = Vec::new();
    for principal in ["ana", "bo", "cy"] {
        bearers.push(format!("Bearer {}", server.token(principal, &["ask"]).await));
    }
    let ask =
        |at: usize| Ask::events(&json!({"question": "What is alpha?"})).with("authorization", &bearers[at]);
    assert_eq!(ask(0).until(server.url(), "event: step").await.status, 200);
    is_refused(&ask(0).send(server.url()).await, "too_many_turns");
    assert_eq!(ask(1).until(server.url(), "event: step").await.status, 200);
    is_refused(&ask(2).send(server.url()).await, "too_many_turns");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_principal_has_its_own_requests_in_a_minute() {
    let server = TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.server.max_requests_per_minute = Some(2);
    })
    .await;
    let get = |token: &str| Ask::get("/v1/me").with("authorization", &format!("Bearer {token}"));
    let (ana, bo) = (
        server.token("ana", &["ask"]).await,
        server.token("bo", &["ask"]).await,
    );
    for _ in 0..2 {
        assert_eq!(server.send(get(&ana)).await.status, 200);
    }
    is_refused(&server.send(get(&ana)).await, "too_many_requests");
    assert_eq!(server.send(get(&bo)).await.status, 200);
}
