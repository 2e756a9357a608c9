use cardinal::catalog::{AllowedMetric, AllowedTable, Catalog, Dimension, Entry, MetricId, TableId};
use cardinal::metabase::{
    AggregateFunction, Aggregation, Bucket, DimensionOwner, Direction, FailureClass, FilterOperation,
    GroupBy, MetricQuery, OrderBy, QueryFilter, Scalar, TableQuery,
};
use cardinal::result::{Cell, Extent};
use serde_json::{Value, json};

use super::scripted::{Reply, Scripted, completed, json_reply};

fn dimension(name: &str, kind: &str) -> Value {
    json!({ "name": name, "label": name, "kind": kind, "description": null, "values": null })
}

fn catalog() -> Catalog {
    let dimensions = json!([
        dimension("CREATED_AT", "datetime"),
        dimension("User.STATE", "text")
    ]);
    let segments = json!([{ "id": 4, "name": "Paid", "description": null }]);
    let metric = json!({
        "kind": "metric", "id": 9, "name": "Revenue", "description": null, "collection": [], "verified": true,
        "dimensions": dimensions, "default_time_dimension": "CREATED_AT", "definition": null,
        "built_in_filters": [], "segments": segments,
    });
    let table = json!({
        "kind": "table", "id": 2, "name": "ORDERS", "label": "Orders", "description": null, "collection": [],
        "dimensions": dimensions, "segments": segments,
        "measures": [{ "id": 5, "name": "Net", "description": null }],
    });
    Catalog::for_tests(vec![
        serde_json::from_value::<Entry>(metric).unwrap(),
        serde_json::from_value(table).unwrap(),
    ])
}

fn metric() -> AllowedMetric {
    catalog().allow_metric(MetricId(9)).unwrap()
}

fn table() -> AllowedTable {
    catalog().allow_table(TableId(2)).unwrap()
}

fn own(name: &str) -> Dimension {
    let metric = metric();
    metric
        .entry()
        .dimensions
        .iter()
        .find(|dimension| dimension.name == name)
        .unwrap()
        .clone()
}

pub(super) fn metric_query() -> MetricQuery {
    MetricQuery {
        metric: metric(),
        filters: vec![],
        group_by: vec![],
        order_by: None,
        limit: None,
    }
}

pub(super) fn table_query() -> TableQuery {
    TableQuery {
        table: table(),
        filters: vec![],
        fields: vec![],
        aggregations: vec![],
        group_by: vec![],
        order_by: vec![],
        limit: None,
    }
}

fn fields(prefix: &str) -> Value {
    json!([
        { "field_id": format!("{prefix}-7"), "name": "CREATED_AT", "type": "datetime" },
        { "field_id": format!("{prefix}-12"), "name": "STATE", "type": "string", "table_reference": "User" },
    ])
}

/// A v0.59 or v0.60 server that knows metric 9 and table 2.
pub(super) async fn server(tag: &str) -> Scripted {
    let server = Scripted::version(tag).await;
    let metric =
        json!({ "id": 9, "type": "metric", "name": "Revenue", "queryable_dimensions": fields("c9") });
    server.on("GET /api/agent/v1/metric/9", json_reply(200, &metric));
    let table = json!({
        "id": 2, "type": "table", "name": "ORDERS", "fields": [fields("t2")[0]],
        "related_tables": [{ "id": 3, "name": "PEOPLE", "related_by": "USER_ID", "fields": [fields("t2")[1]] }],
    });
    server.on("GET /api/agent/v1/table/2", json_reply(200, &table));
    server.on(
        "POST /api/agent/v1/construct-query",
        json_reply(200, &json!({ "query": "b64" })),
    );
    server
}

fn rows(count: usize) -> Reply {
    json_reply(
        202,
        &completed(
            &json!([{ "name": "n", "source": "aggregation" }]),
            &Value::Array(vec![json!([1]); count]),
        ),
    )
}

#[tokio::test]
async fn names_become_the_ids_of_the_moment() {
    let server = server("v0.59.2").await;
    server.on("POST /api/agent/v1/execute", rows(1));
    let mut query = metric_query();
    query.filters = vec![
        QueryFilter::Dimension {
            dimension: own("User.STATE"),
            operation: FilterOperation::NotEquals,
            values: vec![Scalar::Text("TX".into()), Scalar::Text("CA".into())],
            bucket: None,
        },
        QueryFilter::Dimension {
            dimension: own("CREATED_AT"),
            operation: FilterOperation::Equals,
            values: vec![Scalar::Text("2024-05-01".into())],
            bucket: Some(Bucket::Month),
        },
        QueryFilter::Dimension {
            dimension: own("CREATED_AT"),
            operation: FilterOperation::IsNotNull,
            values: vec![],
            bucket: None,
        },
        QueryFilter::Segment(metric().entry().segments[0].clone()),
    ];
    query.group_by = vec![GroupBy {
        dimension: own("CREATED_AT"),
        granularity: Some(Bucket::DayOfWeek),
    }];
    server.client().query_metric(&query).await.unwrap();
    assert_eq!(
        server.asked("/construct-query")[0].body,
        json!({
            "metric_id": 9,
            "filters": [
                { "field_id": "c9-12", "operation": "not-equals", "values": ["TX", "CA"] },
                { "field_id": "c9-7", "operation": "equals", "value": "2024-05-01", "bucket": "month" },
                { "field_id": "c9-7", "operation": "is-not-null" },
                { "segment_id": 4 },
            ],
            "group_by": [{ "field_id": "c9-7", "field_granularity": "day-of-week" }],
        })
    );
    assert_eq!(server.asked("/execute")[0].body, json!({ "query": "b64" }));
}

#[tokio::test]
async fn a_table_query_says_everything_in_one_body() {
    let server = server("v0.60.2").await;
    server.on("POST /api/agent/v1/query", rows(4));
    let mut query = table_query();
    let measure = table().entry().measures[0].clone();
    query.aggregations = vec![
        Aggregation {
            aggregate: AggregateFunction::Count,
            sort: None,
        },
        Aggregation {
            aggregate: AggregateFunction::Max(own("CREATED_AT")),
            sort: None,
        },
        Aggregation {
            aggregate: AggregateFunction::Measure(measure),
            sort: Some(Direction::Desc),
        },
    ];
    query.group_by = vec![GroupBy {
        dimension: own("CREATED_AT"),
        granularity: Some(Bucket::Year),
    }];
    query.order_by = vec![OrderBy {
        dimension: own("CREATED_AT"),
        direction: Direction::Asc,
    }];
    query.limit = Some(3);
    let fetched = server.client().query_table(&query).await.unwrap();
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (
            3,
            Extent::AskedLimit {
                limit: 3,
                of: None,
                ordered: true
            }
        )
    );
    assert_eq!(
        server.asked("/v1/query")[0].body,
        json!({
            "table_id": 2,
            "aggregations": [
                { "function": "count" },
                { "function": "max", "field_id": "t2-7" },
                { "measure_id": 5, "sort_order": "desc" },
            ],
            "group_by": [{ "field_id": "t2-7", "field_granularity": "year" }],
            "order_by": [{ "field": { "field_id": "t2-7", "bucket": "year" }, "direction": "asc" }],
            // One more than wanted: it may be the equal of the last one.
            "limit": 4,
        })
    );
}

#[tokio::test]
async fn a_row_beyond_the_limit_that_is_equal_to_the_last_one_is_known() {
    let columns =
        json!([{ "name": "state", "source": "breakout" }, { "name": "count", "source": "aggregation" }]);
    let limited = Extent::AskedLimit {
        limit: 2,
        of: None,
        ordered: true,
    };
    for (rows, extent, tied) in [
        (json!([["TX", 5], ["CA", 3], ["NY", 3]]), limited, true),
        (json!([["TX", 5], ["CA", 5], ["NY", 3]]), limited, false),
        // All there are: the limit leaves nothing out.
        (json!([["TX", 5], ["CA", 5]]), Extent::Complete, false),
    ] {
        let server = server("v0.60.2").await;
        server.on(
            "POST /api/agent/v1/query",
            json_reply(202, &completed(&columns, &rows)),
        );
        let mut query = table_query();
        query.aggregations = vec![Aggregation {
            aggregate: AggregateFunction::Count,
            sort: Some(Direction::Desc),
        }];
        query.group_by = vec![GroupBy {
            dimension: own("CREATED_AT"),
            granularity: Some(Bucket::Year),
        }];
        query.limit = Some(2);
        let fetched = server.client().query_table(&query).await.unwrap();
        assert_eq!(fetched.table.rows.len(), 2);
        assert_eq!((fetched.table.extent, fetched.tied), (extent, tied), "{rows}");
    }
}

#[tokio::test]
async fn a_dimension_that_is_gone_is_drift_and_sends_no_query() {
    let server = server("v0.60.2").await;
    let mut query = metric_query();
    let mut gone = own("CREATED_AT");
    gone.name = "REGION".into();
    query.group_by = vec![GroupBy {
        dimension: gone,
        granularity: None,
    }];
    let error = server.client().query_metric(&query).await.unwrap_err();
    assert_eq!(error.class, FailureClass::CatalogDrift);
    assert!(
        error.to_string().contains("REGION") && error.to_string().contains("metric 9"),
        "{error}"
    );
    assert!(server.asked("query").is_empty());
}

#[tokio::test]
async fn a_full_page_of_the_old_generation_may_not_be_all() {
    let server = server("v0.59.2").await;
    let execute = "POST /api/agent/v1/execute";
    server
        .on(execute, rows(199))
        .on(execute, rows(200))
        .on(execute, rows(200))
        .on(execute, rows(40));
    let limit = Extent::ServerLimit { limit: 200 };
    let asked = |limit| Extent::AskedLimit {
        limit,
        of: None,
        ordered: false,
    };
    for (asked_for, sent, expected) in [
        (None, 200, Extent::Complete),
        (Some(500), 200, limit),
        (Some(200), 200, asked(200)),
        (Some(40), 40, asked(40)),
    ] {
        let mut query = table_query();
        query.limit = asked_for;
        // Each with a client of its own: the same query is served from what is kept otherwise.
        let fetched = server.client().query_table(&query).await.unwrap();
        assert_eq!(fetched.table.extent, expected, "{asked_for:?}");
        assert_eq!(
            server.asked("/construct-query").last().unwrap().body["limit"],
            sent
        );
    }
}

#[tokio::test]
async fn a_metric_is_ordered_and_limited_after_everything_was_fetched() {
    let server = server("v0.60.2").await;
    let columns =
        json!([{ "name": "state", "source": "breakout" }, { "name": "sum", "source": "aggregation" }]);
    let first = json!([["TX", 5.5], ["CA", null], ["NY", "9007199254740993"]]);
    let mut page = completed(&columns, &first);
    page["continuation_token"] = json!("next");
    let query_route = "POST /api/agent/v1/query";
    let last = completed(&columns, &json!([["AK", 7], ["WA", 5.5]]));
    server
        .on(query_route, json_reply(202, &page))
        .on(query_route, json_reply(202, &last));
    let client = server.client();
    let states = async |order_by, limit| {
        let query = MetricQuery {
            order_by,
            limit,
            ..metric_query()
        };
        let table = client.query_metric(&query).await.unwrap().table;
        let states: Vec<_> = table
            .rows
            .iter()
            .map(|row| match &row[0] {
                Cell::Text(text) => text.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        let limited = limit.map(|limit| Extent::AskedLimit {
            limit: u64::from(limit),
            of: Some(5),
            ordered: order_by.is_some(),
        });
        assert_eq!(table.extent, limited.unwrap_or(Extent::Complete));
        assert!(
            table
                .columns
                .iter()
                .any(|column| column.label == query.metric.entry().name)
        );
        states.join(" ")
    };
    assert_eq!(states(Some(Direction::Desc), Some(2)).await, "NY AK");
    assert_eq!(states(Some(Direction::Desc), None).await, "NY AK TX WA CA");
    assert_eq!(states(Some(Direction::Asc), Some(3)).await, "TX WA AK");
    assert_eq!(states(None, Some(1)).await, "TX");
    for (order_by, limit, tied) in [
        (Some(Direction::Desc), 3, true),
        (Some(Direction::Desc), 2, false),
        (Some(Direction::Asc), 1, true),
        (None, 1, false),
    ] {
        let query = MetricQuery {
            order_by,
            limit: Some(limit),
            ..metric_query()
        };
        assert_eq!(client.query_metric(&query).await.unwrap().tied, tied, "{limit}");
    }
    // All there are, though a limit was set.
    let query = MetricQuery {
        order_by: Some(Direction::Desc),
        limit: Some(5),
        ..metric_query()
    };
    let table = client.query_metric(&query).await.unwrap().table;
    assert_eq!(table.extent, Extent::Complete);
}

#[tokio::test]
async fn values_of_a_dimension_come_in_both_shapes() {
    let old = json!({ "field_id": "c9-12", "statistics": { "distinct_count": 2 }, "values": ["TX", "CA"] });
    let new = json!({
        "result_type": "field-metadata", "field_id": "c9-12",
        "value_metadata": { "statistics": { "distinct-count": 3 }, "field_values": [["TX", "Texas"], ["CA"]] },
    });
    for (tag, body, complete) in [("v0.59.2", old, true), ("v0.60.2", new, false)] {
        let server = server(tag).await;
        server.on(
            "GET /api/agent/v1/metric/9/field/c9-12/values",
            json_reply(200, &body),
        );
        let owner = DimensionOwner::Metric(metric());
        let values = server
            .client()
            .dimension_values(&owner, &own("User.STATE"), 50)
            .await
            .unwrap()
            .values;
        assert_eq!(values.values, [json!("TX"), json!("CA")]);
        assert_eq!(values.complete, complete, "{tag}");
        assert_eq!(server.asked("/values")[0].query, "limit=50");
    }
}

#[tokio::test]
async fn values_of_a_related_field_are_asked_of_the_table_itself() {
    let server = server("v0.60.2").await;
    let bare = json!({ "value_metadata": {} });
    server.on(
        "GET /api/agent/v1/table/2/field/t2-12/values",
        json_reply(200, &bare),
    );
    let owner = DimensionOwner::Table(table());
    let values = server
        .client()
        .dimension_values(&owner, &own("User.STATE"), 5)
        .await
        .unwrap()
        .values;
    assert!(values.values.is_empty() && !values.complete);
}
