//! Each of the 32 operations: its success, its permission set, and what it answers without one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Dbt, job};

/// An operation: method, version, path, body, status of a success, and the narrow sets that may do it.
type ReadOperation = (
    &'static str,
    Method,
    u8,
    String,
    Option<Value>,
    u16,
    &'static [&'static str],
);

const JOB_VIEWERS: &[&str] = &["account_viewer", "job_admin", "job_runner", "job_viewer"];
const JOB_RUNNERS: &[&str] = &["job_admin", "job_runner"];
const VIEWERS: &[&str] = &["account_viewer"];
const NOBODY: &[&str] = &[];

fn operations(account: i64) -> Vec<ReadOperation> {
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let environment = json!({ "account_id": account, "project_id": 5201, "name": "Test", "dbt_version": "1.11.0-latest",
        "type": "deployment", "use_custom_branch": false, "supports_docs": true, "state": 1 });
    let connection = json!({ "account_id": account, "project_id": 5201, "name": "Second", "type": "postgres", "state": 1 });
    let hook = json!({ "name": "Hook", "event_types": ["job.run.completed"], "job_ids": [8001], "client_url": "http://127.0.0.1:9/", "active": true });
    let p = |text: &str| text.to_owned();
    vec![
        ("list_jobs", get.clone(), 2, p("/jobs/"), None, 200, JOB_VIEWERS),
        (
            "get_job",
            get.clone(),
            2,
            p("/jobs/8001/"),
            None,
            200,
            JOB_VIEWERS,
        ),
        (
            "create_job",
            post.clone(),
            2,
            p("/jobs/"),
            Some(job(account)),
            201,
            &["job_admin"],
        ),
        (
            "update_job",
            post.clone(),
            2,
            p("/jobs/8002/"),
            Some(job(account)),
            200,
            &["job_admin"],
        ),
        (
            "delete_job",
            delete.clone(),
            2,
            p("/jobs/8005/"),
            None,
            204,
            &["job_admin"],
        ),
        (
            "trigger_job_run",
            post.clone(),
            2,
            p("/jobs/8001/run/"),
            Some(json!({ "cause": "test" })),
            200,
            JOB_RUNNERS,
        ),
        (
            "rerun_job",
            post.clone(),
            2,
            p("/jobs/8003/rerun/"),
            None,
            200,
            JOB_RUNNERS,
        ),
        ("list_runs", get.clone(), 2, p("/runs/"), None, 200, JOB_VIEWERS),
        (
            "get_run",
            get.clone(),
            2,
            p("/runs/60001/"),
            None,
            200,
            JOB_VIEWERS,
        ),
        (
            "cancel_run",
            post.clone(),
            2,
            p("/runs/60001/cancel/"),
            None,
            200,
            JOB_RUNNERS,
        ),
        (
            "list_run_artifacts",
            get.clone(),
            2,
            p("/runs/60001/artifacts/"),
            None,
            200,
            JOB_VIEWERS,
        ),
        (
            "get_run_artifact",
            get.clone(),
            2,
            p("/runs/60001/artifacts/manifest.json"),
            None,
            200,
            &[
                "account_viewer",
                "job_admin",
                "job_runner",
                "job_viewer",
                "metadata_only",
            ],
        ),
        (
            "list_projects",
            get.clone(),
            3,
            p("/projects/"),
            None,
            200,
            VIEWERS,
        ),
        (
            "get_project",
            get.clone(),
            3,
            p("/projects/5201/"),
            None,
            200,
            VIEWERS,
        ),
        (
            "create_project",
            post.clone(),
            3,
            p("/projects/"),
            Some(json!({ "name": "New", "account_id": account, "state": 1, "type": 0 })),
            201,
            NOBODY,
        ),
        (
            "delete_project",
            delete.clone(),
            3,
            p("/projects/5202/"),
            None,
            204,
            NOBODY,
        ),
        (
            "list_environments",
            get.clone(),
            3,
            p("/projects/5201/environments/"),
            None,
            200,
            VIEWERS,
        ),
        (
            "create_environment",
            post.clone(),
            3,
            p("/projects/5201/environments/"),
            Some(environment.clone()),
            201,
            NOBODY,
        ),
        (
            "update_environment",
            post.clone(),
            3,
            p("/projects/5201/environments/7002/"),
            Some(environment),
            200,
            NOBODY,
        ),
        (
            "list_connections",
            get.clone(),
            3,
            p("/projects/5201/connections/"),
            None,
            200,
            VIEWERS,
        ),
        (
            "create_connection",
            post.clone(),
            3,
            p("/projects/5201/connections/"),
            Some(connection),
            201,
            NOBODY,
        ),
        (
            "list_repositories",
            get.clone(),
            3,
            p("/projects/5201/repositories/"),
            None,
            200,
            VIEWERS,
        ),
        (
            "create_repository",
            post.clone(),
            3,
            p("/projects/5201/repositories/"),
            Some(json!({ "account_id": account, "state": 1, "remote_backend": "github" })),
            201,
            &["git_admin"],
        ),
        ("list_users", get.clone(), 3, p("/users/"), None, 200, VIEWERS),
        ("list_groups", get.clone(), 3, p("/groups/"), None, 200, VIEWERS),
        (
            "create_group",
            post.clone(),
            3,
            p("/groups/"),
            Some(
                json!({ "account_id": account, "name": "New", "state": 1, "assign_by_default": false, "sso_mapping_groups": [] }),
            ),
            201,
            &["security_admin"],
        ),
        (
            "list_service_tokens",
            get.clone(),
            3,
            p("/service-tokens/"),
            None,
            200,
            &["security_admin"],
        ),
        (
            "create_service_token",
            post.clone(),
            3,
            p("/service-tokens/"),
            Some(json!({ "name": "New", "permission_grants": [{ "permission_set": "job_viewer" }] })),
            201,
            &["security_admin"],
        ),
        (
            "list_webhooks",
            get.clone(),
            3,
            p("/webhooks/subscriptions"),
            None,
            200,
            VIEWERS,
        ),
        (
            "create_webhook",
            post,
            3,
            p("/webhooks/subscriptions"),
            Some(hook.clone()),
            201,
            &["webhooks_only"],
        ),
        (
            "update_webhook",
            put,
            3,
            p("/webhooks/subscription/HOOK"),
            Some(hook),
            200,
            &["webhooks_only"],
        ),
        (
            "delete_webhook",
            delete,
            3,
            p("/webhooks/subscription/HOOK"),
            None,
            200,
            &["webhooks_only"],
        ),
    ]
}

const SETS: [&str; 9] = [
    "account_viewer",
    "job_admin",
    "job_runner",
    "job_viewer",
    "metadata_only",
    "git_admin",
    "security_admin",
    "semantic_layer_only",
    "webhooks_only",
];

async fn hook(dbt: &Dbt) -> String {
    let body = json!({ "name": "Hook", "event_types": ["job.run.completed"], "job_ids": [], "client_url": "http://127.0.0.1:9/", "active": true });
    let made = dbt.post(3, "/webhooks/subscriptions", body).await;
    assert_eq!(made.status, 201);
    made.data()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_operation_succeeds_for_those_who_may() {
    let dbt = Dbt::start().await;
    let hook = hook(&dbt).await;
    let operations = operations(dbt.running.account_id);
    assert_eq!(operations.len(), 32);
    for (name, method, version, path, body, status, _) in operations {
        let path = dbt.path(version, &path.replace("HOOK", &hook));
        let answer = dbt.send(method, &path, Some(&dbt.token()), body.as_ref()).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.text);
        match status {
            204 => assert_eq!(answer.text, "", "{name}"),
            _ if name == "get_run_artifact" => {
                assert!(
                    answer.json()["metadata"]["dbt_schema_version"]
                        .as_str()
                        .unwrap()
                        .contains("manifest/v12")
                );
            }
            _ => {
                let body = answer.json();
                assert_eq!(body["status"]["code"], status, "{name}");
                let thin = matches!(name, "create_webhook" | "update_webhook" | "delete_webhook");
                assert_eq!(body["status"].get("is_success").is_none(), thin, "{name}");
                assert_eq!(
                    body.get("extra").is_some(),
                    name.starts_with("list_") && name != "list_run_artifacts",
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn each_permission_set_may_do_what_is_its_own_and_nothing_else() {
    let dbt = Dbt::start().await;
    let hook = hook(&dbt).await;
    for (name, method, version, path, body, status, allowed) in operations(dbt.running.account_id) {
        for set in SETS {
            // What one of them deletes the next one would not find.
            if allowed.contains(&set) && method == Method::DELETE {
                continue;
            }
            let path = dbt.path(version, &path.replace("HOOK", &hook));
            let answer = dbt
                .send(method.clone(), &path, Some(&dbt.narrow(set)), body.as_ref())
                .await;
            if allowed.contains(&set) {
                assert_eq!(answer.status.as_u16(), status, "{name} as {set}: {}", answer.text);
                continue;
            }
            assert_eq!(answer.status, 403, "{name} as {set}: {}", answer.text);
            let body = answer.json();
            assert_eq!(body["data"], Value::Null);
            assert_eq!(body["status"]["is_success"], false);
            let needed = body["status"]["developer_message"]
                .as_str()
                .unwrap()
                .rsplit(' ')
                .next()
                .unwrap()
                .to_owned();
            assert!(
                allowed.contains(&needed.as_str())
                    || matches!(needed.as_str(), "account_admin" | "metadata_only"),
                "{name}: {needed}"
            );
        }
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_known_token() {
    let dbt = Dbt::start().await;
    let token = dbt.token();
    let secret = token.trim_start_matches("Token ");
    for (name, method, version, path, body, ..) in operations(dbt.running.account_id) {
        for wrong in [None, Some("Token wrong"), Some("Basic abc"), Some(secret)] {
            let answer = dbt
                .send(method.clone(), &dbt.path(version, &path), wrong, body.as_ref())
                .await;
            assert_eq!(answer.status, 401, "{name}");
            let body = answer.json();
            assert_eq!(body["status"]["user_message"], "Invalid token.");
            assert_eq!(body["status"]["developer_message"], Value::Null);
            assert_eq!(body["data"], Value::Null);
        }
    }
}
