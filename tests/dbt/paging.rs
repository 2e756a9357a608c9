//! Servers whose pages cannot be believed: no list is silently too short, and nothing in it is counted twice.

use cardinal::catalog::SqlDialect;
use cardinal::dbt::{DbtError, DbtFailure, DbtList, DbtMetricQuery, DbtRun, RunFilter};
use cardinal::metabase::GroupBy;
use serde_json::{Value, json};

use super::account;
use super::semantic_filters::metric;
use crate::support::scripted_dbt::{AskedOfDbt, DbtReply, ScriptedDbt};

fn offset(asked: &AskedOfDbt) -> u64 {
    let mut pairs = url::form_urlencoded::parse(asked.query.as_bytes());
    pairs.find(|(key, _)| key == "offset").unwrap().1.parse().unwrap()
}

fn runs(ids: impl IntoIterator<Item = u64>, total: Option<u64>) -> DbtReply {
    let runs: Vec<Value> = ids
        .into_iter()
        .map(|id| json!({"id": id, "status": 10}))
        .collect();
    let pagination = json!({"pagination": {"count": runs.len(), "total_count": total}});
    DbtReply::json(
        200,
        &json!({"data": runs, "status": {"is_success": true}, "extra": pagination}),
    )
}

async fn listed(
    script: impl Fn(&AskedOfDbt) -> DbtReply + Send + Sync + 'static,
) -> Result<DbtList<DbtRun>, DbtError> {
    let server = ScriptedDbt::serve(script).await;
    let listed = account(&server)
        .administrative()
        .runs(RunFilter::default(), 1_000)
        .await;
    assert!(server.asked().len() < 20, "it ends");
    listed
}

fn is_unreliable(error: &DbtError) {
    assert_eq!(error.class, DbtFailure::Unreadable, "{error}");
    assert!(
        error.to_string().contains("paging cannot be relied on"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_gives_one_page_for_all_is_not_believed() {
    for total in [Some(250), None] {
        is_unreliable(&listed(move |_| runs(0..100, total)).await.unwrap_err());
    }
}

#[tokio::test]
async fn what_moves_to_the_next_page_meanwhile_is_counted_once() {
    // Between the pages two runs began, and stand before all others.
    let all = listed(|asked| match offset(asked) {
        0 => runs((100..200).rev(), Some(150)),
        _ => runs((50..102).rev(), Some(152)),
    })
    .await
    .unwrap();
    let ids: Vec<u64> = all.items.iter().map(|run| run.id).collect();
    assert_eq!(ids, (50..200).rev().collect::<Vec<_>>());
    assert!(all.complete);
}

#[tokio::test]
async fn more_items_than_there_are_is_an_error() {
    is_unreliable(&listed(|_| runs(0..100, Some(30))).await.unwrap_err());
}

#[tokio::test]
async fn a_promised_page_that_has_no_address_is_an_error_and_no_short_list() {
    let server = ScriptedDbt::serve(|asked| {
        let environment = if asked.json()["query"].as_str().unwrap().contains("lineage(") {
            json!({"applied": {"lineage": []}})
        } else {
            json!({"definition": {"exposures": {"edges": [], "pageInfo": {"hasNextPage": true, "endCursor": null}}}})
        };
        DbtReply::json(200, &json!({"data": {"environment": environment}}))
    })
    .await;
    is_unreliable(&account(&server).discovery().unwrap().graph().await.unwrap_err());
}

#[tokio::test]
async fn a_name_that_is_null_does_not_hide_the_lineage() {
    let server = ScriptedDbt::serve(|asked| {
        let environment = if asked.json()["query"].as_str().unwrap().contains("lineage(") {
            json!({"applied": {"lineage": [
                {"uniqueId": "model.shop.orders", "name": "orders", "resourceType": "Model", "parentIds": null},
                {"uniqueId": "model.shop.other", "name": null, "resourceType": null},
            ]}})
        } else {
            json!({"definition": {"exposures": {"edges": [], "pageInfo": null}}})
        };
        DbtReply::json(200, &json!({"data": {"environment": environment}}))
    })
    .await;
    let graph = account(&server).discovery().unwrap().graph().await.unwrap();
    assert_eq!(graph.find("orders").unwrap().kind, "model");
    assert_eq!(graph.node("model.shop.other").unwrap().kind, "model");
}

#[tokio::test]
async fn metrics_that_came_before_are_no_next_page() {
    let server = ScriptedDbt::serve(|_| {
        let page = json!({"totalPages": 3, "items": [{"name": "revenue", "type": "SIMPLE"}]});
        DbtReply::json(200, &json!({"data": {"metricsPaginated": page}}))
    })
    .await;
    let error = account(&server).semantic_layer().unwrap().metrics().await;
    is_unreliable(&error.unwrap_err());
    assert_eq!(server.asked().len(), 2);
}

/// A result by group on so many pages, each of which says what `row` says for its number.
async fn by_group(row: impl Fn(u64) -> Value + Send + Sync + 'static) -> Result<usize, DbtError> {
    let server = ScriptedDbt::serve(move |asked| {
        let body = asked.json();
        if body["query"].as_str().unwrap().starts_with("mutation") {
            return DbtReply::json(200, &json!({"data": {"createQuery": {"queryId": "q1"}}}));
        }
        let number = body["variables"]["pageNum"].as_u64().unwrap();
        let fields =
            json!([{"name": "customer__region", "type": "string"}, {"name": "revenue", "type": "number"}]);
        let table = json!({"schema": {"fields": fields}, "data": [row(number)]}).to_string();
        let query = json!({"status": "SUCCESSFUL", "totalPages": 3, "jsonResult": table});
        DbtReply::json(200, &json!({"data": {"query": query}}))
    })
    .await;
    let metric = metric(SqlDialect::DoubledQuotes);
    let mut dimensions = metric.entry().dimensions.iter();
    let region = dimensions.find(|one| one.name == "customer__region").unwrap();
    let query = DbtMetricQuery {
        group_by: vec![GroupBy {
            dimension: region.clone(),
            granularity: None,
        }],
        ..DbtMetricQuery::total(metric.clone())
    };
    let fetched = account(&server).semantic_layer().unwrap().query(&query).await?;
    Ok(fetched.table.rows.len())
}

#[tokio::test]
async fn one_page_of_a_result_for_all_of_them_makes_no_figure_twice() {
    let pages = by_group(|number| json!({"customer__region": format!("region {number}"), "revenue": 7}));
    assert_eq!(pages.await.unwrap(), 3);
    let same = by_group(|_| json!({"customer__region": "Europe", "revenue": 7}));
    is_unreliable(&same.await.unwrap_err());
}
