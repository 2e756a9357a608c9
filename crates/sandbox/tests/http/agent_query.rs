use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{As, HttpAnswer, Sandbox};

const EXECUTE: &str = "/api/agent/v1/execute";

fn encode(query: &Value) -> String {
    STANDARD.encode(query.to_string())
}

fn on_table(table: i64) -> Value {
    json!({
        "lib/type": "mbql/query",
        "database": 1,
        "stages": [{ "lib/type": "mbql.stage/mbql", "source-table": table }],
    })
}

async fn execute(sandbox: &Sandbox, query: &Value) -> HttpAnswer {
    sandbox.post(EXECUTE, &json!({ "query": encode(query) })).await
}

#[tokio::test]
async fn never_more_than_200_rows() {
    let sandbox = Sandbox::start().await;
    let mut query = on_table(sandbox.table("orders").await);
    query["stages"][0]["limit"] = json!(5000);
    let answer = execute(&sandbox, &query).await;
    assert_eq!(answer.rows().len(), 200);
    let body = answer.json();
    assert_eq!(body["data"]["rows_truncated"], 200);
    assert_eq!(body["context"], "agent");
    assert!(body.get("continuation_token").is_none());
    query["stages"][0]["limit"] = json!(7);
    let answer = execute(&sandbox, &query).await;
    assert_eq!(answer.rows().len(), 7);
    assert!(answer.json()["data"].get("rows_truncated").is_none());
}

#[tokio::test]
async fn what_is_no_query_is_a_500_and_what_is_missing_a_400() {
    let sandbox = Sandbox::start().await;
    for bad in ["!!!", "bm90IGpzb24="] {
        let answer = sandbox.post(EXECUTE, &json!({ "query": bad })).await;
        assert_eq!(answer.status, 500, "{bad}");
        assert!(answer.json()["message"].is_string());
    }
    for bad in [json!({}), json!({ "query": 7 }), json!({ "query": "" })] {
        let answer = sandbox.post(EXECUTE, &bad).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["errors"]["query"].is_string());
    }
}

#[tokio::test]
async fn sql_is_refused() {
    let sandbox = Sandbox::start().await;
    let query = json!({
        "lib/type": "mbql/query",
        "database": 1,
        "stages": [{ "lib/type": "mbql.stage/native", "native": "SELECT 1" }],
    });
    let answer = execute(&sandbox, &query).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["message"],
        "Native queries are not supported here; use execute_sql instead."
    );
}

#[tokio::test]
async fn a_query_that_fails_has_the_envelope_and_its_status() {
    let sandbox = Sandbox::start().await;
    let mut query = on_table(sandbox.table("orders").await);
    query["stages"][0]["filters"] = json!([["=", {}, ["field", {}, 99999], 1]]);
    let answer = execute(&sandbox, &query).await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert_eq!(
        (body["status"].as_str(), body["context"].as_str()),
        (Some("failed"), Some("agent"))
    );
    assert_eq!(body["json_query"]["stages"], query["stages"]);
    assert_eq!(body["preprocessed"], body["json_query"]);
    let head = r#"{"data":{"rows":[],"cols":[]},"row_count":0,"status":"failed","error":"#;
    assert!(answer.body.starts_with(head), "{}", answer.body);
    let legacy = Sandbox::with(|options| options.legacy_failures = true).await;
    let answer = execute(&legacy, &query).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["status"].as_str()),
        (202, Some("failed"))
    );
}

#[tokio::test]
async fn a_query_on_what_one_may_not_read_is_403() {
    let sandbox = Sandbox::start().await;
    let query = on_table(sandbox.table("orders").await);
    let answer = sandbox
        .post_as(As::Viewer, EXECUTE, &json!({ "query": encode(&query) }))
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["error_type"], "missing-required-permissions");
}
