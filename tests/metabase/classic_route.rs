//! Without an Agent API: metrics as they are saved, and the classic route where the settings allow it.

use cardinal::catalog::Entry;
use cardinal::metabase::{
    AggregateFunction, Aggregation, Bucket, Direction, FailureClass, FilterOperation, grants, grants_of,
};
use cardinal::result::{Cell, Extent};
use cardinal::wire::{Wire, WireSettings};
use serde_json::{Value, json};

use super::dialect_kit::{
    Shop, by, definition, figure, filter, metric_and_orders, metric_card, number, of_metric, of_table, own,
    page, segment, text,
};
use super::scripted::{completed, json_reply};

const DATASET: &str = "POST /api/dataset";
const CARD: &str = "POST /api/card/9/query";

/// A Metabase before the Agent API, or one that has none in its edition.
async fn shop(breakout: Option<&str>) -> Shop {
    let shop = Shop::new("v0.55.4").await;
    shop.server.instead(
        "GET /api/agent/v1/ping",
        super::scripted::text(404, "API endpoint does not exist."),
    );
    let card = metric_card(&definition(breakout));
    shop.server.instead("GET /api/card/9", json_reply(200, &card));
    shop.server.on(DATASET, figure());
    shop
}

fn monthly() -> Value {
    let columns = json!([
        { "name": "CREATED_AT", "display_name": "Created At: Month", "base_type": "type/DateTime", "unit": "month", "source": "breakout" },
        { "name": "sum", "display_name": "Sum of Total", "base_type": "type/Float", "source": "aggregation" },
    ]);
    completed(
        &columns,
        &json!([["2025-01-01T00:00:00Z", 1.5], ["2025-02-01T00:00:00Z", 2.5]]),
    )
}

#[tokio::test]
async fn a_metric_is_run_as_it_is_saved_where_that_is_what_was_asked_for() {
    let shop = shop(None).await;
    shop.server.on(CARD, figure());
    let fetched = shop.client().query_metric(&of_metric()).await.unwrap();
    assert_eq!(fetched.table.columns[0].label, "Revenue");
    assert_eq!(
        shop.server.asked("/api/card/9/query")[0].body,
        json!({ "parameters": [] })
    );

    let shop = self::shop(Some("month")).await;
    shop.server.on(CARD, json_reply(202, &monthly()));
    let mut query = of_metric();
    query.group_by = vec![by("CREATED_AT", Some(Bucket::Month))];
    query.order_by = Some(Direction::Desc);
    query.limit = Some(1);
    let fetched = shop.client().query_metric(&query).await.unwrap();
    assert_eq!(fetched.table.rows[0][0], Cell::text("2025-02-01"));
    assert!(shop.server.asked("/api/dataset").is_empty());
}

#[tokio::test]
async fn anything_else_of_it_is_refused_and_nothing_is_sent() {
    let shop = shop(Some("month")).await;
    shop.server.on(CARD, json_reply(202, &monthly()));
    let mut filtered = of_metric();
    filtered.group_by = vec![by("CREATED_AT", Some(Bucket::Month))];
    filtered.filters = vec![filter("STATUS", FilterOperation::Equals, vec![text("a")], None)];
    let mut coarser = of_metric();
    coarser.group_by = vec![by("CREATED_AT", Some(Bucket::Year))];
    let total = of_metric();
    for query in [filtered, coarser, total] {
        let error = shop.client().query_metric(&query).await.unwrap_err();
        assert_eq!(error.class, FailureClass::InvalidQuery);
        assert!(error.message.contains("without an Agent API"), "{error}");
    }
    assert!(shop.server.asked("/api/card/9/query").is_empty());
    assert!(shop.server.asked("/api/dataset").is_empty());
}

#[tokio::test]
async fn the_route_takes_a_query_in_mbql_of_checked_parts() {
    let shop = shop(Some("month")).await;
    let mut query = of_metric();
    query.filters = vec![
        filter(
            "User.STATE",
            FilterOperation::StringContains,
            vec![text("T")],
            None,
        ),
        filter(
            "CREATED_AT",
            FilterOperation::DayOfWeekEquals,
            vec![number(1)],
            None,
        ),
        segment(),
    ];
    query.group_by = vec![by("CREATED_AT", Some(Bucket::Year))];
    shop.client_with_route().query_metric(&query).await.unwrap();
    let expected = json!({
        "database": 1, "type": "query",
        "query": {
            "source-table": 2,
            "filter": [
                "and",
                ["contains", ["field", 31, { "source-field": 24 }], "T", { "case-sensitive": false }],
                // Monday where weeks begin on Sunday, without `iso`, which older versions do not know.
                ["=", ["get-day-of-week", ["field", 23, null]], 2],
                ["segment", 4],
            ],
            "aggregation": [["metric", 9]],
            "breakout": [["field", 23, { "temporal-unit": "year" }]],
        },
    });
    assert_eq!(shop.server.asked("/api/dataset")[0].body, expected);

    let mut query = of_table();
    query.aggregations = vec![Aggregation {
        aggregate: AggregateFunction::Average(own("TOTAL")),
        sort: Some(Direction::Desc),
    }];
    query.group_by = vec![by("STATUS", None)];
    query.limit = Some(5);
    shop.client_with_route().query_table(&query).await.unwrap();
    let expected = json!({
        "source-table": 2, "aggregation": [["avg", ["field", 21, null]]], "breakout": [["field", 22, null]],
        "order-by": [["desc", ["aggregation", 0]]], "limit": 6,
    });
    assert_eq!(shop.server.asked("/api/dataset")[1].body["query"], expected);
}

#[tokio::test]
async fn the_route_is_granted_only_where_the_settings_allow_it() {
    let shop = shop(Some("month")).await;
    let settings = shop.server.settings(super::scripted::api_key());
    let base = &settings.url;
    let policy = cardinal::grants::GrantPolicy::default();
    let wire = |grants| Wire::new(WireSettings::new(grants)).unwrap();
    let with_route = cardinal::metabase::MetabaseSettings {
        dataset_route: cardinal::metabase::DatasetRoute::Fallback,
        ..settings.clone()
    };
    let principal = cardinal::principal::Principal::default;
    let ask = async |grants| {
        let client = cardinal::metabase::MetabaseClient::new(with_route.clone(), wire(grants), principal());
        client.query_table(&of_table()).await
    };
    let refused = ask(grants(base, &policy)).await.unwrap_err();
    assert!(refused.message.contains("endpoint table"), "{refused}");
    assert!(ask(grants_of(&settings, &policy)).await.is_err());
    assert!(shop.server.asked("/api/dataset").is_empty());
    ask(grants_of(&with_route, &policy)).await.unwrap();
}

#[tokio::test]
async fn a_catalog_says_what_is_left_out() {
    let rules = metric_and_orders();
    let shop = shop(Some("month")).await;
    let empty = json!({ "values": [], "has_more_values": false });
    for field in [22, 31] {
        shop.server
            .on(&format!("GET /api/field/{field}/values"), json_reply(200, &empty));
    }
    let loaded = shop.client().load_catalog(&rules).await.unwrap();
    let [Entry::Metric(metric)] = loaded.catalog.entries() else {
        panic!("{:?}", loaded.catalog.entries())
    };
    let names: Vec<&str> = metric.dimensions.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, metric.segments.len()), (vec!["CREATED_AT"], 0));
    assert!(
        loaded.limits[0].starts_with("1 metric only as saved"),
        "{:?}",
        loaded.limits
    );
    assert!(
        loaded.limits[1].starts_with("1 table left out"),
        "{:?}",
        loaded.limits
    );

    let loaded = shop.client_with_route().load_catalog(&rules).await.unwrap();
    assert_eq!((loaded.warnings.len(), loaded.limits.len()), (0, 0));
    assert_eq!(loaded.catalog.entries().len(), 2);
}

#[tokio::test]
async fn a_limit_of_the_server_is_told_and_the_route_that_has_more_is_taken() {
    // Without the route the cut is told; with it the longer result counts.
    let shop = Shop::new("v0.63.2").await;
    shop.server.on("POST /api/agent/v2/query", page(0..200, None));
    shop.server.on(DATASET, page(0..350, None));
    let cut = shop.client().query_table(&of_table()).await.unwrap();
    assert_eq!(cut.table.extent, Extent::ServerLimit { limit: 200 });
    let whole = shop.client_with_route().query_table(&of_table()).await.unwrap();
    assert_eq!(
        (whole.table.rows.len(), &whole.table.extent),
        (350, &Extent::Complete)
    );

    let shop = self::shop(None).await;
    let mut cut = super::scripted::completed(
        &json!([{ "name": "ID", "base_type": "type/Integer", "source": "fields" }]),
        &json!([[1], [2]]),
    );
    cut["data"]["rows_truncated"] = json!(2);
    shop.server.instead(DATASET, json_reply(202, &cut));
    let fetched = shop.client_with_route().query_table(&of_table()).await.unwrap();
    assert_eq!(fetched.table.extent, Extent::ServerLimit { limit: 2 });
}
