//! A refresh reads what was edited since, keeps the rest as it was, and drops what is gone.

use std::fmt::Write as _;
use std::sync::Arc;

use cardinal::catalog::{CatalogSettings, CollectionId, ContentRule, EarlierCatalog, Entry, TableRule};
use cardinal::metabase::{FetchedCatalog, MetabaseClient};
use cardinal::sandbox::{RunningSandbox, ServeOptions, World, serve};
use serde_json::{Value, json};

use super::curation::card;
use super::sandbox::{client, rules};
use super::scripted::{Scripted, json_reply, text};

use crate::support::demo_world::WORLD;

async fn refresh(
    client: &MetabaseClient,
    rules: &CatalogSettings,
    before: &FetchedCatalog,
) -> FetchedCatalog {
    let before = EarlierCatalog {
        catalog: &before.catalog,
        versions: &before.versions,
    };
    client
        .refresh_catalog(rules, Some(before), &|_| {})
        .await
        .unwrap()
}

/// Depots and their takings; `cards` are names with the day of their last edit.
async fn depots(cards: &[(&str, &str)]) -> RunningSandbox {
    let mut model = "version: 1\ntoday: 2026-06-30\ndatabase: { name: Depots }\n\
        tables:\n  takings: { description: What depots took. }\n\
        collections:\n  - { path: Curated, curated: true }\ncards:\n"
        .to_owned();
    for (name, edited) in cards {
        writeln!(
            model,
            "  - {{ name: {name}, collection: Curated, created: 2025-01-01, updated: {edited}, \
             description: {name} by depot., sql: SELECT depot FROM takings }}"
        )
        .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("takings.csv"),
        "depot,amount\nOst,12\nMitte,8\n",
    )
    .unwrap();
    let file = folder.path().join("model.yaml");
    std::fs::write(&file, model).unwrap();
    let world = World::from_csv(folder.path(), Some(&file)).unwrap();
    serve(ServeOptions::new(Arc::new(world))).await.unwrap()
}

/// The cards that a sandbox was asked for one by one.
fn cards_read(running: &RunningSandbox) -> Vec<String> {
    let requests = running.requests().into_iter();
    requests
        .filter_map(|request| request.path.strip_prefix("/api/card/").map(str::to_owned))
        .collect()
}

fn texts(catalog: &FetchedCatalog) -> Vec<String> {
    let entries = catalog.catalog.entries().iter();
    entries
        .map(|entry| serde_json::to_string(entry).unwrap())
        .collect()
}

#[tokio::test]
async fn only_what_was_edited_is_read_again() {
    let running = depots(&[
        ("Takings", "2025-03-01"),
        ("Costs", "2025-03-02"),
        ("Staff", "2025-03-03"),
    ])
    .await;
    let rules = CatalogSettings {
        tables: TableRule::default(),
        ..rules(&running)
    };
    let first = client(&running).load_catalog(&rules).await.unwrap();
    assert_eq!((first.catalog.entries().len(), first.kept), (3, 0));
    assert_eq!(cards_read(&running).len(), 3);

    running.forget_requests();
    let same = refresh(&client(&running), &rules, &first).await;
    assert_eq!(same.kept, 3);
    assert_eq!(same.catalog, first.catalog);
    assert_eq!(same.versions, first.versions);
    assert_eq!(cards_read(&running), Vec::<String>::new());
    // What is asked besides tells who answers, and lists the databases, the collections and what lies in them.
    assert!(running.requests().len() <= 7, "{:#?}", running.requests());

    // One edited, one gone.
    let running = depots(&[("Takings", "2025-03-01"), ("Costs", "2026-02-02")]).await;
    let changed = refresh(&client(&running), &rules, &same).await;
    assert_eq!((changed.catalog.entries().len(), changed.kept), (2, 1));
    assert_eq!(cards_read(&running), ["2"]);
    assert_eq!(texts(&changed)[0], texts(&first)[0]);

    // What was edited counts from then on.
    running.forget_requests();
    assert_eq!(refresh(&client(&running), &rules, &changed).await.kept, 2);
    assert_eq!(cards_read(&running), Vec::<String>::new());
}

#[tokio::test]
async fn a_metric_is_kept_like_a_card_and_a_table_is_always_read() {
    let running = serve(ServeOptions::new(Arc::clone(&WORLD))).await.unwrap();
    let mut rules = rules(&running);
    rules.tables = TableRule::default();
    let first = client(&running).load_catalog(&rules).await.unwrap();
    assert!(first.warnings.is_empty(), "{:?}", first.warnings);
    running.forget_requests();
    let same = refresh(&client(&running), &rules, &first).await;
    assert_eq!(same.kept, first.catalog.entries().len());
    assert_eq!(same.catalog.fingerprint(), first.catalog.fingerprint());
    let read = running.requests().into_iter().filter(|request| {
        ["/api/card/", "/api/agent/v1/metric/", "/api/table/"]
            .iter()
            .any(|part| request.path.starts_with(part))
    });
    assert_eq!(read.count(), 0);

    rules.tables.name_prefix = Some("ord".to_owned());
    let first = client(&running).load_catalog(&rules).await.unwrap();
    let tables = first
        .catalog
        .entries()
        .iter()
        .filter(|entry| matches!(entry, Entry::Table(_)));
    let tables = tables.count();
    assert!(tables > 0);
    let same = refresh(&client(&running), &rules, &first).await;
    assert_eq!(same.kept, first.catalog.entries().len() - tables);
    assert_eq!(same.catalog, first.catalog);
}

/// A collection with these items; each card says that it is version `said` of itself.
async fn collection(version: &str, name: &str, items: &[Value], said: &str) -> Scripted {
    let server = Scripted::version(version).await;
    let tree = json!([{ "id": 5, "name": name, "children": [] }]);
    server.on("GET /api/collection/tree", json_reply(200, &tree));
    let listed = json!({ "total": null, "data": items, "models": ["card"], "limit": 100, "offset": 0 });
    server.on("GET /api/collection/5/items", json_reply(200, &listed));
    for item in items {
        let id = item["id"].as_u64().unwrap();
        let mut body = card(u32::try_from(id).unwrap());
        body["description"] = json!(said);
        server.on(&format!("GET /api/card/{id}"), json_reply(200, &body));
    }
    server
}

fn item(id: u32, edited: &Value, moderated: &Value) -> Value {
    json!({
        "id": id, "name": format!("Item {id}"), "model": "card", "archived": false,
        "moderated_status": moderated, "last-edit-info": edited,
    })
}

fn edited(at: &str) -> Value {
    json!({ "id": 1, "timestamp": at })
}

fn in_sales() -> CatalogSettings {
    CatalogSettings {
        cards: ContentRule {
            collections: vec![CollectionId(5)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    }
}

fn said(catalog: &FetchedCatalog) -> Vec<&str> {
    let entries = catalog.catalog.entries().iter();
    entries
        .map(|entry| entry.description().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn what_has_no_time_of_its_edit_or_was_verified_since_is_read_again() {
    let (early, late) = (edited("2026-01-01T00:00:00Z"), edited("2026-05-01T00:00:00Z"));
    let none = Value::Null;
    let items = [
        item(1, &early, &none),
        item(2, &none, &none),
        item(3, &early, &none),
        item(4, &early, &none),
        item(5, &json!("yesterday"), &none),
    ];
    let server = collection("v0.60.2", "Sales", &items, "old").await;
    let first = server.client().load_catalog(&in_sales()).await.unwrap();
    assert_eq!(said(&first), ["old"; 5]);

    let items = [
        item(1, &early, &none),
        item(2, &none, &none),
        item(3, &late, &none),
        item(4, &early, &json!("verified")),
        item(5, &json!("yesterday"), &none),
    ];
    let server = collection("v0.60.2", "Sales", &items, "new").await;
    let second = refresh(&server.client(), &in_sales(), &first).await;
    assert_eq!(said(&second), ["old", "new", "new", "new", "new"]);
    assert_eq!(second.kept, 1);
    assert!(server.asked("/api/card/1").is_empty());
}

#[tokio::test]
async fn a_renamed_collection_edits_none_of_its_entries_but_moves_them() {
    let items = [item(1, &edited("2026-01-01T00:00:00Z"), &Value::Null)];
    let server = collection("v0.60.2", "Sales", &items, "old").await;
    let first = server.client().load_catalog(&in_sales()).await.unwrap();
    let server = collection("v0.60.2", "Revenue", &items, "new").await;
    let second = refresh(&server.client(), &in_sales(), &first).await;
    assert_eq!((said(&second), second.kept), (vec!["old"], 1));
    assert_eq!(second.catalog.entries()[0].collection(), ["Revenue"]);
}

#[tokio::test]
async fn another_version_of_the_server_is_read_from_the_beginning() {
    let items = [item(1, &edited("2026-01-01T00:00:00Z"), &Value::Null)];
    let server = collection("v0.60.2", "Sales", &items, "old").await;
    let first = server.client().load_catalog(&in_sales()).await.unwrap();
    let server = collection("v0.60.3", "Sales", &items, "new").await;
    let second = refresh(&server.client(), &in_sales(), &first).await;
    assert_eq!((said(&second), second.kept), (vec!["new"], 0));
}

#[tokio::test]
async fn an_entry_with_a_warning_is_read_until_it_has_none() {
    let items = [
        item(1, &edited("2026-01-01T00:00:00Z"), &Value::Null),
        item(2, &edited("2026-01-01T00:00:00Z"), &Value::Null),
    ];
    let server = collection("v0.60.2", "Sales", &items[..1], "old").await;
    let listed = json!({ "data": items });
    server.on("GET /api/collection/5/items", json_reply(200, &listed));
    server.on("GET /api/card/2", text(500, "no"));
    // The first list holds one card, the second both, of which one fails.
    let first = server.client().load_catalog(&in_sales()).await.unwrap();
    let second = refresh(&server.client(), &in_sales(), &first).await;
    assert_eq!((second.catalog.entries().len(), second.kept), (1, 1));
    assert_eq!(second.warnings.len(), 1, "{:?}", second.warnings);
    let third = refresh(&server.client(), &in_sales(), &second).await;
    assert_eq!(third.warnings, second.warnings);
    assert!(server.asked("/api/card/1").len() == 1 && server.asked("/api/card/2").len() > 1);
}
