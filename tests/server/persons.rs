//! A credential for each person: Metabase's own permissions hold.

use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::TableRule;
use cardinal::config::{AuthPolicy, CredentialPolicy};
use cardinal::metabase::AuthSettings;
use cardinal::sandbox::RunningSandbox;
use serde_json::json;

use super::client::Ask;
use super::kit::{CARD_QUESTION, TestServer};
use crate::support::stack::{curated, metabase_settings};

async fn server() -> (RunningSandbox, TestServer) {
    TestServer::over_metabase(|settings, sandbox| {
        settings.metabase.as_mut().unwrap().auth = AuthSettings::Jwt {
            secret: sandbox.jwt_secret.clone().unwrap(),
            email: "analyst@example.com".to_owned(),
            exchange: true,
        };
        settings.server.auth = AuthPolicy::Required;
        settings.server.credential = CredentialPolicy::Person;
    })
    .await
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
    let ask = Ask::post("/v1/answers", &json!({"question": CARD_QUESTION}))
        .with("authorization", &format!("Bearer {token}"));
    let record = server.send(ask).await.json();
    assert_eq!(record["answer"]["outcome"], "answered", "{record:#}");
    let path = format!("/v1/answers/{}/tape", record["id"].as_str().unwrap());
    let bearer = format!("Bearer {token}");
    let tape = server.send(Ask::get(&path).with("authorization", &bearer)).await;
    assert!(
        tape.body
            .lines()
            .next()
            .unwrap()
            .contains("\"principal\":\"viewer@example.com\"")
    );
    // Who cannot be let in is told so, and nothing is asked in anybody else's name.
    let token = server.token("former@example.com", &["ask"]).await;
    let ask = Ask::post("/v1/answers", &json!({"question": CARD_QUESTION}))
        .with("authorization", &format!("Bearer {token}"));
    let record = server.send(ask).await.json();
    assert_eq!(
        (&record["status"], &record["answer"]),
        (&json!("failed"), &json!(null))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_who_may_see_the_same_share_one_catalog_and_one_prompt() {
    let (sandbox, _server) = server().await;
    let mut settings = cardinal::Settings::demo();
    let mut metabase = metabase_settings(&sandbox, Duration::from_secs(10));
    let auth = |email: &str| AuthSettings::Jwt {
        secret: sandbox.jwt_secret.clone().unwrap(),
        email: email.to_owned(),
        exchange: true,
    };
    metabase.auth = auth("analyst@example.com");
    settings.metabase = Some(metabase);
    let tables = TableRule {
        ids: Vec::new(),
        name_prefix: Some("orders".to_owned()),
    };
    settings.catalog = curated(&sandbox, tables);
    let shared = cardinal::App::open(settings, cardinal::OpenOptions::default())
        .await
        .unwrap();
    let of = async |email: &str| {
        let principal = cardinal::principal::Principal(email.to_owned());
        shared.for_principal(principal, auth(email)).await.unwrap()
    };
    let (analyst, admin, viewer) = (
        of("analyst@example.com").await,
        of("admin@example.com").await,
        of("viewer@example.com").await,
    );
    let same = |a: &cardinal::App, b: &cardinal::App| Arc::ptr_eq(&a.catalog().catalog, &b.catalog().catalog);
    assert!(same(&shared, &analyst), "a catalog that is equal is held twice");
    assert_eq!(same(&shared, &admin), {
        let bytes = |app: &cardinal::App| serde_json::to_string(&*app.catalog().catalog).unwrap();
        bytes(&shared) == bytes(&admin)
    });
    assert!(!same(&shared, &viewer), "a catalog that is another one is shared");
}
