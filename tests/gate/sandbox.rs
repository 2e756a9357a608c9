//! The gate and the tools over the catalog of the demo business, on a real wire with its request log.

use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::{Catalog, CollectionId, Entry};
use cardinal::catalog::{CatalogSettings, ContentRule, TableRule};
use cardinal::metabase::MetabaseClient;
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::principal::Principal;
use cardinal::result::HeldResults;
use cardinal::result::ShapingSettings;
use cardinal::sandbox::{RunningSandbox, ServeOptions, serve};
use cardinal::tools::Toolbox;
use cardinal::wire::Wire;
use serde_json::{Map, Value, json};

use super::fixture::call;

use crate::support::demo_world::WORLD;

fn rule<Id>(curated: u32) -> ContentRule<Id> {
    ContentRule {
        collections: vec![CollectionId(curated)],
        ..ContentRule::default()
    }
}

async fn demo() -> (RunningSandbox, Arc<Catalog>, Toolbox) {
    let world = Arc::clone(&WORLD);
    let running = serve(ServeOptions::new(world)).await.unwrap();
    let curated = u32::try_from(running.curated_collection_id.unwrap()).unwrap();
    let settings = MetabaseSettings {
        timeout: Duration::from_secs(30),
        max_response_bytes: 8 << 20,
        max_concurrency: 4,
        max_rows: 2_000,
        ..MetabaseSettings::new(
            running.url.parse().unwrap(),
            AuthSettings::ApiKey(running.api_key.clone()),
        )
    };
    let client = MetabaseClient::new(settings, Wire::live().unwrap(), Principal::default());
    let rules = CatalogSettings {
        cards: rule(curated),
        metrics: rule(curated),
        tables: TableRule {
            ids: vec![],
            name_prefix: Some(String::new()),
        },
        ..CatalogSettings::default()
    };
    let catalog = Arc::new(client.load_catalog(&rules).await.unwrap().catalog);
    let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
    (running, catalog, toolbox)
}

fn base(entry: &Entry) -> (&'static str, Value) {
    match entry {
        Entry::Card(card) => ("run_card", json!({"card_id": card.id})),
        Entry::Metric(metric) => ("query_metric", json!({"metric_id": metric.id})),
        Entry::Table(table) => ("query_table", json!({"table_id": table.id})),
    }
}

#[tokio::test]
async fn forbidden_calls_over_the_demo_business_send_nothing() {
    let (running, catalog, toolbox) = demo().await;
    running.forget_requests();
    let mut forbidden: Vec<(&str, String)> = Vec::new();
    for (tool, key, kind) in [
        ("run_card", "card_id", "card"),
        ("query_metric", "metric_id", "metric"),
        ("query_table", "table_id", "table"),
    ] {
        let listed = |id: u32| {
            catalog
                .entries()
                .iter()
                .any(|entry| entry.id() == id && base(entry).0 == tool)
        };
        for id in 0..150 {
            if !listed(id) {
                forbidden.push((tool, json!({ key: id }).to_string()));
                forbidden.push(("describe", json!({"kind": kind, "id": id}).to_string()));
            }
            forbidden.push((tool, format!("{{\"{key}\":\"{id}\"}}")));
            forbidden.push((tool, format!("{{\"{key}\":{id}.0}}")));
        }
    }
    for entry in catalog.entries() {
        let (tool, right) = base(entry);
        let mut broken = |key: &str, value: Value| {
            let mut arguments = right.clone();
            arguments[key] = value;
            forbidden.push((tool, arguments.to_string()));
        };
        broken("sql", json!("select 1"));
        broken("limit", json!(-1));
        broken("group_by", json!([{"dimension": "no such thing"}]));
        broken("parameters", json!({"no such thing": 1}));
        if let Entry::Card(card) = entry {
            for parameter in &card.parameters {
                let value: Map<String, Value> =
                    [(parameter.slug.clone(), json!("x'; DROP TABLE orders; --"))]
                        .into_iter()
                        .collect();
                broken("parameters", Value::Object(value));
            }
        }
    }
    assert!(forbidden.len() >= 1_000, "{}", forbidden.len());
    for (tool, arguments) in &forbidden {
        assert!(
            toolbox
                .gate(&call(tool, arguments), &HeldResults::default())
                .is_err(),
            "{tool} {arguments}"
        );
    }
    assert_eq!(running.requests(), []);
}

#[tokio::test]
async fn what_a_refusal_teaches_runs_on_the_demo_business() {
    let (_running, catalog, toolbox) = demo().await;
    let mut failed = Vec::new();
    for entry in catalog.entries() {
        let (tool, mut wrong) = base(entry);
        let key = if tool == "run_card" {
            "parameters"
        } else {
            "filters"
        };
        wrong[key] = if tool == "run_card" {
            json!({"nope": 1})
        } else {
            json!([{"segment": "nope"}])
        };
        let refusal = toolbox
            .gate(&call(tool, wrong), &HeldResults::default())
            .unwrap_err();
        let right = refusal.message.rsplit("a right call: ").next().unwrap();
        let (tool, arguments) = right.split_once(' ').unwrap();
        let planned = toolbox
            .gate(&call(tool, arguments), &HeldResults::default())
            .unwrap();
        match toolbox.execute(&planned, &HeldResults::default()).await {
            Ok(output) => {
                assert!(output.content.len() <= 30_000);
                assert!(output.brought.unwrap().shown.rows_shown <= 1_000);
            }
            Err(error) => failed.push(format!("{right}: {error:?}")),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn the_demo_orders_take_less_than_half_the_bytes_of_objects() {
    let (_running, catalog, toolbox) = demo().await;
    let orders = catalog
        .entries()
        .iter()
        .find_map(|entry| match entry {
            Entry::Table(table) if table.name.eq_ignore_ascii_case("orders") => Some(table),
            _ => None,
        })
        .expect("the orders table");
    let planned = toolbox
        .gate(
            &call("query_table", json!({"table_id": orders.id, "limit": 200})),
            &HeldResults::default(),
        )
        .unwrap();
    let output = toolbox.execute(&planned, &HeldResults::default()).await.unwrap();
    let table = output.brought.unwrap().table.unpack();
    let objects: usize = table
        .rows
        .iter()
        .map(|row| {
            let object: Map<String, Value> = table
                .columns
                .iter()
                .zip(row)
                .map(|(column, cell)| (column.name.clone(), as_json(cell)))
                .collect();
            Value::Object(object).to_string().len() + 1
        })
        .sum();
    let ours: usize = table
        .rows
        .iter()
        .map(|row| cardinal::result::encode_row(row).len() + 1)
        .sum();
    assert!(ours * 23 <= objects * 10, "{ours} bytes against {objects}");
}

fn as_json(cell: &cardinal::result::Cell) -> Value {
    use cardinal::result::Cell;
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => json!(value),
        Cell::Number(number) => Value::Number(number.clone()),
        Cell::Text(text) => json!(text),
    }
}
