use std::time::Duration;

use cardinal::principal::Principal;
use cardinal::wire::{CacheRule, ServedBy, Wire, WireRequest};
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;

use super::retry::quick;
use super::server::{Server, answer};

/// Answers each request, after a while, with its number.
async fn counting() -> Server {
    Server::start(|number, _, mut socket| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let body = format!(r#"{{"n":{number}}}"#);
        let _ = socket
            .write_all(&answer("202 Accepted", "", body.as_bytes()))
            .await;
    })
    .await
}

fn cacheable(mut request: WireRequest) -> WireRequest {
    request.policy.cache =
        CacheRule::WhenSuccessful(|status, body| status.is_success() && body.starts_with(b"{"));
    request
}

fn asked_by(principal: &str, mut request: WireRequest) -> WireRequest {
    request.policy.principal = Principal(principal.to_owned());
    request
}

async fn text(wire: &Wire, request: WireRequest) -> (ServedBy, String) {
    let response = wire.send(request).await.unwrap();
    let served_by = response.served_by;
    (
        served_by,
        String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn many_at_once_are_sent_once() {
    let server = counting().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let sessions: Vec<Wire> = (0..50).map(|_| wire.for_session()).collect();
    let answers = join_all(
        sessions
            .iter()
            .map(|wire| text(wire, cacheable(server.query("{}")))),
    )
    .await;
    assert_eq!(server.requests(), 1);
    assert!(answers.iter().all(|(_, body)| body == r#"{"n":0}"#));
    let live = answers.iter().filter(|(by, _)| *by == ServedBy::Live).count();
    assert_eq!(live, 1);
}

#[tokio::test]
async fn the_form_of_the_body_does_not_matter_but_its_meaning_does() {
    let server = counting().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let n = async |body: &str| text(&wire, cacheable(server.query(body))).await.1;
    let first = n(r#"{"a":1,"b":[2,3]}"#).await;
    assert_eq!(n(r#"{ "b": [2, 3], "a": 1 }"#).await, first);
    assert_ne!(n(r#"{"a":1,"b":[3,2]}"#).await, first);
    assert_ne!(n(r#"{"a":"1","b":[2,3]}"#).await, first);
    let big = n(r#"{"a":123456789012345678901234567890}"#).await;
    assert_ne!(n(r#"{"a":123456789012345678901234567891}"#).await, big);
}

#[tokio::test]
async fn principals_method_and_query_are_part_of_the_key() {
    let server = counting().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let requests = [
        asked_by("ana", server.get("/api/card/1")),
        asked_by("ben", server.get("/api/card/1")),
        asked_by("ana", server.get("/api/card/1?x=1")),
        asked_by("ana", server.get("/api/card/2")),
        asked_by("ana", server.query("")),
    ];
    for request in &requests {
        assert_eq!(text(&wire, cacheable(request.clone())).await.0, ServedBy::Live);
    }
    for request in &requests {
        assert_eq!(text(&wire, cacheable(request.clone())).await.0, ServedBy::Cache);
    }
    assert_eq!(server.requests(), requests.len());
}

#[tokio::test]
async fn nothing_is_kept_without_a_rule() {
    let server = counting().await;
    let wire = Wire::new(quick(&server)).unwrap();
    assert_eq!(text(&wire, server.query("{}")).await.1, r#"{"n":0}"#);
    assert_eq!(text(&wire, server.query("{}")).await.1, r#"{"n":1}"#);
}

#[tokio::test]
async fn failures_reach_all_who_wait_and_are_not_kept() {
    let refused = answer("400 Bad Request", "", b"{}");
    let strange = answer("200 OK", "", b"<html>");
    let good = answer("200 OK", "", b"{}");
    let server = Server::scripted(vec![refused, strange, good]).await;
    let wire = Wire::new(quick(&server)).unwrap();
    let ask = || wire.send(cacheable(server.query("{}")));
    let statuses = join_all([ask(), ask(), ask()]).await;
    assert!(
        statuses
            .into_iter()
            .all(|response| response.unwrap().status == 400)
    );
    assert_eq!(server.requests(), 1);
    assert_eq!(ask().await.unwrap().bytes().await.unwrap(), "<html>");
    assert_eq!(ask().await.unwrap().served_by, ServedBy::Live);
    assert_eq!(ask().await.unwrap().served_by, ServedBy::Cache);
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn when_the_first_goes_away_the_next_is_sent() {
    let server = counting().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let first = tokio::time::timeout(
        Duration::from_millis(30),
        wire.send(cacheable(server.query("{}"))),
    );
    let second = text(&wire, cacheable(server.query("{}")));
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err());
    assert_eq!(second, (ServedBy::Live, r#"{"n":1}"#.to_owned()));
}

#[tokio::test]
async fn what_is_kept_gets_old_and_has_a_bound() {
    let server = counting().await;
    let mut settings = quick(&server);
    settings.cache.time_to_live = Duration::from_millis(200);
    let wire = Wire::new(settings.clone()).unwrap();
    assert_eq!(text(&wire, cacheable(server.query("{}"))).await.0, ServedBy::Live);
    assert_eq!(
        text(&wire, cacheable(server.query("{}"))).await.0,
        ServedBy::Cache
    );
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(text(&wire, cacheable(server.query("{}"))).await.0, ServedBy::Live);

    settings.cache.time_to_live = Duration::ZERO;
    let wire = Wire::new(settings).unwrap();
    assert_eq!(text(&wire, cacheable(server.query("{}"))).await.0, ServedBy::Live);
    assert_eq!(text(&wire, cacheable(server.query("{}"))).await.0, ServedBy::Live);
}
