//! A large catalog: how many requests it costs to load and to refresh, and that odd items cost nothing but themselves.

use cardinal::catalog::{CatalogSettings, CollectionId, ContentRule, EarlierCatalog};
use cardinal::metabase::{DatasetRoute, MetabaseSettings};
use serde_json::{Value, json};

use super::scripted::{Reply, Scripted, api_key, client, json_reply, text};

/// Cards, the odd ones among them, and metrics, over so many tables.
const CARDS: u32 = 540;
const METRICS: u32 = 60;
const TABLES: u32 = 20;
/// Cards that cannot be had: forbidden, and without a name.
const FORBIDDEN: u32 = 77;
const NAMELESS: u32 = 78;
/// A list shows so many at a time.
const PAGE: usize = 100;

fn table_of(id: u32) -> u32 {
    1 + id % TABLES
}

/// A field of a table: 1 a number, 2 and 3 texts with few values.
fn field(table: u32, at: u32) -> Value {
    let (name, kind) = match at {
        1 => ("TOTAL", "Float"),
        2 => ("STATUS", "Text"),
        _ => ("CHANNEL", "Text"),
    };
    json!({
        "id": table * 100 + at, "table_id": table, "name": name, "display_name": name, "base_type": format!("type/{kind}"),
        "effective_type": format!("type/{kind}"), "visibility_type": "normal", "active": true,
    })
}

fn card(id: u32) -> Value {
    let table = table_of(id);
    let tag = |name: &str, at: u32| {
        json!({
            "id": format!("{name}-{id}"), "name": name, "display-name": name, "type": "dimension", "widget-type": "string/=",
            "dimension": ["field", table * 100 + at, null],
        })
    };
    let mut body = json!({
        "id": id, "name": format!("Card {id}"), "type": "question", "collection_id": 5, "archived": false,
        "database_id": 1, "table_id": table, "result_metadata": [], "description": "What it says.",
    });
    body["dataset_query"] = if id > CARDS {
        body["type"] = json!("metric");
        body["entity_id"] = json!("skXR69-dlhJST5C7Rd9nR");
        let sum = json!(["sum", ["field", table * 100 + 1, null]]);
        json!({ "database": 1, "type": "query", "query": { "source-table": table, "aggregation": [sum] } })
    } else if id.is_multiple_of(2) {
        let tags = json!({ "status": tag("status", 2), "channel": tag("channel", 3) });
        json!({ "database": 1, "type": "native", "native": { "query": "select 1", "template-tags": tags } })
    } else {
        json!({ "database": 1, "type": "query", "query": { "source-table": table } })
    };
    if id == NAMELESS {
        body["name"] = Value::Null;
    }
    body
}

/// The pages of the collection's list; `edited` was edited since.
fn pages(edited: Option<u32>) -> Vec<Reply> {
    let items: Vec<Value> = (1..=CARDS + METRICS)
        .map(|id| {
            let day = if edited == Some(id) {
                "2026-06-01"
            } else {
                "2025-01-01"
            };
            json!({
                "id": id, "name": format!("Card {id}"), "model": if id > CARDS { "metric" } else { "card" },
                "last-edit-info": { "timestamp": format!("{day}T00:00:00Z") },
            })
        })
        .collect();
    let page = |items: &[Value]| json_reply(200, &json!({ "total": CARDS + METRICS, "data": items }));
    let mut pages: Vec<Reply> = items.chunks(PAGE).map(page).collect();
    if items.len().is_multiple_of(PAGE) {
        pages.push(page(&[]));
    }
    pages
}

fn list(server: &Scripted, edited: Option<u32>) {
    let route = "GET /api/collection/5/items";
    let mut pages = pages(edited).into_iter();
    server.instead(route, pages.next().unwrap());
    pages.for_each(|page| {
        server.on(route, page);
    });
}

async fn company(tag: &str) -> Scripted {
    let server = Scripted::version(tag).await;
    if tag == "v0.57.2" {
        server.instead(
            "GET /api/agent/v1/ping",
            text(404, "API endpoint does not exist."),
        );
    }
    server.on(
        "GET /api/collection/tree",
        json_reply(200, &json!([{ "id": 5, "name": "Sales", "children": [] }])),
    );
    list(&server, None);
    let values = json_reply(
        200,
        &json!({ "values": [["web"], ["shop"]], "has_more_values": false }),
    );
    for id in 1..=CARDS + METRICS {
        let reply = if id == FORBIDDEN {
            text(403, "You don't have permissions to do that.")
        } else {
            json_reply(200, &card(id))
        };
        server.on(&format!("GET /api/card/{id}"), reply);
        for name in ["status", "channel"] {
            let route = format!("GET /api/card/{id}/params/{name}-{id}/values");
            server.on(&route, values.clone());
        }
        let (table, fields) = (table_of(id), [(1, "number"), (2, "string"), (3, "string")]);
        let described = fields.map(|(at, kind)| {
            let name = field(table, at)["name"].clone();
            json!({ "field_id": format!("c{id}-{at}"), "name": name, "type": kind })
        });
        let metric = json!({ "id": id, "type": "metric", "name": format!("Card {id}"), "queryable_dimensions": described });
        server.on(
            &format!("GET /api/agent/v1/metric/{id}"),
            json_reply(200, &metric),
        );
        for at in [2, 3] {
            let few = json!({ "statistics": { "distinct-count": 2 }, "field_values": [["web"], ["shop"]] });
            server.on(
                &format!("GET /api/agent/v1/metric/{id}/field/c{id}-{at}/values"),
                json_reply(200, &json!({ "value_metadata": few })),
            );
        }
    }
    for table in 1..=TABLES {
        let body = json!({
            "id": table, "name": format!("T{table}"), "db_id": 1, "db": { "id": 1, "name": "Shop" },
            "fields": [field(table, 1), field(table, 2), field(table, 3)],
        });
        server.on(
            &format!("GET /api/table/{table}/query_metadata"),
            json_reply(200, &body),
        );
        for at in [2, 3] {
            server.on(
                &format!("GET /api/field/{}/values", table * 100 + at),
                values.clone(),
            );
        }
    }
    server
}

fn rules() -> CatalogSettings {
    fn of<Id>() -> ContentRule<Id> {
        ContentRule {
            collections: vec![CollectionId(5)],
            ..ContentRule::default()
        }
    }
    CatalogSettings {
        cards: of(),
        metrics: of(),
        ..CatalogSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_catalog_costs_at_most_two_requests_an_entry_and_a_refresh_only_its_lists() {
    for tag in ["v0.57.2", "v0.60.2", "v0.63.2"] {
        let server = company(tag).await;
        let settings = MetabaseSettings {
            dataset_route: DatasetRoute::Fallback,
            ..server.settings(api_key())
        };
        let client = client(settings);
        let first = client.load_catalog(&rules()).await.unwrap();
        let all = (CARDS + METRICS) as usize;
        assert_eq!(first.catalog.entries().len(), all - 2, "{tag}");
        let [forbidden, nameless] = first.warnings.as_slice() else {
            panic!("{tag}: {:?}", first.warnings)
        };
        assert!(forbidden.contains(&format!("card {FORBIDDEN}")), "{forbidden}");
        assert!(nameless.contains(&format!("card {NAMELESS}")), "{nameless}");
        assert!(!first.incomplete);

        let asked = server.asked("");
        assert!(
            asked.len() <= 2 * all,
            "{tag}: {} requests for {all} entries",
            asked.len()
        );
        let of = |part: &str| asked.iter().filter(|one| one.path.contains(part)).count();
        let fields = 2 * TABLES as usize;
        assert_eq!(of("/query_metadata"), TABLES as usize, "{tag}");
        // Of a field the values are asked for once, by its cards and by its metrics.
        assert!(of("/params/") <= fields, "{tag}: {}", of("/params/"));
        assert!(
            of("/values") - of("/params/") <= fields,
            "{tag}: {}",
            of("/values")
        );

        list(&server, Some(10));
        let before = server.asked("").len();
        let refreshed = client
            .refresh_catalog(
                &rules(),
                Some(EarlierCatalog {
                    catalog: &first.catalog,
                    versions: &first.versions,
                }),
                &|_| {},
            )
            .await
            .unwrap();
        assert_eq!(refreshed.catalog, first.catalog, "{tag}");
        assert_eq!(refreshed.kept, all - 3, "{tag}");
        let now: Vec<String> = server
            .asked("")
            .split_off(before)
            .into_iter()
            .map(|one| one.path)
            .collect();
        let cards = now.iter().filter(|path| path.starts_with("/api/card/"));
        let read: Vec<&str> = cards.map(String::as_str).collect();
        // The edited one with its two lists of values, and those that could not be had.
        assert!(read.len() <= 5, "{tag}: {read:?}");
        assert!(now.len() <= all / PAGE + 10, "{tag}: {now:?}");
    }
}
