//! What common clients of a Metabase ask beyond what Cardinal does.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::client::{As, HttpAnswer, Sandbox, send};

const TOYS: &str =
    r#"[{"type":"string/=","value":["Toys"],"target":["dimension",["template-tag","category"]]}]"#;

async fn form(sandbox: &Sandbox, path: &str, fields: &[(&str, &str)]) -> HttpAnswer {
    let body = fields
        .iter()
        .map(|(name, value)| {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("{name}={encoded}")
        })
        .collect::<Vec<_>>()
        .join("&");
    let request = sandbox
        .request(Method::POST, path)
        .header("X-API-Key", sandbox.running.api_key.expose_secret())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body);
    send(request).await
}

#[tokio::test]
async fn exports_take_their_parameters_from_a_form() {
    let sandbox = Sandbox::start().await;
    let card = sandbox.card("Revenue by month").await;
    let path = format!("/api/card/{card}/query/csv");
    let parameters: Value = serde_json::from_str(TOYS).unwrap();
    let as_json = sandbox.post(&path, &json!({ "parameters": parameters })).await;
    let as_form = form(&sandbox, &path, &[("parameters", TOYS)]).await;
    let without = sandbox.post(&path, &json!({})).await;
    assert_eq!((as_form.status, &as_form.body), (as_json.status, &as_json.body));
    assert_ne!(as_form.body, without.body);
    let wrong = form(&sandbox, &path, &[("parameters", "{not json")]).await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
}

#[tokio::test]
async fn tables_and_fields_come_with_what_they_belong_to() {
    let sandbox = Sandbox::start().await;
    let tables = sandbox.fetch("/api/table").await;
    for table in tables.as_array().unwrap() {
        assert_eq!(
            (&table["db"]["id"], &table["db"]["engine"]),
            (&json!(1), &json!("sqlite"))
        );
    }
    let orders = sandbox.table("orders").await;
    let whole = sandbox
        .fetch(&format!("/api/table/{orders}/query_metadata"))
        .await;
    let status = whole["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "status");
    let id = &status.unwrap()["id"];
    let field = sandbox.fetch(&format!("/api/field/{id}")).await;
    assert_eq!(
        (&field["name"], &field["table"]["name"]),
        (&json!("status"), &json!("orders"))
    );
    sandbox.get("/api/field/9999").await.is_text(404, "Not found.");
    assert_eq!(
        sandbox
            .get_as(As::Viewer, &format!("/api/field/{id}"))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let sandbox = Sandbox::start().await;
    for path in [
        "/api/table",
        "/api/card",
        "/api/collection",
        "/api/user/current",
        "/api/database/1/schema",
    ] {
        let (with, without) = (sandbox.get(&format!("{path}/")).await, sandbox.get(path).await);
        assert_eq!((with.status, with.body), (without.status, without.body), "{path}");
    }
}

#[tokio::test]
async fn bodies_are_compressed_for_those_who_ask() {
    for compression in [false, true] {
        let sandbox = Sandbox::with(|options| options.compression = compression).await;
        let plain = reqwest::Client::builder().no_gzip().build().unwrap();
        let request = plain
            .get(format!("{}/api/card", sandbox.running.url))
            .header("X-API-Key", sandbox.running.api_key.expose_secret())
            .header("Accept-Encoding", "gzip");
        let headers = super::client::headers_of(request).await;
        let encoding = headers
            .get("content-encoding")
            .map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(encoding.as_deref(), compression.then_some("gzip"));
        assert!(!sandbox.fetch("/api/card").await.as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn search_finds_what_the_caller_may_see() {
    let sandbox = Sandbox::start().await;
    let found = sandbox.fetch("/api/search?q=revenue").await;
    let data = found["data"].as_array().unwrap();
    assert_eq!(
        (&data[0]["name"], &data[0]["model"]),
        (&json!("Revenue"), &json!("metric"))
    );
    assert!(found["total"].as_u64().unwrap() >= data.len() as u64);
    assert!(data.iter().all(|item| item["collection"].is_object()));
    let cards = sandbox
        .fetch("/api/search?q=revenue&models=card&models=dashboard&limit=3&offset=1")
        .await;
    let models = |answer: &Value| -> Vec<String> {
        let items = answer["data"].as_array().unwrap().iter();
        items
            .map(|item| item["model"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        (cards["limit"].as_u64(), cards["offset"].as_u64()),
        (Some(3), Some(1))
    );
    assert!(
        models(&cards)
            .iter()
            .all(|model| model == "card" || model == "dashboard")
    );
    let tables = sandbox.fetch("/api/search?models=table").await;
    assert_eq!(tables["total"], 6);
    let viewer = sandbox
        .get_as(As::Viewer, "/api/search?models=table")
        .await
        .json();
    assert_eq!(viewer["total"], 0);
    let hidden = sandbox.get_as(As::Viewer, "/api/search?q=margin").await.json();
    assert_eq!(hidden["total"], 0, "{hidden}");
    let admin = sandbox.get_as(As::Admin, "/api/search?q=margin").await.json();
    assert_eq!(admin["data"][0]["name"], "Margin by category");
}

#[tokio::test]
async fn dashboards_are_listed_read_and_run() {
    let sandbox = Sandbox::start().await;
    let list = sandbox.fetch("/api/dashboard").await;
    let overview = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "Shop overview")
        .unwrap();
    assert!(overview.get("dashcards").is_none());
    let id = &overview["id"];
    let one = sandbox.fetch(&format!("/api/dashboard/{id}")).await;
    let by_entity = sandbox
        .fetch(&format!("/api/dashboard/{}", one["entity_id"].as_str().unwrap()))
        .await;
    assert_eq!(one, by_entity);
    let places = one["dashcards"].as_array().unwrap();
    assert_eq!(places[0]["card"]["name"], "Revenue by month");
    assert_eq!((&places[1]["col"], &places[2]["row"]), (&json!(12), &json!(8)));
    let (place, card) = (&places[0]["id"], &places[0]["card_id"]);
    let path = format!("/api/dashboard/{id}/dashcard/{place}/card/{card}/query");
    let parameters: Value = serde_json::from_str(TOYS).unwrap();
    let body = json!({ "parameters": parameters });
    let on_dashboard = sandbox.post(&path, &body).await;
    let alone = sandbox.post(&format!("/api/card/{card}/query"), &body).await;
    assert_eq!(on_dashboard.rows(), alone.rows());
    assert_eq!(on_dashboard.json()["context"], "dashboard");
    let file = form(&sandbox, &format!("{path}/csv"), &[("parameters", TOYS)]).await;
    assert_eq!(file.body.lines().count(), alone.rows().len() + 1);
    let elsewhere = format!("/api/dashboard/{id}/dashcard/999/card/{card}/query");
    sandbox
        .post(&elsewhere, &json!({}))
        .await
        .is_text(404, "Not found.");
    sandbox.get("/api/dashboard/999").await.is_text(404, "Not found.");
    let items = sandbox
        .fetch(&format!(
            "/api/collection/{}/items?models=dashboard",
            one["collection_id"]
        ))
        .await;
    assert_eq!(items["data"][0]["name"], "Shop overview");
}

#[tokio::test]
async fn queries_that_nobody_saved_run_in_both_generations() {
    let sandbox = Sandbox::start().await;
    let orders = sandbox.table("orders").await;
    let whole = sandbox
        .fetch(&format!("/api/table/{orders}/query_metadata"))
        .await;
    let id = |name: &str| {
        let fields = whole["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap()["id"].clone()
    };
    let (status, total, created) = (id("status"), id("total"), id("created_at"));
    let old = json!({
        "database": 1,
        "type": "query",
        "query": {
            "source-table": orders,
            "filter": ["and", ["=", ["field", status, null], "completed"], [">", ["field", total, null], 10]],
            "aggregation": [["count"], ["sum", ["field", total, null]]],
            "breakout": [["field", created, { "temporal-unit": "year" }]],
            "order-by": [["desc", ["aggregation", 0]]],
            "limit": 2,
        },
    });
    let new = json!({
        "lib/type": "mbql/query",
        "database": 1,
        "stages": [{
            "lib/type": "mbql.stage/mbql",
            "source-table": orders,
            "filters": [["=", {}, ["field", {}, status], "completed"], [">", {}, ["field", {}, total], 10]],
            "aggregation": [["count", {}], ["sum", {}, ["field", {}, total]]],
            "breakout": [["field", { "temporal-unit": "year" }, created]],
            "order-by": [["desc", {}, ["aggregation", {}, 0]]],
            "limit": 2,
        }],
    });
    let answers = (
        sandbox.post("/api/dataset", &old).await,
        sandbox.post("/api/dataset", &new).await,
    );
    assert_eq!(answers.0.rows(), answers.1.rows());
    assert_eq!(answers.0.rows().len(), 2);
    assert_eq!(answers.0.json()["context"], "ad-hoc");

    let nested = json!({
        "database": 1,
        "type": "query",
        "query": { "source-query": old["query"], "aggregation": ["count"] },
    });
    assert_eq!(sandbox.post("/api/dataset", &nested).await.rows(), [json!([2])]);
    let card = sandbox.card("Revenue by month").await;
    let on_card = json!({ "database": 1, "type": "query", "query": { "source-table": format!("card__{card}"), "aggregation": [["count"]] } });
    assert_eq!(sandbox.post("/api/dataset", &on_card).await.rows().len(), 1);

    let forbidden = sandbox.post_as(As::Viewer, "/api/dataset", &old).await;
    assert_eq!(
        (forbidden.status.as_u16(), &forbidden.json()["error_type"]),
        (403, &json!("missing-required-permissions"))
    );
    let nonsense = sandbox
        .post("/api/dataset", &json!({ "database": 1, "type": "query" }))
        .await;
    assert_eq!(
        (nonsense.status.as_u16(), &nonsense.json()["error_type"]),
        (400, &json!("invalid-query"))
    );
    assert_eq!(
        sandbox
            .post(
                "/api/dataset",
                &json!({ "database": 9, "type": "query", "query": {} })
            )
            .await
            .status,
        404
    );
    assert_eq!(sandbox.post("/api/dataset", &json!({})).await.status, 400);

    let file = sandbox.post("/api/dataset/csv", &json!({ "query": old })).await;
    assert_eq!(file.body.lines().count(), 3);
    let from_form = form(&sandbox, "/api/dataset/csv", &[("query", &old.to_string())]).await;
    assert_eq!(from_form.body, file.body);
}

#[tokio::test]
async fn sql_is_for_those_who_may_write_it() {
    let sandbox = Sandbox::start().await;
    let sql = json!({
        "database": 1,
        "type": "native",
        "native": {
            "query": "SELECT COUNT(*) AS n FROM orders WHERE status = {{status}}",
            "template-tags": { "status": { "id": "1", "name": "status", "display-name": "Status", "type": "text" } },
        },
        "parameters": [{ "type": "category", "value": "refunded", "target": ["variable", ["template-tag", "status"]] }],
    });
    let allowed = sandbox.post_as(As::Admin, "/api/dataset", &sql).await;
    assert_eq!(allowed.rows().len(), 1);
    let refused = sandbox.post_as(As::Viewer, "/api/dataset", &sql).await;
    assert_eq!(refused.status, 403);

    let form = sandbox
        .post_as(As::Admin, "/api/dataset/native", &sql)
        .await
        .json();
    assert_eq!(
        form,
        json!({ "query": "SELECT COUNT(*) AS n FROM orders WHERE status = ?", "params": ["refunded"] })
    );
    let orders = sandbox.table("orders").await;
    let query = json!({ "database": 1, "type": "query", "query": { "source-table": orders, "aggregation": [["count"]] } });
    let form = sandbox
        .post_as(As::Admin, "/api/dataset/native", &query)
        .await
        .json();
    assert!(
        form["query"].as_str().unwrap().starts_with("SELECT COUNT(*)"),
        "{form}"
    );
    assert_eq!(form["params"], json!(null));
    let refused = sandbox.post_as(As::Viewer, "/api/dataset/native", &query).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn people_settings_segments_and_snippets_are_there() {
    let sandbox = Sandbox::start().await;
    let people = sandbox.get_as(As::Admin, "/api/user").await.json();
    assert!(people["total"].as_u64().unwrap() >= 2);
    assert!(people["data"][0].get("password").is_none() && people["data"][0]["email"].is_string());
    assert_eq!(sandbox.get_as(As::Viewer, "/api/user").await.status, 403);
    let viewer = sandbox.get_as(As::Viewer, "/api/user/current").await.json();
    let own = sandbox
        .get_as(As::Viewer, &format!("/api/user/{}", viewer["id"]))
        .await
        .json();
    assert_eq!(own["email"], viewer["email"]);
    assert_eq!(sandbox.get_as(As::Viewer, "/api/user/1").await.status, 403);
    assert!(sandbox.fetch("/api/user/recipients").await["data"].is_array());

    let settings = sandbox.get_as(As::Admin, "/api/setting").await.json();
    assert!(
        settings
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["key"] == "site-name")
    );
    assert_eq!(
        sandbox.get_as(As::Admin, "/api/setting/site-name").await.json(),
        "Sandbox"
    );
    assert_eq!(
        sandbox.get_as(As::Admin, "/api/setting/site-url").await.status,
        204
    );
    assert_eq!(sandbox.get_as(As::Admin, "/api/setting/nope").await.status, 404);
    assert_eq!(sandbox.get_as(As::Viewer, "/api/setting").await.status, 403);

    let segments = sandbox.fetch("/api/segment").await;
    let one = &segments[0];
    assert_eq!(sandbox.fetch(&format!("/api/segment/{}", one["id"])).await, *one);
    assert_eq!(sandbox.get_as(As::Viewer, "/api/segment").await.json(), json!([]));
    let measures = sandbox.fetch("/api/measure").await;
    let measure = &measures[0];
    assert_eq!(
        sandbox.fetch(&format!("/api/measure/{}", measure["id"])).await,
        *measure
    );
    assert_eq!(sandbox.get("/api/measure/99").await.status, 404);
    for made in [one, measure] {
        assert!(
            made["creator_id"].is_i64() && made["created_at"].is_string(),
            "{made}"
        );
    }
    let dashboard = sandbox.fetch("/api/dashboard/1").await;
    assert!(dashboard["dashcards"][0]["entity_id"].is_string());
    assert_eq!(
        sandbox.fetch("/api/activity/recents").await,
        json!({ "recents": [] })
    );
    assert_eq!(sandbox.fetch("/api/native-query-snippet").await, json!([]));
    sandbox
        .get("/api/native-query-snippet/1")
        .await
        .is_text(404, "Not found.");
}
