//! Artifacts as other versions of dbt leave them, and with less in them than usual.

use cardinal::dbt::{DataHealth, DataHealthReport};
use serde_json::{Value, json};

use super::local::health;

fn metadata(artifact: &str, version: u32) -> Value {
    json!({
        "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{artifact}/v{version}.json"),
        "generated_at": "2026-07-01T02:00:00Z",
    })
}

/// The project of a shop as a version of the manifest's form writes it.
fn manifest(version: u32) -> Value {
    let mut orders = json!({
        "name": "orders", "resource_type": "model", "package_name": "shop", "path": "orders.sql",
        "unique_id": "model.shop.orders", "fqn": ["shop", "orders"], "alias": "orders",
        "checksum": {"name": "sha256", "checksum": "0"}, "tags": [], "refs": [], "sources": [["raw", "orders"]],
        "config": {"enabled": true, "materialized": "table", "on_schema_change": "ignore"},
        "depends_on": {"macros": [], "nodes": ["source.shop.raw.orders"]},
        "relation_name": "\"db\".\"main\".\"orders\"",
    });
    // Before version 8 there were no groups and access; from 10 on references are objects; 12 has unit tests.
    if version >= 10 {
        orders["refs"] = json!([{"name": "customers", "package": null, "version": null}]);
        orders["access"] = json!("protected");
    }
    let test = json!({
        "name": "not_null_orders_id", "resource_type": "test", "unique_id": "test.shop.not_null_orders_id",
        "depends_on": {"macros": [], "nodes": ["model.shop.orders"]},
        "attached_node": if version >= 9 { json!("model.shop.orders") } else { Value::Null },
        "config": {"severity": "ERROR"},
    });
    let mut manifest = json!({
        "metadata": metadata("manifest", version),
        "nodes": {"model.shop.orders": orders, "test.shop.not_null_orders_id": test},
        "sources": {"source.shop.raw.orders": {
            "name": "orders", "source_name": "raw", "resource_type": "source",
            "unique_id": "source.shop.raw.orders", "freshness": null, "loaded_at_field": null,
            "relation_name": "\"db\".\"raw\".\"orders\"",
        }},
        // No owner, no address.
        "exposures": {"exposure.shop.overview": {
            "name": "overview", "resource_type": "exposure", "type": "dashboard", "owner": null, "url": null,
            "depends_on": {"macros": [], "nodes": ["model.shop.orders"]},
        }},
        "metrics": {}, "docs": {}, "macros": {}, "selectors": {}, "disabled": {},
        "parent_map": null, "child_map": null,
    });
    if version >= 12 {
        manifest["unit_tests"] = json!({});
        manifest["saved_queries"] = Value::Null;
        manifest["semantic_models"] = Value::Null;
        manifest["functions"] = json!({});
    }
    manifest
}

fn results(version: u32) -> Value {
    json!({
        "metadata": metadata("run-results", version),
        "args": {"which": "build"},
        "results": [
            {"unique_id": "model.shop.orders", "status": "success", "timing": null},
            {"unique_id": "test.shop.not_null_orders_id", "status": "pass"},
        ],
    })
}

async fn of(manifest: Value, results: Option<Value>) -> DataHealthReport {
    let mut artifacts = vec![("manifest.json", manifest)];
    artifacts.extend(results.map(|results| ("run_results.json", results)));
    health(&artifacts, "overview").await
}

#[tokio::test]
async fn every_version_of_the_manifest_is_read_alike() {
    for (manifest_version, results_version) in [(7, 4), (8, 4), (9, 4), (10, 4), (11, 5), (12, 6)] {
        let report = of(manifest(manifest_version), Some(results(results_version))).await;
        assert_eq!(
            report.health,
            DataHealth::Healthy,
            "v{manifest_version}: {report:#?}"
        );
        let kinds: Vec<&str> = report.nodes.iter().map(|node| node.kind.as_str()).collect();
        assert_eq!(kinds, ["exposure", "model", "source"], "v{manifest_version}");
        assert_eq!(report.nodes[1].tests_passed, 1, "v{manifest_version}");
        assert!(
            !report.notes.iter().any(|note| note.contains("does not know")),
            "{:?}",
            report.notes
        );
    }
}

#[tokio::test]
async fn without_results_nothing_is_believed_and_without_freshness_nothing_is_fresh() {
    let report = of(manifest(12), None).await;
    assert_eq!(report.health, DataHealth::Questionable);
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("no run_results.json")),
        "{report:#?}"
    );
    assert!(
        report.notes.iter().any(|note| note.contains("sources.json")),
        "{report:#?}"
    );
    assert!(report.nodes.iter().all(|node| node.freshness.is_none()));
}

#[tokio::test]
async fn a_source_whose_check_failed_is_not_fresh() {
    let sources = json!({
        "metadata": metadata("sources", 3),
        "results": [{
            "unique_id": "source.shop.raw.orders", "error": "no such table", "status": "runtime error",
        }],
    });
    let artifacts = [
        ("manifest.json", manifest(12)),
        ("run_results.json", results(6)),
        ("sources.json", sources),
    ];
    let report = health(&artifacts, "overview").await;
    assert_eq!(report.health, DataHealth::Unhealthy, "{report:#?}");
    assert!(
        report.reasons[0].contains("runtime error"),
        "{:?}",
        report.reasons
    );
}
