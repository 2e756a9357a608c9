//! A completed run of dbt makes the server read data again.

use hmac::{Hmac, Mac as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;

use super::client::Ask;
use super::kit::{QUESTION, TestServer};

const SECRET: &str = "a secret of a subscription";

fn delivery(event: &str, kind: &str) -> String {
    json!({
        "accountId": 1, "eventId": event, "eventType": kind,
        "data": {"jobId": "5", "runId": "9", "environmentId": "3", "runStatus": "Success", "runStatusCode": 10},
    })
    .to_string()
}

fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn deliver(server: &TestServer, body: &str, signature: &str) -> u16 {
    let value: Value = serde_json::from_str(body).unwrap();
    assert_eq!(value.to_string(), body, "the client sends what was signed");
    let ask = Ask::post("/v1/dbt/webhook", &value).with("authorization", signature);
    server.send(ask).await.status
}

async fn served_by(server: &TestServer) -> String {
    let record = server.ask(QUESTION).await;
    record["answer"]["tool_calls"][0]["served_by"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_run_makes_cached_rows_old() {
    let server = TestServer::with(|settings| {
        settings.dbt.webhook_secret = Some(SecretString::from(SECRET));
    })
    .await;
    assert_eq!(served_by(&server).await, "live");
    assert_eq!(served_by(&server).await, "cache");
    let started = delivery("wev_0", "job.run.started");
    assert_eq!(deliver(&server, &started, &signed(&started)).await, 204);
    assert_eq!(
        served_by(&server).await,
        "cache",
        "nothing is new when a run begins"
    );
    let completed = delivery("wev_1", "job.run.completed");
    for wrong in ["", "00", "Bearer x"] {
        assert_eq!(deliver(&server, &completed, wrong).await, 401);
    }
    assert_eq!(
        served_by(&server).await,
        "cache",
        "a forged delivery does nothing"
    );
    assert_eq!(deliver(&server, &completed, &signed(&completed)).await, 204);
    // The answer came before the work.
    let mut by = String::new();
    for _ in 0..50 {
        by = served_by(&server).await;
        if by == "live" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(by, "live");
    assert_eq!(served_by(&server).await, "cache");
    // The same delivery again changes nothing.
    assert_eq!(deliver(&server, &completed, &signed(&completed)).await, 204);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(served_by(&server).await, "cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_receiver() {
    let server = TestServer::new().await;
    let body = delivery("wev_1", "job.run.completed");
    assert_eq!(deliver(&server, &body, &signed(&body)).await, 404);
}
