//! A receiver on a socket of its own; signatures are held to vectors that were computed elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::client::Dbt;

struct Delivery {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Delivery {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Answers with these statuses, the last one for good.
async fn receiver(statuses: Vec<u16>) -> (String, UnboundedReceiver<Delivery>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let (send, receive) = unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.into_iter();
        let mut status = statuses.next().unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let (head, length) = loop {
                let mut part = [0; 4096];
                let count = stream.read(&mut part).await.unwrap();
                bytes.extend_from_slice(&part[..count]);
                if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
                    let length: usize = head
                        .lines()
                        .find_map(|line| {
                            line.to_lowercase()
                                .strip_prefix("content-length: ")
                                .map(|n| n.parse().unwrap())
                        })
                        .unwrap();
                    if bytes.len() >= end + 4 + length {
                        break (head, end + 4);
                    }
                }
            };
            let headers = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let _ = send.send(Delivery {
                headers,
                body: bytes[length..].to_vec(),
            });
            stream
                .write_all(
                    format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        .as_bytes(),
                )
                .await
                .unwrap();
            status = statuses.next().unwrap_or(status);
        }
    });
    (address, receive)
}

async fn subscribe(dbt: &Dbt, address: &str, events: &[&str], jobs: Value) -> Value {
    let body = json!({ "name": "Cardinal", "description": "", "event_types": events, "job_ids": jobs, "client_url": address, "active": true });
    let made = dbt.post(3, "/webhooks/subscriptions", body).await;
    assert_eq!(made.status, 201);
    made.data()
}

async fn next(receive: &mut UnboundedReceiver<Delivery>) -> Delivery {
    tokio::time::timeout(Duration::from_secs(20), receive.recv())
        .await
        .expect("a delivery comes")
        .unwrap()
}

#[tokio::test]
async fn a_run_is_told_of_with_a_signature_over_the_raw_bytes() {
    let dbt = Dbt::start().await;
    let (address, mut receive) = receiver(vec![200]).await;
    let made = subscribe(
        &dbt,
        &address,
        &["job.run.started", "job.run.completed", "job.run.errored"],
        json!([8003]),
    )
    .await;
    assert!(made["id"].as_str().unwrap().starts_with("wsu_"));
    assert!(made["account_identifier"].as_str().unwrap().starts_with("act_"));
    assert_eq!(
        (made["job_ids"].clone(), made["http_status_code"].clone()),
        (json!(["8003"]), json!("0"))
    );
    assert!(
        made["created_at"].as_str().unwrap().parse::<u64>().unwrap() > 1_000_000_000_000_000,
        "microseconds"
    );
    let secret = made["hmac_secret"].as_str().unwrap();
    assert_eq!(secret, dbt.running.webhook_secret.expose_secret());
    assert!(
        !dbt.get(3, "/webhooks/subscriptions").await.text.contains(secret),
        "the secret is told once"
    );

    let run = dbt
        .post(2, "/jobs/8003/run/", json!({ "cause": "night" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    let other = dbt
        .post(2, "/jobs/8001/run/", json!({ "cause": "not asked for" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    dbt.finished(run).await;
    dbt.finished(other).await;
    let mut seen = BTreeMap::new();
    for _ in 0..3 {
        let delivery = next(&mut receive).await;
        let signature = &delivery.headers["authorization"];
        assert_eq!(
            *signature,
            hmac_by_definition(secret, &delivery.body),
            "no scheme word, lower-case hexadecimal digits"
        );
        let body = delivery.json();
        assert!(body["eventId"].as_str().unwrap().starts_with("wev_"));
        assert_eq!(
            (body["accountId"].clone(), body["webhooksID"].clone()),
            (json!(dbt.running.account_id), made["id"].clone())
        );
        assert_eq!(body["data"]["runId"], run.to_string());
        assert_eq!(body["data"]["runReason"], "night");
        assert!(body["data"]["projectId"].is_string() && body["data"]["environmentId"].is_string());
        seen.insert(body["eventType"].as_str().unwrap().to_owned(), body);
    }
    let data = |event: &str| seen[event]["data"].clone();
    assert_eq!(
        (
            data("job.run.started")["runStatus"].clone(),
            data("job.run.started")["runStatusCode"].clone()
        ),
        (json!("Running"), json!(3))
    );
    assert_eq!(
        (
            data("job.run.errored")["runStatus"].clone(),
            data("job.run.errored")["runStatusCode"].clone()
        ),
        (json!("Errored"), json!(20))
    );
    assert!(data("job.run.errored")["runErroredAt"].is_string());
    assert!(data("job.run.completed")["runFinishedAt"].is_string());
    assert_eq!(data("job.run.started")["runStatusMessage"], "None");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(receive.try_recv().is_err(), "nothing of the other job");
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_with_the_same_event() {
    let dbt = Dbt::start().await;
    let (address, mut receive) = receiver(vec![500, 503, 200]).await;
    let made = subscribe(&dbt, &address, &["job.run.completed"], json!([])).await;
    let run = dbt
        .post(2, "/jobs/8001/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    dbt.finished(run).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(next(&mut receive).await.json()["eventId"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(receive.try_recv().is_err(), "after a success there is no more");
    let id = made["id"].as_str().unwrap();
    let sent = dbt
        .get(3, &format!("/webhooks/subscription/{id}/events"))
        .await
        .data();
    let statuses: Vec<u64> = sent
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["http_status_code"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert_eq!(
        dbt.get(3, &format!("/webhooks/subscription/{id}")).await.data()["http_status_code"],
        "200"
    );
}

#[tokio::test]
async fn five_retries_are_all() {
    let dbt = Dbt::start().await;
    let (address, mut receive) = receiver(vec![500]).await;
    subscribe(&dbt, &address, &["job.run.completed"], json!([])).await;
    let run = dbt
        .post(2, "/jobs/8001/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    dbt.finished(run).await;
    for _ in 0..6 {
        next(&mut receive).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(receive.try_recv().is_err());
}

#[tokio::test]
async fn subscriptions_can_be_switched_off_tested_and_removed() {
    let dbt = Dbt::start().await;
    let (address, mut receive) = receiver(vec![202]).await;
    let made = subscribe(&dbt, &address, &["job.run.completed"], json!([])).await;
    let path = dbt.path(
        3,
        &format!("/webhooks/subscription/{}", made["id"].as_str().unwrap()),
    );
    let test = dbt
        .send(
            reqwest::Method::GET,
            &format!("{path}/test"),
            Some(&dbt.token()),
            None,
        )
        .await
        .data();
    assert_eq!(
        test,
        json!({ "verification_error": null, "verification_status_code": "202" })
    );
    next(&mut receive).await;
    let off = dbt
        .send(
            reqwest::Method::PUT,
            &path,
            Some(&dbt.token()),
            Some(&json!({ "active": false })),
        )
        .await
        .data();
    assert_eq!(off["active"], false);
    let run = dbt
        .post(2, "/jobs/8001/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    dbt.finished(run).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(receive.try_recv().is_err());
    let gone = dbt
        .send(reqwest::Method::DELETE, &path, Some(&dbt.token()), None)
        .await;
    assert_eq!(
        (gone.status.as_u16(), gone.data()),
        (200, json!({ "id": made["id"] }))
    );
    assert_eq!(
        dbt.send(reqwest::Method::DELETE, &path, Some(&dbt.token()), None)
            .await
            .status,
        404
    );
}

/// RFC 2104 over SHA-256, by its definition, with a hash of another crate than the sandbox's HMAC.
fn hmac_by_definition(secret: &str, body: &[u8]) -> String {
    let mut key = [0_u8; 64];
    key[..secret.len()].copy_from_slice(secret.as_bytes());
    let digest = |parts: &[&[u8]]| {
        rustls::crypto::ring::default_provider()
            .cipher_suites
            .iter()
            .find_map(|suite| {
                let suite = suite.tls13()?;
                let hash = suite.common.hash_provider;
                (hash.algorithm() == rustls::crypto::hash::HashAlgorithm::SHA256)
                    .then(|| hash.hash(&parts.concat()).as_ref().to_vec())
            })
            .unwrap()
    };
    let inner: Vec<u8> = key.iter().map(|byte| byte ^ 0x36).collect();
    let outer: Vec<u8> = key.iter().map(|byte| byte ^ 0x5c).collect();
    let hash = digest(&[&outer, &digest(&[&inner, body])]);
    hash.iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
