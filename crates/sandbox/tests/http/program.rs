//! v0.61: columns by their own ids, and queries as programs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{As, HttpAnswer, Sandbox};
use super::generations::of;

const CONSTRUCT: &str = "/api/agent/v2/construct-query";
const QUERY: &str = "/api/agent/v2/query";

/// The id of a column of a table.
async fn column(sandbox: &Sandbox, table: &str, name: &str) -> i64 {
    let id = sandbox.table(table).await;
    let body = sandbox.fetch(&format!("/api/table/{id}/query_metadata")).await;
    let fields = body["fields"].as_array().unwrap();
    fields.iter().find(|field| field["name"] == name).unwrap()["id"]
        .as_i64()
        .unwrap()
}

async fn over(sandbox: &Sandbox, table: &str, operations: Value) -> HttpAnswer {
    let id = sandbox.table(table).await;
    let body = json!({ "source": { "type": "table", "id": id }, "operations": operations });
    sandbox.post(QUERY, &body).await
}

/// What plain SQL gives.
async fn sql(sandbox: &Sandbox, text: &str) -> Vec<Value> {
    let body = json!({ "database": 1, "type": "native", "native": { "query": text } });
    sandbox.post_as(As::Admin, "/api/dataset", &body).await.rows()
}

fn decoded(answer: &HttpAnswer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = answer.json()["query"].as_str().unwrap().to_owned();
    serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
}

fn invalid(answer: &HttpAnswer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["error"], "invalid-generated-program", "{}", answer.body);
    body["details"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn columns_have_their_own_ids() {
    let sandbox = of("v61").await;
    let (orders, status) = (
        sandbox.table("orders").await,
        column(&sandbox, "orders", "status").await,
    );
    let table = sandbox.fetch(&format!("/api/agent/v1/table/{orders}")).await;
    let fields = table["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["name"] == "status").unwrap();
    assert_eq!(field["field_id"], status);
    assert!(field["display_name"].is_string() && field["base_type"].is_string());
    let category = column(&sandbox, "products", "category").await;
    let related = table["related_tables"].as_array().unwrap();
    let products = related.iter().find(|table| table["name"] == "products").unwrap();
    assert_eq!(products["related_by"], "product_id");
    let ids: Vec<&Value> = products["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["field_id"])
        .collect();
    assert!(ids.contains(&&json!(category)));

    let values = format!("/api/agent/v1/table/{orders}/field/{status}/values?limit=2");
    let values = sandbox.fetch(&values).await;
    assert_eq!(values["result_type"], "field-metadata");
    assert_eq!(
        values["value_metadata"]["field_values"].as_array().unwrap().len(),
        2
    );
    let missing = format!("/api/agent/v1/table/{orders}/field/999999/values");
    sandbox.get(&missing).await.is_text(404, "Field 999999 not found");
    let missing = format!("/api/agent/v1/table/{orders}/field/t{orders}-1/values");
    sandbox
        .get(&missing)
        .await
        .is_text(404, &format!("Field t{orders}-1 not found"));
    sandbox
        .get("/api/agent/v1/table/999999/field/1/values")
        .await
        .is_text(404, "Not found.");
    let metric = sandbox.card("Revenue").await;
    let metric = sandbox.fetch(&format!("/api/agent/v1/metric/{metric}")).await;
    let dimensions = metric["queryable_dimensions"].as_array().unwrap();
    assert!(dimensions.iter().all(|dimension| dimension["field_id"].is_i64()));
}

#[tokio::test]
async fn a_program_becomes_a_query_with_ids() {
    let sandbox = of("v61").await;
    let status = column(&sandbox, "orders", "status").await;
    let orders = sandbox.table("orders").await;
    let body = json!({
        "source": { "type": "table", "id": orders.to_string() },
        "operations": [["filter", ["=", ["field", status], "completed"]], ["aggregate", ["count"]], ["limit", 10]],
    });
    let query = decoded(&sandbox.post(CONSTRUCT, &body).await);
    assert_eq!(query["lib/type"], "mbql/query");
    let stage = &query["stages"][0];
    assert_eq!(
        (&stage["source-table"], &stage["limit"]),
        (&json!(orders), &json!(10))
    );
    assert_eq!(stage["filters"][0][0], "=");
    assert_eq!(stage["filters"][0][2][2], status);
    let answer = sandbox
        .post(
            "/api/agent/v1/execute",
            &json!({ "query": sandbox.post(CONSTRUCT, &body).await.json()["query"] }),
        )
        .await;
    let expected = sql(&sandbox, "SELECT COUNT(*) FROM orders WHERE status = 'completed'").await;
    assert_eq!(answer.rows(), expected);
}

#[tokio::test]
async fn operations_give_what_sql_gives() {
    let sandbox = of("v61").await;
    let status = column(&sandbox, "orders", "status").await;
    let total = column(&sandbox, "orders", "total").await;
    let created = column(&sandbox, "orders", "created_at").await;
    let category = column(&sandbox, "products", "category").await;
    let count = json!(["aggregate", ["count"]]);
    let cases = [
        (
            json!([
                ["filter", ["in", ["field", status], ["completed", "refunded"]]],
                count
            ]),
            "SELECT COUNT(*) FROM orders WHERE status IN ('completed', 'refunded')",
        ),
        (
            json!([
                ["filter", ["=", ["field", status], ["completed", "refunded"]]],
                count
            ]),
            "SELECT COUNT(*) FROM orders WHERE status IN ('completed', 'refunded')",
        ),
        (
            json!([["filter", ["between", ["field", total], 20, 50]], count]),
            "SELECT COUNT(*) FROM orders WHERE total BETWEEN 20 AND 50",
        ),
        (
            json!([
                [
                    "filter",
                    ["or", [">", ["field", total], 200], ["<", ["field", total], 10]]
                ],
                count
            ]),
            "SELECT COUNT(*) FROM orders WHERE total > 200 OR total < 10",
        ),
        (
            json!([
                ["filter", ["not", ["starts-with", ["field", status], "comp"]]],
                count
            ]),
            "SELECT COUNT(*) FROM orders WHERE NOT (status LIKE 'comp%')",
        ),
        (
            json!([["filter", [">=", ["field", created], "2026-01-01"]], count]),
            "SELECT COUNT(*) FROM orders WHERE created_at >= '2026-01-01'",
        ),
        (
            json!([count, ["breakout", ["field", status]]]),
            "SELECT status, COUNT(*) FROM orders GROUP BY 1 ORDER BY 1",
        ),
        (
            json!([count, ["breakout", ["field", category]]]),
            "SELECT category, COUNT(*) FROM orders JOIN products ON products.id = product_id GROUP BY 1 ORDER BY 1",
        ),
        (
            json!([
                count,
                ["breakout", ["with-temporal-bucket", ["field", created], "year"]]
            ]),
            "SELECT strftime('%Y-01-01T00:00:00Z', created_at), COUNT(*) FROM orders GROUP BY 1 ORDER BY 1",
        ),
        (
            json!([
                count,
                ["breakout", ["field", status]],
                ["order-by", ["aggregation-ref", 0], "desc"],
                ["limit", 2]
            ]),
            "SELECT status, COUNT(*) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 2",
        ),
        (
            json!([
                [
                    "aggregate",
                    ["count-where", ["=", ["field", status], "completed"]]
                ],
                ["aggregate", ["distinct", ["field", status]]],
            ]),
            "SELECT SUM(status = 'completed'), COUNT(DISTINCT status) FROM orders",
        ),
        (
            json!([
                count,
                ["breakout", ["field", status]],
                ["append-stage"],
                ["filter", [">", ["aggregation-ref", 0], 500]],
            ]),
            "SELECT status, COUNT(*) FROM orders GROUP BY 1 HAVING COUNT(*) > 500 ORDER BY 1",
        ),
        (
            json!([
                ["expression", "Twice", ["*", ["field", total], 2]],
                ["aggregate", ["max", ["expression-ref", "Twice"]]],
            ]),
            "SELECT MAX(total * 2) FROM orders",
        ),
        (
            json!([
                ["with-fields", [["field", status]]],
                ["order-by", ["field", created]],
                ["limit", 3]
            ]),
            "SELECT status FROM orders ORDER BY created_at LIMIT 3",
        ),
    ];
    for (operations, text) in cases {
        let answer = over(&sandbox, "orders", operations.clone()).await;
        assert_eq!(answer.rows(), sql(&sandbox, text).await, "{operations}");
    }
}

#[tokio::test]
async fn a_metric_brings_its_figure_and_its_own_breakouts() {
    let sandbox = of("v61").await;
    let cards = sandbox.get_as(As::Admin, "/api/card").await.json();
    let metrics = cards.as_array().unwrap().iter();
    let metrics: Vec<&Value> = metrics.filter(|card| card["type"] == "metric").collect();
    assert!(!metrics.is_empty());
    let mut with_breakout = 0;
    for metric in metrics {
        let own = metric["dataset_query"]["stages"][0]["breakout"]
            .as_array()
            .map_or(0, Vec::len);
        let body = json!({ "source": { "type": "metric", "id": metric["id"] }, "operations": [] });
        let answer = sandbox.post_as(As::Admin, QUERY, &body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        let cols = answer.json()["data"]["cols"].as_array().unwrap().len();
        assert_eq!(cols, own + 1, "{}", metric["name"]);
        with_breakout += own;
    }
    assert!(
        with_breakout > 0,
        "the demo has a metric with a breakout of its own"
    );
    // The same group again is not added twice, another one is.
    let revenue = sandbox.card("Revenue").await;
    let status = column(&sandbox, "orders", "channel").await;
    let group = json!(["breakout", ["field", status]]);
    let body = json!({ "source": { "type": "metric", "id": revenue }, "operations": [group, group] });
    let query = decoded(&sandbox.post(CONSTRUCT, &body).await);
    let breakouts = query["stages"][0]["breakout"].as_array().unwrap();
    let by_status = breakouts.iter().filter(|clause| clause[2] == status).count();
    assert_eq!(by_status, 1);
}

#[tokio::test]
async fn the_body_is_closed_and_checked_before_anything_else() {
    let sandbox = of("v61").await;
    let orders = sandbox.table("orders").await;
    let source = json!({ "type": "table", "id": orders });
    let bad = [
        (json!({}), "source"),
        (json!({ "source": source }), "operations"),
        (
            json!({ "source": source, "operations": [], "prompt": "x" }),
            "prompt",
        ),
        (
            json!({ "source": { "type": "view", "id": 1 }, "operations": [] }),
            "source",
        ),
        (
            json!({ "source": { "type": "table", "id": 0 }, "operations": [] }),
            "source",
        ),
        (
            json!({ "source": { "type": "table" }, "operations": [] }),
            "source",
        ),
        (
            json!({ "source": source, "operations": [["frobnicate"]] }),
            "operations",
        ),
        (
            json!({ "source": source, "operations": [["limit", 0]] }),
            "operations",
        ),
        (
            json!({ "source": source, "operations": [["order-by", ["field", 1], "up"]] }),
            "operations",
        ),
        (json!({ "source": source, "operations": "all" }), "operations"),
    ];
    for (body, key) in bad {
        let answer = sandbox.post(CONSTRUCT, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.json()["errors"][key].is_null(), "{body}: {}", answer.body);
        assert!(!answer.json()["specific-errors"][key].is_null(), "{body}");
    }
    for inner in [
        json!({ "type": "context", "ref": "source" }),
        json!({ "type": "program", "program": { "source": source, "operations": [] } }),
    ] {
        let body = json!({ "source": inner, "operations": [] });
        let told = "top-level program source must be one of: card, dataset, metric, table";
        sandbox.post(CONSTRUCT, &body).await.is_text(400, told);
    }
}

#[tokio::test]
async fn sources_that_are_not_there_or_not_for_the_caller() {
    let sandbox = of("v61").await;
    let program = |kind: &str, id: i64| json!({ "source": { "type": kind, "id": id }, "operations": [] });
    for kind in ["table", "card", "dataset", "metric"] {
        sandbox
            .post(CONSTRUCT, &program(kind, 999_999))
            .await
            .is_text(404, "Not found.");
    }
    let orders = sandbox.table("orders").await;
    let forbidden = sandbox
        .post_as(As::Viewer, QUERY, &program("table", orders))
        .await;
    forbidden.is_text(403, "You don't have permissions to do that.");
    let metric = sandbox.card("Revenue").await;
    let answer = sandbox.post(CONSTRUCT, &program("card", metric)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["message"], format!("Card {metric} is a metric."));
    assert_eq!(answer.json()["error"], "invalid-generated-program");
}

#[tokio::test]
async fn programs_that_break_a_rule_are_told_where() {
    let sandbox = of("v61").await;
    let total = column(&sandbox, "orders", "total").await;
    let rating = column(&sandbox, "reviews", "rating").await;
    let metric = sandbox.card("Revenue").await;
    let cases = [
        (
            json!([["aggregate", ["sum", total]]]),
            "operations[0][1][1]: Wrap field ids with",
        ),
        (
            json!([["filter", [">", ["field", 999_999], 1]]]),
            "operations[0][1][1]: Field not found by ID: 999999",
        ),
        (
            json!([["filter", [">", ["field", rating], 1]]]),
            &*format!("operations[0][1][1]: Field {rating} is not available in the current query stage."),
        ),
        (
            json!([["aggregate", ["field", total]]]),
            "operations[0][1]: aggregate operations require",
        ),
        (
            json!([["aggregate", ["metric", metric]]]),
            "operations[0][1][1]: metric id is not available in the provided context",
        ),
        (
            json!([["aggregate", ["measure", 999]]]),
            "operations[0][1][1]: measure id is not available in the provided context",
        ),
        (
            json!([["order-by", ["aggregation-ref", 0]]]),
            "operations[0][1]: aggregation-ref 0 does not exist at this point in the query",
        ),
        (
            json!([["filter", [">", ["expression-ref", "Nope"], 1]]]),
            "operations[0][1][1]: expression-ref \"Nope\" does not exist",
        ),
        (
            json!([["filter", ["frobnicate", ["field", total]]]]),
            "operations[0][1][0]: unknown operator",
        ),
        (
            json!(vec![json!(["limit", 5]); 33]),
            "operations: program exceeds maximum operation count",
        ),
    ];
    for (operations, told) in cases {
        let details = invalid(&over(&sandbox, "orders", operations.clone()).await);
        assert!(details.starts_with(told), "{operations}: {details}");
    }
}

#[tokio::test]
async fn pages_are_of_200_rows_within_what_was_asked_for() {
    let sandbox = of("v61").await;
    let id = column(&sandbox, "people", "id").await;
    let ordered = json!([["with-fields", [["field", id]]], ["order-by", ["field", id]]]);
    let with_limit = |limit: i64| {
        let mut operations = ordered.as_array().unwrap().clone();
        operations.push(json!(["limit", limit]));
        Value::Array(operations)
    };
    // Without a limit the budget is one page, and nothing tells that there is more.
    let answer = over(&sandbox, "people", ordered.clone()).await;
    assert_eq!(answer.rows().len(), 200);
    assert_eq!(answer.json()["continuation_token"], Value::Null);
    assert!(
        answer
            .json()
            .as_object()
            .unwrap()
            .contains_key("continuation_token")
    );

    let first = over(&sandbox, "people", with_limit(400)).await;
    let token = first.json()["continuation_token"].clone();
    let second = sandbox.post(QUERY, &json!({ "continuation_token": token })).await;
    assert_eq!(second.json()["continuation_token"], Value::Null);
    let mut rows = first.rows();
    rows.extend(second.rows());
    assert_eq!(
        rows,
        sql(&sandbox, "SELECT id FROM people ORDER BY id LIMIT 400").await
    );

    // A last page that is not full counts the rows before it in pages of its own size.
    let first = over(&sandbox, "people", with_limit(250)).await;
    let token = first.json()["continuation_token"].clone();
    let second = sandbox.post(QUERY, &json!({ "continuation_token": token })).await;
    let misplaced = sql(&sandbox, "SELECT id FROM people ORDER BY id LIMIT 50 OFFSET 50").await;
    assert_eq!(second.rows(), misplaced);

    let budget = over(&sandbox, "orders", json!([["limit", 5000]])).await;
    let token = budget.json()["continuation_token"].as_str().unwrap().to_owned();
    let token: Value = serde_json::from_slice(&STANDARD.decode(token).unwrap()).unwrap();
    assert_eq!(token["pagination"], json!({ "limit": 2000, "page": 2 }));
}

#[tokio::test]
async fn tokens_are_decoded_without_a_guard_but_their_numbers_are_checked() {
    let sandbox = of("v61").await;
    let resume = async |token: &str| sandbox.post(QUERY, &json!({ "continuation_token": token })).await;
    assert_eq!(resume("!not base64!").await.status, 500);
    assert_eq!(resume(&STANDARD.encode("not json")).await.status, 500);
    for (pagination, name) in [
        (json!({ "limit": 0, "page": 1 }), "limit"),
        (json!({ "limit": "lots", "page": 1 }), "limit"),
        (json!({ "limit": 200, "page": 0 }), "page"),
        (json!({ "limit": 200, "page": "next" }), "page"),
        (json!({ "page": 2 }), "limit"),
    ] {
        let token = json!({ "query": { "stages": [] }, "pagination": pagination });
        let told = format!("Invalid continuation token: {name} must be a positive integer");
        resume(&STANDARD.encode(token.to_string()))
            .await
            .is_text(400, &told);
    }
    let blank = sandbox.post(QUERY, &json!({ "continuation_token": "  " })).await;
    assert_eq!(blank.status, 400);
}
