use serde_json::{Value, json};

use super::client::{As, Sandbox, field_id};
use cardinal_sandbox::ServedGeneration;

async fn v59() -> Sandbox {
    Sandbox::with(|options| options.generation = ServedGeneration::V59).await
}

fn entry<'a>(list: &'a Value, name: &str) -> &'a Value {
    list.as_array()
        .unwrap()
        .iter()
        .find(|item| item["name"] == name)
        .unwrap()
}

#[tokio::test]
async fn a_table_lists_its_columns_and_what_it_leads_to() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.table("orders").await;
    let table = sandbox.fetch(&format!("/api/agent/v1/table/{id}")).await;
    assert_eq!(
        (table["id"].as_i64(), table["type"].as_str()),
        (Some(id), Some("table"))
    );
    assert_eq!(
        (table["database_id"].as_i64(), table["database_engine"].as_str()),
        (Some(1), Some("sqlite"))
    );
    assert_eq!(table["database_schema"], Value::Null);
    let fields = table["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 11);
    assert_eq!(
        (&fields[0]["field_id"], &fields[0]["name"]),
        (&json!(format!("t{id}-0")), &json!("id"))
    );
    let total = entry(&table["fields"], "total");
    assert_eq!(
        (total["type"].as_str(), total["base_type"].as_str()),
        (Some("number"), Some("type/Float"))
    );
    assert!(total.get("field_values").is_none());
    let related = table["related_tables"].as_array().unwrap();
    let keys: Vec<&str> = related
        .iter()
        .map(|table| table["related_by"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["user_id", "product_id"]);
    let category = field_id(&entry(&table["related_tables"], "products")["fields"], "category");
    assert!(category.starts_with(&format!("t{id}-")));
    assert!(entry(&table["metrics"], "Revenue")["default_time_dimension_field_id"].is_string());
    assert!(table.get("measures").is_none() && table.get("segments").is_none());
}

#[tokio::test]
async fn flags_choose_what_a_table_tells() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.table("orders").await;
    let flags = "with-fields=false&with-related-tables=false&with-metrics=false&with-measures=true&with-segments=true";
    let table = sandbox.fetch(&format!("/api/agent/v1/table/{id}?{flags}")).await;
    assert_eq!(table["fields"], json!([]));
    assert!(table.get("related_tables").is_none() && table.get("metrics").is_none());
    assert!(entry(&table["measures"], "Gross order value")["id"].is_i64());
    assert!(entry(&table["segments"], "Completed orders")["id"].is_i64());
    let table = sandbox
        .fetch(&format!("/api/agent/v1/table/{id}?with-field-values=true"))
        .await;
    let status = entry(&table["fields"], "status")["field_values"]
        .as_array()
        .unwrap()
        .clone();
    assert!(status.contains(&json!("completed")));
    assert_eq!(
        sandbox
            .get(&format!("/api/agent/v1/table/{id}?with-fields=maybe"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn tables_are_404_403_or_a_400() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.table("orders").await;
    sandbox
        .get("/api/agent/v1/table/999")
        .await
        .is_text(404, "Not found.");
    let forbidden = sandbox
        .get_as(As::Viewer, &format!("/api/agent/v1/table/{id}"))
        .await;
    forbidden.is_text(403, "You don't have permissions to do that.");
    for bad in ["0", "x", "-1"] {
        let answer = sandbox.get(&format!("/api/agent/v1/table/{bad}")).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.json()["errors"]["id"].is_string() && answer.json()["specific-errors"]["id"].is_array()
        );
    }
}

#[tokio::test]
async fn a_metric_lists_what_it_can_be_grouped_by() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.card("Revenue").await;
    let metric = sandbox.fetch(&format!("/api/agent/v1/metric/{id}")).await;
    assert_eq!(
        (metric["type"].as_str(), metric["verified"].as_bool()),
        (Some("metric"), Some(true))
    );
    let created = field_id(&metric["queryable_dimensions"], "created_at");
    assert_eq!(metric["default_time_dimension_field_id"], created);
    assert!(created.starts_with(&format!("c{id}-")));
    let dimensions = metric["queryable_dimensions"].as_array().unwrap();
    let category = dimensions
        .iter()
        .find(|dimension| dimension["name"] == "category")
        .unwrap();
    assert!(category["table_reference"].is_string());
    assert!(metric.get("segments").is_none());
    let flags = "with-default-temporal-breakout=false&with-queryable-dimensions=false&with-segments=true";
    let bare = sandbox.fetch(&format!("/api/agent/v1/metric/{id}?{flags}")).await;
    assert!(bare.get("queryable_dimensions").is_none());
    assert!(bare.get("default_time_dimension_field_id").is_none());
    assert!(entry(&bare["segments"], "Large orders")["id"].is_i64());
}

#[tokio::test]
async fn a_question_is_no_metric() {
    let sandbox = Sandbox::start().await;
    let question = sandbox.card("Revenue by month").await;
    for id in [question, 9999] {
        sandbox
            .get(&format!("/api/agent/v1/metric/{id}"))
            .await
            .is_text(404, "Not found.");
    }
}

#[tokio::test]
async fn field_values_come_with_statistics() {
    let sandbox = Sandbox::start().await;
    let id = sandbox.table("products").await;
    let category = sandbox.field("products", "category").await;
    let body = sandbox
        .fetch(&format!("/api/agent/v1/table/{id}/field/{category}/values"))
        .await;
    assert_eq!(
        (&body["result_type"], &body["field_id"]),
        (&json!("field-metadata"), &json!(category))
    );
    let metadata = &body["value_metadata"];
    assert_eq!(metadata["field_values"].as_array().unwrap().len(), 6);
    assert_eq!(metadata["field_values"][0].as_array().unwrap().len(), 1);
    assert_eq!(metadata["statistics"]["distinct-count"], 6);
    let few = sandbox
        .fetch(&format!(
            "/api/agent/v1/table/{id}/field/{category}/values?limit=2"
        ))
        .await;
    assert_eq!(few["value_metadata"]["field_values"].as_array().unwrap().len(), 2);
    let metric = sandbox.card("Revenue").await;
    let dimensions = sandbox.fetch(&format!("/api/agent/v1/metric/{metric}")).await;
    let status = field_id(&dimensions["queryable_dimensions"], "status");
    let body = sandbox
        .fetch(&format!("/api/agent/v1/metric/{metric}/field/{status}/values"))
        .await;
    assert!(
        body["value_metadata"]["field_values"]
            .as_array()
            .unwrap()
            .contains(&json!(["completed"]))
    );
}

#[tokio::test]
async fn the_first_generation_has_another_shape() {
    let sandbox = v59().await;
    let id = sandbox.table("products").await;
    let category = sandbox.field("products", "category").await;
    let body = sandbox
        .fetch(&format!("/api/agent/v1/table/{id}/field/{category}/values"))
        .await;
    assert_eq!(body["field_id"], category);
    assert_eq!(body["statistics"]["distinct_count"], 6);
    assert!(body["values"].as_array().unwrap().contains(&json!("Kitchen")));
    let table = sandbox.fetch(&format!("/api/agent/v1/table/{id}")).await;
    assert!(table["fields"][0].get("display_name").is_none());
}

#[tokio::test]
async fn field_ids_are_checked() {
    let sandbox = Sandbox::start().await;
    let (orders, products) = (sandbox.table("orders").await, sandbox.table("products").await);
    let metric = sandbox.card("Revenue").await;
    let base = format!("/api/agent/v1/table/{orders}/field");
    for bad in ["nonsense", "t-3", "x1-3", "t1-x", "t1-"] {
        let answer = sandbox.get(&format!("{base}/{bad}/values")).await;
        answer.is_text(400, &format!("Invalid field_id format: {bad}"));
    }
    sandbox.get(&format!("{base}/c7-0/values")).await.is_text(
        400,
        &format!("field c7-0 does not match expected prefix t{orders}-"),
    );
    sandbox
        .get(&format!("{base}/t{orders}-999/values"))
        .await
        .is_text(
            404,
            &format!("field t{orders}-999 not found - no column at index 999"),
        );
    sandbox
        .get("/api/agent/v1/table/999/field/t999-0/values")
        .await
        .is_text(404, "No table found with ID 999");
    let answer = sandbox
        .get(&format!("/api/agent/v1/metric/{metric}/field/t{orders}-0/values"))
        .await;
    answer.is_text(
        400,
        &format!("field t{orders}-0 does not match expected prefix c{metric}-"),
    );
    // The id of another table's column is looked up there.
    let category = sandbox.field("products", "category").await;
    assert!(category.starts_with(&format!("t{products}-")));
    let body = sandbox.fetch(&format!("{base}/{category}/values")).await;
    assert_eq!(body["value_metadata"]["statistics"]["distinct-count"], 6);
    let viewer = sandbox
        .get_as(As::Viewer, &format!("{base}/t{orders}-0/values"))
        .await;
    viewer.is_text(403, "You don't have permissions to do that.");
}

#[tokio::test]
async fn search_finds_tables_and_metrics() {
    let sandbox = Sandbox::start().await;
    let found = sandbox
        .post("/api/agent/v1/search", &json!({ "term_queries": ["revenue"] }))
        .await
        .json();
    assert_eq!(found["total_count"], found["data"].as_array().unwrap().len());
    let first = &found["data"][0];
    assert_eq!(
        (first["type"].as_str(), first["verified"].as_bool()),
        (Some("metric"), Some(true))
    );
    assert_eq!(first["name"], "Revenue", "what has the very name comes first");
    assert_eq!(
        first["base_table_portable_fk"],
        json!(["Example shop", null, "orders"])
    );
    for key in [
        "id",
        "name",
        "description",
        "updated_at",
        "created_at",
        "database_id",
        "database_engine",
        "collection",
    ] {
        assert!(!first[key].is_null(), "{key}");
    }
    let table = sandbox
        .post(
            "/api/agent/v1/search",
            &json!({ "semantic_queries": "[\"invoices\"]" }),
        )
        .await
        .json();
    assert_eq!(
        (
            table["data"][0]["type"].as_str(),
            table["data"][0]["name"].as_str()
        ),
        (Some("table"), Some("invoices"))
    );
    assert!(table["data"][0].get("verified").is_none());
    let one = sandbox
        .post("/api/agent/v1/search?limit=1", &json!({}))
        .await
        .json();
    assert_eq!(one["total_count"], 1);
    let viewer = sandbox
        .post_as(As::Viewer, "/api/agent/v1/search", &json!({}))
        .await
        .json();
    assert!(
        viewer["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["type"] == "metric")
    );
    for bad in [json!([""]), json!(7), json!([1])] {
        let answer = sandbox
            .post("/api/agent/v1/search", &json!({ "term_queries": bad }))
            .await;
        assert_eq!(answer.status, 400);
    }
}

#[tokio::test]
async fn databases_are_there_since_v60() {
    let sandbox = Sandbox::start().await;
    let list = sandbox.fetch("/api/agent/v1/database").await;
    assert_eq!(
        (list["data"][0]["id"].as_i64(), list["data"][0]["engine"].as_str()),
        (Some(1), Some("sqlite"))
    );
    let one = sandbox
        .fetch("/api/agent/v1/database/1?with-tables=true&with-fields=true")
        .await;
    assert_eq!(one["tables"].as_array().unwrap().len(), 6);
    assert!(one["tables"][0]["fields"].is_array());
    let bare = sandbox.fetch("/api/agent/v1/database/1?with-tables=false").await;
    assert!(bare.get("tables").is_none());
    sandbox
        .get("/api/agent/v1/database/2")
        .await
        .is_text(404, "Not found.");
    assert_eq!(
        sandbox
            .get_as(As::Viewer, "/api/agent/v1/database/1")
            .await
            .status,
        403
    );
}
