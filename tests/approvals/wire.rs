//! The wire: what needs an approval is sent when there is one of exactly this request, and once.

use cardinal::approvals::ApprovalStore;
use cardinal::call_log::{CallLog, CallLogSettings};
use cardinal::dbt::{DbtAddresses, DbtCloudSettings, grants as dbt_grants};
use cardinal::grants::GrantLevel;
use cardinal::operations::{ADMINISTRATIVE, Operation};
use cardinal::wire::{Wire, WireError, WireRequest, WireSettings};
use http::HeaderValue;
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{ana, half_an_hour};
use crate::grants::wire::{ACCOUNT, right, willing};
use crate::grants::{everywhere, policy};

fn wire(server: &Url, level: GrantLevel, store: Option<ApprovalStore>, log: Option<CallLog>) -> Wire {
    let addresses = DbtAddresses::of_host(server.as_str(), None).unwrap();
    let settings = DbtCloudSettings::new(addresses, SecretString::from("token"), ACCOUNT);
    let mut wire = WireSettings::new(dbt_grants(&settings, &policy(vec![everywhere(level)])));
    wire.approvals = store;
    wire.call_log = log;
    Wire::new(wire).unwrap()
}

/// The request of an operation, as a client with a token sends it.
fn sent_with_a_token(operation: &Operation, server: &Url) -> WireRequest {
    let mut request = right(operation, server);
    request
        .headers
        .insert("authorization", HeaderValue::from_static("Token token"));
    request
}

/// A trigger that changes what the job runs.
fn override_of(server: &Url, steps: &str) -> WireRequest {
    let trigger = ADMINISTRATIVE
        .iter()
        .find(|operation| operation.name == "trigger_job_run")
        .unwrap();
    let mut request = sent_with_a_token(trigger, server);
    request.body = Some(
        json!({"cause": "a test", "steps_override": [steps]})
            .to_string()
            .into(),
    );
    request
}

async fn denial(wire: &Wire, request: WireRequest) -> String {
    match wire.send(request).await {
        Err(WireError::Denied { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn id_in(reason: &str) -> String {
    let at = reason.find("ap_").unwrap_or_else(|| panic!("{reason}"));
    reason[at..at + 19].to_owned()
}

#[tokio::test]
async fn every_operation_that_needs_one_is_sent_once_with_it_and_never_without() {
    let server = willing().await;
    let folder = tempfile::tempdir().unwrap();
    let store = half_an_hour(folder.path());
    let high: Vec<&Operation> = ADMINISTRATIVE
        .iter()
        .filter(|operation| operation.needs_approval())
        .collect();
    assert_eq!(high.len(), 9);
    for level in [GrantLevel::Off, GrantLevel::Read, GrantLevel::Full] {
        let without = wire(&server.url, level, None, None);
        let with = wire(&server.url, level, Some(store.clone()), None);
        for operation in &high {
            let request = || sent_with_a_token(operation, &server.url);
            let before = server.asked().len();
            let name = operation.name;
            let alone = denial(&without, request()).await;
            let asked = denial(&with, request()).await;
            if level != GrantLevel::Full {
                // Nobody is asked to approve what is not granted at all.
                assert!(!asked.contains("ap_") && asked == alone, "{name}: {asked}");
                continue;
            }
            assert!(alone.contains("no place to ask for one"), "{name}: {alone}");
            let id = id_in(&asked);
            assert_eq!(id_in(&denial(&with, request()).await), id, "{name}");
            store.decide(&id, true, ana()).await.unwrap();
            assert_eq!(server.asked().len(), before, "{name}");
            with.send(request()).await.unwrap();
            assert_eq!(server.asked().len(), before + 1, "{name}");
            // Used up: the same request waits anew.
            assert_ne!(id_in(&denial(&with, request()).await), id, "{name}");
            assert_eq!(server.asked().len(), before + 1, "{name}");
        }
    }
    // What needs none goes through without anybody being asked.
    let with = wire(&server.url, GrantLevel::Full, Some(store.clone()), None);
    let before = store.list().await.unwrap().len();
    for operation in ADMINISTRATIVE
        .iter()
        .filter(|operation| !operation.needs_approval())
    {
        with.send(sent_with_a_token(operation, &server.url))
            .await
            .unwrap();
    }
    assert_eq!(store.list().await.unwrap().len(), before);
}

#[tokio::test]
async fn an_approval_is_of_one_body_and_nothing_else() {
    let server = willing().await;
    let folder = tempfile::tempdir().unwrap();
    let store = half_an_hour(folder.path());
    let wire = wire(&server.url, GrantLevel::Full, Some(store.clone()), None);
    let id = id_in(&denial(&wire, override_of(&server.url, "dbt build")).await);
    let waiting = store.get(&id).await.unwrap();
    assert_eq!(
        waiting.body.as_ref().unwrap()["steps_override"],
        json!(["dbt build"])
    );
    assert!(
        waiting
            .does
            .contains("with other settings than the job's: steps_override"),
        "{}",
        waiting.does
    );
    store.decide(&id, true, ana()).await.unwrap();
    assert_ne!(
        id_in(&denial(&wire, override_of(&server.url, "dbt run-operation drop_all")).await),
        id
    );
    let mut elsewhere = override_of(&server.url, "dbt build");
    elsewhere
        .url
        .set_path(&elsewhere.url.path().replace("/jobs/", "/jobs/9"));
    assert_ne!(id_in(&denial(&wire, elsewhere).await), id);
    let mut stranger = override_of(&server.url, "dbt build");
    stranger
        .headers
        .insert("authorization", HeaderValue::from_static("Token another"));
    assert_ne!(id_in(&denial(&wire, stranger).await), id);
    assert!(server.asked().is_empty());
    // The order of fields is not what it says.
    let mut same = override_of(&server.url, "dbt build");
    same.body = Some(r#"{"steps_override": ["dbt build"], "cause": "a test"}"#.into());
    wire.send(same).await.unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn who_approved_stands_in_the_log() {
    let server = willing().await;
    let folder = tempfile::tempdir().unwrap();
    let store = half_an_hour(&folder.path().join("approvals"));
    let log = CallLog::open(CallLogSettings::new(folder.path().join("log"))).unwrap();
    let wire = wire(&server.url, GrantLevel::Full, Some(store.clone()), Some(log));
    let id = id_in(&denial(&wire, override_of(&server.url, "dbt build")).await);
    store.decide(&id, true, ana()).await.unwrap();
    wire.send(override_of(&server.url, "dbt build")).await.unwrap();
    drop(wire);
    let mut records = Vec::new();
    cardinal::call_log::read_records(&folder.path().join("log"), &mut |_, record| {
        records.push(record);
        true
    })
    .unwrap();
    let decisions: Vec<(String, String)> = records
        .iter()
        .filter_map(|record| {
            Some((
                record.decision.clone()?,
                record.reason.clone().unwrap_or_default(),
            ))
        })
        .collect();
    assert_eq!(decisions[0].0, "needs_approval");
    assert_eq!(
        decisions[1],
        ("approved".to_owned(), format!("ana approved it ({id})"))
    );
}
