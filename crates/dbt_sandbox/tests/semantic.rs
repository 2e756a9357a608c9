use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::Dbt;

const CREATE: &str = "mutation ($environmentId: BigInt!, $savedQuery: String, $metrics: [MetricInput!], $groupBy: [GroupByInput!], $where: [WhereInput!], $orderBy: [OrderByInput!], $limit: Int) {
    createQuery(environmentId: $environmentId, savedQuery: $savedQuery, metrics: $metrics, groupBy: $groupBy, where: $where, orderBy: $orderBy, limit: $limit) { queryId } }";
const POLL: &str = "query ($environmentId: BigInt!, $queryId: String!, $pageNum: Int!) {
    query(environmentId: $environmentId, queryId: $queryId, pageNum: $pageNum) { queryId status sql error totalPages arrowResult jsonResult } }";

async fn layer(dbt: &Dbt, query: &str, mut variables: Value) -> Value {
    variables["environmentId"] = json!(dbt.running.environment_id);
    dbt.graphql("/api/graphql", query, variables).await
}

async fn page(dbt: &Dbt, id: &Value, number: i64) -> Value {
    let answer = layer(dbt, POLL, json!({ "queryId": id, "pageNum": number })).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["query"].clone()
}

/// Creates a query and polls it to its end: the last answer, or its error.
pub async fn ask(dbt: &Dbt, variables: Value) -> Result<Value, String> {
    let created = layer(dbt, CREATE, variables).await;
    if let Some(errors) = created.get("errors") {
        return Err(errors.to_string());
    }
    let id = created["data"]["createQuery"]["queryId"].clone();
    for _ in 0..2000 {
        let found = page(dbt, &id, 1).await;
        match found["status"].as_str().unwrap() {
            "SUCCESSFUL" => return Ok(found),
            "FAILED" => return Err(found["error"].as_str().unwrap().to_owned()),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    Err("it does not end".to_owned())
}

/// Columns and rows of a page, from its table of JSON.
pub fn rows(result: &Value) -> (Vec<String>, Vec<Vec<Value>>) {
    let bytes = STANDARD.decode(result["jsonResult"].as_str().unwrap()).unwrap();
    let table: Value = serde_json::from_slice(&bytes).unwrap();
    let names: Vec<String> = table["schema"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap().to_owned())
        .filter(|name| name != "index")
        .collect();
    let rows = table["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| names.iter().map(|name| row[name].clone()).collect())
        .collect();
    (names, rows)
}

#[tokio::test]
async fn a_query_is_polled_until_it_is_there() {
    let dbt = Dbt::start().await;
    let created = layer(&dbt, CREATE, json!({ "metrics": [{ "name": "revenue" }], "groupBy": [{ "name": "metric_time", "timeGranularity": "year" }] })).await;
    let id = created["data"]["createQuery"]["queryId"].clone();
    let first = page(&dbt, &id, 1).await;
    assert_eq!(first["status"], "COMPILED");
    assert!(first["sql"].as_str().unwrap().contains("fct_orders"));
    assert_eq!(
        (first["jsonResult"].clone(), first["totalPages"].clone()),
        (Value::Null, Value::Null)
    );
    let last = loop {
        let found = page(&dbt, &id, 1).await;
        if found["status"] == "SUCCESSFUL" {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(last["totalPages"], 1);
    let (names, found) = rows(&last);
    assert_eq!(names, ["metric_time__year", "revenue"]);
    assert_eq!(found[0][0], "2022-01-01T00:00:00.000");
    assert_eq!(found.len(), 5);
    let beyond = layer(&dbt, POLL, json!({ "queryId": id, "pageNum": 2 })).await;
    assert!(
        beyond["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("1 pages"),
        "{beyond}"
    );
}

#[tokio::test]
async fn a_long_result_has_pages() {
    let dbt = Dbt::start().await;
    let first = ask(&dbt, json!({ "metrics": [{ "name": "revenue" }], "groupBy": [{ "name": "metric_time", "timeGranularity": "day" }] })).await.unwrap();
    assert_eq!(first["totalPages"], 2);
    let second = page(&dbt, &first["queryId"], 2).await;
    let (one, two) = (rows(&first).1, rows(&second).1);
    assert_eq!(one.len(), 1024);
    assert_eq!(
        one.len() + two.len(),
        1642,
        "four and a half years, each day once"
    );
    assert!(one.last().unwrap()[0].as_str() < two[0][0].as_str());
}

#[tokio::test]
async fn both_spellings_of_grain_and_order_are_understood() {
    let dbt = Dbt::start().await;
    let query = "mutation ($environmentId: BigInt!) { createQuery(environmentId: $environmentId, metrics: [{ name: \"revenue\" }], groupBy: [{ name: \"metric_time\", grain: YEAR }], order: [{ groupBy: { name: \"metric_time\", grain: YEAR }, descending: true }], limit: 1) { queryId } }";
    let created = layer(&dbt, query, json!({})).await;
    let id = created["data"]["createQuery"]["queryId"].clone();
    let found = loop {
        let found = page(&dbt, &id, 1).await;
        assert_ne!(found["status"], "FAILED", "{found}");
        if found["status"] == "SUCCESSFUL" {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let (_, found) = rows(&found);
    assert_eq!(
        (found.len(), found[0][0].clone()),
        (1, json!("2026-01-01T00:00:00.000"))
    );
}

#[tokio::test]
async fn what_cannot_be_answered_says_why() {
    let dbt = Dbt::start().await;
    for (variables, wanted) in [
        (json!({}), "no metrics"),
        (json!({ "metrics": [{ "name": "revenu" }] }), "\"revenue\""),
        (
            json!({ "metrics": [{ "name": "revenue" }], "groupBy": [{ "name": "account__plan" }] }),
            "account__plan",
        ),
        (
            json!({ "metrics": [{ "name": "revenue" }], "groupBy": [{ "name": "order__status", "timeGranularity": "month" }] }),
            "order__status__month",
        ),
        (
            json!({ "metrics": [{ "name": "revenue" }], "groupBy": [{ "name": "metric_time", "timeGranularity": "fortnight" }] }),
            "fortnight",
        ),
        (
            json!({ "metrics": [{ "name": "revenue" }], "where": [{ "sql": "{{ Table('x') }} = 1" }] }),
            "where filter",
        ),
        (
            json!({ "metrics": [{ "name": "revenue" }], "where": [{ "sql": "{{ Dimension('order__status') = 1" }] }),
            "without",
        ),
        (
            json!({ "metrics": [{ "name": "revenue" }], "where": [{ "sql": "no_such_column = 1" }] }),
            "no_such_column",
        ),
        (
            json!({ "metrics": [{ "name": "revenue_trailing_30_days" }] }),
            "metric_time",
        ),
        (
            json!({ "metrics": [{ "name": "revenue_change_month_over_month" }] }),
            "offset",
        ),
        (
            json!({ "metrics": [{ "name": "revenue" }], "orderBy": [{ "metric": { "name": "new_customers" } }] }),
            "new_customers",
        ),
        (json!({ "savedQuery": "nothing" }), "nothing"),
        (
            json!({ "savedQuery": "monthly_sales", "metrics": [{ "name": "revenue" }] }),
            "saved query",
        ),
    ] {
        let error = ask(&dbt, variables.clone()).await.unwrap_err();
        assert!(error.contains(wanted), "{variables}: {error}");
    }
    let changed = ask(&dbt, json!({ "metrics": [{ "name": "revenue" }], "where": [{ "sql": "1 = 1) ; DROP TABLE analytics.fct_orders; --" }] })).await;
    assert!(changed.is_err());
    assert!(
        ask(&dbt, json!({ "metrics": [{ "name": "revenue" }] }))
            .await
            .is_ok(),
        "nothing was written"
    );
}

#[tokio::test]
async fn a_query_can_be_cancelled_and_unknown_ones_are_errors() {
    let dbt = Dbt::start().await;
    let created = layer(
        &dbt,
        CREATE,
        json!({ "metrics": [{ "name": "cumulative_revenue" }], "groupBy": [{ "name": "metric_time" }] }),
    )
    .await;
    let id = created["data"]["createQuery"]["queryId"].clone();
    let cancel = "mutation ($environmentId: BigInt!, $queryId: String!) { cancelQuery(environmentId: $environmentId, queryId: $queryId) { queryId } }";
    let cancelled = layer(&dbt, cancel, json!({ "queryId": id })).await;
    assert_eq!(cancelled["data"]["cancelQuery"]["queryId"], id);
    let found = page(&dbt, &id, 1).await;
    assert_eq!(
        (found["status"].clone(), found["error"].clone()),
        (json!("FAILED"), json!("Query was cancelled."))
    );
    for query in [
        cancel,
        "query ($environmentId: BigInt!, $queryId: String!) { query(environmentId: $environmentId, queryId: $queryId) { status } }",
    ] {
        let answer = layer(&dbt, query, json!({ "queryId": "nothing" })).await;
        assert!(
            answer["errors"][0]["message"]
                .as_str()
                .unwrap()
                .contains("not found"),
            "{answer}"
        );
    }
    let elsewhere = dbt
        .graphql(
            "/api/graphql",
            "{ metrics(environmentId: 1) { name } }",
            json!({}),
        )
        .await;
    assert_eq!(elsewhere["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn metrics_tell_what_they_can_be_grouped_by() {
    let dbt = Dbt::start().await;
    let query = "query ($environmentId: BigInt!) {
        environmentInfo(environmentId: $environmentId) { dialect hasMetricsDefined }
        metrics(environmentId: $environmentId, search: \"refund\") { name label type requiresMetricTime queryableTimeGranularities config { meta } dimensions { name type } entities { name } measures { name agg } }
        both: dimensions(environmentId: $environmentId, metrics: [{ name: \"revenue\" }, { name: \"average_rating\" }]) { name qualifiedName type queryableTimeGranularities }
        entities(environmentId: $environmentId, metrics: [{ name: \"revenue\" }]) { name type expr }
        measures(environmentId: $environmentId, metrics: [{ name: \"average_order_value\" }]) { name agg aggTimeDimension }
        queryableGranularities(environmentId: $environmentId, metrics: [{ name: \"revenue\" }])
        metricsForDimensions(environmentId: $environmentId, dimensions: [{ name: \"invoice__plan\" }]) { name }
        savedQueries(environmentId: $environmentId) { name queryParams { metrics { name } groupBy { name grain timeGranularity } where { whereSqlTemplate } } exports { name config { exportAs } } }
      }";
    let found = layer(&dbt, query, json!({})).await;
    assert!(found.get("errors").is_none(), "{found}");
    let data = &found["data"];
    let names = |list: &Value| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&data["metrics"]), ["refunded_orders", "refund_rate"]);
    assert_eq!(data["metrics"][1]["type"], "RATIO");
    assert!(names(&data["metrics"][1]["dimensions"]).contains(&"customer__region".to_owned()));
    let both = names(&data["both"]);
    assert_eq!(
        both,
        [
            "metric_time",
            "product__listed_at",
            "product__category",
            "product__vendor",
            "product__price_band"
        ]
    );
    let entities = names(&data["entities"]);
    assert_eq!(entities, ["order", "customer", "product"]);
    assert_eq!(data["measures"].as_array().unwrap().len(), 2);
    assert_eq!(
        data["queryableGranularities"],
        json!(["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"])
    );
    assert_eq!(
        names(&data["metricsForDimensions"]),
        ["subscription_revenue", "paying_accounts", "revenue_per_account"]
    );
    assert_eq!(
        data["savedQueries"][0]["queryParams"]["groupBy"],
        json!([{ "name": "metric_time", "grain": "MONTH", "timeGranularity": "month" }])
    );
    assert_eq!(
        data["savedQueries"][1]["exports"][0]["config"]["exportAs"],
        "TABLE"
    );
    let paged = layer(&dbt, "query ($environmentId: BigInt!) { metricsPaginated(environmentId: $environmentId, pageNum: 2, pageSize: 10, searchTerms: [\"revenue\", \"orders\"]) { pageNum pageSize totalItems totalPages items { name } } }", json!({})).await;
    let paged = &paged["data"]["metricsPaginated"];
    let total = paged["totalItems"].as_u64().unwrap();
    assert_eq!(
        (paged["pageNum"].clone(), paged["totalPages"].clone()),
        (json!(2), json!(total.div_ceil(10)))
    );
    assert_eq!(
        paged["items"].as_array().unwrap().len() as u64,
        (total - 10).min(10)
    );
    let unknown = layer(&dbt, "query ($environmentId: BigInt!) { dimensions(environmentId: $environmentId, metrics: [{ name: \"nope\" }]) { name } }", json!({})).await;
    assert!(unknown["errors"][0]["message"].as_str().unwrap().contains("nope"));
}

#[tokio::test]
async fn values_and_sql_without_a_result() {
    let dbt = Dbt::start().await;
    let query = "mutation ($environmentId: BigInt!) { createDimensionValuesQuery(environmentId: $environmentId, metrics: [{ name: \"revenue\" }], groupBy: [{ name: \"order__status\" }]) { queryId } }";
    let id = layer(&dbt, query, json!({})).await["data"]["createDimensionValuesQuery"]["queryId"].clone();
    let found = loop {
        let found = page(&dbt, &id, 1).await;
        assert_ne!(found["status"], "FAILED", "{found}");
        if found["status"] == "SUCCESSFUL" {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let values: Vec<Value> = rows(&found).1.into_iter().flatten().collect();
    assert_eq!(
        values,
        [
            json!("cancelled"),
            json!("completed"),
            json!("pending"),
            json!("refunded")
        ]
    );
    let sql = layer(&dbt, "mutation ($environmentId: BigInt!) { compileSql(environmentId: $environmentId, metrics: [{ name: \"revenue\", alias: \"sales\" }], limit: 7) { sql } }", json!({})).await;
    let sql = sql["data"]["compileSql"]["sql"].as_str().unwrap().to_owned();
    assert!(sql.contains("\"sales\"") && sql.ends_with("LIMIT 7"), "{sql}");
    let failed = layer(&dbt, "mutation ($environmentId: BigInt!) { compileSql(environmentId: $environmentId, metrics: [{ name: \"nope\" }]) { sql } }", json!({})).await;
    assert!(failed["errors"][0]["message"].as_str().unwrap().contains("nope"));
}

/// The stream is read by hand here; that Arrow's own library reads it, `tests/clients` of the workspace tries.
#[tokio::test]
async fn arrow_has_a_schema_a_batch_and_an_end() {
    let dbt = Dbt::start().await;
    let found = ask(
        &dbt,
        json!({ "metrics": [{ "name": "revenue" }], "groupBy": [{ "name": "order__channel" }] }),
    )
    .await
    .unwrap();
    let bytes = STANDARD.decode(found["arrowResult"].as_str().unwrap()).unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(word(0), u32::MAX);
    let first = 8 + word(4) as usize;
    assert_eq!(first % 8, 0);
    assert_eq!(word(first), u32::MAX, "the schema has no body");
    let text = String::from_utf8_lossy(&bytes);
    for name in ["order__channel", "revenue", "Marketplace", "Mobile app", "Web"] {
        assert!(text.contains(name), "{name}");
    }
    assert_eq!(bytes[bytes.len() - 8..], [255, 255, 255, 255, 0, 0, 0, 0]);
    let (_, rows) = rows(&found);
    let total = rows[0][1].as_f64().unwrap().to_le_bytes();
    assert!(bytes.windows(8).any(|eight| eight == total), "figures are whole");
}
