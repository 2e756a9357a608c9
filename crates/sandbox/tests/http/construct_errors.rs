use serde_json::{Value, json};

use super::client::{As, Sandbox};

const CONSTRUCT: &str = "/api/agent/v1/construct-query";

async fn start() -> (Sandbox, i64, String, String) {
    let sandbox = Sandbox::start().await;
    let table = sandbox.table("orders").await;
    let created = sandbox.field("orders", "created_at").await;
    let total = sandbox.field("orders", "total").await;
    (sandbox, table, created, total)
}

#[tokio::test]
async fn an_empty_body_misses_what_it_is_about() {
    let (sandbox, ..) = start().await;
    let answer = sandbox.post(CONSTRUCT, &json!({})).await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert!(body["errors"]["table_id"].is_string());
    assert_eq!(
        body["specific-errors"]["table_id"],
        json!(["missing required key, received: nil"])
    );
}

#[tokio::test]
async fn errors_are_nested_like_the_body() {
    let (sandbox, table, created, _) = start().await;
    let body = json!({
        "table_id": table,
        "filters": [
            { "field_id": created, "operation": "is-null" },
            { "field_id": created, "operation": "explode", "value": 1 },
            { "field_id": created, "operation": "is-null", "extra": 1 },
            { "field_id": created, "operation": "year-equals", "value": 2024, "values": [2025] },
        ],
        "limit": 0,
        "surprise": true,
    });
    let answer = sandbox.post(CONSTRUCT, &body).await;
    assert_eq!(answer.status, 400);
    let errors = &answer.json()["errors"];
    assert_eq!(errors["filters"][0], Value::Null);
    assert!(errors["filters"][1]["operation"].is_string());
    assert_eq!(errors["filters"][2], Value::Null);
    assert_eq!(errors["filters"][3]["values"], "disallowed key");
    assert_eq!(errors["surprise"], Value::Null);
    assert_eq!(errors["limit"], "value must be an integer greater than zero.");
    let specific = answer.json()["specific-errors"]["limit"].clone();
    assert_eq!(specific, json!(["should be a positive int, received: 0"]));
}

#[tokio::test]
async fn keys_that_nobody_asks_for_are_ignored() {
    let (sandbox, table, created, total) = start().await;
    let metric = sandbox.card("Revenue").await;
    let more = json!({ "metric_id": metric, "prompt": "revenue", "surprise": { "a": 1 } });
    let more = sandbox.post(CONSTRUCT, &more).await;
    assert_eq!(more.status, 200, "{}", more.body);
    let body = json!({
        "table_id": table,
        "filters": [{ "field_id": created, "operation": "is-not-null", "why": "no reason" }],
        "aggregations": [{ "function": "count", "field_id": total }],
        "surprise": true,
    });
    let answer = sandbox.post(CONSTRUCT, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_schema_is_strict_about_what_it_knows() {
    let (sandbox, table, created, total) = start().await;
    let metric = sandbox.card("Revenue").await;
    let with = |key: &str, value: Value| {
        let mut body = json!({ "table_id": table });
        body[key] = value;
        body
    };
    let bad = [
        json!({ "metric_id": metric, "limit": 5 }),
        json!({ "metric_id": metric, "aggregations": [] }),
        json!({ "metric_id": metric, "fields": [] }),
        json!({ "metric_id": metric, "table_id": table }),
        json!({ "table_id": 1.5 }),
        json!({ "table_id": -1 }),
        with("limit", json!(-5)),
        with("limit", json!("many")),
        with("filters", json!({})),
        with("filters", json!(["x"])),
        with("filters", json!([{}])),
        with("filters", json!([{ "operation": "is-null" }])),
        with("filters", json!([{ "field_id": total, "operation": "equals" }])),
        with(
            "filters",
            json!([{ "field_id": total, "operation": "equals", "value": 1, "values": [1] }]),
        ),
        with(
            "filters",
            json!([{ "field_id": total, "operation": "equals", "values": [] }]),
        ),
        with(
            "filters",
            json!([{ "field_id": total, "operation": "greater-than", "values": [1, 2] }]),
        ),
        with(
            "filters",
            json!([{ "field_id": total, "operation": "equals", "value": { "a": 1 } }]),
        ),
        with(
            "filters",
            json!([{ "field_id": created, "operation": "year-equals", "value": "soon" }]),
        ),
        with(
            "filters",
            json!([{ "field_id": created, "operation": "equals", "value": "2025", "bucket": "era" }]),
        ),
        with(
            "group_by",
            json!([{ "field_id": created, "field_granularity": "decade" }]),
        ),
        with(
            "aggregations",
            json!([{ "function": "median", "field_id": total }]),
        ),
        with("aggregations", json!([{ "function": "sum" }])),
        with(
            "aggregations",
            json!([{ "function": "count", "sort_order": "up" }]),
        ),
        with("order_by", json!([{ "field": { "field_id": total } }])),
        with("order_by", json!([{ "field_id": total, "direction": "asc" }])),
        with("fields", json!([{ "field_id": 3 }])),
    ];
    for body in bad {
        let answer = sandbox.post(CONSTRUCT, &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert!(answer.json()["errors"].is_object(), "{}", answer.body);
    }
}

#[tokio::test]
async fn unknown_entities_are_404_in_text() {
    let (sandbox, table, ..) = start().await;
    let post = async |body: Value| sandbox.post(CONSTRUCT, &body).await;
    post(json!({ "table_id": 999 }))
        .await
        .is_text(404, "No table found with table_id 999");
    let body = json!({ "table_id": table, "filters": [{ "segment_id": 999 }] });
    post(body).await.is_text(404, "Segment with id 999 not found");
    let body = json!({ "table_id": table, "aggregations": [{ "measure_id": 999 }] });
    post(body).await.is_text(404, "Measure with id 999 not found");
    assert_eq!(post(json!({ "metric_id": 999 })).await.status, 404);
    let viewer = sandbox
        .post_as(As::Viewer, CONSTRUCT, &json!({ "table_id": table }))
        .await;
    viewer.is_text(403, "You don't have permissions to do that.");
}

#[tokio::test]
async fn a_segment_of_another_table_is_not_found() {
    let (sandbox, table, ..) = start().await;
    let people = sandbox.table("people").await;
    let flags = format!("/api/agent/v1/table/{people}?with-segments=true");
    let id = sandbox.fetch(&flags).await["segments"][0]["id"].as_i64().unwrap();
    let body = json!({ "table_id": table, "filters": [{ "segment_id": id }] });
    let answer = sandbox.post(CONSTRUCT, &body).await;
    answer.is_text(404, &format!("Segment with id {id} not found"));
}

#[tokio::test]
async fn field_ids_of_others_are_refused() {
    let (sandbox, table, ..) = start().await;
    let post = async |id: &str| {
        let body = json!({ "table_id": table, "filters": [{ "field_id": id, "operation": "is-null" }] });
        sandbox.post(CONSTRUCT, &body).await
    };
    post("total").await.is_text(400, "Invalid field_id format: total");
    post("t999-1").await.is_text(
        400,
        &format!("field t999-1 does not match expected prefix t{table}-"),
    );
    let beyond = format!("t{table}-500");
    let message = format!("field {beyond} not found - no column at index 500");
    post(&beyond).await.is_text(404, &message);
}

#[tokio::test]
async fn temporal_values_must_make_sense() {
    let (sandbox, table, created, total) = start().await;
    let post = async |filter: Value| {
        let body = json!({ "table_id": table, "filters": [filter] });
        sandbox.post(CONSTRUCT, &body).await.status.as_u16()
    };
    for (operation, bad) in [
        ("quarter", 5),
        ("month", 13),
        ("month", 0),
        ("day-of-week", 8),
        ("day-of-week", 0),
        ("hour", 24),
        ("minute", 60),
        ("second", -1),
    ] {
        let operation = format!("{operation}-equals");
        let filter = json!({ "field_id": created, "operation": operation, "value": bad });
        assert_eq!(post(filter).await, 400, "{operation} {bad}");
    }
    for (bucket, bad) in [
        ("quarter-of-year", 5),
        ("month-of-year", 13),
        ("week-of-year", 54),
        ("day-of-month", 32),
        ("day-of-week", 8),
        ("hour-of-day", 24),
        ("minute-of-hour", 60),
        ("second-of-minute", 60),
        ("month", 3),
        ("year", 99),
        ("day", -1),
    ] {
        let filter = json!({ "field_id": created, "operation": "equals", "value": bad, "bucket": bucket });
        assert_eq!(post(filter).await, 400, "{bucket} {bad}");
    }
    assert_eq!(
        post(json!({ "field_id": created, "operation": "equals", "value": 7 })).await,
        400
    );
    assert_eq!(
        post(json!({ "field_id": created, "operation": "equals", "value": 2025, "bucket": "year" })).await,
        200
    );
    assert_eq!(
        post(json!({ "field_id": total, "operation": "equals", "value": 7 })).await,
        200
    );
    let filter = json!({ "field_id": total, "operation": "equals", "value": 7, "bucket": "month" });
    assert_eq!(post(filter).await, 400);
}
