//! Since v0.62: queries in MBQL 5 with names, and things read by their address.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{As, HttpAnswer, Sandbox};
use super::generations::of;

const CONSTRUCT: &str = "/api/agent/v2/construct-query";
const QUERY: &str = "/api/agent/v2/query";
const DATABASE: &str = "Example shop";

/// A column of a table as queries name it.
fn column(table: &str, name: &str) -> Value {
    json!(["field", {}, [DATABASE, null, table, name]])
}

fn bucket(table: &str, name: &str, unit: &str) -> Value {
    json!(["field", { "temporal-unit": unit }, [DATABASE, null, table, name]])
}

/// A query of one stage over a table.
fn over(table: &str, mut stage: Value) -> Value {
    stage["lib/type"] = json!("mbql.stage/mbql");
    stage["source-table"] = json!([DATABASE, null, table]);
    json!({ "query": { "lib/type": "mbql/query", "stages": [stage] } })
}

async fn sql(sandbox: &Sandbox, text: &str) -> Vec<Value> {
    let body = json!({ "database": 1, "type": "native", "native": { "query": text } });
    sandbox.post_as(As::Admin, "/api/dataset", &body).await.rows()
}

async fn entity_id(sandbox: &Sandbox, card: &str) -> String {
    let id = sandbox.card(card).await;
    let body = sandbox.get_as(As::Admin, &format!("/api/card/{id}")).await.json();
    body["entity_id"].as_str().unwrap().to_owned()
}

/// The code of a refused query.
fn code(answer: &HttpAnswer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let body = answer.json();
    assert!(body["via"].is_array() && body["message"].is_string(), "{body}");
    body["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn names_become_ids() {
    let sandbox = of("v62").await;
    let mut body = over(
        "orders",
        json!({
            "filters": [["=", {}, column("orders", "status"), "completed"]],
            "aggregation": [["count", {}]],
            "breakout": [bucket("orders", "created_at", "month")],
        }),
    );
    body["prompt"] = json!("orders by month");
    let answer = sandbox.post(CONSTRUCT, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["prompt"], "orders by month");
    let text = answer.json()["query"].as_str().unwrap().to_owned();
    let query: Value = serde_json::from_slice(&STANDARD.decode(&text).unwrap()).unwrap();
    let stage = &query["stages"][0];
    assert_eq!(query["lib/type"], "mbql/query");
    assert_eq!(stage["source-table"], sandbox.table("orders").await);
    assert!(stage["breakout"][0][2].is_i64());
    assert_eq!(stage["breakout"][0][1]["temporal-unit"], "month");
    assert!(stage["aggregation"][0][1]["lib/uuid"].is_string());
    let rows = sandbox
        .post("/api/agent/v1/execute", &json!({ "query": text }))
        .await
        .rows();
    let expected = sql(
        &sandbox,
        "SELECT strftime('%Y-%m-01T00:00:00Z', created_at), COUNT(*) FROM orders WHERE status = 'completed' GROUP BY 1 \
         ORDER BY 1",
    )
    .await;
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn stages_give_what_sql_gives() {
    let sandbox = of("v64").await;
    let revenue = entity_id(&sandbox, "Revenue").await;
    let total = column("orders", "total");
    let cases = [
        (
            json!({ "aggregation": [["metric", {}, revenue]], "breakout": [column("products", "category")] }),
            "SELECT category, SUM(total) FROM orders LEFT JOIN products ON products.id = product_id WHERE status = \
             'completed' GROUP BY 1 ORDER BY 1",
        ),
        (
            json!({ "filters": [["between", {}, total, 50, 20]], "aggregation": [["count", {}]] }),
            "SELECT COUNT(*) FROM orders WHERE total BETWEEN 20 AND 50",
        ),
        (
            json!({ "filters": [["EQ", null, column("orders", "status"), ["completed", "pending"]]],
                    "aggregation": [["count"]] }),
            "SELECT COUNT(*) FROM orders WHERE status IN ('completed', 'pending')",
        ),
        (
            json!({ "aggregation": [["sum", {}, total], ["count", {}]], "breakout": [column("orders", "status")],
                    "order-by": [["descending", {}, ["aggregation", {}, 1]]], "limit": 2 }),
            "SELECT status, SUM(total), COUNT(*) FROM orders GROUP BY 1 ORDER BY 3 DESC LIMIT 2",
        ),
        (
            json!({ "aggregation": [["sum", {}, total]], "breakout": [column("orders", "status")],
                    "order-by": [["asc", {}, ["sum", {}, total]]], "limit": 2 }),
            "SELECT status, SUM(total) FROM orders GROUP BY 1 ORDER BY 2 LIMIT 2",
        ),
        (
            json!({ "aggregation": [["count", {}]], "breakout": [column("orders", "status")],
                    "filters": [[">", {}, ["aggregation", {}, 0], 500]] }),
            "SELECT status, COUNT(*) FROM orders GROUP BY 1 HAVING COUNT(*) > 500 ORDER BY 1",
        ),
        (
            json!({ "fields": [["field", {}, [DATABASE, null, "orders", "\"id\""]]],
                    "order-by": [["asc", {}, column("orders", "id")]], "limit": 3 }),
            "SELECT id FROM orders ORDER BY id LIMIT 3",
        ),
        (
            json!({ "expressions": { "Twice": ["*", {}, total, 2] },
                    "aggregation": [["max", {}, ["expression", {}, "Twice"]]] }),
            "SELECT MAX(total * 2) FROM orders",
        ),
    ];
    for (stage, text) in cases {
        let answer = sandbox.post(QUERY, &over("orders", stage.clone())).await;
        assert_eq!(answer.rows(), sql(&sandbox, text).await, "{stage}");
    }
    let two_stages = json!({ "query": { "lib/type": "mbql/query", "stages": [
        { "lib/type": "mbql.stage/mbql", "source-table": [DATABASE, null, "orders"],
          "aggregation": [["count", {}]], "breakout": [column("orders", "status")] },
        { "filters": [[">", {}, ["field", {}, "count"], 500]], "order-by": [["desc", {}, ["field", {}, "Count"]]] },
    ] } });
    let expected = sql(
        &sandbox,
        "SELECT status, COUNT(*) FROM orders GROUP BY 1 HAVING COUNT(*) > 500 ORDER BY 2 DESC",
    )
    .await;
    assert_eq!(sandbox.post(QUERY, &two_stages).await.rows(), expected);
}

#[tokio::test]
async fn a_card_is_a_source_by_its_entity_id() {
    let sandbox = of("v63").await;
    let cards = sandbox.fetch("/api/card").await;
    let model = cards
        .as_array()
        .unwrap()
        .iter()
        .find(|card| card["type"] == "model")
        .unwrap();
    let body = json!({ "query": { "stages": [{
        "source-card": model["entity_id"], "aggregation": [["count", {}]],
    }] } });
    let rows = sandbox.post(QUERY, &body).await.rows();
    let whole = sandbox
        .post(&format!("/api/card/{}/query", model["id"]), &json!({}))
        .await;
    assert!(rows[0][0].as_i64().unwrap() >= i64::try_from(whole.rows().len()).unwrap());
}

#[tokio::test]
async fn bodies_are_closed() {
    for (name, strings) in [("v62", false), ("v63", true)] {
        let sandbox = of(name).await;
        let fine = over("orders", json!({ "limit": 1 }));
        let with = |key: &str, value: Value| {
            let mut body = fine.clone();
            body[key] = value;
            body
        };
        let cases = [
            (json!({}), "query"),
            (json!({ "query": "" }), "query"),
            (json!({ "query": [] }), "query"),
            (with("source_entity", json!({})), "source_entity"),
            (with("prompt", json!("")), "prompt"),
            (with("prompt", json!("x".repeat(10_001))), "prompt"),
        ];
        for (body, key) in cases {
            let answer = sandbox.post(CONSTRUCT, &body).await;
            assert_eq!(answer.status, 400, "{name} {key}");
            assert!(!answer.json()["errors"][key].is_null(), "{name}: {}", answer.body);
        }
        let both = json!({ "query": fine["query"], "continuation_token": "x" });
        let answer = sandbox.post(QUERY, &both).await;
        assert_eq!(
            answer.json()["errors"]["query"],
            "disallowed key",
            "{}",
            answer.body
        );
        let encoded = sandbox.post(CONSTRUCT, &fine).await.json()["query"].clone();
        let answer = sandbox.post(QUERY, &json!({ "query": encoded })).await;
        assert_eq!(
            answer.status,
            if strings { 202 } else { 400 },
            "{name}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn what_cannot_be_meant_has_a_code() {
    let sandbox = of("v63").await;
    let total = column("orders", "total");
    let sourced = |source: Value| json!({ "query": { "stages": [source] } });
    let cases = [
        (
            sourced(json!({ "source-table": ["Nope", null, "orders"] })),
            "unknown-database",
        ),
        (
            sourced(json!({ "source-table": [DATABASE, null, "nope"] })),
            "unknown-table",
        ),
        (
            sourced(json!({ "source-table": [DATABASE, "PUBLIC", "orders"] })),
            "unknown-table",
        ),
        (
            sourced(json!({ "source-table": "metabase://table/1" })),
            "uri-in-source-table",
        ),
        (
            sourced(json!({ "source-table": 4 })),
            "missing-source-in-first-stage",
        ),
        (sourced(json!({})), "missing-source-in-first-stage"),
        (
            sourced(json!({ "source-card": "aaaaaaaaaaaaaaaaaaaaa" })),
            "unknown-card",
        ),
        (json!({ "query": {} }), "missing-source-in-first-stage"),
        (
            over("orders", json!({ "aggreagation": [["count", {}]] })),
            "unknown-stage-key",
        ),
        (
            over("orders", json!({ "fields": [column("orders", "nope")] })),
            "unknown-field",
        ),
        (
            over("orders", json!({ "fields": [["field", {}, 17]] })),
            "numeric-field-id",
        ),
        (
            over("orders", json!({ "fields": [column("reviews", "rating")] })),
            "no-fk-path",
        ),
        (
            over("orders", json!({ "aggregation": [total] })),
            "aggregation-entry-not-aggregation",
        ),
        (
            over(
                "orders",
                json!({ "aggregation": [["count", {}]], "order-by": [["asc", {}, ["aggregation", {}, 5]]] }),
            ),
            "aggregation-ref-out-of-range",
        ),
        (
            over(
                "orders",
                json!({ "order-by": [["asc", {}, ["aggregation", {}, 0]]] }),
            ),
            "aggregation-ref-no-aggregations",
        ),
        (
            over(
                "orders",
                json!({ "aggregation": [["count", {}]], "limit": 3,
                                   "filters": [[">", {}, ["aggregation", {}, 0], 1]] }),
            ),
            "post-agg-filter-with-trailing-clauses",
        ),
        (
            over(
                "orders",
                json!({ "aggregation": [["metric", {}, "aaaaaaaaaaaaaaaaaaaaa"]] }),
            ),
            "unknown-card",
        ),
        (
            over(
                "orders",
                json!({ "aggregation": [["measure", {}, "aaaaaaaaaaaaaaaaaaaaa"]] }),
            ),
            "unknown-measure",
        ),
        (
            over(
                "orders",
                json!({ "filters": [["segment", {}, "aaaaaaaaaaaaaaaaaaaaa"]] }),
            ),
            "unknown-segment",
        ),
        (
            over("orders", json!({ "fields": [["expression", {}, " "]] })),
            "blank-expression-ref",
        ),
        (
            over("orders", json!({ "filters": ["status"] })),
            "invalid-representations-query",
        ),
        (
            over("orders", json!({ "limit": "ten" })),
            "invalid-representations-query",
        ),
        (
            over(
                "orders",
                json!({ "breakout": [["with-temporal-bucket", {}, column("orders", "created_at"), "day"]] }),
            ),
            "sexp-legacy-op-as-clause",
        ),
    ];
    for (body, expected) in cases {
        let answer = sandbox.post(CONSTRUCT, &body).await;
        assert_eq!(code(&answer), expected, "{body}: {}", answer.body);
    }
    let answer = sandbox
        .post(CONSTRUCT, &over("orders", json!({ "sort": [], "filters": [] })))
        .await;
    assert_eq!(answer.json()["unknown-keys"], json!(["sort"]));
    let second = json!({ "query": { "stages": [
        { "source-table": [DATABASE, null, "orders"], "aggregation": [["count", {}]] },
        { "fields": [["field", {}, "nope"]] },
    ] } });
    assert_eq!(
        code(&sandbox.post(CONSTRUCT, &second).await),
        "unresolved-cross-stage-field"
    );
    let hidden = Sandbox::with(|options| {
        options.generation = "v63".parse().unwrap();
        options.hide_stacktraces = true;
    })
    .await;
    let answer = hidden.post(CONSTRUCT, &over("nope", json!({}))).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (400, json!({ "message": "Something went wrong" }))
    );
}

#[tokio::test]
async fn what_is_not_for_the_caller_is_a_403() {
    let sandbox = of("v62").await;
    let told = "You don't have permissions to do that.";
    let body = over("orders", json!({ "limit": 1 }));
    sandbox.post_as(As::Viewer, QUERY, &body).await.is_text(403, told);
    sandbox
        .post_as(As::Viewer, CONSTRUCT, &body)
        .await
        .is_text(403, told);
}

#[tokio::test]
async fn the_budget_without_a_limit_is_200_rows_in_v62_and_2000_since() {
    for (name, total) in [("v62", 200), ("v63", 2000), ("v65", 2000)] {
        let sandbox = of(name).await;
        let stage =
            json!({ "fields": [column("orders", "id")], "order-by": [["asc", {}, column("orders", "id")]] });
        let mut answer = sandbox.post(QUERY, &over("orders", stage)).await;
        let mut rows = answer.rows();
        while let Some(token) = answer.json()["continuation_token"].as_str() {
            answer = sandbox.post(QUERY, &json!({ "continuation_token": token })).await;
            rows.extend(answer.rows());
        }
        assert_eq!(rows.len(), total, "{name}");
        let expected = sql(
            &sandbox,
            &format!("SELECT id FROM orders ORDER BY id LIMIT {total}"),
        )
        .await;
        assert_eq!(rows, expected, "{name}");
    }
    // Rows that end on a page's border cost one more page, which is empty.
    let sandbox = of("v63").await;
    let stage =
        json!({ "filters": [["<=", {}, column("people", "id"), 200]], "fields": [column("people", "id")] });
    let answer = sandbox.post(QUERY, &over("people", stage)).await;
    assert_eq!(answer.rows().len(), 200);
    let token = answer.json()["continuation_token"].clone();
    let last = sandbox.post(QUERY, &json!({ "continuation_token": token })).await;
    assert_eq!(
        (last.rows().len(), &last.json()["continuation_token"]),
        (0, &Value::Null)
    );
}

#[tokio::test]
async fn encoded_queries_and_tokens_are_guarded_since_v63() {
    let sandbox = of("v63").await;
    let broken = "Invalid request: expected a base64-encoded JSON object.";
    let encoded = |value: Value| STANDARD.encode(value.to_string());
    for text in [
        "!not base64!".to_owned(),
        STANDARD.encode("nope"),
        encoded(json!([1])),
    ] {
        sandbox
            .post(QUERY, &json!({ "query": text }))
            .await
            .is_text(400, broken);
        let token = json!({ "continuation_token": text });
        sandbox.post(QUERY, &token).await.is_text(400, broken);
    }
    let table = sandbox.table("orders").await;
    let stage = |more: Value| {
        let mut stage = json!({ "lib/type": "mbql.stage/mbql", "source-table": table });
        stage
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "lib/type": "mbql/query", "database": 1, "stages": [stage] })
    };
    let stages = "Invalid query: expected a serialized MBQL query with a non-empty :stages of maps.";
    let limit = "Invalid query: last-stage :limit must be a positive integer.";
    let native = "Native queries are not supported here; use execute_sql instead.";
    let cases = [
        (json!({}), stages),
        (json!({ "stages": [] }), stages),
        (json!({ "stages": [1] }), stages),
        (stage(json!({ "limit": 0 })), limit),
        (stage(json!({ "limit": "5" })), limit),
        (stage(json!({ "limit": false })), limit),
        (stage(json!({ "native": "SELECT 1" })), native),
        (json!({ "type": "native", "stages": [{}] }), native),
        (json!({ "stages": [{ "lib/type": "mbql.stage/native" }] }), native),
    ];
    for (query, told) in cases {
        let answer = sandbox
            .post(QUERY, &json!({ "query": encoded(query.clone()) }))
            .await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["message"]),
            (400, &json!(told)),
            "{query}"
        );
        let token = json!({ "query": query, "pagination": { "limit": 10, "page": 1 } });
        let answer = sandbox
            .post(QUERY, &json!({ "continuation_token": encoded(token) }))
            .await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["message"]),
            (400, &json!(told)),
            "{query}"
        );
    }
    let token = json!({ "query": stage(json!({})), "pagination": { "limit": 10, "page": 1 } });
    let token = json!({ "continuation_token": encoded(token) });
    assert_eq!(sandbox.post(QUERY, &token).await.rows().len(), 10);
    let refused = sandbox.post_as(As::Viewer, QUERY, &token).await;
    refused.is_text(403, "You don't have permissions to do that.");
    let answer = sandbox
        .post("/api/agent/v1/execute", &json!({ "query": "!not base64!" }))
        .await;
    assert_eq!(answer.status, 500);
}

#[tokio::test]
async fn things_are_read_by_their_address() {
    let sandbox = of("v63").await;
    let (orders, revenue) = (sandbox.table("orders").await, sandbox.card("Revenue").await);
    let read = async |uris: Value| {
        sandbox
            .post("/api/agent/v1/read-resource", &json!({ "uris": uris }))
            .await
    };
    let answer = read(json!([
        "metabase://databases",
        format!("metabase://table/{orders}/fields"),
        format!("metabase://table/{orders}"),
        format!("metabase://metric/{revenue}/dimensions"),
        format!("metabase://metric/{revenue}"),
    ]))
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = answer.json();
    assert!(body["output"].as_str().unwrap().starts_with("<resources>"));
    let read_one = |at: usize| body["resources"][at]["content"]["structured-output"].clone();
    assert_eq!(read_one(0)["items"][0]["name"], DATABASE);
    assert_eq!(
        (&read_one(0)["total"], &read_one(0)["page"]),
        (&json!(1), &json!(1))
    );
    let table = read_one(1);
    assert_eq!(table["portable_fk"], json!([DATABASE, null, "orders"]));
    let status = table["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "status")
        .unwrap()
        .clone();
    assert_eq!(status["portable_fk"], json!([DATABASE, null, "orders", "status"]));
    assert!(status["field_id"].is_i64());
    assert!(table["measures"][0]["portable-entity-id"].is_string());
    assert!(
        table["related_tables"]
            .as_array()
            .unwrap()
            .iter()
            .any(|table| table["related_by"] == "product_id")
    );
    assert_eq!(read_one(2)["fields"], json!([]));
    let metric = read_one(3);
    assert_eq!(
        metric["base_table_portable_fk"],
        json!([DATABASE, null, "orders"])
    );
    assert_eq!(metric["portable_entity_id"], entity_id(&sandbox, "Revenue").await);
    let dimensions = metric["queryable-dimensions"].as_array().unwrap();
    assert!(
        dimensions
            .iter()
            .any(|one| one["portable_fk"] == json!([DATABASE, null, "products", "category"]))
    );
    assert!(read_one(4)["queryable-dimensions"].is_null());

    let field = format!("metabase://table/{orders}/fields/{}", status["field_id"]);
    let answer = read(json!([field])).await.json();
    let values = &answer["resources"][0]["content"]["structured-output"];
    assert_eq!(values["result-type"], "field-metadata");
    let listed = values["value_metadata"]["field_values"].as_array().unwrap();
    assert!(listed.contains(&json!(["completed"])), "{listed:?}");
    assert!(values["value_metadata"]["statistics"]["distinct-count"].is_i64());
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_an_error_of_its_own() {
    let sandbox = of("v62").await;
    let read = async |who: As, uris: Value| {
        let path = "/api/agent/v1/read-resource";
        sandbox.post_as(who, path, &json!({ "uris": uris })).await
    };
    let revenue = sandbox.card("Revenue").await;
    let entity = entity_id(&sandbox, "Revenue").await;
    for (uri, told) in [
        (
            "https://example.com".to_owned(),
            "Invalid URI scheme. Expected 'metabase://' but got: https://example.com",
        ),
        ("metabase://".to_owned(), "Invalid URI: metabase:// — empty path"),
        (
            "metabase://nonsense/1".to_owned(),
            "Unsupported URI: metabase://nonsense/1",
        ),
        ("metabase://table/999999".to_owned(), "Not found."),
        ("metabase://metric/999999".to_owned(), "Metric 999999 not found"),
        (
            "metabase://databases?page=9".to_owned(),
            "Invalid page 9. This list has 1 page.",
        ),
        (
            format!("metabase://model/{revenue}"),
            "is not a valid model id, it's a metric",
        ),
        (format!("metabase://metric/{entity}"), "numeric id"),
    ] {
        let answer = read(As::Key, json!([uri])).await;
        assert_eq!(answer.status, 200, "{uri}");
        let item = answer.json()["resources"][0].clone();
        assert!(item["error"].as_str().unwrap().contains(told), "{uri}: {item}");
        assert!(item["content"].is_null());
    }
    let orders = sandbox.table("orders").await;
    let answer = read(As::Viewer, json!([format!("metabase://table/{orders}")]))
        .await
        .json();
    assert_eq!(
        answer["resources"][0]["error"],
        "You don't have permissions to do that."
    );
    let six: Vec<&str> = vec!["metabase://databases"; 6];
    let answer = read(As::Key, json!(six)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("Too many URIs provided (6)")
    );
    assert_eq!(read(As::Key, json!("metabase://databases")).await.status, 400);
    let collection = sandbox.collection("Curated").await;
    let answer = read(
        As::Key,
        json!([format!("metabase://collection/{collection}/items?page=1")]),
    )
    .await
    .json();
    let items = &answer["resources"][0]["content"]["structured-output"];
    assert!(items["items"].as_array().unwrap().len() <= 25);
    assert!(items["total"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn search_finds_everything_that_is_saved() {
    let kinds = async |name: &str| {
        let sandbox = of(name).await;
        let found = sandbox
            .post("/api/agent/v1/search?limit=500", &json!({}))
            .await
            .json();
        let kinds = found["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["type"].to_string());
        kinds.collect::<std::collections::BTreeSet<String>>()
    };
    let before = kinds("v61").await;
    assert_eq!(
        before.into_iter().collect::<Vec<_>>(),
        ["\"metric\"", "\"table\""]
    );
    let since = kinds("v62").await;
    for kind in ["collection", "dashboard", "metric", "model", "question", "table"] {
        assert!(since.contains(&format!("\"{kind}\"")), "{kind}");
    }
}

#[tokio::test]
async fn sql_runs_where_the_switch_and_the_permission_allow_it() {
    const EXECUTE_SQL: &str = "/api/agent/v1/execute-sql";
    let body = json!({ "database_id": 1, "sql": "SELECT COUNT(*) FROM orders" });
    let sandbox = of("v62").await;
    let answer = sandbox.post(EXECUTE_SQL, &body).await;
    assert_eq!(answer.rows(), sql(&sandbox, "SELECT COUNT(*) FROM orders").await);
    assert_eq!(answer.json()["context"], "agent");
    let refused = sandbox.post_as(As::Viewer, EXECUTE_SQL, &body).await;
    assert_eq!(refused.status, 403);
    let told = "You do not have permission to run native queries against this database.";
    assert_eq!(
        (&refused.json()["message"], &refused.json()["database_id"]),
        (&json!(told), &json!(1))
    );
    let bad = json!({ "database_id": 1, "sql": "SELECT nothing FROM nowhere" });
    let failed = sandbox.post(EXECUTE_SQL, &bad).await;
    assert_eq!(
        (failed.status.as_u16(), &failed.json()["status"]),
        (400, &json!("failed"))
    );
    let off = Sandbox::with(|options| {
        options.generation = "v64".parse().unwrap();
        options.execute_sql = false;
    })
    .await;
    off.post(EXECUTE_SQL, &body)
        .await
        .is_text(403, "execute_sql is disabled on this instance");

    let sandbox = of("v63").await;
    let answer = sandbox.post("/api/agent/v1/construct-native-query", &body).await;
    let query = answer.json()["query"].as_str().unwrap().to_owned();
    let query: Value = serde_json::from_slice(&STANDARD.decode(&query).unwrap()).unwrap();
    assert_eq!(query["stages"][0]["native"], "SELECT COUNT(*) FROM orders");
    let missing = json!({ "database_id": 99, "sql": "SELECT 1" });
    sandbox
        .post("/api/agent/v1/construct-native-query", &missing)
        .await
        .is_text(404, "Not found.");
}

#[tokio::test]
async fn questions_run_unless_they_take_parameters() {
    let sandbox = of("v63").await;
    let cards = sandbox.fetch("/api/card").await;
    let cards = cards.as_array().unwrap();
    let takes = |card: &&Value| !card["parameters"].as_array().unwrap().is_empty();
    let with = cards.iter().find(takes).unwrap();
    let answer = sandbox
        .post(
            &format!("/api/agent/v1/question/{}/query", with["id"]),
            &json!({}),
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["card-id"]),
        (400, &with["id"])
    );
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("This question takes parameters")
    );
    let without = cards
        .iter()
        .find(|card| !takes(card) && card["type"] == "question" && card["query_type"] == "query")
        .unwrap();
    let answer = sandbox
        .post(
            &format!("/api/agent/v1/question/{}/query", without["id"]),
            &json!({}),
        )
        .await;
    assert_eq!(answer.json()["context"], "question");
    let classic = sandbox
        .post(&format!("/api/card/{}/query", without["id"]), &json!({}))
        .await;
    assert_eq!(answer.rows(), classic.rows());
    sandbox
        .post("/api/agent/v1/question/999999/query", &json!({}))
        .await
        .is_text(404, "Not found.");
}
