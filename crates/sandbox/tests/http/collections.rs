use serde_json::{Value, json};

use super::client::{As, Sandbox};

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_root_comes_first_and_what_is_not_readable_not_at_all() {
    let sandbox = Sandbox::start().await;
    let all = sandbox.fetch("/api/collection").await;
    assert_eq!(
        (all[0]["id"].as_str(), all[0]["name"].as_str()),
        (Some("root"), Some("Our analytics"))
    );
    assert!(names(&all).contains(&"Drafts"));
    assert!(!names(&all).contains(&"Finance (restricted)"));
    let admin = sandbox.get_as(As::Admin, "/api/collection").await.json();
    assert!(names(&admin).contains(&"Finance (restricted)"));
    let viewer = sandbox.get_as(As::Viewer, "/api/collection").await.json();
    assert!(!names(&viewer).contains(&"Drafts"));
    assert!(!names(&viewer).contains(&"Our analytics"));
}

#[tokio::test]
async fn one_collection_tells_what_is_above_it() {
    let sandbox = Sandbox::start().await;
    let (curated, sales) = (
        sandbox.collection("Curated").await,
        sandbox.collection("Sales").await,
    );
    let body = sandbox.fetch(&format!("/api/collection/{sales}")).await;
    assert_eq!(body["parent_id"], curated);
    assert_eq!(body["location"], format!("/{curated}/"));
    assert_eq!(names(&body["effective_ancestors"]), ["Our analytics", "Curated"]);
    let entity = body["entity_id"].as_str().unwrap();
    assert_eq!(entity.len(), 21);
    assert_eq!(sandbox.fetch(&format!("/api/collection/{entity}")).await, body);
    assert_eq!(sandbox.fetch("/api/collection/root").await["id"], "root");
}

#[tokio::test]
async fn missing_is_404_and_forbidden_403() {
    let sandbox = Sandbox::start().await;
    let finance = sandbox.collection("Finance (restricted)").await;
    for suffix in ["", "/items"] {
        sandbox
            .get(&format!("/api/collection/99999{suffix}"))
            .await
            .is_text(404, "Not found.");
        let forbidden = sandbox.get(&format!("/api/collection/{finance}{suffix}")).await;
        forbidden.is_text(403, "You don't have permissions to do that.");
        assert_eq!(
            sandbox
                .get(&format!("/api/collection/nonsense{suffix}"))
                .await
                .status,
            400
        );
    }
    let root = sandbox.get_as(As::Viewer, "/api/collection/root/items").await;
    root.is_text(403, "You don't have permissions to do that.");
}

#[tokio::test]
async fn items_have_every_documented_key() {
    let sandbox = Sandbox::start().await;
    let sales = sandbox.collection("Sales").await;
    let page = sandbox
        .fetch(&format!("/api/collection/{sales}/items?models=card"))
        .await;
    assert_eq!(
        (&page["limit"], &page["offset"], &page["models"]),
        (&Value::Null, &Value::Null, &json!(["card"]))
    );
    assert_eq!(page["total"], page["data"].as_array().unwrap().len());
    let item = &page["data"][0];
    for key in [
        "id",
        "name",
        "description",
        "entity_id",
        "model",
        "display",
        "database_id",
        "collection_id",
        "collection_position",
        "collection_preview",
        "dashboard_id",
        "dashboard",
        "dashboard_count",
        "archived",
        "moderated_status",
        "fully_parameterized",
        "can_write",
        "can_restore",
        "can_delete",
        "last_used_at",
        "last-edit-info",
        "location",
        "is_remote_synced",
        "collection_namespace",
    ] {
        assert!(item.as_object().unwrap().contains_key(key), "{key}");
    }
    assert_eq!(
        (item["model"].as_str(), item["collection_id"].as_i64()),
        (Some("card"), Some(sales))
    );
}

#[tokio::test]
async fn models_are_repeatable_and_ordered() {
    let sandbox = Sandbox::start().await;
    let (curated, sales) = (
        sandbox.collection("Curated").await,
        sandbox.collection("Sales").await,
    );
    let models = async |path: String| {
        let page = sandbox.fetch(&path).await;
        let items = page["data"].as_array().unwrap().clone();
        let mut models: Vec<String> = items
            .iter()
            .map(|item| item["model"].as_str().unwrap().to_owned())
            .collect();
        models.dedup();
        models
    };
    let base = format!("/api/collection/{sales}/items");
    assert_eq!(
        models(format!("{base}?models=metric&models=card")).await,
        ["card", "metric"]
    );
    assert_eq!(models(format!("{base}?models=metric")).await, ["metric"]);
    assert_eq!(
        models(format!("/api/collection/{curated}/items?models=collection")).await,
        ["collection"]
    );
    assert_eq!(
        models(format!("{base}?models=no_models")).await,
        Vec::<String>::new()
    );
    assert_eq!(sandbox.get(&format!("{base}?models=nonsense")).await.status, 400);
}

#[tokio::test]
async fn pages_count_the_whole_but_empty_ones_do_not() {
    let sandbox = Sandbox::start().await;
    let sales = sandbox.collection("Sales").await;
    let base = format!("/api/collection/{sales}/items");
    let all = sandbox.fetch(&base).await;
    let total = all["data"].as_array().unwrap().len();
    let page = sandbox.fetch(&format!("{base}?limit=2&offset=1")).await;
    assert_eq!(
        (&page["total"], &page["limit"], &page["offset"]),
        (&json!(total), &json!(2), &json!(1))
    );
    assert_eq!(page["data"][0], all["data"][1]);
    let only_limit = sandbox.fetch(&format!("{base}?limit=2")).await;
    assert_eq!(only_limit["offset"], 0);
    let only_offset = sandbox.fetch(&format!("{base}?offset=2")).await;
    assert_eq!(only_offset["limit"], 50);
    let beyond = sandbox.fetch(&format!("{base}?limit=2&offset=500")).await;
    assert_eq!((&beyond["total"], &beyond["data"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn items_sort_as_asked() {
    let sandbox = Sandbox::start().await;
    let sales = sandbox.collection("Sales").await;
    let base = format!("/api/collection/{sales}/items?sort_column=name");
    let up = sandbox.fetch(&format!("{base}&sort_direction=asc")).await;
    let down = sandbox.fetch(&format!("{base}&sort_direction=desc")).await;
    let (up, mut down) = (names(&up["data"]), names(&down["data"]));
    assert!(
        up.windows(2)
            .all(|pair| pair[0].to_lowercase() <= pair[1].to_lowercase())
    );
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(
        sandbox.get(&format!("{base}&sort_direction=up")).await.status,
        400
    );
}

#[tokio::test]
async fn the_trash_is_listed_apart() {
    let sandbox = Sandbox::start().await;
    let cards = sandbox.get_as(As::Admin, "/api/card?f=archived").await.json();
    let archived = &cards.as_array().unwrap()[0];
    let place = archived["collection_id"]
        .as_i64()
        .map_or("root".to_owned(), |id| id.to_string());
    let listed = sandbox
        .get_as(As::Admin, &format!("/api/collection/{place}/items"))
        .await
        .json();
    assert!(!names(&listed["data"]).contains(&archived["name"].as_str().unwrap()));
    let trash = sandbox
        .get_as(As::Admin, &format!("/api/collection/{place}/items?archived=true"))
        .await
        .json();
    assert!(names(&trash["data"]).contains(&archived["name"].as_str().unwrap()));
}

#[tokio::test]
async fn the_tree_nests_and_says_what_is_where() {
    let sandbox = Sandbox::start().await;
    let tree = sandbox.fetch("/api/collection/tree?exclude-archived=true").await;
    let curated = tree
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["name"] == "Curated")
        .unwrap();
    let sales = curated["children"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["name"] == "Sales")
        .unwrap();
    assert_eq!(sales["here"], json!(["card", "metric"]));
    assert!(curated["below"].as_array().unwrap().contains(&json!("metric")));
    let shallow = sandbox.fetch("/api/collection/tree?shallow=true").await;
    assert!(
        shallow
            .as_array()
            .unwrap()
            .iter()
            .all(|node| node["children"] == json!([]))
    );
    let below = sandbox
        .fetch(&format!("/api/collection/tree?collection-id={}", curated["id"]))
        .await;
    assert_eq!(names(&below), names(&curated["children"]));
}
