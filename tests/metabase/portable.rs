//! v0.62 and later: portable MBQL 5. What is expected here is Metabase's own description of it.

use cardinal::catalog::{Entry, TableId};
use cardinal::metabase::{
    AggregateFunction, Aggregation, Bucket, DimensionOwner, Direction, FailureClass, FilterOperation, OrderBy,
};
use cardinal::result::{ColumnKind, Extent};
use serde_json::{Value, json};

use super::dialect_kit::{
    Shop, by, definition, figure, filter, measure, metric_and_orders, metric_card, number, of_metric,
    of_table, own, page, segment, text,
};
use super::scripted::{Asked, json_reply};

const QUERY: &str = "POST /api/agent/v2/query";

async fn shop() -> Shop {
    let shop = Shop::new("v0.63.2").await;
    shop.server.on(QUERY, figure());
    shop
}

fn queries(shop: &Shop) -> Vec<Asked> {
    shop.server.asked("/v2/query")
}

fn stage(shop: &Shop) -> Value {
    let asked = queries(shop);
    assert_eq!(asked.len(), 1);
    let query = &asked[0].body["query"];
    assert_eq!(query["lib/type"], "mbql/query");
    query["stages"][0].clone()
}

fn orders(name: &str) -> Value {
    json!(["Shop", "PUBLIC", "ORDERS", name])
}

#[tokio::test]
async fn a_metric_is_an_aggregation_over_its_table() {
    for tag in ["v0.62.1", "v0.63.2", "v0.65.2.6"] {
        let shop = Shop::new(tag).await;
        shop.server.on(QUERY, figure());
        // Whatever the metric groups by itself does not come along.
        let card = metric_card(&definition(Some("month")));
        shop.server.instead("GET /api/card/9", json_reply(200, &card));
        let mut query = of_metric();
        query.filters = vec![
            filter("User.STATE", FilterOperation::Equals, vec![text("TX")], None),
            segment(),
        ];
        query.group_by = vec![by("CREATED_AT", Some(Bucket::Month))];
        let fetched = shop.client().query_metric(&query).await.unwrap();
        let state = json!([
            "field",
            { "source-field": orders("USER_ID") },
            ["Shop", "PUBLIC", "PEOPLE", "STATE"]
        ]);
        let expected = json!({
            "lib/type": "mbql.stage/mbql",
            "source-table": ["Shop", "PUBLIC", "ORDERS"],
            "filters": [["=", {}, state, "TX"], ["segment", {}, "seg-entity-id-0000000"]],
            "aggregation": [["metric", {}, "skXR69-dlhJST5C7Rd9nR"]],
            "breakout": [["field", { "temporal-unit": "month" }, orders("CREATED_AT")]],
            "limit": 2000,
        });
        assert_eq!(stage(&shop), expected, "{tag}");
        assert_eq!(fetched.table.columns[0].name, "revenue");
    }
}

#[tokio::test]
async fn every_filter_has_the_meaning_of_the_first_generations() {
    use FilterOperation as F;
    let created = json!(["field", {}, orders("CREATED_AT")]);
    let status = json!(["field", {}, orders("STATUS")]);
    let cases = [
        (
            filter("STATUS", F::IsNull, vec![], None),
            json!(["is-null", {}, status]),
        ),
        (
            filter("STATUS", F::StringIsNotEmpty, vec![], None),
            json!(["not-empty", {}, status]),
        ),
        (
            filter("STATUS", F::IsFalse, vec![], None),
            json!(["=", {}, status, false]),
        ),
        (
            filter("STATUS", F::NotEquals, vec![text("a"), text("b")], None),
            json!(["!=", {}, status, "a", "b"]),
        ),
        (
            filter("STATUS", F::StringEndsWith, vec![text("Ed")], None),
            json!(["ends-with", { "case-sensitive": false }, status, "Ed"]),
        ),
        (
            filter("STATUS", F::StringContains, vec![text("a"), text("b")], None),
            json!([
                "or",
                {},
                ["contains", { "case-sensitive": false }, status, "a"],
                ["contains", { "case-sensitive": false }, status, "b"]
            ]),
        ),
        (
            filter(
                "CREATED_AT",
                F::Equals,
                vec![text("2025-03-01")],
                Some(Bucket::Month),
            ),
            json!(["=", {}, ["field", { "temporal-unit": "month" }, orders("CREATED_AT")], "2025-03-01"]),
        ),
        (
            filter("CREATED_AT", F::QuarterEquals, vec![number(4)], None),
            json!(["=", {}, ["get-quarter", {}, created], 4]),
        ),
        // From Monday, whatever the server's weeks begin on.
        (
            filter("CREATED_AT", F::DayOfWeekEquals, vec![number(7)], None),
            json!(["=", {}, ["get-day-of-week", {}, created, "iso"], 7]),
        ),
    ];
    for (filter, expected) in cases {
        let shop = shop().await;
        let mut query = of_metric();
        query.filters = vec![filter];
        shop.client().query_metric(&query).await.unwrap();
        assert_eq!(stage(&shop)["filters"], json!([expected]));
    }
}

#[tokio::test]
async fn a_table_query_has_its_parts_in_one_stage() {
    let shop = shop().await;
    let mut query = of_table();
    query.aggregations = vec![
        Aggregation {
            aggregate: AggregateFunction::Sum(own("TOTAL")),
            sort: Some(Direction::Desc),
        },
        measure(),
    ];
    query.group_by = vec![by("CREATED_AT", Some(Bucket::DayOfWeek))];
    query.order_by = vec![OrderBy {
        dimension: own("CREATED_AT"),
        direction: Direction::Asc,
    }];
    query.limit = Some(7);
    shop.client().query_table(&query).await.unwrap();
    let day = json!(["field", { "temporal-unit": "day-of-week" }, orders("CREATED_AT")]);
    let expected = json!({
        "lib/type": "mbql.stage/mbql",
        "source-table": ["Shop", "PUBLIC", "ORDERS"],
        "aggregation": [["sum", {}, ["field", {}, orders("TOTAL")]], ["measure", {}, "mea-entity-id-0000000"]],
        "breakout": [day],
        "order-by": [["desc", {}, ["aggregation", {}, 0]], ["asc", {}, day]],
        "limit": 8,
    });
    assert_eq!(stage(&shop), expected);
}

#[tokio::test]
async fn a_database_without_schemas_has_null_in_its_place() {
    let shop = shop().await;
    let orders = json!({
        "id": 2, "name": "orders", "db_id": 1, "db": { "name": "Shop" }, "schema": null,
        "fields": [{ "id": 21, "name": "TOTAL", "base_type": "type/Float" }],
    });
    shop.server
        .instead("GET /api/table/2/query_metadata", json_reply(200, &orders));
    let mut query = of_metric();
    query.filters = vec![filter("TOTAL", FilterOperation::IsNotNull, vec![], None)];
    shop.client().query_metric(&query).await.unwrap();
    let stage = stage(&shop);
    assert_eq!(stage["source-table"], json!(["Shop", null, "orders"]));
    assert_eq!(
        stage["filters"][0][2],
        json!(["field", {}, ["Shop", null, "orders", "TOTAL"]])
    );
}

#[tokio::test]
async fn a_metric_over_a_model_reads_the_model_by_its_entity_id() {
    let shop = shop().await;
    let over_model = json!({ "stages": [{ "lib/type": "mbql.stage/mbql", "source-card": 40,
        "aggregation": [["count", {}]] }] });
    shop.server
        .instead("GET /api/card/9", json_reply(200, &metric_card(&over_model)));
    let model = json!({
        "id": 40, "name": "Orders + People", "type": "model", "entity_id": "model-entity-id-00000", "database_id": 1,
        "result_metadata": [{ "name": "STATUS", "display_name": "Status", "base_type": "type/Text" }],
    });
    shop.server.on("GET /api/card/40", json_reply(200, &model));
    let mut query = of_metric();
    query.group_by = vec![by("STATUS", None)];
    shop.client().query_metric(&query).await.unwrap();
    let stage = stage(&shop);
    assert_eq!(stage["source-card"], "model-entity-id-00000");
    assert_eq!(stage["breakout"], json!([["field", {}, "STATUS"]]));
}

#[tokio::test]
async fn rows_end_where_the_server_ends_them_and_that_is_told() {
    // Ten full pages: the server gives no more than these 2000 rows, and says nothing of it.
    let shop = Shop::new("v0.63.2").await;
    for at in 0..10_u32 {
        let token = (at < 9).then(|| format!("page {}", at + 2));
        shop.server
            .on(QUERY, page(at * 200..(at + 1) * 200, token.as_deref()));
    }
    let fetched = shop.client().query_table(&of_table()).await.unwrap();
    assert_eq!(queries(&shop).len(), 10);
    assert_eq!(fetched.table.extent, Extent::ServerLimit { limit: 2000 });

    // Rows that end with a page cost an empty one, and are all there are.
    let shop = Shop::new("v0.63.2").await;
    shop.server.on(QUERY, page(0..200, Some("next")));
    shop.server.on(QUERY, page(0..0, None));
    let fetched = shop.client().query_table(&of_table()).await.unwrap();
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (200, Extent::Complete)
    );

    // A full page that promises no other, although more was asked for: a limit that nobody mentions.
    let shop = Shop::new("v0.62.0").await;
    shop.server.on(QUERY, page(0..200, None));
    let fetched = shop.client().query_table(&of_table()).await.unwrap();
    assert_eq!(fetched.table.extent, Extent::ServerLimit { limit: 200 });
}

#[tokio::test]
async fn what_the_server_says_of_a_query_is_passed_on() {
    let shop = Shop::new("v0.63.2").await;
    let told = json!({ "message": "Unknown field \"TOTL\". Did you mean TOTAL?", "error": "unknown-field", "via": [] });
    shop.server.on(QUERY, json_reply(400, &told));
    let error = shop.client().query_metric(&of_metric()).await.unwrap_err();
    assert_eq!(error.class, FailureClass::InvalidQuery);
    assert!(error.message.contains("Did you mean TOTAL?"), "{error}");
}

#[tokio::test]
async fn a_metric_without_an_entity_id_is_refused() {
    let shop = shop().await;
    let mut card = metric_card(&definition(Some("month")));
    card["entity_id"] = Value::Null;
    shop.server.instead("GET /api/card/9", json_reply(200, &card));
    let error = shop.client().query_metric(&of_metric()).await.unwrap_err();
    assert!(error.message.contains("no entity id"), "{error}");
    assert!(queries(&shop).is_empty());
}

#[tokio::test]
async fn dimensions_have_the_names_of_the_first_generations() {
    let shop = shop().await;
    let card = metric_card(&definition(Some("month")));
    shop.server.instead("GET /api/card/9", json_reply(200, &card));
    let listing =
        json!({ "values": [["completed"], ["refunded"]], "field_id": 22, "has_more_values": false });
    shop.server
        .on("GET /api/field/22/values", json_reply(200, &listing));
    shop.server.on(
        "GET /api/field/31/values",
        json_reply(200, &json!({ "values": [], "has_more_values": false })),
    );
    let rules = metric_and_orders();
    let loaded = shop.client().load_catalog(&rules).await.unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let expected = [
        "ID",
        "TOTAL",
        "STATUS",
        "CREATED_AT",
        "USER_ID",
        "User.ID",
        "User.STATE",
    ];
    for entry in loaded.catalog.entries() {
        let dimensions = match entry {
            Entry::Metric(metric) => {
                assert_eq!(metric.default_time_dimension.as_deref(), Some("CREATED_AT"));
                assert_eq!(metric.definition.as_deref(), Some("sum of TOTAL"));
                &metric.dimensions
            }
            Entry::Table(table) => {
                assert_eq!(
                    (table.label.as_str(), table.measures[0].name.as_str()),
                    ("Orders", "Net")
                );
                assert_eq!(table.collection, ["Shop", "PUBLIC"]);
                &table.dimensions
            }
            Entry::Card(_) => panic!("no card was selected"),
        };
        let names: Vec<&str> = dimensions
            .iter()
            .map(|dimension| dimension.name.as_str())
            .collect();
        assert_eq!(names, expected);
        let status = dimensions
            .iter()
            .find(|dimension| dimension.name == "STATUS")
            .unwrap();
        assert_eq!(status.kind, ColumnKind::Text);
        assert_eq!(status.values.as_ref().unwrap().values.len(), 2);
        assert!(status.values.as_ref().unwrap().complete);
    }
    let table = loaded.catalog.allow_table(TableId(2)).unwrap();
    let listed = shop
        .client()
        .dimension_values(&DimensionOwner::Table(table), &own("STATUS"), 1)
        .await
        .unwrap();
    assert_eq!((listed.values.values.len(), listed.values.complete), (1, false));
}
