//! Deliveries of webhooks: the signature, what they say, and the sandbox as their sender.

use std::time::Duration;

use cardinal::dbt::{DbtAccount, DbtEvent, EventMemory, WebhookError, grants};
use cardinal::grants::GrantLevel;
use cardinal::operations::administrative as table;
use cardinal::principal::Principal;
use cardinal::sandbox::ServeOptions;
use cardinal::server::receive_webhooks;
use cardinal::wire::{Wire, WireSettings};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use std::sync::Arc;

use crate::grants::{everywhere, policy};
use crate::support::demo_world::WORLD;
use crate::support::stack::{dbt_beside, dbt_settings};

/// As dbt's documentation shows one, signed by openssl.
const DELIVERY: &str = include_str!("delivery.json");
const SIGNATURE: &str = "7b8229d01fa98beac7fe987375fe697cd9cff8253ae3c6050078caca1d833595";

fn secret() -> SecretString {
    SecretString::from("a secret of a subscription")
}

fn read(signature: Option<&str>, body: &[u8]) -> Result<DbtEvent, WebhookError> {
    DbtEvent::read(&secret(), signature, body)
}

#[test]
fn a_signature_of_another_program_is_taken_and_no_other() {
    let event = read(Some(SIGNATURE), DELIVERY.as_bytes()).unwrap();
    assert_eq!(event.event_id, "wev_2L6Z3l8uPedXKPq9D2nWbPIip7Z");
    assert!(event.is_completed_run());
    assert_eq!(
        (event.run_id.as_deref(), event.run_status_code),
        (Some("12345"), Some(10))
    );
    assert!(event.is_about(1, Some(1234)) && !event.is_about(2, Some(1234)) && !event.is_about(1, Some(9)));
    let upper = SIGNATURE.to_uppercase();
    assert!(read(Some(&upper), DELIVERY.as_bytes()).is_ok());
    for wrong in [
        None,
        Some(""),
        Some("abc"),
        Some(&SIGNATURE[..62]),
        Some("zz"),
        Some(&format!("Bearer {SIGNATURE}")),
        Some(&format!("{SIGNATURE}00")),
        Some(&SIGNATURE.replace('a', "b")),
    ] {
        assert_eq!(
            read(wrong, DELIVERY.as_bytes()),
            Err(WebhookError::Unsigned),
            "{wrong:?}"
        );
    }
    // Over the bytes as they came: one more space is another delivery.
    for at in [0, 1, DELIVERY.len() / 2, DELIVERY.len() - 1] {
        let mut changed = DELIVERY.as_bytes().to_vec();
        changed[at] ^= 1;
        assert_eq!(
            read(Some(SIGNATURE), &changed),
            Err(WebhookError::Unsigned),
            "byte {at}"
        );
    }
    let spaced = format!("{DELIVERY} ");
    assert_eq!(
        read(Some(SIGNATURE), spaced.as_bytes()),
        Err(WebhookError::Unsigned)
    );
}

#[test]
fn an_event_is_new_once() {
    let memory = EventMemory::default();
    assert!(memory.is_new("wev_1") && !memory.is_new("wev_1") && memory.is_new("wev_2"));
    for number in 0..20_000 {
        memory.is_new(&format!("wev_n{number}"));
    }
    // Bounded: the oldest are forgotten, the newest are not.
    assert!(!memory.is_new("wev_n19999") && memory.is_new("wev_1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_delivers_to_the_receiver_and_each_event_comes_once() {
    let world = Arc::clone(&WORLD);
    let metabase = cardinal::sandbox::serve(ServeOptions::new(world)).await.unwrap();
    let sandbox = dbt_beside(&metabase).await;
    let receiver = receive_webhooks("127.0.0.1:0".parse().unwrap(), sandbox.webhook_secret.clone());
    let mut receiver = receiver.await.unwrap();
    let settings = dbt_settings(&sandbox);
    let wire = Wire::new(WireSettings::new(grants(
        &settings,
        &policy(vec![everywhere(GrantLevel::Full)]),
    )))
    .unwrap();
    let client = DbtAccount::new(settings, wire, Principal::default()).administrative();
    let body = json!({
        "name": "Cardinal", "description": "", "active": true, "client_url": format!("{}/hook", receiver.url),
        "event_types": ["job.run.completed", "job.run.started"], "job_ids": [],
    });
    client
        .change(&table::CREATE_WEBHOOK, &[], Some(body))
        .await
        .unwrap();
    let run = client.trigger(8001, "a test").await.unwrap();
    let mut types = Vec::new();
    while types.len() < 2 {
        let event = tokio::time::timeout(Duration::from_secs(20), receiver.events.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(event.run_id, Some(run.id.to_string()));
        types.push(event.event_type);
    }
    types.sort();
    assert_eq!(types, ["job.run.completed", "job.run.started"]);
    let more = tokio::time::timeout(Duration::from_millis(300), receiver.events.recv()).await;
    assert!(more.is_err(), "{more:?}");
}

/// What is read of a body that is signed as it should be.
fn signed(body: &[u8]) -> Result<DbtEvent, WebhookError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret().expose_secret().as_bytes()).unwrap();
    mac.update(body);
    let digits = mac.finalize().into_bytes();
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    read(Some(&digits), body)
}

#[test]
fn a_signed_event_may_leave_out_everything_but_what_it_is() {
    for body in [
        json!({"eventId": "wev_1", "eventType": "job.run.completed"}),
        json!({"eventId": "wev_1", "eventType": "job.run.completed", "data": null, "accountId": null}),
        json!({"eventId": "wev_1", "eventType": "job.run.completed", "data": {"runId": [], "jobId": {}, "new": 1}}),
        json!({"eventId": "wev_1", "eventType": "job.run.completed", "data": {"runStatusCode": "ten"}}),
    ] {
        let event = signed(body.to_string().as_bytes()).unwrap();
        assert!(event.is_completed_run() && event.is_about(1, Some(2)), "{body}");
        assert_eq!((event.run_id, event.run_status_code), (None, None), "{body}");
    }
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "not JSON",
        r#"{"eventId": "", "eventType": "job.run.completed"}"#,
        r#"{"eventId": 7, "eventType": "job.run.completed"}"#,
        r#"{"eventId": "wev_1"}"#,
        r#"{"eventId": "wev_1", "eventId": "wev_2", "eventType": "job.run.completed"}"#,
        r#"{"eventId": "wev_1", "eventType": "job.run.completed", "data": "text"}"#,
    ] {
        let refused = signed(body.as_bytes());
        assert!(
            matches!(refused, Err(WebhookError::Unreadable(_))),
            "{body}: {refused:?}"
        );
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = format!(r#"{{"eventId": "wev_1", "eventType": "x", "data": {{"runId": {deep}}}}}"#);
    assert!(signed(deep.as_bytes()).is_err());
    let hidden =
        json!({"eventId": "wev_1\u{202e}\n", "eventType": "job.run.completed", "data": {"jobName": "a\nb"}});
    let event = signed(hidden.to_string().as_bytes()).unwrap();
    assert_eq!(event.job_name.as_deref(), Some("a b"));
    assert!(
        !event.event_id.contains(['\n', '\u{202e}']),
        "{:?}",
        event.event_id
    );
}
