use serde_json::json;

use super::client::{As, Sandbox};

#[tokio::test]
async fn the_database_is_listed_for_those_who_may_query_it() {
    let sandbox = Sandbox::start().await;
    let list = sandbox.fetch("/api/database").await;
    assert_eq!(list["total"], 1);
    let database = &list["data"][0];
    assert_eq!(
        (database["id"].as_i64(), database["engine"].as_str()),
        (Some(1), Some("sqlite"))
    );
    assert!(database["features"].is_array());
    assert!(database.get("details").is_none());
    let admin = sandbox
        .get_as(As::Admin, "/api/database?include=tables&saved=true")
        .await
        .json();
    assert!(admin["data"][0]["details"].is_object());
    assert_eq!(admin["data"][0]["tables"].as_array().unwrap().len(), 6);
    assert_eq!(admin["data"][1]["id"], -1337);
    let viewer = sandbox.get_as(As::Viewer, "/api/database").await.json();
    assert_eq!(viewer, json!({ "data": [], "total": 0 }));
    sandbox.get("/api/database/7").await.is_text(404, "Not found.");
    assert_eq!(sandbox.get_as(As::Viewer, "/api/database/1").await.status, 403);
    let whole = sandbox.fetch("/api/database/1/metadata").await;
    assert!(whole["tables"][0]["fields"].is_array());
}

#[tokio::test]
async fn query_metadata_has_real_ids_and_targets() {
    let sandbox = Sandbox::start().await;
    let (orders, products) = (sandbox.table("orders").await, sandbox.table("products").await);
    let table = sandbox
        .fetch(&format!("/api/table/{orders}/query_metadata"))
        .await;
    let fields = table["fields"].as_array().unwrap();
    let key = fields.iter().find(|field| field["name"] == "product_id").unwrap();
    assert_eq!(key["semantic_type"], "type/FK");
    assert_eq!(
        (&key["target"]["table_id"], &key["target"]["name"]),
        (&json!(products), &json!("id"))
    );
    assert_eq!(key["fk_target_field_id"], key["target"]["id"]);
    for part in ["segments", "measures", "metrics"] {
        assert!(!table[part].as_array().unwrap().is_empty(), "{part}");
    }
    assert_eq!(table["db"]["id"], 1);
    sandbox
        .get("/api/table/999/query_metadata")
        .await
        .is_text(404, "Not found.");
    let forbidden = sandbox
        .get_as(As::Viewer, &format!("/api/table/{orders}/query_metadata"))
        .await;
    forbidden.is_text(403, "You don't have permissions to do that.");
}

#[tokio::test]
async fn field_values_are_rows() {
    let sandbox = Sandbox::start().await;
    let products = sandbox.table("products").await;
    let table = sandbox
        .fetch(&format!("/api/table/{products}/query_metadata"))
        .await;
    let fields = table["fields"].as_array().unwrap();
    let category = &fields.iter().find(|field| field["name"] == "category").unwrap()["id"];
    let values = sandbox.fetch(&format!("/api/field/{category}/values")).await;
    assert_eq!(&values["field_id"], category);
    assert_eq!(values["values"].as_array().unwrap().len(), 6);
    assert_eq!(values["has_more_values"], false);
    assert_eq!(
        sandbox
            .get_as(As::Viewer, &format!("/api/field/{category}/values"))
            .await
            .status,
        403
    );
    sandbox
        .get("/api/field/99999/values")
        .await
        .is_text(404, "Not found.");
}

#[tokio::test]
async fn the_tables_are_in_a_schema_without_a_name() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.fetch("/api/database/1/schemas").await, json!([""]));
    let tables = sandbox.fetch("/api/database/1/schema/").await;
    assert_eq!(tables.as_array().unwrap().len(), 6);
    let named = sandbox.get("/api/database/1/schema/PUBLIC").await;
    named.is_text(404, "Not found.");
    assert_eq!(
        sandbox.get_as(As::Viewer, "/api/database/1/schemas").await.status,
        403
    );
}

#[tokio::test]
async fn foreign_keys_are_listed_by_what_they_point_at() {
    let sandbox = Sandbox::start().await;
    let products = sandbox.table("products").await;
    let keys = sandbox.fetch(&format!("/api/table/{products}/fks")).await;
    let origins: Vec<&str> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["origin"]["table"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(origins, ["orders", "reviews"]);
    assert_eq!(keys[0]["origin"]["name"], "product_id");
    assert_eq!(keys[0]["destination"]["table"]["id"], products);
    assert_eq!(keys[0]["destination_id"], keys[0]["origin"]["fk_target_field_id"]);
}

#[tokio::test]
async fn values_of_a_column_are_searched() {
    let sandbox = Sandbox::start().await;
    let orders = sandbox.table("orders").await;
    let table = sandbox
        .fetch(&format!("/api/table/{orders}/query_metadata"))
        .await;
    let fields = table["fields"].as_array().unwrap();
    let id = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap()["id"].clone();
    let (status, channel) = (id("status"), id("channel"));
    let path = format!("/api/field/{status}/search/{status}");
    let found = sandbox.fetch(&format!("{path}?value=COMP")).await;
    assert_eq!(found, json!([["completed"]]));
    let found = sandbox.fetch(&format!("{path}?value=e&limit=2")).await;
    assert_eq!(found.as_array().unwrap().len(), 2);
    let other = format!("/api/field/{status}/search/{channel}?value=a");
    assert_eq!(sandbox.get(&other).await.status, 400);
    assert_eq!(sandbox.get_as(As::Viewer, &path).await.status, 403);
}

#[tokio::test]
async fn a_cards_query_metadata_has_its_tables_and_filtered_columns() {
    let sandbox = Sandbox::start().await;
    let built = sandbox.card("Revenue by product category").await;
    let metadata = sandbox.fetch(&format!("/api/card/{built}/query_metadata")).await;
    let names: Vec<&str> = metadata["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["orders", "people", "products"]);
    assert!(metadata["tables"][0]["fields"].is_array());
    assert_eq!(metadata["databases"][0]["id"], 1);
    let native = sandbox.card("Revenue by month").await;
    let metadata = sandbox.fetch(&format!("/api/card/{native}/query_metadata")).await;
    let fields = metadata["fields"].as_array().unwrap();
    let names: Vec<&str> = fields
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["category", "created_at"]);
}
