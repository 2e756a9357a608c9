//! What the wire writes down.

use std::fs;
use std::time::Duration;

use cardinal::call_log::{CallLog, CallLogSettings};
use cardinal::dbt::{DbtAddresses, DbtCloudSettings, grants};
use cardinal::grants::GrantLevel;
use cardinal::operations::ADMINISTRATIVE;
use cardinal::principal::Principal;
use cardinal::wire::{Wire, WireError, WireSettings};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{of_kind, records};
use crate::grants::wire::right;
use crate::grants::{everywhere, policy};
use crate::support::scripted_dbt::{DbtReply, ScriptedDbt};

fn logged(server: &Url, level: GrantLevel, log: &CallLog) -> Wire {
    let addresses = DbtAddresses::of_host(server.as_str(), None).unwrap();
    let settings = DbtCloudSettings::new(addresses, SecretString::from("token"), 1);
    let mut wire = WireSettings::new(grants(&settings, &policy(vec![everywhere(level)])));
    wire.call_log = Some(log.clone());
    Wire::new(wire).unwrap()
}

fn operation(name: &str) -> &'static cardinal::operations::Operation {
    ADMINISTRATIVE.iter().find(|one| one.name == name).unwrap()
}

#[tokio::test]
async fn intent_comes_before_the_call_and_outcome_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_owned();
    let server = ScriptedDbt::serve(move |_| {
        // While the call runs its intent is on the disk already.
        let seen = records(&dir);
        assert_eq!(seen.last().unwrap()["kind"], "intent");
        DbtReply::json(200, &json!({"data": [{"id": 1}, {"id": 2}, {"id": 3}]}))
    })
    .await;
    let log = CallLog::open(CallLogSettings::new(folder.path().to_owned())).unwrap();
    let wire = logged(&server.url, GrantLevel::Full, &log);
    wire.remember_name("job_id", "7", "Daily build");
    let mut request = right(operation("trigger_job_run"), &server.url);
    request.policy.principal = Principal("Ana.Analyst@example.com".to_owned());
    let sent = wire.send(request).await.unwrap();
    let bytes = sent.bytes().await.unwrap().len();
    drop((wire, log));
    let all = records(folder.path());
    let intent = of_kind(&all, "intent")[0];
    for (field, value) in [
        ("agent", json!("analyst")),
        ("system", json!("dbt")),
        ("account", json!("1")),
        ("area", json!("dbt.runs")),
        ("operation", json!("trigger_job_run")),
        ("access", json!("write")),
        ("method", json!("POST")),
        ("does", json!("trigger job 7 (Daily build)")),
        ("decision", json!("allowed")),
        ("rule", json!("grants.rules 1")),
        ("parameters", json!({"account_id": "1", "job_id": "7"})),
    ] {
        assert_eq!(intent[field], value, "{field}");
    }
    assert!(
        intent["principal"].as_str().unwrap().starts_with("[e-mail "),
        "{intent}"
    );
    let outcome = of_kind(&all, "outcome")[0];
    for (field, value) in [
        ("call", intent["call"].clone()),
        ("end", json!("complete")),
        ("status", json!(200)),
        ("rows", json!(3)),
        ("bytes", json!(bytes)),
        ("attempts", json!(1)),
        ("served_by", json!("live")),
    ] {
        assert_eq!(outcome[field], value, "{field}");
    }
    let text: String = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(
        !text.contains("example.com") && !text.contains("a test"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_refused_is_written_down_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &json!({}))).await;
    let log = CallLog::open(CallLogSettings::new(folder.path().to_owned())).unwrap();
    let wire = logged(&server.url, GrantLevel::Read, &log);
    assert!(
        wire.send(right(operation("cancel_run"), &server.url))
            .await
            .is_err()
    );
    let full = logged(&server.url, GrantLevel::Full, &log);
    assert!(
        full.send(right(operation("delete_job"), &server.url))
            .await
            .is_err()
    );
    drop((wire, full, log));
    let all = records(folder.path());
    let refused = of_kind(&all, "refused");
    assert_eq!(refused.len(), 2);
    assert_eq!(all.len(), 3);
    assert_eq!(refused[0]["decision"], "denied");
    assert_eq!(refused[0]["does"], "cancel run 7");
    assert!(
        refused[0]["reason"]
            .as_str()
            .unwrap()
            .contains("dbt.runs may only be read")
    );
    assert_eq!(refused[1]["decision"], "needs_approval");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn failures_and_calls_that_are_given_up_have_an_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let log = CallLog::open(CallLogSettings::new(folder.path().to_owned())).unwrap();
    // Nobody listens there.
    let nowhere = Url::parse("http://127.0.0.1:1").unwrap();
    let wire = logged(&nowhere, GrantLevel::Full, &log);
    assert!(
        wire.send(right(operation("trigger_job_run"), &nowhere))
            .await
            .is_err()
    );
    // Somebody listens and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = Url::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let wire = logged(&silent_url, GrantLevel::Full, &log);
    let request = right(operation("list_jobs"), &silent_url);
    let waiting = tokio::spawn(async move { wire.send(request).await });
    let (_socket, _) = silent.accept().await.unwrap();
    waiting.abort();
    assert!(waiting.await.is_err());
    drop(log);
    // The thread that writes ends after the last outcome; it is another one than this.
    let all = loop {
        let all = records(folder.path());
        if of_kind(&all, "outcome").len() == 2 {
            break all;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let outcomes = of_kind(&all, "outcome");
    assert_eq!(outcomes[0]["end"], "failed");
    assert!(
        outcomes[0]["reason"]
            .as_str()
            .unwrap()
            .contains("failed to connect")
    );
    assert_eq!(outcomes[1]["end"], "dropped");
}

#[tokio::test]
async fn without_a_place_to_write_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in-the-way");
    fs::write(&file, "x").unwrap();
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &json!({}))).await;
    let log = CallLog::open(CallLogSettings::new(file.join("log"))).unwrap();
    let wire = logged(&server.url, GrantLevel::Full, &log);
    for name in ["trigger_job_run", "list_jobs"] {
        let error = wire.send(right(operation(name), &server.url)).await.unwrap_err();
        assert!(matches!(error, WireError::NotLogged { .. }), "{error}");
        assert!(
            error.to_string().contains("could not be written down first"),
            "{error}"
        );
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn names_of_jobs_hold_no_secret_and_no_second_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &json!({}))).await;
    let log = CallLog::open(CallLogSettings::new(folder.path().to_owned())).unwrap();
    let wire = logged(&server.url, GrantLevel::Full, &log);
    let name = "Daily\n{\"kind\":\"outcome\"} for ana@example.com with dbtc_8Qd2mVnEXAMPLE0w7";
    wire.remember_name("job_id", "7", name);
    wire.send(right(operation("get_job"), &server.url)).await.unwrap();
    drop((wire, log));
    let all = records(folder.path());
    let does = of_kind(&all, "intent")[0]["does"].as_str().unwrap();
    assert!(
        !does.contains('\n') && !does.contains("ana@") && !does.contains("dbtc_8Q"),
        "{does}"
    );
    assert!(does.contains("Daily") && does.contains("[redacted]"), "{does}");
}
