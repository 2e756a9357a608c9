//! Which entries the rules select, and what is said of those that could not be read.

use cardinal::catalog::{CardId, CollectionId, Entry, EntryKind, TableId};
use cardinal::catalog::{CatalogSettings, ContentRule, TableRule};
use cardinal::metabase::{FailureClass, FetchedCatalog};
use serde_json::{Value, json};

use super::dialect_kit::metric_and_orders;
use super::scripted::{Scripted, json_reply, text};

fn collection(id: u32, name: &str, children: &Value) -> Value {
    json!({ "id": id, "name": name, "children": children })
}

fn item(id: u32, model: &str) -> Value {
    json!({ "id": id, "name": format!("Item {id}"), "model": model, "archived": false, "moderated_status": null })
}

pub(super) fn card(id: u32) -> Value {
    json!({
        "id": id, "name": format!("Item {id}"), "type": "question", "archived": false, "collection_id": 5,
        "collection": { "id": 5, "name": "Sales" }, "parameters": [], "result_metadata": null,
        "dataset_query": { "type": "native", "native": { "query": "select 1" } },
    })
}

fn items(server: &Scripted, place: &str, items: &Value) {
    let body = json!({ "total": null, "data": items, "models": ["card"], "limit": 100, "offset": 0 });
    server.on(
        &format!("GET /api/collection/{place}/items"),
        json_reply(200, &body),
    );
}

async fn with_tree(tree: &Value) -> Scripted {
    let server = Scripted::version("v0.60.2").await;
    server.on("GET /api/collection/tree", json_reply(200, tree));
    server
}

/// Collections 5 ⊃ 6 ⊃ 7, 8, and someone's personal 9; each numbered one holds the card ten times its number.
async fn company() -> Scripted {
    let deep = collection(7, "Deep", &json!([]));
    let inner = collection(6, "Inner", &json!([deep]));
    let mut personal = collection(9, "Ann's", &json!([]));
    personal["personal_owner_id"] = json!(1);
    let mut trash = collection(10, "Trash", &json!([]));
    trash["type"] = json!("trash");
    let tree = json!([
        collection(5, "Sales", &json!([inner])),
        collection(8, "Other", &json!([])),
        personal,
        trash
    ]);
    let server = with_tree(&tree).await;
    for id in 5..=10_u32 {
        items(&server, &id.to_string(), &json!([item(id * 10, "card")]));
        let mut body = card(id * 10);
        body["collection_id"] = json!(id);
        server.on(&format!("GET /api/card/{}", id * 10), json_reply(200, &body));
    }
    items(&server, "root", &json!([item(1, "card")]));
    let mut body = card(1);
    body["collection_id"] = Value::Null;
    server.on("GET /api/card/1", json_reply(200, &body));
    server
}

fn cards(rule: ContentRule<CardId>) -> CatalogSettings {
    CatalogSettings {
        cards: rule,
        ..CatalogSettings::default()
    }
}

fn in_collections(ids: &[u32]) -> ContentRule<CardId> {
    ContentRule {
        collections: ids.iter().copied().map(CollectionId).collect(),
        ..ContentRule::default()
    }
}

fn ids(loaded: &FetchedCatalog) -> Vec<u32> {
    loaded.catalog.entries().iter().map(Entry::id).collect()
}

async fn load(server: &Scripted, rules: &CatalogSettings) -> FetchedCatalog {
    server.client().load_catalog(rules).await.unwrap()
}

#[tokio::test]
async fn collections_count_with_what_lies_inside_them_unless_told_otherwise() {
    let server = company().await;
    let loaded = load(&server, &cards(in_collections(&[5]))).await;
    assert_eq!(ids(&loaded), [50, 60, 70]);
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(
        loaded.catalog.entries()[2].collection(),
        ["Sales", "Inner", "Deep"]
    );

    let flat = ContentRule {
        recursive: false,
        ..in_collections(&[5, 7])
    };
    assert_eq!(ids(&load(&server, &cards(flat)).await), [50, 70]);
}

#[tokio::test]
async fn the_root_holds_everything_shared() {
    let server = company().await;
    let root = ContentRule {
        root_collection: true,
        ..ContentRule::default()
    };
    let loaded = load(&server, &cards(root.clone())).await;
    assert_eq!(ids(&loaded), [1, 50, 60, 70, 80]);
    assert!(loaded.catalog.entries()[0].collection().is_empty());
    let flat = ContentRule {
        recursive: false,
        ..root
    };
    assert_eq!(ids(&load(&server, &cards(flat)).await), [1]);
}

#[tokio::test]
async fn listings_go_on_until_a_short_page() {
    let server = with_tree(&json!([collection(11, "Big", &json!([]))])).await;
    for ids in [1_000..1_100, 1_100..1_200, 0..0_u32] {
        let data: Vec<_> = ids.map(|id| item(id, "card")).collect();
        items(&server, "11", &json!(data));
    }
    for id in 1_000..1_200 {
        server.on(&format!("GET /api/card/{id}"), json_reply(200, &card(id)));
    }
    let loaded = load(&server, &cards(in_collections(&[11]))).await;
    assert_eq!(ids(&loaded), (1_000..1_200).collect::<Vec<_>>());
    let asked = server.asked("/collection/11/items");
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[1].query, "models=card&models=dataset&limit=100&offset=100");
}

#[tokio::test]
async fn a_server_that_sends_the_same_page_again_is_left() {
    let server = with_tree(&json!([collection(11, "Big", &json!([]))])).await;
    let data: Vec<_> = (1_000..1_100).map(|id| item(id, "card")).collect();
    items(&server, "11", &json!(data));
    server.on("GET /api/card/1000", json_reply(200, &card(1_000)));
    let loaded = load(&server, &cards(in_collections(&[11]))).await;
    assert_eq!(server.asked("/collection/11/items").len(), 2);
    assert_eq!((ids(&loaded), loaded.warnings.len()), (vec![1_000], 99));
}

#[tokio::test]
async fn names_and_verification_narrow_collections_but_not_named_ids() {
    let mut verified = item(70, "card");
    verified["name"] = json!("KPI: one");
    verified["moderated_status"] = json!("verified");
    let mut unverified = item(60, "dataset");
    unverified["name"] = json!("KPI: two");
    let server = with_tree(&json!([collection(5, "Sales", &json!([]))])).await;
    items(
        &server,
        "5",
        &json!([verified, unverified, item(50, "card"), item(51, "dashboard")]),
    );
    for id in [50, 60, 70, 80] {
        server.on(&format!("GET /api/card/{id}"), json_reply(200, &card(id)));
    }
    let rule = ContentRule {
        name_prefix: Some("KPI".into()),
        ids: vec![CardId(80)],
        ..in_collections(&[5])
    };
    assert_eq!(ids(&load(&server, &cards(rule.clone())).await), [60, 70, 80]);
    let rule = ContentRule {
        verified_only: true,
        ..rule
    };
    assert_eq!(ids(&load(&server, &cards(rule)).await), [70, 80]);
}

#[tokio::test]
async fn what_cannot_be_had_is_left_out_with_the_reason() {
    let tree = json!([
        collection(5, "Sales", &json!([])),
        collection(6, "Closed", &json!([]))
    ]);
    let server = with_tree(&tree).await;
    items(
        &server,
        "5",
        &json!([item(50, "card"), item(52, "card"), item(53, "card")]),
    );
    server.on(
        "GET /api/collection/6/items",
        text(403, "You don't have permissions to do that."),
    );
    server.on("GET /api/card/50", json_reply(200, &card(50)));
    server.on("GET /api/card/52", text(404, "Not found."));
    server.on("GET /api/card/53", text(500, "boom"));
    let mut archived = card(90);
    archived["archived"] = json!(true);
    server.on("GET /api/card/90", json_reply(200, &archived));
    let mut metric = card(91);
    metric["type"] = json!("metric");
    server.on("GET /api/card/91", json_reply(200, &metric));
    let rule = ContentRule {
        ids: vec![CardId(91), CardId(90)],
        ..in_collections(&[5, 6, 99])
    };
    let loaded = load(&server, &cards(rule)).await;
    assert_eq!(ids(&loaded), [50]);
    let parts = [
        "collection 99",
        "collection 6",
        "card 52",
        "card 53",
        "card 90 is archived",
        "card 91 is a metric",
    ];
    assert_eq!(loaded.warnings.len(), parts.len(), "{:?}", loaded.warnings);
    for (warning, part) in loaded.warnings.iter().zip(parts) {
        assert!(warning.contains(part), "{warning} does not tell {part}");
    }
}

#[tokio::test]
async fn an_outage_is_no_empty_catalog() {
    let server = Scripted::version("v0.60.2").await;
    server.on("GET /api/card/1", text(500, "boom"));
    let rule = ContentRule {
        ids: vec![CardId(1)],
        ..ContentRule::default()
    };
    let tree = json_reply(200, &json!([]));
    server.on("GET /api/collection/tree", tree);
    let error = server.client().load_catalog(&cards(rule)).await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unavailable);
    server.on("GET /api/card/2", text(401, "Unauthenticated"));
    let rule = ContentRule {
        ids: vec![CardId(2)],
        ..ContentRule::default()
    };
    let error = server.client().load_catalog(&cards(rule)).await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unauthorized);
}

#[tokio::test]
async fn without_an_agent_api_what_is_not_loaded_is_told() {
    let server = Scripted::version("v0.58.2").await;
    server.instead(
        "GET /api/agent/v1/ping",
        text(404, "API endpoint does not exist."),
    );
    server.on("GET /api/database", json_reply(200, &json!({ "data": [] })));
    server.on("GET /api/collection/tree", json_reply(200, &json!([])));
    server.on("GET /api/card/1", json_reply(200, &card(1)));
    let rules = CatalogSettings {
        cards: ContentRule {
            ids: vec![CardId(1)],
            ..ContentRule::default()
        },
        ..metric_and_orders()
    };
    let loaded = load(&server, &rules).await;
    assert_eq!(ids(&loaded), [1]);
    assert_eq!(loaded.catalog.entries()[0].kind(), EntryKind::Card);
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].contains("card 9"), "{:?}", loaded.warnings);
    let [limit] = loaded.limits.as_slice() else {
        panic!("{:?}", loaded.limits)
    };
    assert!(
        limit.starts_with("1 table left out") && limit.contains("v0.58.2"),
        "{limit}"
    );
    assert!(server.asked("/metric/").is_empty() && server.asked("/table/").is_empty());
}

#[tokio::test]
async fn nothing_selected_asks_for_nothing() {
    let server = Scripted::version("v0.60.2").await;
    let loaded = load(&server, &CatalogSettings::default()).await;
    assert!(loaded.catalog.entries().is_empty() && server.asked("/api/c").is_empty());
}

fn named(names: &[&str]) -> ContentRule<CardId> {
    ContentRule {
        named_collections: names.iter().map(|name| (*name).to_owned()).collect(),
        recursive: false,
        ..ContentRule::default()
    }
}

#[tokio::test]
async fn a_collection_may_be_named_as_people_name_it() {
    for (written, expected) in [
        ("Inner", 60),
        ("inner", 60),
        ("Sales / Inner", 60),
        ("sales/inner/deep", 70),
        ("8-other", 80),
    ] {
        let server = company().await;
        let loaded = load(&server, &cards(named(&[written]))).await;
        assert_eq!(ids(&loaded), [expected], "{written}: {:?}", loaded.warnings);
    }
}

#[tokio::test]
async fn a_name_that_no_or_two_collections_have_is_told_with_what_to_write() {
    let tree = json!([
        collection(5, "Finance", &json!([collection(6, "Monthly", &json!([]))])),
        collection(7, "Shop", &json!([collection(8, "Monthly", &json!([]))])),
    ]);
    let server = with_tree(&tree).await;
    let loaded = load(&server, &cards(named(&["Finanze", "Monthly"]))).await;
    let [missing, several] = loaded.warnings.as_slice() else {
        panic!("{:?}", loaded.warnings)
    };
    assert!(
        missing.contains("\"Finanze\"") && missing.contains("5 (Finance)"),
        "{missing}"
    );
    assert!(
        several.contains("6 (Finance / Monthly)") && several.contains("8 (Shop / Monthly)"),
        "{several}"
    );
}

#[tokio::test]
async fn one_odd_item_is_named_and_left_out_and_the_rest_is_loaded() {
    let tree = json!([
        collection(5, "Sales", &json!([])),
        { "id": 6, "name": null, "children": null },
        { "name": 7 },
    ]);
    let server = with_tree(&tree).await;
    let mut unnamed = item(51, "card");
    unnamed["name"] = Value::Null;
    items(
        &server,
        "5",
        &json!([item(50, "card"), unnamed, { "id": "x", "name": "Odd one", "model": "card" }]),
    );
    server.on("GET /api/card/50", json_reply(200, &card(50)));
    let mut body = card(51);
    body["name"] = json!(" ");
    body["description"] = Value::Null;
    server.on("GET /api/card/51", json_reply(200, &body));
    let loaded = load(&server, &cards(in_collections(&[5]))).await;
    assert_eq!(ids(&loaded), [50]);
    let [odd, unnamed] = loaded.warnings.as_slice() else {
        panic!("{:?}", loaded.warnings)
    };
    assert!(odd.contains("collection 5") && odd.contains("Odd one"), "{odd}");
    assert!(unnamed.contains("card 51 has no name"), "{unnamed}");
}

#[tokio::test]
async fn what_an_agent_api_would_be_needed_for_is_counted() {
    for ping in [true, false] {
        let server = Scripted::start().await;
        server.on(
            "GET /api/session/properties",
            json_reply(200, &json!({ "version": { "tag": "v0.57.1" } })),
        );
        if ping {
            server.on("GET /api/agent/v1/ping", json_reply(200, &json!({})));
        }
        server.on(
            "GET /api/collection/tree",
            json_reply(200, &json!([collection(5, "Sales", &json!([]))])),
        );
        items(
            &server,
            "5",
            &json!([item(50, "card"), item(51, "metric"), item(52, "metric")]),
        );
        for id in [50, 51, 52] {
            let mut body = card(id);
            if id > 50 {
                body["type"] = json!("metric");
                body["dataset_query"] = json!({ "query": { "source-table": 2, "aggregation": [["count"]] } });
            }
            server.on(&format!("GET /api/card/{id}"), json_reply(200, &body));
        }
        server.on(
            "GET /api/table/2/query_metadata",
            json_reply(200, &json!({ "id": 2, "name": "orders", "fields": [] })),
        );
        let metrics = ContentRule {
            collections: vec![CollectionId(5)],
            ..ContentRule::default()
        };
        let rules = CatalogSettings {
            metrics,
            tables: TableRule {
                ids: vec![TableId(2), TableId(3)],
                name_prefix: None,
            },
            ..cards(in_collections(&[5]))
        };
        let loaded = load(&server, &rules).await;
        assert_eq!(ids(&loaded), [50, 51, 52]);
        assert_eq!(loaded.warnings, Vec::<String>::new());
        let [saved, left_out] = loaded.limits.as_slice() else {
            panic!("{:?}", loaded.limits)
        };
        assert!(saved.starts_with("2 metrics only as saved"), "{saved}");
        assert!(left_out.starts_with("2 tables left out"), "{left_out}");
        assert!(left_out.contains("v0.57.1"), "{left_out}");
        assert_eq!(server.asked("/items").len(), 1, "one listing serves both rules");
    }
}

#[tokio::test]
async fn whoever_waits_is_told_how_far_it_is() {
    let server = company().await;
    let told = std::sync::Mutex::new(Vec::new());
    let note = |progress: cardinal::metabase::LoadProgress| {
        told.lock().unwrap().push((progress.read, progress.selected));
    };
    let rules = cards(in_collections(&[5]));
    server.client().load_catalog_watched(&rules, &note).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [(0, 3), (1, 3), (2, 3), (3, 3)]);
}
