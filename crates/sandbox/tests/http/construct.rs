use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{Sandbox, field_id};

const CONSTRUCT: &str = "/api/agent/v1/construct-query";
const EXECUTE: &str = "/api/agent/v1/execute";

/// The orders table with the ids of its columns and of its products' columns.
struct Orders {
    sandbox: Sandbox,
    id: i64,
    table: Value,
}

impl Orders {
    async fn start() -> Self {
        let sandbox = Sandbox::start().await;
        let id = sandbox.table("orders").await;
        let flags = "with-measures=true&with-segments=true";
        let table = sandbox.fetch(&format!("/api/agent/v1/table/{id}?{flags}")).await;
        Self { sandbox, id, table }
    }

    fn own(&self, column: &str) -> String {
        field_id(&self.table["fields"], column)
    }

    fn product(&self, column: &str) -> String {
        let related = self.table["related_tables"].as_array().unwrap();
        let products = related.iter().find(|table| table["name"] == "products").unwrap();
        field_id(&products["fields"], column)
    }

    fn named(&self, kind: &str, name: &str) -> i64 {
        let list = self.table[kind].as_array().unwrap();
        list.iter().find(|item| item["name"] == name).unwrap()["id"]
            .as_i64()
            .unwrap()
    }

    async fn query(&self, mut body: Value) -> String {
        body["table_id"] = json!(self.id);
        let answer = self.sandbox.post(CONSTRUCT, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["query"].as_str().unwrap().to_owned()
    }

    async fn rows(&self, body: Value) -> Vec<Value> {
        let query = self.query(body).await;
        self.sandbox
            .post(EXECUTE, &json!({ "query": query }))
            .await
            .rows()
    }

    /// How many orders pass a filter.
    async fn count(&self, filter: Value) -> i64 {
        let body = json!({ "filters": [filter], "aggregations": [{ "function": "count" }] });
        self.rows(body).await[0][0].as_i64().unwrap()
    }
}

fn decode(query: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(query).unwrap()).unwrap()
}

#[tokio::test]
async fn the_query_is_resolved_mbql_in_base64() {
    let orders = Orders::start().await;
    let body = json!({ "filters": [{ "field_id": orders.own("status"), "operation": "equals", "value": "completed" }] });
    let text = orders.query(body.clone()).await;
    let query = decode(&text);
    assert_eq!(
        (query["lib/type"].as_str(), query["database"].as_i64()),
        (Some("mbql/query"), Some(1))
    );
    let stage = &query["stages"][0];
    assert_eq!(
        (stage["source-table"].as_i64(), stage["limit"].as_i64()),
        (Some(orders.id), Some(200))
    );
    assert_eq!(
        (&stage["filters"][0][0], &stage["filters"][0][3]),
        (&json!("="), &json!("completed"))
    );
    assert!(stage["filters"][0][2][2].is_i64());
    assert_eq!(
        text,
        orders.query(body).await,
        "the same request gives the same query"
    );
}

#[tokio::test]
async fn limits_are_added_to_tables_but_not_to_metrics() {
    let orders = Orders::start().await;
    let given = decode(&orders.query(json!({ "limit": "7" })).await);
    assert_eq!(given["stages"][0]["limit"], 7);
    let metric = orders.sandbox.card("Revenue").await;
    let answer = orders
        .sandbox
        .post(CONSTRUCT, &json!({ "metric_id": metric }))
        .await
        .json();
    let query = decode(answer["query"].as_str().unwrap());
    assert!(query["stages"][0].get("limit").is_none());
    assert_eq!(query["stages"][0]["aggregation"][0][0], "metric");
}

#[tokio::test]
async fn every_family_of_filters_narrows() {
    let orders = Orders::start().await;
    let all = orders
        .rows(json!({ "aggregations": [{ "function": "count" }] }))
        .await[0][0]
        .as_i64()
        .unwrap();
    let (status, created, total) = (
        orders.own("status"),
        orders.own("created_at"),
        orders.own("total"),
    );
    let discount = orders.own("discount");
    let title = orders.product("title");

    let with = orders
        .count(json!({ "field_id": discount, "operation": "is-not-null" }))
        .await;
    let without = orders
        .count(json!({ "field_id": discount, "operation": "is-null" }))
        .await;
    assert_eq!(with + without, all);
    assert!(with > 0 && without > 0);
    assert_eq!(
        orders
            .count(json!({ "field_id": status, "operation": "string-is-empty" }))
            .await,
        0
    );
    assert_eq!(
        orders
            .count(json!({ "field_id": status, "operation": "string-is-not-empty" }))
            .await,
        all
    );

    let equals = json!({ "field_id": status, "operation": "equals", "values": ["completed", "refunded"] });
    let differs =
        json!({ "field_id": status, "operation": "not-equals", "values": ["completed", "refunded"] });
    assert_eq!(orders.count(equals).await + orders.count(differs).await, all);
    let contains = json!({ "field_id": title, "operation": "string-contains", "value": "A" });
    let lower = json!({ "field_id": title, "operation": "string-contains", "value": "a" });
    let not = json!({ "field_id": title, "operation": "string-not-contains", "value": "a" });
    assert_eq!(orders.count(contains).await, orders.count(lower.clone()).await);
    assert_eq!(orders.count(lower).await + orders.count(not).await, all);
    for operation in ["string-starts-with", "string-ends-with"] {
        let count = orders
            .count(json!({ "field_id": status, "operation": operation, "value": "c" }))
            .await;
        assert!(count < all, "{operation}");
    }

    let more = orders
        .count(json!({ "field_id": total, "operation": "greater-than", "value": 100 }))
        .await;
    let rest = orders
        .count(json!({ "field_id": total, "operation": "less-than-or-equal", "value": 100 }))
        .await;
    assert_eq!(more + rest, all);
    let after = json!({ "field_id": created, "operation": "greater-than-or-equal", "value": "2025-01-01" });
    let before = json!({ "field_id": created, "operation": "less-than", "value": "2025-01-01" });
    assert_eq!(orders.count(after).await + orders.count(before).await, all);

    let year = orders
        .count(json!({ "field_id": created, "operation": "year-equals", "value": 2025 }))
        .await;
    let bucket =
        json!({ "field_id": created, "operation": "equals", "value": "2025-06-30", "bucket": "year" });
    assert_eq!(orders.count(bucket).await, year);
    let era = json!({ "field_id": created, "operation": "equals", "value": 2025, "bucket": "year-of-era" });
    assert_eq!(orders.count(era).await, year);
    let months: Vec<i64> = (1..=12).collect();
    let every = json!({ "field_id": created, "operation": "month-equals", "values": months });
    assert_eq!(orders.count(every).await, all);
    let monday = orders
        .count(json!({ "field_id": created, "operation": "day-of-week-equals", "value": 1 }))
        .await;
    let not_monday = orders
        .count(json!({ "field_id": created, "operation": "day-of-week-not-equals", "value": 1 }))
        .await;
    assert_eq!(monday + not_monday, all);

    let segment = orders.named("segments", "Completed orders");
    let completed = json!({ "field_id": status, "operation": "equals", "value": "completed" });
    assert_eq!(
        orders.count(json!({ "segment_id": segment })).await,
        orders.count(completed).await
    );
}

#[tokio::test]
async fn groups_figures_and_order() {
    let orders = Orders::start().await;
    let category = orders.product("category");
    let body = json!({
        "aggregations": [
            { "function": "count" },
            { "function": "sum", "field_id": orders.own("total"), "sort_order": "desc" },
            { "function": "count-distinct", "field_id": orders.own("user_id") },
            { "measure_id": orders.named("measures", "Units sold") },
        ],
        "group_by": [{ "field_id": category }],
        "limit": 3,
    });
    let rows = orders.rows(body).await;
    assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (3, 5));
    let sums: Vec<f64> = rows.iter().map(|row| row[2].as_f64().unwrap()).collect();
    assert!(sums[0] > sums[1] && sums[1] > sums[2]);
    let body = json!({
        "aggregations": [{ "function": "count" }],
        "group_by": [{ "field_id": orders.own("created_at"), "field_granularity": "quarter" }],
        "order_by": [{ "field": { "field_id": orders.own("created_at") }, "direction": "desc" }],
    });
    let rows = orders.rows(body).await;
    assert_eq!(rows[0][0], "2026-04-01T00:00:00Z");
    let body = json!({
        "aggregations": [{ "function": "max", "field_id": orders.own("created_at"), "bucket": "month" }],
    });
    assert_eq!(orders.rows(body).await[0][0], "2026-06-01T00:00:00Z");
}

#[tokio::test]
async fn fields_can_be_chosen_and_bucketed() {
    let orders = Orders::start().await;
    let body = json!({
        "fields": [
            { "field_id": orders.own("id") },
            { "field_id": orders.own("created_at"), "bucket": "year" },
            { "field_id": orders.product("title") },
        ],
        "order_by": [{ "field": { "field_id": orders.own("id") }, "direction": "asc" }],
        "limit": 2,
    });
    let rows = orders.rows(body).await;
    assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (2, 3));
    assert_eq!(rows[0][0], 1);
    assert!(rows[0][1].as_str().unwrap().ends_with("-01-01T00:00:00Z"));
}

#[tokio::test]
async fn a_metric_is_filtered_and_grouped() {
    let orders = Orders::start().await;
    let sandbox = &orders.sandbox;
    let id = sandbox.card("Revenue").await;
    let metric = sandbox.fetch(&format!("/api/agent/v1/metric/{id}")).await;
    let created = field_id(&metric["queryable_dimensions"], "created_at");
    let body = json!({
        "metric_id": id,
        "filters": [{ "field_id": created, "operation": "year-equals", "value": 2025 }],
        "group_by": [{ "field_id": created, "field_granularity": "month" }],
    });
    let query = sandbox.post(CONSTRUCT, &body).await.json();
    let rows = sandbox.post(EXECUTE, &query).await.rows();
    assert_eq!(rows.len(), 12);
    let revenue: f64 = rows.iter().map(|row| row[1].as_f64().unwrap()).sum();
    let body = json!({
        "filters": [
            { "field_id": orders.own("created_at"), "operation": "year-equals", "value": 2025 },
            { "segment_id": orders.named("segments", "Completed orders") },
        ],
        "aggregations": [{ "function": "sum", "field_id": orders.own("total") }],
    });
    let total = orders.rows(body).await[0][0].as_f64().unwrap();
    assert!((revenue - total).abs() < 0.01, "{revenue} {total}");
}
