//! Approvals over HTTP: who sees them, and who decides.

use std::time::Duration;

use cardinal::approvals::{
    ApprovalAnswer, ApprovalRequest, ApprovalSettings, ApprovalStore, Approver, credential_mark,
};
use cardinal::config::AuthPolicy;
use serde_json::json;

use super::client::Ask;
use super::kit::TestServer;

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

async fn asked(store: &ApprovalStore, hash: &str, principal: &str) -> String {
    let request = ApprovalRequest {
        request_sha256: hash.to_owned(),
        agent: "analyst".to_owned(),
        principal: principal.to_owned(),
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
    let server = TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.approvals = Some(approvals);
    })
    .await;
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
    let own = by(&asker, grant()).await;
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
    let granted = by(&ana, grant()).await;
    assert_eq!(
        (granted.status, &granted.json()["decided_by"]),
        (200, &"ana".into())
    );
    assert_eq!(by(&ana, grant()).await.status, 409);
    let other = asked(&store, "bb", "asker").await;
    let denied = by(
        &ana,
        Ask::post(&format!("/v1/approvals/{other}/deny"), &json!({})),
    )
    .await;
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
