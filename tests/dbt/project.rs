//! A small local project: artifacts in the form that dbt 1.11 writes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn metadata(artifact: &str, version: u32) -> Value {
    json!({
        "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{artifact}/v{version}.json"),
        "dbt_version": "1.11.16",
        "generated_at": "2026-03-01T02:12:00.000000Z",
        "invocation_id": "0c1d",
        "env": {},
    })
}

fn node(kind: &str, id: &str, name: &str, parents: &[&str]) -> Value {
    json!({
        "unique_id": id,
        "resource_type": kind,
        "name": name,
        "database": "dwh",
        "schema": "main",
        "alias": name,
        "relation_name": format!("\"dwh\".\"main\".\"{name}\""),
        "raw_code": "select 1",
        "depends_on": {"macros": ["macro.dbt.ref"], "nodes": parents},
        "config": {"materialized": "view", "enabled": true},
        "columns": {"id": {"name": "id"}},
    })
}

/// What the project consists of: a source, a staging model, an ephemeral one between, a mart with two tests, an exposure and a
/// metric.
pub fn manifest() -> Value {
    let mut between = node(
        "model",
        "model.shop.int_orders",
        "int_orders",
        &["model.shop.stg_orders"],
    );
    between["config"]["materialized"] = "ephemeral".into();
    between["relation_name"] = Value::Null;
    let mut unique = node(
        "test",
        "test.shop.unique_orders_id.1",
        "unique_orders_id",
        &["model.shop.orders"],
    );
    unique["attached_node"] = "model.shop.orders".into();
    // It is written at the mart, and depends on the staging model as well.
    let mut relation = node(
        "test",
        "test.shop.relationships.2",
        "relationships_orders",
        &["model.shop.stg_orders", "model.shop.orders"],
    );
    relation["attached_node"] = "model.shop.orders".into();
    json!({
        "metadata": metadata("manifest", 12),
        "nodes": {
            "model.shop.stg_orders": node("model", "model.shop.stg_orders", "stg_orders", &["source.shop.raw.orders"]),
            "model.shop.int_orders": between,
            "model.shop.orders": node("model", "model.shop.orders", "orders", &["model.shop.int_orders"]),
            "test.shop.unique_orders_id.1": unique,
            "test.shop.relationships.2": relation,
        },
        "sources": {"source.shop.raw.orders": {
            "unique_id": "source.shop.raw.orders", "resource_type": "source", "name": "orders", "source_name": "raw",
            "relation_name": "\"dwh\".\"raw\".\"orders\"", "freshness": {"warn_after": {"count": 12, "period": "hour"}},
        }},
        "macros": {"macro.dbt.ref": {"name": "ref", "macro_sql": "…"}},
        "docs": {},
        "exposures": {"exposure.shop.revenue_board": {
            "unique_id": "exposure.shop.revenue_board", "resource_type": "exposure", "name": "revenue_board", "type": "dashboard",
            "url": "https://bi.example.com/dashboard/3-revenue", "depends_on": {"macros": [], "nodes": ["model.shop.orders"]},
            "owner": {"email": "ana@example.com"},
        }},
        "metrics": {"metric.shop.revenue": {
            "unique_id": "metric.shop.revenue", "resource_type": "metric", "name": "revenue", "type": "simple",
            "depends_on": {"macros": [], "nodes": ["semantic_model.shop.orders"]},
        }},
        "semantic_models": {"semantic_model.shop.orders": {
            "unique_id": "semantic_model.shop.orders", "resource_type": "semantic_model", "name": "orders",
            "depends_on": {"macros": [], "nodes": ["model.shop.orders"]},
        }},
        "groups": {}, "selectors": {}, "disabled": {}, "saved_queries": {}, "unit_tests": {}, "functions": {},
        "parent_map": {}, "child_map": {}, "group_map": {},
    })
}

pub fn run_results(which: &str, statuses: &[(&str, &str)]) -> Value {
    let results: Vec<Value> = statuses
        .iter()
        .map(|(id, status)| {
            json!({
                "unique_id": id, "status": status, "thread_id": "Thread-1", "execution_time": 0.1, "failures": null,
                "adapter_response": {}, "message": "…", "compiled": true,
                "timing": [
                    {"name": "compile", "started_at": "2026-03-01T02:09:00Z", "completed_at": "2026-03-01T02:09:01Z"},
                    {"name": "execute", "started_at": "2026-03-01T02:09:01Z", "completed_at": "2026-03-01T02:10:00Z"},
                ],
            })
        })
        .collect();
    json!({"metadata": metadata("run-results", 6), "results": results, "elapsed_time": 1.0, "args": {"which": which}})
}

pub fn sources(status: &str) -> Value {
    json!({
        "metadata": metadata("sources", 3),
        "results": [{
            "unique_id": "source.shop.raw.orders", "status": status, "max_loaded_at": "2026-02-27T00:00:00Z",
            "snapshotted_at": "2026-03-01T02:00:00Z", "max_loaded_at_time_ago_in_s": 180_000.0,
            "criteria": {"warn_after": {"count": 12, "period": "hour"}},
        }],
        "elapsed_time": 1.0,
    })
}

/// Everything that passes.
pub const GOOD: [(&str, &str); 4] = [
    ("model.shop.stg_orders", "success"),
    ("model.shop.orders", "success"),
    ("test.shop.unique_orders_id.1", "pass"),
    ("test.shop.relationships.2", "pass"),
];

/// The same with one status changed.
pub fn but(id: &'static str, status: &'static str) -> Vec<(&'static str, &'static str)> {
    let changed =
        |(one, good): &(&'static str, &'static str)| (*one, if *one == id { status } else { *good });
    GOOD.iter().map(changed).collect()
}

/// Writes artifacts where dbt does.
pub fn write(dir: &Path, artifacts: &[(&str, Value)]) -> PathBuf {
    let target = dir.join("target");
    fs::create_dir_all(&target).unwrap();
    for (name, artifact) in artifacts {
        fs::write(target.join(name), artifact.to_string()).unwrap();
    }
    dir.to_owned()
}
