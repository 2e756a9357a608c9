use cardinal::dbt::{DataHealth, DbtFailure};
use serde_json::{Value, json};

use super::{account, account_with, settings};
use crate::support::scripted_dbt::{AskedOfDbt, DbtReply, ScriptedDbt};

fn node(unique_id: &str, kind: &str, parents: &[&str]) -> Value {
    let name = unique_id.rsplit('.').next().unwrap();
    json!({"uniqueId": unique_id, "name": name, "resourceType": kind, "parentIds": parents})
}

fn lineage() -> Value {
    json!([
        node("source.shop.raw.orders", "Source", &[]),
        node("model.shop.stg_orders", "Model", &["source.shop.raw.orders"]),
        node("model.shop.orders", "Model", &["model.shop.stg_orders"]),
        node(
            "semantic_model.shop.orders",
            "SemanticModel",
            &["model.shop.orders"]
        ),
        node("metric.shop.revenue", "Metric", &["semantic_model.shop.orders"]),
    ])
}

/// A server that knows this little project.
fn project(asked: &AskedOfDbt, staging: &str, freshness: &str) -> DbtReply {
    let body = asked.json();
    let query = body["query"].as_str().unwrap();
    assert_eq!(asked.path, "/graphql");
    assert_eq!(body["variables"]["environmentId"], 3);
    let environment = if query.contains("lineage(") {
        json!({"applied": {"lineage": lineage()}})
    } else if query.contains("exposures(") {
        let last = body["variables"]["after"] == "one";
        let number = if last { 2 } else { 1 };
        json!({"definition": {"exposures": {
            "pageInfo": {"hasNextPage": !last, "endCursor": "one"},
            "edges": [{"node": {
                "uniqueId": format!("exposure.shop.board_{number}"),
                "name": format!("board_{number}"),
                "url": format!("https://bi.example.com/dashboard/{number}-board"),
                "parents": [{"uniqueId": "model.shop.orders"}],
            }}],
        }}})
    } else if query.contains("sources(") {
        assert_eq!(
            body["variables"]["filter"]["uniqueIds"],
            json!(["source.shop.raw.orders"])
        );
        let test = if staging == "source test" { "fail" } else { "pass" };
        json!({"applied": {"sources": {"edges": [{"node": {
            "uniqueId": "source.shop.raw.orders",
            "freshness": {"freshnessStatus": freshness, "maxLoadedAt": "2026-02-27T00:00:00Z"},
            "tests": [{"name": "not_null", "executionInfo": {"lastRunStatus": test}}],
        }}]}}})
    } else {
        let ids: Vec<String> =
            serde_json::from_value(body["variables"]["filter"]["uniqueIds"].clone()).unwrap();
        let edges: Vec<Value> = ids
            .iter()
            .map(|id| json!({"node": model(id, staging, freshness)}))
            .collect();
        json!({"applied": {"models": {"edges": edges}}})
    };
    DbtReply::json(200, &json!({"data": {"environment": environment}}))
}

fn model(id: &str, staging: &str, freshness: &str) -> Value {
    let status = if id.ends_with("stg_orders") && staging != "source test" {
        staging
    } else {
        "success"
    };
    json!({
        "uniqueId": id,
        "name": id,
        "executionInfo": {"lastRunStatus": status, "executeCompletedAt": "2026-03-01T02:10:00Z"},
        "tests": [{"name": "unique", "executionInfo": {"lastRunStatus": "pass"}}],
        "ancestors": [{
            "uniqueId": "source.shop.raw.orders",
            "name": "orders",
            "resourceType": "source",
            "freshness": {"freshnessStatus": freshness, "maxLoadedAt": "2026-02-27T00:00:00Z", "maxLoadedAtTimeAgoInS": 1.5e5},
        }],
    })
}

async fn health(
    staging: &'static str,
    freshness: &'static str,
    entry: &str,
) -> cardinal::dbt::DataHealthReport {
    let server = ScriptedDbt::serve(move |asked| project(asked, staging, freshness)).await;
    let discovery = account(&server).discovery().unwrap();
    let graph = discovery.graph().await.unwrap();
    let node = graph.find(entry).unwrap().clone();
    discovery
        .state(graph, &node.unique_id)
        .await
        .unwrap()
        .assess(&node)
}

#[tokio::test]
async fn an_entry_is_as_healthy_as_everything_it_is_made_from() {
    for (staging, freshness, wanted, because) in [
        ("success", "pass", DataHealth::Healthy, None),
        (
            "success",
            "warn",
            DataHealth::Questionable,
            Some("source orders is not fresh (\"warn\"): its newest row is of 2026-02-27T00:00:00Z"),
        ),
        (
            "error",
            "warn",
            DataHealth::Unhealthy,
            Some("model stg_orders ended with \"error\" at 2026-03-01T02:10:00Z"),
        ),
        (
            "skipped",
            "pass",
            DataHealth::Unhealthy,
            Some("model stg_orders ended with \"skipped\" at 2026-03-01T02:10:00Z"),
        ),
        (
            "source test",
            "pass",
            DataHealth::Unhealthy,
            Some("test not_null of orders ended with \"fail\""),
        ),
        (
            "something new",
            "pass",
            DataHealth::Questionable,
            Some("model stg_orders ended with \"something new\" at 2026-03-01T02:10:00Z"),
        ),
    ] {
        for entry in ["revenue", "model.shop.orders", "dashboard 1", "board_2"] {
            let report = health(staging, freshness, entry).await;
            assert_eq!(report.health, wanted, "{staging} {freshness} {entry}");
            assert_eq!(report.reasons.first().map(String::as_str), because, "{entry}");
            assert_eq!(
                (report.from, report.as_of.as_deref()),
                ("discovery", Some("2026-03-01T02:10:00Z"))
            );
        }
    }
    let report = health("success", "pass", "revenue").await;
    let nodes: Vec<(&str, u32)> = report
        .nodes
        .iter()
        .map(|node| (node.unique_id.as_str(), node.depth))
        .collect();
    assert_eq!(
        nodes,
        [
            ("metric.shop.revenue", 0),
            ("semantic_model.shop.orders", 1),
            ("model.shop.orders", 2),
            ("model.shop.stg_orders", 3),
            ("source.shop.raw.orders", 4),
        ]
    );
}

#[tokio::test]
async fn errors_come_with_status_200_and_are_errors() {
    let said = |errors: Value| async move {
        let server = ScriptedDbt::serve(move |_| {
            DbtReply::json(200, &json!({"data": {"environment": {"applied": {"lineage": lineage()}}}, "errors": errors.clone()}))
        })
        .await;
        account(&server).discovery().unwrap().graph().await
    };
    let error = said(json!([{"message": "Cannot query field \"x\""}]))
        .await
        .unwrap_err();
    assert_eq!(error.class, DbtFailure::Invalid);
    assert!(
        error.to_string().contains("dbt said: Cannot query field"),
        "{error}"
    );
    let error = said(json!([{"message": "User is not authorized"}]))
        .await
        .unwrap_err();
    assert_eq!(error.class, DbtFailure::Forbidden);
    assert!(error.to_string().contains("Metadata Only"), "{error}");
}

#[tokio::test]
async fn an_environment_that_is_not_there_is_told() {
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &json!({"data": {"environment": null}}))).await;
    let error = account(&server).discovery().unwrap().graph().await.unwrap_err();
    assert_eq!(error.class, DbtFailure::NotFound);
    assert!(
        error.to_string().contains("environment 3 is not there")
            && error.to_string().contains("DBT_PROD_ENV_ID"),
        "{error}"
    );
    let mut without = settings(&server);
    without.environment_id = None;
    let error = account_with(without).discovery().unwrap_err();
    assert!(error.to_string().contains("DBT_PROD_ENV_ID"), "{error}");
}

#[tokio::test]
async fn pages_that_go_round_in_a_circle_end() {
    let server = ScriptedDbt::serve(|asked| {
        let environment = if asked.json()["query"].as_str().unwrap().contains("lineage(") {
            json!({"applied": {"lineage": []}})
        } else {
            json!({"definition": {"exposures": {"edges": [], "pageInfo": {"hasNextPage": true, "endCursor": "again"}}}})
        };
        DbtReply::json(200, &json!({"data": {"environment": environment}}))
    })
    .await;
    let error = account(&server).discovery().unwrap().graph().await.unwrap_err();
    assert!(error.to_string().contains("go round in a circle"), "{error}");
    assert!(server.asked().len() <= 4);
}

#[tokio::test]
async fn many_models_are_asked_for_in_parts() {
    let server = ScriptedDbt::serve(|asked| {
        let body = asked.json();
        let query = body["query"].as_str().unwrap();
        let environment = if query.contains("lineage(") {
            let parents: Vec<String> = (0..45).map(|at| format!("model.shop.m{at}")).collect();
            let mut nodes: Vec<Value> = parents.iter().map(|id| node(id, "Model", &[])).collect();
            let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
            nodes.push(node("model.shop.last", "Model", &parents));
            json!({"applied": {"lineage": nodes}})
        } else if query.contains("exposures(") {
            json!({"definition": {"exposures": {"edges": []}}})
        } else {
            let ids: Vec<String> =
                serde_json::from_value(body["variables"]["filter"]["uniqueIds"].clone()).unwrap();
            assert!(ids.len() <= 20 && body["variables"]["first"] == ids.len());
            let edges: Vec<Value> = ids
                .iter()
                .map(|id| json!({"node": {"uniqueId": id, "executionInfo": {"lastRunStatus": "success"}}}))
                .collect();
            json!({"applied": {"models": {"edges": edges}}})
        };
        DbtReply::json(200, &json!({"data": {"environment": environment}}))
    })
    .await;
    let discovery = account(&server).discovery().unwrap();
    let graph = discovery.graph().await.unwrap();
    let last = graph.find("last").unwrap().clone();
    let report = discovery
        .state(graph, &last.unique_id)
        .await
        .unwrap()
        .assess(&last);
    assert_eq!((report.nodes.len(), report.health), (46, DataHealth::Healthy));
    assert_eq!(server.asked().len(), 2 + 3);
}
