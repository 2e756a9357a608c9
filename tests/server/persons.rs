//! A credential for each person: Metabase's own permissions hold.

use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::TableRule;
use cardinal::config::{AuthPolicy, CredentialPolicy};
use cardinal::metabase::AuthSettings;
use cardinal::sandbox::{RunningSandbox, ServeOptions, World, serve};
use serde_json::json;

use super::client::Ask;
use super::kit::{QUESTION, TestServer};
use crate::support::stack::{curated, metabase_settings};

async fn server() -> (RunningSandbox, TestServer) {
    let sandbox = serve(ServeOptions::new(Arc::new(World::demo().unwrap())))
        .await
        .unwrap();
    let mut metabase = metabase_settings(&sandbox, Duration::from_secs(10));
    metabase.auth = AuthSettings::Jwt {
        secret: sandbox.jwt_secret.clone().unwrap(),
        email: "analyst@example.com".to_owned(),
        exchange: true,
    };
    let tables = TableRule {
        ids: Vec::new(),
        name_prefix: Some("orders".to_owned()),
    };
    let rules = curated(&sandbox, tables);
    let server = TestServer::with(|settings| {
        settings.metabase = Some(metabase);
        settings.catalog = rules;
        settings.server.auth = AuthPolicy::Required;
        settings.server.credential = CredentialPolicy::Person;
    })
    .await;
    (sandbox, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_person_sees_what_metabase_shows_them() {
    let (_sandbox, server) = server().await;
    let catalog = async |principal: &str| {
        let token = server.token(principal, &["ask"]).await;
        server
            .send(Ask::get("/v1/catalog").with("authorization", &format!("Bearer {token}")))
            .await
    };
    let kinds = |reply: &super::client::Reply| {
        let entries = reply.json()["entries"].as_array().unwrap().clone();
        entries.iter().filter(|entry| entry["kind"] == "table").count()
    };
    let (analyst, viewer) = (
        catalog("analyst@example.com").await,
        catalog("viewer@example.com").await,
    );
    assert!(
        kinds(&analyst) > 0 && kinds(&viewer) == 0,
        "{analyst:#?} {viewer:#?}"
    );
    assert_ne!(analyst.json()["fingerprint"], viewer.json()["fingerprint"]);
    let former = catalog("former@example.com").await;
    assert_eq!(
        (former.status, former.json()["code"].clone()),
        (502, json!("no_catalog"))
    );
    let nobody = catalog("ana").await;
    assert_eq!(
        (nobody.status, nobody.json()["code"].clone()),
        (403, json!("forbidden"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_as_whoever_asks() {
    let (_sandbox, server) = server().await;
    let token = server.token("viewer@example.com", &["ask"]).await;
    let ask = Ask::post("/v1/answers", &json!({"question": QUESTION}))
        .with("authorization", &format!("Bearer {token}"));
    let record = server.send(ask).await.json();
    assert_eq!(record["answer"]["outcome"], "answered", "{record:#}");
    let tape = server
        .folder
        .path()
        .join("store.sqlite.tapes")
        .join(format!("{}.jsonl", record["id"].as_str().unwrap()));
    let header = std::fs::read_to_string(tape).unwrap();
    assert!(
        header
            .lines()
            .next()
            .unwrap()
            .contains("\"principal\":\"viewer@example.com\"")
    );
    // Who cannot be let in is told so, and nothing is asked in anybody else's name.
    let token = server.token("former@example.com", &["ask"]).await;
    let ask = Ask::post("/v1/answers", &json!({"question": QUESTION}))
        .with("authorization", &format!("Bearer {token}"));
    let record = server.send(ask).await.json();
    assert_eq!(
        (&record["status"], &record["answer"]),
        (&json!("failed"), &json!(null))
    );
}
