use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{As, HttpAnswer, Sandbox};

const QUERY: &str = "/api/agent/v1/query";

fn token(answer: &HttpAnswer) -> Option<String> {
    let body = answer.json();
    assert!(body.as_object().unwrap().contains_key("continuation_token"));
    body["continuation_token"].as_str().map(str::to_owned)
}

async fn next(sandbox: &Sandbox, token: &str) -> HttpAnswer {
    sandbox.post(QUERY, &json!({ "continuation_token": token })).await
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let sandbox = Sandbox::start().await;
    let people = sandbox.table("people").await;
    let id = sandbox.field("people", "id").await;
    let body = json!({
        "table_id": people,
        "fields": [{ "field_id": id }],
        "order_by": [{ "field": { "field_id": id }, "direction": "asc" }],
    });
    let mut answer = sandbox.post(QUERY, &body).await;
    let mut seen: Vec<Value> = answer.rows();
    assert_eq!(seen.len(), 200);
    while let Some(token) = token(&answer) {
        answer = next(&sandbox, &token).await;
        seen.extend(answer.rows());
    }
    assert!(seen.len() > 400);
    assert!(
        seen.windows(2)
            .all(|pair| pair[0][0].as_i64() < pair[1][0].as_i64())
    );
}

#[tokio::test]
async fn the_limit_is_the_size_of_a_page_and_at_most_200() {
    let sandbox = Sandbox::start().await;
    let reviews = sandbox.table("reviews").await;
    let answer = sandbox
        .post(QUERY, &json!({ "table_id": reviews, "limit": 30 }))
        .await;
    assert_eq!(answer.rows().len(), 30);
    let first = token(&answer).unwrap();
    let parts: Value = serde_json::from_slice(&STANDARD.decode(&first).unwrap()).unwrap();
    assert_eq!(parts["pagination"], json!({ "limit": 30, "page": 2 }));
    assert_eq!(parts["query"]["lib/type"], "mbql/query");
    let second = next(&sandbox, &first).await;
    assert_eq!(second.rows().len(), 30);
    assert_ne!(second.rows(), answer.rows());
    let large = sandbox
        .post(QUERY, &json!({ "table_id": reviews, "limit": 5000 }))
        .await;
    assert_eq!(large.rows().len(), 200);
}

#[tokio::test]
async fn rows_that_end_on_a_page_cost_an_empty_one() {
    let sandbox = Sandbox::start().await;
    let products = sandbox.table("products").await;
    let category = sandbox.field("products", "category").await;
    let body = json!({
        "table_id": products,
        "aggregations": [{ "function": "count" }],
        "group_by": [{ "field_id": category }],
        "limit": 6,
    });
    let answer = sandbox.post(QUERY, &body).await;
    assert_eq!(answer.rows().len(), 6);
    let last = next(&sandbox, &token(&answer).unwrap()).await;
    assert_eq!((last.rows().len(), token(&last)), (0, None));
}

#[tokio::test]
async fn a_short_page_has_a_null_token() {
    let sandbox = Sandbox::start().await;
    let metric = sandbox.card("Number of orders").await;
    let answer = sandbox.post(QUERY, &json!({ "metric_id": metric })).await;
    assert_eq!((answer.rows().len(), token(&answer)), (1, None));
}

#[tokio::test]
async fn garbage_tokens_are_500s() {
    let sandbox = Sandbox::start().await;
    let encode = |value: Value| STANDARD.encode(value.to_string());
    let garbage = [
        "garbage!".to_owned(),
        encode(json!([])),
        encode(json!({ "query": {}, "pagination": { "limit": 0, "page": 1 } })),
        encode(json!({ "pagination": { "limit": 1, "page": 1 } })),
    ];
    for token in garbage {
        let answer = next(&sandbox, &token).await;
        assert_eq!(answer.status, 500, "{token}");
        assert!(answer.json()["message"].is_string());
    }
    let answer = sandbox
        .post(QUERY, &json!({ "continuation_token": "x", "table_id": 1 }))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(sandbox.post(QUERY, &json!({})).await.status, 400);
}

#[tokio::test]
async fn a_token_gives_no_more_rights() {
    let sandbox = Sandbox::start().await;
    let people = sandbox.table("people").await;
    let answer = sandbox.post(QUERY, &json!({ "table_id": people })).await;
    let body = json!({ "continuation_token": token(&answer).unwrap() });
    assert_eq!(sandbox.post_as(As::Viewer, QUERY, &body).await.status, 403);
}
