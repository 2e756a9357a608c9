use cardinal::metabase::{FailureClass, FetchedTable};
use cardinal::result::Extent;
use cardinal::wire::ServedBy;
use serde_json::{Value, json};

use super::queries::{server, table_query};
use super::scripted::{Reply, Scripted, api_key, client, completed, failed, json_reply, raw};

const QUERY: &str = "POST /api/agent/v1/query";

fn body(rows: usize, next: Option<&str>) -> Value {
    let mut body = completed(
        &json!([{ "name": "n", "base_type": "type/Integer" }]),
        &Value::Array(vec![json!([1]); rows]),
    );
    body["continuation_token"] = json!(next);
    if next.is_some() {
        body["data"]["rows_truncated"] = json!(rows);
    }
    body
}

fn page(rows: usize, next: Option<&str>) -> Reply {
    json_reply(202, &body(rows, next))
}

async fn fetch(server: &Scripted, limit: Option<u32>, budget: u64) -> FetchedTable {
    let mut settings = server.settings(api_key());
    settings.max_rows = budget;
    let mut query = table_query();
    query.limit = limit;
    client(settings).query_table(&query).await.unwrap()
}

/// As many rows as the call asked for, in no order that it set.
fn asked(limit: u64) -> Extent {
    Extent::AskedLimit {
        limit,
        of: None,
        ordered: false,
    }
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let server = server("v0.60.2").await;
    for number in 1..=6 {
        server.on(QUERY, page(200, Some(&format!("token-{number}"))));
    }
    server.on(QUERY, page(13, None));
    let fetched = fetch(&server, None, 5_000).await;
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (1_213, Extent::Complete)
    );
    assert_eq!(fetched.served_by, ServedBy::Live);
    let asked = server.asked("/v1/query");
    assert_eq!(asked.len(), 7);
    assert_eq!(asked[6].body, json!({ "continuation_token": "token-6" }));
    assert!(fetched.table.bytes_received > 6 * 200 * 4);
}

#[tokio::test]
async fn an_empty_last_page_is_the_end() {
    let server = server("v0.60.2").await;
    server.on(QUERY, page(200, Some("a"))).on(QUERY, page(0, None));
    let fetched = fetch(&server, None, 200).await;
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (200, Extent::Complete)
    );
}

#[tokio::test]
async fn the_budget_ends_it_and_says_so() {
    let server = server("v0.60.2").await;
    for token in ["a", "b", "c", "d"] {
        server.on(QUERY, page(200, Some(token)));
    }
    let fetched = fetch(&server, None, 500).await;
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (500, Extent::RowBudget { budget: 500 })
    );
    assert_eq!(server.asked("/v1/query").len(), 3);
}

#[tokio::test]
async fn a_wanted_number_of_rows_is_what_was_asked_for_and_may_not_be_all() {
    let server = server("v0.60.2").await;
    for token in ["a", "b", "c"] {
        server.on(QUERY, page(200, Some(token)));
    }
    let fetched = fetch(&server, Some(250), 5_000).await;
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (250, asked(250))
    );
    assert!(!fetched.table.extent.is_cut());
    assert_eq!(server.asked("/v1/query").len(), 2);
}

#[tokio::test]
async fn a_later_page_that_fails_leaves_the_rows_before_it() {
    let whole = body(200, None).to_string();
    for broken in [
        json_reply(202, &failed("disk full", "driver")),
        json_reply(400, &json!({ "errors": {} })),
        raw(202, "application/json", &whole.as_bytes()[..whole.len() - 1]),
        json_reply(
            202,
            &completed(&json!([{ "name": "a" }, { "name": "b" }]), &json!([])),
        ),
    ] {
        let server = server("v0.60.2").await;
        server
            .on(QUERY, page(200, Some("a")))
            .on(QUERY, page(200, Some("b")))
            .on(QUERY, broken);
        let fetched = fetch(&server, None, 5_000).await;
        assert_eq!(
            (fetched.table.rows.len(), fetched.table.extent),
            (400, Extent::PageFailed { page: 3 })
        );
    }
}

#[tokio::test]
async fn a_first_page_that_fails_is_an_error() {
    let server = server("v0.60.2").await;
    server.on(QUERY, json_reply(202, &failed("no such table", "invalid-query")));
    let error = server.client().query_table(&table_query()).await.unwrap_err();
    assert_eq!(error.class, FailureClass::InvalidQuery);
}

#[tokio::test]
async fn a_token_that_leads_nowhere_ends_the_paging() {
    let server = server("v0.60.2").await;
    server
        .on(QUERY, page(200, Some("a")))
        .on(QUERY, page(0, Some("b")));
    let fetched = fetch(&server, None, 5_000).await;
    assert_eq!(fetched.table.extent, Extent::PageFailed { page: 2 });
    assert_eq!(server.asked("/v1/query").len(), 2);
}

#[tokio::test]
async fn a_server_that_stops_without_a_token_is_not_believed_to_be_done() {
    let server = server("v0.60.2").await;
    let mut stopped = body(200, None);
    stopped["data"]["rows_truncated"] = json!(200);
    server.on(QUERY, json_reply(202, &stopped));
    let fetched = fetch(&server, None, 5_000).await;
    assert_eq!(fetched.table.extent, Extent::ServerLimit { limit: 200 });
}

#[tokio::test]
async fn fewer_rows_than_asked_for_and_the_servers_mark_are_not_all() {
    for (rows, limit, extent) in [
        (50, 100, Extent::ServerLimit { limit: 50 }),
        (100, 100, asked(100)),
    ] {
        let server = server("v0.59.2").await;
        let mut stopped = body(rows, None);
        stopped["data"]["rows_truncated"] = json!(rows);
        server.on("POST /api/agent/v1/execute", json_reply(202, &stopped));
        let fetched = fetch(&server, Some(limit), 5_000).await;
        assert_eq!(fetched.table.extent, extent, "{rows} rows of {limit}");
    }
}

#[tokio::test]
async fn a_throttled_page_is_asked_again() {
    let server = server("v0.60.2").await;
    server.on(QUERY, page(200, Some("a")));
    server.on(
        QUERY,
        raw(429, "text/plain", "slow down").with_header("retry-after", "0"),
    );
    server.on(QUERY, page(5, None));
    let fetched = fetch(&server, None, 5_000).await;
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (205, Extent::Complete)
    );
}

#[tokio::test]
async fn the_same_question_again_is_served_from_what_is_kept() {
    let server = server("v0.60.2").await;
    server.on(QUERY, page(200, Some("a"))).on(QUERY, page(5, None));
    let client = server.client();
    client.query_table(&table_query()).await.unwrap();
    let again = client.query_table(&table_query()).await.unwrap();
    assert_eq!((again.table.rows.len(), again.served_by), (205, ServedBy::Cache));
    assert_eq!(server.asked("/v1/query").len(), 2);
}
