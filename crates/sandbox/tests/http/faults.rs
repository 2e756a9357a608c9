use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::client::{Sandbox, json as with_json, send, try_send};

const CARD_QUERY: &str = "POST /api/card/*/query";

async fn with_fault(effect: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::start().await;
    let card = sandbox.card("Revenue by product category").await;
    sandbox
        .running
        .faults()
        .add(&format!("{CARD_QUERY}={effect}"))
        .unwrap();
    (sandbox, format!("/api/card/{card}/query"))
}

#[tokio::test]
async fn too_many_requests_says_when_to_come_back_and_ends() {
    let (sandbox, path) = with_fault("429:2,retry-after=1").await;
    for _ in 0..2 {
        let answer = sandbox.post(&path, &json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "1"));
        assert_eq!(answer.header("content-type"), "text/plain;charset=utf-8");
    }
    assert_eq!(sandbox.post(&path, &json!({})).await.rows().len(), 6);
    assert_eq!(sandbox.running.faults().hits(), [2]);
}

#[tokio::test]
async fn a_rule_can_let_the_first_requests_through() {
    let (sandbox, path) = with_fault("503,skip=1,count=1").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(sandbox.post(&path, &json!({})).await.status.as_u16());
    }
    assert_eq!(statuses, [202, 503, 202]);
}

#[tokio::test]
async fn other_routes_are_left_alone() {
    let (sandbox, _) = with_fault("500").await;
    assert_eq!(sandbox.get("/api/collection").await.status, 200);
    sandbox.running.faults().clear();
    assert!(sandbox.running.faults().hits().is_empty());
}

#[tokio::test]
async fn latency_delays_the_whole_answer() {
    let (sandbox, path) = with_fault("latency:300ms").await;
    let started = Instant::now();
    assert_eq!(sandbox.post(&path, &json!({})).await.rows().len(), 6);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the head has to be seen before the body"
)]
async fn a_slow_first_byte_comes_after_the_status() {
    let (sandbox, path) = with_fault("slow-first-byte:500ms").await;
    let key = sandbox.running.api_key.expose_secret().to_owned();
    let request = with_json(sandbox.request(Method::POST, &path), &json!({})).header("X-API-Key", key);
    let response = request.send().await.unwrap();
    let head = Instant::now();
    assert_eq!(response.status(), 202);
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert!(head.elapsed() >= Duration::from_millis(250));
    assert_eq!(body["status"], "completed");
}

#[tokio::test]
async fn a_query_can_fail_inside_a_202() {
    let (sandbox, path) = with_fault("failed:1").await;
    let answer = sandbox.post(&path, &json!({})).await;
    assert_eq!(answer.status, 202);
    let body = answer.json();
    assert_eq!(
        (body["status"].as_str(), body["row_count"].as_i64()),
        (Some("failed"), Some(0))
    );
    assert_eq!(body["data"], json!({ "rows": [], "cols": [] }));
}

#[tokio::test]
async fn a_cut_connection_is_a_transport_error() {
    for effect in ["cut:0", "cut:40", "cut:100mb"] {
        let (sandbox, path) = with_fault(effect).await;
        let key = sandbox.running.api_key.expose_secret().to_owned();
        let request = with_json(sandbox.request(Method::POST, &path), &json!({})).header("X-API-Key", key);
        assert!(try_send(request).await.is_err(), "{effect}");
    }
}

#[tokio::test]
async fn a_glued_error_follows_partial_json() {
    for effect in ["glue:60", "glue:100mb"] {
        let (sandbox, path) = with_fault(effect).await;
        let answer = sandbox.post(&path, &json!({})).await;
        assert_eq!(answer.status, 202);
        assert!(answer.body.starts_with(r#"{"data":{"rows":["#));
        assert!(serde_json::from_str::<Value>(&answer.body).is_err(), "{effect}");
        assert!(answer.body.contains("Error reducing result rows"));
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the body is too large to read whole")]
async fn a_huge_body_is_valid_and_streamed() {
    let (sandbox, path) = with_fault("huge:3mb").await;
    let key = sandbox.running.api_key.expose_secret().to_owned();
    let request = with_json(sandbox.request(Method::POST, &path), &json!({})).header("X-API-Key", key);
    let mut response = request.send().await.unwrap();
    let (mut body, mut chunks) = (Vec::new(), 0);
    while let Some(chunk) = response.chunk().await.unwrap() {
        body.extend_from_slice(&chunk);
        chunks += 1;
    }
    assert!(body.len() > 3_000_000 && chunks > 10);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["row_count"], body["data"]["rows"].as_array().unwrap().len());
    assert_eq!(body["status"], "completed");
}

#[tokio::test]
async fn an_expired_token_is_401() {
    let sandbox = Sandbox::start().await;
    sandbox
        .running
        .faults()
        .add("* /api/agent/**=expired-jwt:1")
        .unwrap();
    let answer = sandbox.get("/api/agent/v1/ping").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["error"].as_str()),
        (401, Some("invalid_jwt"))
    );
    assert_eq!(sandbox.get("/api/agent/v1/ping").await.status, 200);
}

#[tokio::test]
async fn delays_add_to_other_faults() {
    let sandbox = Sandbox::start().await;
    sandbox
        .running
        .faults()
        .add("GET /api/health=latency:100ms; GET /api/health=latency:100ms; GET /api/*=503")
        .unwrap();
    let started = Instant::now();
    let answer = send(sandbox.request(Method::GET, "/api/health")).await;
    assert_eq!(answer.status, 503);
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(sandbox.running.faults().hits(), [1, 1, 1]);
}
