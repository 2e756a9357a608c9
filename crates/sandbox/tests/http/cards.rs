use serde_json::{Value, json};

use super::client::{As, Sandbox};

fn tag(name: &str) -> Value {
    json!(["dimension", ["template-tag", name]])
}

fn variable(name: &str) -> Value {
    json!(["variable", ["template-tag", name]])
}

#[tokio::test]
async fn a_card_has_every_documented_key() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    let card = sandbox.fetch(&format!("/api/card/{id}")).await;
    for key in [
        "id",
        "entity_id",
        "name",
        "description",
        "type",
        "display",
        "card_schema",
        "metabase_version",
        "dataset_query",
        "query_type",
        "parameters",
        "parameter_mappings",
        "result_metadata",
        "visualization_settings",
        "database_id",
        "table_id",
        "source_card_id",
        "param_fields",
        "parameter_usage_count",
        "collection_id",
        "collection",
        "collection_position",
        "collection_preview",
        "dashboard",
        "dashboard_id",
        "dashboard_count",
        "document_id",
        "archived",
        "archived_directly",
        "is_remote_synced",
        "based_on_upload",
        "initially_published_at",
        "moderation_reviews",
        "can_write",
        "can_delete",
        "can_restore",
        "can_manage_db",
        "can_run_adhoc_query",
        "creator",
        "creator_id",
        "last-edit-info",
        "created_at",
        "updated_at",
        "average_query_time",
        "last_query_start",
        "last_used_at",
        "view_count",
        "cache_ttl",
        "cache_invalidated_at",
        "enable_embedding",
        "embedding_type",
        "embedding_params",
        "public_uuid",
        "made_public_by_id",
    ] {
        assert!(card.as_object().unwrap().contains_key(key), "{key}");
    }
    assert_eq!(
        (card["type"].as_str(), card["query_type"].as_str()),
        (Some("question"), Some("native"))
    );
    assert_eq!(card["collection"]["name"], "Sales");
    assert_eq!(card["moderation_reviews"][0]["status"], "verified");
    let columns: Vec<&str> = card["result_metadata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["month", "revenue", "orders"]);
    let tags = &card["dataset_query"]["stages"][0]["template-tags"];
    assert_eq!(tags["period"]["type"], "dimension");
    let entity = card["entity_id"].as_str().unwrap();
    assert_eq!(sandbox.fetch(&format!("/api/card/{entity}")).await["id"], id);
}

#[tokio::test]
async fn template_tags_can_be_a_list() {
    let sandbox = Sandbox::with(|options| options.template_tags_as_list = true).await;
    let id = sandbox.card("Revenue by month").await;
    let card = sandbox.fetch(&format!("/api/card/{id}")).await;
    let tags = card["dataset_query"]["stages"][0]["template-tags"]
        .as_array()
        .unwrap();
    let names: Vec<&str> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["category", "period"]);
}

#[tokio::test]
async fn cards_are_404_403_or_there() {
    let sandbox = Sandbox::start().await;
    let cards = sandbox.get_as(As::Admin, "/api/card").await.json();
    let finance = sandbox.collection("Finance (restricted)").await;
    let secret = cards
        .as_array()
        .unwrap()
        .iter()
        .find(|card| card["collection_id"] == finance)
        .unwrap();
    let secret = secret["id"].as_i64().unwrap();
    for missing in ["99999", "abcdefghijklmnopqrstu"] {
        let answer = sandbox.get(&format!("/api/card/{missing}")).await;
        answer.is_text(404, "Not found.");
    }
    assert_eq!(sandbox.get("/api/card/abc").await.status, 400);
    sandbox
        .get(&format!("/api/card/{secret}"))
        .await
        .is_text(403, "You don't have permissions to do that.");
    let run = |id: i64| format!("/api/card/{id}/query");
    sandbox
        .post(&run(99999), &json!({}))
        .await
        .is_text(404, "Not found.");
    sandbox
        .post(&run(secret), &json!({}))
        .await
        .is_text(403, "You don't have permissions to do that.");
    assert_eq!(sandbox.get("/api/card/0").await.status, 400);
    assert!(sandbox.get("/api/card/x").await.json()["errors"]["id"].is_string());
    let mine = sandbox.get("/api/card").await.json();
    assert!(mine.as_array().unwrap().iter().all(|card| card["id"] != secret));
}

#[tokio::test]
async fn the_stream_has_its_keys_in_order() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by product category").await;
    let answer = sandbox.post(&format!("/api/card/{id}/query"), &json!({})).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("content-type"), "application/json;charset=utf-8");
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(answer.header("transfer-encoding"), "chunked");
    let mut from = 0;
    for key in [
        r#"{"data":{"rows":["#,
        r#"],"cols":["#,
        r#""native_form":{"#,
        r#""results_timezone":"UTC""#,
        r#""results_metadata":{"columns":["#,
        r#""insights":"#,
        r#"},"database_id":1"#,
        r#""started_at":"#,
        r#""json_query":{"#,
        r#""average_execution_time":null"#,
        r#""context":"question""#,
        r#""running_time":"#,
        r#""cached":null"#,
        r#""status":"completed""#,
        r#""row_count":6"#,
    ] {
        let at = answer.body[from..]
            .find(key)
            .unwrap_or_else(|| panic!("{key} after {from}: {}", answer.body));
        from += at;
    }
    assert_eq!(answer.json().get("continuation_token"), None);
}

#[tokio::test]
async fn parameters_narrow_and_defaults_apply() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    let path = format!("/api/card/{id}/query");
    let all = sandbox.post(&path, &json!({})).await.rows().len();
    let period =
        json!({ "type": "date/all-options", "target": tag("period"), "value": "2025-01-01~2025-03-31" });
    let narrowed = sandbox
        .post(&path, &json!({ "parameters": [period] }))
        .await
        .rows();
    assert_eq!(narrowed.len(), 3);
    assert!(all > narrowed.len());
    let category = json!({ "type": "string/=", "target": tag("category"), "value": ["Kitchen"] });
    let one = sandbox
        .post(&path, &json!({ "parameters": [period, category] }))
        .await
        .rows();
    assert!(one[0][1].as_f64().unwrap() < narrowed[0][1].as_f64().unwrap());

    let top = sandbox.card("Top products by revenue").await;
    let path = format!("/api/card/{top}/query");
    assert_eq!(sandbox.post(&path, &json!({})).await.rows().len(), 10);
    let three = json!({ "type": "number/=", "target": variable("limit"), "value": 3 });
    assert_eq!(
        sandbox
            .post(&path, &json!({ "parameters": [three] }))
            .await
            .rows()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_parameter_is_found_by_its_id() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Top products by revenue").await;
    let card = sandbox.fetch(&format!("/api/card/{id}")).await;
    let limit = card["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["slug"] == "limit")
        .unwrap();
    let parameters = json!([{ "id": limit["id"], "value": 4 }]);
    let answer = sandbox
        .post(
            &format!("/api/card/{id}/query"),
            &json!({ "parameters": parameters }),
        )
        .await;
    assert_eq!(answer.rows().len(), 4);
}

#[tokio::test]
async fn an_unknown_tag_is_a_500_that_names_the_known_ones() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    let parameters = json!([{ "type": "string/=", "target": variable("nonsense"), "value": "x" }]);
    let answer = sandbox
        .post(
            &format!("/api/card/{id}/query"),
            &json!({ "parameters": parameters }),
        )
        .await;
    assert_eq!(answer.status, 500);
    let body = answer.json();
    let message = format!("Invalid parameter: Card {id} does not have a template tag named \"nonsense\".");
    assert_eq!(body["message"], message);
    assert!(!body["invalid-parameter"].is_null() && !body["allowed-parameters"].is_null());
}

#[tokio::test]
async fn a_type_that_may_not_feed_the_tag_is_a_500() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    let parameters = json!([{ "type": "string/!=", "target": tag("category"), "value": ["Kitchen"] }]);
    let answer = sandbox
        .post(
            &format!("/api/card/{id}/query"),
            &json!({ "parameters": parameters }),
        )
        .await;
    assert_eq!(answer.status, 500);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Invalid parameter value type"), "{message}");
    assert!(message.contains("Parameter value must be one of:"), "{message}");
}

#[tokio::test]
async fn a_required_value_that_is_missing_is_a_400_envelope() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Daily revenue of a month").await;
    let answer = sandbox.post(&format!("/api/card/{id}/query"), &json!({})).await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert_eq!(
        body["error"],
        "You'll need to pick a value for 'Month' before this query can run."
    );
    assert_eq!(body["error_type"], "missing-required-parameter");
    assert_eq!(
        (body["status"].as_str(), body["context"].as_str()),
        (Some("failed"), Some("question"))
    );
    for key in [
        "class",
        "stacktrace",
        "via",
        "json_query",
        "database_id",
        "started_at",
        "running_time",
        "ex-data",
    ] {
        assert!(body.as_object().unwrap().contains_key(key), "{key}");
    }
    let legacy = Sandbox::with(|options| options.legacy_failures = true).await;
    let answer = legacy.post(&format!("/api/card/{id}/query"), &json!({})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["status"].as_str()),
        (202, Some("failed"))
    );
    let hidden = Sandbox::with(|options| options.hide_stacktraces = true).await;
    let body = hidden
        .post(&format!("/api/card/{id}/query"), &json!({}))
        .await
        .json();
    assert!(body["stacktrace"].is_null() && body["via"].is_null());
    assert!(body["error"].is_string());
}

#[tokio::test]
async fn two_values_where_one_is_allowed_are_a_400_envelope() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Daily revenue of a month").await;
    let parameters =
        json!([{ "type": "text", "target": variable("month"), "value": ["2025-01", "2025-02"] }]);
    let answer = sandbox
        .post(
            &format!("/api/card/{id}/query"),
            &json!({ "parameters": parameters }),
        )
        .await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert_eq!(body["error_type"], "multiple-conflicting-parameter-values");
    assert_eq!(
        body["error"],
        "Multiple conflicting values were given for 'Month'"
    );
}

#[tokio::test]
async fn parameters_must_be_a_list_of_objects() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    for parameters in [json!("x"), json!([1])] {
        let body = json!({ "parameters": parameters });
        let answer = sandbox.post(&format!("/api/card/{id}/query"), &body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["errors"]["parameters"].is_string());
    }
}

#[tokio::test]
async fn values_of_a_parameter_are_listed() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    let card = sandbox.fetch(&format!("/api/card/{id}")).await;
    let category = card["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["slug"] == "category")
        .unwrap();
    let category = category["id"].as_str().unwrap();
    let values = sandbox
        .fetch(&format!("/api/card/{id}/params/{category}/values"))
        .await;
    assert_eq!(values["has_more_values"], false);
    assert_eq!(values["values"].as_array().unwrap().len(), 6);
    assert!(values["values"].as_array().unwrap().contains(&json!(["Kitchen"])));
    let found = sandbox
        .fetch(&format!("/api/card/{id}/params/{category}/search/kit"))
        .await;
    assert_eq!(found["values"], json!([["Kitchen"]]));
    let answer = sandbox
        .get(&format!("/api/card/{id}/params/nonsense/values"))
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("Card does not have a parameter with the ID"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_value_is_remapped_to_itself() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by month").await;
    let card = sandbox.fetch(&format!("/api/card/{id}")).await;
    let parameters = card["parameters"].as_array().unwrap();
    let category = parameters.iter().find(|p| p["slug"] == "category").unwrap()["id"]
        .as_str()
        .unwrap();
    let path = format!("/api/card/{id}/params/{category}/remapping?value=Kitchen");
    assert_eq!(sandbox.fetch(&path).await, json!(["Kitchen"]));
}

#[tokio::test]
async fn files_have_titles_and_no_limit() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue by product category").await;
    let csv = sandbox
        .post(&format!("/api/card/{id}/query/csv"), &json!({}))
        .await;
    assert_eq!((csv.status.as_u16(), csv.body.lines().count()), (200, 7));
    assert_eq!(csv.header("content-type"), "text/csv;charset=utf-8");
    let rows = sandbox
        .post(&format!("/api/card/{id}/query/json"), &json!({}))
        .await;
    assert_eq!(
        (rows.status.as_u16(), rows.json().as_array().unwrap().len()),
        (200, 6)
    );
    let header: Vec<&str> = csv.body.lines().next().unwrap().split(',').collect();
    assert!(header.iter().all(|title| !rows.json()[0][*title].is_null()));
    let month = sandbox.card("Daily revenue of a month").await;
    let answer = sandbox
        .post(&format!("/api/card/{month}/query/csv"), &json!({}))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["status"].as_str()),
        (400, Some("failed"))
    );
    assert_eq!(
        sandbox
            .post(&format!("/api/card/{id}/query/pdf"), &json!({}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_query_can_be_had_in_its_older_form() {
    let sandbox = Sandbox::start().await;
    let fetch = async |name: &str| {
        let id = sandbox.card(name).await;
        let card = sandbox.fetch(&format!("/api/card/{id}?legacy-mbql=true")).await;
        card["dataset_query"].clone()
    };
    let native = fetch("Revenue by month").await;
    assert_eq!(
        (&native["type"], &native["database"]),
        (&json!("native"), &json!(1))
    );
    let sql = native["native"]["query"].as_str().unwrap();
    assert!(sql.contains("{{period}}"), "{sql}");
    let dimension = &native["native"]["template-tags"]["period"]["dimension"];
    assert!(dimension[1].is_number() && dimension[2].is_null(), "{dimension}");

    let orders = sandbox.table("orders").await;
    let built = fetch("Revenue").await;
    assert_eq!(
        (&built["type"], &built["query"]["source-table"]),
        (&json!("query"), &json!(orders))
    );
    assert_eq!(built["query"]["filter"][0], "=");
    assert_eq!(built["query"]["filter"][2], "completed");
    assert_eq!(built["query"]["aggregation"][0][0], "sum");
    assert_eq!(
        built["query"]["breakout"][0][2],
        json!({ "temporal-unit": "month" })
    );
    let sorted = fetch("Revenue by product category").await;
    assert_eq!(sorted["query"]["order-by"], json!([["desc", ["aggregation", 0]]]));
}
