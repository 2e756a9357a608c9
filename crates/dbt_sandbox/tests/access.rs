use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Dbt, job};

#[tokio::test]
async fn both_ways_to_send_a_token_are_the_same() {
    let dbt = Dbt::start().await;
    let bearer = dbt.token().replace("Token ", "Bearer ");
    for header in [dbt.token(), bearer] {
        for path in ["/api/v2/whoami/".to_owned(), dbt.path(2, "/")] {
            let answer = dbt.send(Method::GET, &path, Some(&header), None).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_new_token_has_the_sets_that_it_was_made_with() {
    let dbt = Dbt::start().await;
    let grants = json!({ "name": "Reader", "permission_grants": [{ "permission_set": "job_viewer", "project_id": 5201 }] });
    let made = dbt.post(3, "/service-tokens/", grants).await.data();
    let header = format!("Token {}", made["token_string"].as_str().unwrap());
    let listed = dbt.get(3, "/service-tokens/?limit=100").await;
    assert!(
        !listed.text.contains(made["token_string"].as_str().unwrap()),
        "the secret is told once"
    );
    let jobs = dbt
        .send(Method::GET, &dbt.path(2, "/jobs/"), Some(&header), None)
        .await;
    assert_eq!(jobs.status, 200);
    let run = dbt
        .send(
            Method::POST,
            &dbt.path(2, "/jobs/8001/run/"),
            Some(&header),
            Some(&json!({ "cause": "x" })),
        )
        .await;
    assert_eq!(run.status, 403);
    let own = dbt.path(3, &format!("/service-tokens/{}/permissions/", made["id"]));
    let own = dbt.send(Method::GET, &own, Some(&header), None).await.data();
    assert_eq!(own[0]["permission_set"], "job_viewer");
    let unknown = json!({ "name": "x", "permission_grants": [{ "permission_set": "king" }] });
    assert_eq!(dbt.post(3, "/service-tokens/", unknown).await.status, 400);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let dbt = Dbt::start().await;
    let foreign = "/api/v2/accounts/1/jobs/".to_owned();
    for path in [
        foreign,
        dbt.path(2, "/jobs/1/"),
        dbt.path(2, "/jobs/abc/"),
        dbt.path(2, "/runs/1/"),
        dbt.path(2, "/runs/60001/artifacts/nothing.json"),
        dbt.path(3, "/projects/1/environments/"),
        dbt.path(3, "/webhooks/subscription/wsu_none"),
        // Slashes at the end are part of the address, and so is their absence.
        dbt.path(2, "/jobs"),
        dbt.path(3, "/webhooks/subscriptions/"),
        dbt.path(2, "/jobs//8001/"),
        dbt.path(2, "/projects/"),
    ] {
        let answer = dbt.send(Method::GET, &path, Some(&dbt.token()), None).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert_eq!(answer.json()["status"]["is_success"], false, "{path}");
    }
    let method = dbt
        .send(
            Method::PATCH,
            &dbt.path(2, "/jobs/8001/"),
            Some(&dbt.token()),
            None,
        )
        .await;
    assert_eq!(method.status, 405);
}

#[tokio::test]
async fn bodies_say_what_is_missing() {
    let dbt = Dbt::start().await;
    let account = dbt.running.account_id;
    let mut without = job(account);
    without["settings"].as_object_mut().unwrap().remove("threads");
    without.as_object_mut().unwrap().remove("execution");
    let answer = dbt.post(2, "/jobs/", without).await;
    assert_eq!(answer.status, 400);
    let fields: Vec<String> = answer.json()["data"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(fields, ["execution.timeout_seconds", "settings.threads"]);
    for (version, path, body) in [
        (2, "/jobs/8001/run/", json!({})),
        (2, "/jobs/8001/run/", json!({ "cause": "" })),
        (
            2,
            "/jobs/8001/run/",
            json!({ "cause": "x", "steps_override": "dbt build" }),
        ),
        (
            3,
            "/projects/",
            json!({ "name": "x", "account_id": 1, "state": 1, "type": 0 }),
        ),
        (
            3,
            "/webhooks/subscriptions",
            json!({ "name": "x", "event_types": ["job.run.exploded"], "job_ids": [], "client_url": "http://x/", "active": true }),
        ),
        (
            3,
            "/webhooks/subscriptions",
            json!({ "name": "x", "event_types": ["job.run.started"], "job_ids": [], "client_url": "nowhere", "active": true }),
        ),
        (3, "/groups/", json!([])),
    ] {
        assert_eq!(
            dbt.post(version, path, body.clone()).await.status,
            400,
            "{path} {body}"
        );
    }
}

#[tokio::test]
async fn a_job_is_replaced_as_a_whole_and_goes_when_it_is_deleted() {
    let dbt = Dbt::start().await;
    let made = dbt.post(2, "/jobs/", job(dbt.running.account_id)).await.data();
    let path = format!("/jobs/{}/", made["id"]);
    let mut changed = job(dbt.running.account_id);
    changed["name"] = json!("Renamed");
    changed["execute_steps"] = json!(["dbt run"]);
    assert_eq!(dbt.post(2, &path, changed).await.data()["name"], "Renamed");
    let read = dbt.get(2, &path).await.data();
    assert_eq!(
        (read["execute_steps"].clone(), read["id"].clone()),
        (json!(["dbt run"]), made["id"].clone())
    );
    assert_eq!(dbt.delete(2, &path).await.status, 204);
    assert_eq!(dbt.get(2, &path).await.status, 404);
    let listed = dbt.get(2, "/jobs/?name__icontains=renamed").await.data();
    assert_eq!(listed, json!([]));
    let deleted = dbt
        .get(2, "/jobs/?name__icontains=renamed&state=deleted")
        .await
        .data();
    assert_eq!(deleted[0]["state"], 2);
}

#[tokio::test]
async fn what_an_environment_leaves_out_becomes_null() {
    let dbt = Dbt::start().await;
    let path = "/projects/5201/environments/7001/";
    assert_eq!(dbt.get(3, path).await.data()["credentials_id"], 6601);
    let body = json!({ "account_id": dbt.running.account_id, "project_id": 5201, "name": "Production", "dbt_version": "1.11.0-latest",
        "type": "deployment", "deployment_type": "production", "use_custom_branch": false, "supports_docs": true, "state": 1 });
    let updated = dbt.post(3, path, body).await.data();
    assert_eq!(
        (
            updated["credentials_id"].clone(),
            updated["connection_id"].clone()
        ),
        (Value::Null, Value::Null)
    );
}

#[tokio::test]
async fn secrets_of_connections_are_not_told() {
    let dbt = Dbt::start().await;
    let body = json!({ "account_id": dbt.running.account_id, "name": "Second", "adapter_version": "snowflake_v0",
        "config": { "account": "x", "oauth_client_secret": "very-secret" } });
    let made = dbt.post(3, "/connections/", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(!made.text.contains("very-secret"));
    assert!(!dbt.get(3, "/connections/").await.text.contains("very-secret"));
}

#[tokio::test]
async fn a_deleted_project_takes_its_jobs_with_it() {
    let dbt = Dbt::start().await;
    assert_eq!(dbt.delete(3, "/projects/5201/").await.status, 204);
    assert_eq!(dbt.get(3, "/projects/5201/").await.status, 404);
    assert_eq!(dbt.get(2, "/jobs/").await.data(), json!([]));
}
