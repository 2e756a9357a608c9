//! A query on its way: looked at until it is over, given up in time, cancelled when nobody waits, and read page by page.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cardinal::catalog::SqlDialect;
use cardinal::dbt::{DbtCloudSettings, DbtError, DbtFailure, DbtMetricQuery};
use cardinal::metabase::FetchedTable;
use cardinal::result::{Cell, Extent};
use serde_json::{Value, json};

use super::semantic_filters::metric;
use super::{account, account_with, settings};
use crate::support::dbt_stand::DbtStand;
use crate::support::scripted_dbt::{AskedOfDbt, DbtReply, ScriptedDbt};

fn total() -> DbtMetricQuery {
    DbtMetricQuery::total(metric(SqlDialect::DoubledQuotes))
}

fn data(data: &Value) -> DbtReply {
    DbtReply::json(200, &json!({ "data": data }))
}

fn page(values: &[Value], pages: u64) -> Value {
    let rows: Vec<Value> = values
        .iter()
        .enumerate()
        .map(|(at, value)| json!({ "index": at, "REVENUE": value }))
        .collect();
    let fields = json!([{ "name": "index", "type": "integer" }, { "name": "REVENUE", "type": "number" }]);
    let table = json!({ "schema": { "fields": fields }, "data": rows });
    json!({ "query": { "status": "SUCCESSFUL", "totalPages": pages, "jsonResult": table.to_string() } })
}

fn kind(asked: &AskedOfDbt) -> &'static str {
    let query = asked.json()["query"].as_str().unwrap().to_owned();
    match () {
        () if query.starts_with("mutation CreateQuery") => "create",
        () if query.starts_with("mutation CancelQuery") => "cancel",
        () => "look",
    }
}

/// A server whose query answers so when it is looked at.
async fn server(look: impl Fn(usize, &AskedOfDbt) -> DbtReply + Send + Sync + 'static) -> ScriptedDbt {
    let looks = AtomicUsize::new(0);
    ScriptedDbt::serve(move |asked| match kind(asked) {
        "create" => data(&json!({ "createQuery": { "queryId": "q1" } })),
        "cancel" => data(&json!({ "cancelQuery": { "queryId": "q1" } })),
        _ => look(looks.fetch_add(1, Ordering::SeqCst), asked),
    })
    .await
}

/// Asks this server for the metric's total.
async fn total_of(server: &ScriptedDbt) -> Result<FetchedTable, DbtError> {
    let layer = account(server).semantic_layer().unwrap();
    layer.query(&total()).await
}

fn state(status: &str) -> DbtReply {
    data(&json!({ "query": { "status": status } }))
}

#[tokio::test]
async fn a_query_is_looked_at_until_it_is_over_whatever_its_states_are_called() {
    let server = server(|look, _| match look {
        0 => state("PENDING"),
        1 => state("COMPILED"),
        2 => state("WARMING_UP"),
        _ => data(&page(&[json!(12.5)], 1)),
    })
    .await;
    let fetched = total_of(&server).await.unwrap();
    assert_eq!(
        fetched.table.rows,
        [[Cell::Number(serde_json::Number::from_f64(12.5).unwrap())]]
    );
    assert_eq!(fetched.table.columns[0].name, "revenue");
    let asked = server.asked();
    assert_eq!(
        asked.iter().map(kind).collect::<Vec<_>>(),
        ["create", "look", "look", "look", "look"]
    );
    assert!(
        asked
            .iter()
            .all(|one| one.headers["authorization"] == "Bearer dbtc_8Qd2mVnEXAMPLE0w7")
    );
    let variables = &asked[0].json()["variables"];
    assert_eq!(variables["metrics"], json!([{ "name": "revenue" }]));
    assert_eq!(variables["environmentId"], 3);
}

#[tokio::test]
async fn a_failed_query_says_why() {
    for (said, class, wanted) in [
        (
            "column x does not exist",
            DbtFailure::Invalid,
            "column x does not exist",
        ),
        (
            "[WAREHOUSE_PERMISSION_DENIED] no",
            DbtFailure::Forbidden,
            "may not read",
        ),
        (
            "[WAREHOUSE_AUTHENTICATION_FAILED] no",
            DbtFailure::Unavailable,
            "renewed",
        ),
    ] {
        let reply = json!({ "query": { "status": "FAILED", "error": said } });
        let server = server(move |_, _| data(&reply)).await;
        let error = total_of(&server).await.unwrap_err();
        assert_eq!(error.class, class);
        assert!(error.to_string().contains(wanted), "{error}");
        assert!(
            server.asked().iter().all(|one| kind(one) != "cancel"),
            "it is over"
        );
    }
}

#[tokio::test]
async fn errors_inside_a_success_are_errors() {
    for (reply, class, wanted) in [
        (
            json!({ "data": null, "errors": [{ "message": "User is not authorized" }] }),
            DbtFailure::Forbidden,
            "Semantic Layer Only",
        ),
        (
            json!({ "errors": [{ "message": "no such environment", "extensions": { "code": "NOT_FOUND" } }] }),
            DbtFailure::NotFound,
            "DBT_PROD_ENV_ID",
        ),
        (
            json!({ "data": { "createQuery": null }, "errors": [{ "message": "Unknown metric: 'revenue'" }] }),
            DbtFailure::Invalid,
            "Unknown metric",
        ),
        (json!({ "data": null }), DbtFailure::Unreadable, "without data"),
    ] {
        let server = ScriptedDbt::serve(move |_| DbtReply::json(200, &reply)).await;
        let error = total_of(&server).await.unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

async fn until_cancelled(server: &ScriptedDbt) {
    for _ in 0..200 {
        if server.asked().iter().any(|one| kind(one) == "cancel") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not cancelled");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up_and_cancelled() {
    let server = server(|_, _| state("COMPILED")).await;
    let quick = DbtCloudSettings {
        timeout: Duration::from_millis(300),
        ..settings(&server)
    };
    let error = account_with(quick)
        .semantic_layer()
        .unwrap()
        .query(&total())
        .await
        .unwrap_err();
    assert_eq!(error.class, DbtFailure::Timeout);
    assert!(error.to_string().contains("ask for less"), "{error}");
    until_cancelled(&server).await;
}

#[tokio::test]
async fn whoever_stops_waiting_cancels_the_query() {
    let server = server(|_, _| state("RUNNING")).await;
    let layer = account(&server).semantic_layer().unwrap();
    let query = total();
    let asked = tokio::time::timeout(Duration::from_millis(250), layer.query(&query));
    assert!(asked.await.is_err());
    until_cancelled(&server).await;
    let cancelled = server
        .asked()
        .into_iter()
        .find(|one| kind(one) == "cancel")
        .unwrap();
    assert_eq!(cancelled.json()["variables"]["queryId"], "q1");
}

#[tokio::test]
async fn one_query_at_a_time() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (counted, high) = (Arc::clone(&running), Arc::clone(&most));
    let server = ScriptedDbt::serve(move |asked| {
        if kind(asked) == "create" {
            let now = counted.fetch_add(1, Ordering::SeqCst) + 1;
            high.fetch_max(now, Ordering::SeqCst);
            return data(&json!({ "createQuery": { "queryId": "q1" } }));
        }
        counted.fetch_sub(1, Ordering::SeqCst);
        data(&page(&[json!(1)], 1))
    })
    .await;
    let layer = account(&server).semantic_layer().unwrap();
    let query = total();
    let both = tokio::join!(layer.query(&query), layer.query(&query));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_long_numbers_keep_their_digits() {
    let server = server(|_, asked| {
        let number = asked.json()["variables"]["pageNum"].as_u64().unwrap();
        data(&page(&vec![json!(number); 3], 3))
    })
    .await;
    let fetched = total_of(&server).await.unwrap();
    let rows: Vec<Value> = fetched
        .table
        .rows
        .iter()
        .map(|row| Value::from(&row[0]))
        .collect();
    assert_eq!(json!(rows), json!([1, 1, 1, 2, 2, 2, 3, 3, 3]));
    assert_eq!(fetched.table.extent, Extent::Complete);

    let long = r#"{"schema":{"fields":[{"name":"revenue","type":"number"}]},"data":[{"revenue":12345678901234567.89}]}"#;
    let reply = json!({ "query": { "status": "SUCCESSFUL", "jsonResult": long } });
    let server = self::server(move |_, _| data(&reply)).await;
    let fetched = total_of(&server).await.unwrap();
    assert_eq!(fetched.table.rows, [[Cell::text("12345678901234567.89")]]);
}

#[tokio::test]
async fn a_result_that_is_not_what_was_asked_for_is_no_result() {
    let other = |columns: &[&str], row: Value| {
        let fields: Vec<Value> = columns
            .iter()
            .map(|name| json!({ "name": name, "type": "number" }))
            .collect();
        json!({ "schema": { "fields": fields }, "data": [row] }).to_string()
    };
    for (result, wanted) in [
        (Value::Null, "Arrow"),
        (json!("nonsense!"), "neither JSON nor base64"),
        (
            json!(other(&["costs"], json!({ "costs": 1 }))),
            "revenue is missing",
        ),
        (
            json!(other(&["revenue", "costs"], json!({ "revenue": 1, "costs": 1 }))),
            "1 columns were asked for and 2 came",
        ),
        (
            json!(other(&["revenue"], json!({ "index": 0 }))),
            "no value for revenue",
        ),
    ] {
        let reply = json!({ "query": { "status": "SUCCESSFUL", "totalPages": 1, "jsonResult": result } });
        let server = server(move |_, _| data(&reply)).await;
        let error = total_of(&server).await.unwrap_err();
        assert_eq!(error.class, DbtFailure::Unreadable, "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let server = server(|_, asked| {
        let first = asked.json()["variables"]["pageNum"] == 1;
        data(&page(&if first { vec![json!(1)] } else { Vec::new() }, 2))
    })
    .await;
    let error = total_of(&server).await.unwrap_err();
    assert!(error.to_string().contains("page 2 of 2 is empty"), "{error}");
}

#[tokio::test]
async fn more_rows_than_are_taken_are_cut_with_a_word() {
    let server = server(|_, _| data(&page(&vec![json!(1); 6000], 4))).await;
    let fetched = total_of(&server).await.unwrap();
    assert_eq!(fetched.table.rows.len(), 10_000);
    assert_eq!(fetched.table.extent, Extent::RowBudget { budget: 10_000 });
    let looks = server.asked().iter().filter(|one| kind(one) == "look").count();
    assert_eq!(looks, 2, "pages beyond the cut are not read");
}

#[tokio::test]
async fn a_429_closes_the_door_for_all_clients_of_the_account() {
    let server = ScriptedDbt::serve(|_| DbtReply::json(429, &json!({})).with("retry-after", "30")).await;
    let account = account(&server);
    let layer = account.semantic_layer().unwrap();
    let error = layer.query(&total()).await.unwrap_err();
    assert_eq!((error.class, error.status), (DbtFailure::Closed, Some(429)));
    let error = account.semantic_layer().unwrap().metrics().await.unwrap_err();
    assert_eq!(error.class, DbtFailure::Closed);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn the_sandbox_cancels_what_nobody_waits_for() {
    let stand = DbtStand::start().await;
    let catalog = stand.catalog().await;
    let cumulative = crate::support::dbt_stand::dbt_metric(&catalog, "cumulative_revenue");
    let layer = stand.layer();
    let query = DbtMetricQuery::total(cumulative);
    let heard = |word: &str| {
        let requests = stand.running.requests();
        let bodies = requests.iter().map(|one| String::from_utf8_lossy(&one.body));
        bodies.filter(|body| body.contains(word)).count()
    };
    let before = heard("query QueryResult");
    // Whoever asks goes away after the first look, which is never the last.
    let looked_at = async {
        while heard("query QueryResult") == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        biased;
        () = looked_at => {}
        result = layer.query(&query) => panic!("it was over at the first look: {result:?}"),
    }
    for _ in 0..200 {
        if heard("cancelQuery") > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not cancelled");
}
