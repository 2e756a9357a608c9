//! Approvals over HTTP: who sees them, and who decides.

use std::time::Duration;

use cardinal::approvals::{
    ApprovalAnswer, ApprovalRequest, ApprovalSettings, ApprovalStore, Approver, credential_mark,
};
use cardinal::config::AuthPolicy;
use cardinal::grants::{GrantLevel, GrantRule};
use cardinal::operations::Area;
use serde_json::json;

use super::client::{Ask, Reply};
use super::kit::TestServer;
use crate::support::demo_world::WORLD;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::dbt_settings;

fn settings(dir: &std::path::Path) -> ApprovalSettings {
    let approver = |principal: &str| Approver {
        name: principal.to_owned(),
        key_sha256: None,
        principal: Some(principal.to_owned()),
    };
    ApprovalSettings {
        dir: dir.to_owned(),
        valid_for: Duration::from_secs(600),
        approvers: vec![approver("ana"), approver("asker")],
    }
}

/// A server that asks everybody for a token, and takes decisions of these approvals.
async fn closed(approvals: &ApprovalSettings) -> TestServer {
    let approvals = approvals.clone();
    TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.approvals = Some(approvals);
    })
    .await
}

/// Grants or denies an approval, with a token.
async fn decide(server: &TestServer, token: &str, id: &str, decision: &str) -> Reply {
    let decide = Ask::post(&format!("/v1/approvals/{id}/{decision}"), &json!({}));
    server
        .send(decide.with("authorization", &format!("Bearer {token}")))
        .await
}

async fn asked(store: &ApprovalStore, hash: &str, principal: &str) -> String {
    asked_by(store, hash, principal, None).await
}

async fn asked_by(store: &ApprovalStore, hash: &str, principal: &str, by: Option<&str>) -> String {
    let request = ApprovalRequest {
        request_sha256: hash.to_owned(),
        agent: "analyst".to_owned(),
        principal: principal.to_owned(),
        asked_by: by.map(str::to_owned),
        account: None,
        operation: "delete_job".to_owned(),
        does: "delete job 5".to_owned(),
        reason: "it changes code".to_owned(),
        body: None,
        credential: credential_mark("token"),
    };
    match store.ask(request).await.unwrap() {
        ApprovalAnswer::Waiting { id } => id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_is_named_decides_and_never_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = settings(folder.path());
    let store = ApprovalStore::new(approvals.clone());
    let server = closed(&approvals).await;
    let id = asked(&store, "aa", "asker").await;
    let (ana, ben, asker) = (
        server.token("ana", &["ask"]).await,
        server.token("ben", &["ask", "admin"]).await,
        server.token("asker", &["ask"]).await,
    );
    let by = |token: &str, ask: Ask| server.send(ask.with("authorization", &format!("Bearer {token}")));
    let grant = || Ask::post(&format!("/v1/approvals/{id}/grant"), &json!({}));
    assert_eq!(server.send(grant()).await.status, 401);
    // An administrator of the server is no approver by that alone.
    for ask in [Ask::get("/v1/approvals"), grant()] {
        assert_eq!(by(&ben, ask).await.status, 403);
    }
    let own = decide(&server, &asker, &id, "grant").await;
    assert_eq!(own.status, 403, "{own:#?}");
    assert!(own.body.contains("whoever asked may not approve"), "{own:#?}");
    let list = by(&ana, Ask::get("/v1/approvals")).await.json();
    assert_eq!(
        (&list["approvals"][0]["id"], &list["approvals"][0]["state"]),
        (&id.as_str().into(), &"waiting".into())
    );
    assert_eq!(
        by(&ana, Ask::get("/v1/approvals/ap_0000000000000000"))
            .await
            .status,
        404
    );
    let granted = decide(&server, &ana, &id, "grant").await;
    assert_eq!(
        (granted.status, &granted.json()["decided_by"]),
        (200, &"ana".into())
    );
    assert_eq!(decide(&server, &ana, &id, "grant").await.status, 409);
    let other = asked(&store, "bb", "asker").await;
    let denied = decide(&server, &ana, &other, "deny").await;
    assert_eq!(denied.json()["state"], "denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_server_lets_nobody_approve() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = settings(folder.path());
    let server = TestServer::with(|settings| settings.approvals = Some(approvals)).await;
    assert_eq!(server.get("/v1/approvals").await.status, 403);
    let without = TestServer::new().await;
    assert_eq!(without.get("/v1/approvals").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_with_the_credential_of_all_may_not_approve() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = settings(folder.path());
    let store = ApprovalStore::new(approvals.clone());
    let server = closed(&approvals).await;
    let (ana, asker) = (
        server.token("ana", &["ask"]).await,
        server.token("asker", &["ask"]).await,
    );
    let id = asked_by(&store, "aa", "default", Some("ana")).await;
    // Another person's request of the same bytes is another approval.
    assert_ne!(asked_by(&store, "aa", "default", Some("asker")).await, id);
    assert_eq!(asked_by(&store, "aa", "default", Some("ana")).await, id);
    for decision in ["grant", "deny"] {
        let own = decide(&server, &ana, &id, decision).await;
        assert_eq!(own.status, 403, "{own:#?}");
        assert!(own.body.contains("whoever asked may not approve"), "{own:#?}");
    }
    let granted = decide(&server, &asker, &id, "grant").await;
    assert_eq!(
        (granted.status, &granted.json()["asked_by"]),
        (200, &"ana".into()),
        "{granted:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_question_knows_who_asked_it() {
    let world = std::sync::Arc::clone(&WORLD);
    let data = move || world.sqlite_address().map_err(|error| error.to_string());
    let options = cardinal::dbt_sandbox::DbtServeOptions::new(std::sync::Arc::new(data));
    let dbt = cardinal::dbt_sandbox::serve(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let approvals = settings(folder.path());
    let call = json!({"job": "8002", "steps": ["dbt build --full-refresh"]});
    let model = ScriptedModel::openai(vec![
        ModelReply::tool_calls([("dbt_run_job", call)]),
        ModelReply::text("A person has to approve it."),
    ])
    .await;
    let server = TestServer::before(model, |settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.approvals = Some(approvals);
        settings.dbt.cloud = Some(dbt_settings(&dbt));
        settings.grants.rules = vec![GrantRule::new([Area::DbtRuns], GrantLevel::Full)];
    })
    .await;
    let ana = server.token("ana", &["ask"]).await;
    let bearer = format!("Bearer {ana}");
    let question = Ask::post("/v1/answers", &json!({"question": "Rebuild everything."}));
    let record = server.send(question.with("authorization", &bearer)).await.json();
    let list = server
        .send(Ask::get("/v1/approvals").with("authorization", &bearer))
        .await
        .json();
    let asked = &list["approvals"][0];
    assert_eq!(
        (&asked["asked_by"], &asked["principal"]),
        (&json!("ana"), &json!("default")),
        "{list:#} {record:#}"
    );
    let own = decide(&server, &ana, asked["id"].as_str().unwrap(), "grant").await;
    assert_eq!(own.status, 403, "{own:#?}");
}
