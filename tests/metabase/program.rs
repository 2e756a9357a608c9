//! v0.61: programs. What is expected here is Metabase's own grammar of them.

use cardinal::metabase::{
    AggregateFunction, Aggregation, Bucket, Direction, FailureClass, FilterOperation, OrderBy, QueryFilter,
    Scalar,
};
use cardinal::result::{Cell, Extent};
use serde_json::{Value, json};

use super::dialect_kit::{
    Shop, by, definition, figure, filter, measure, metric_card, number, of_metric, of_table, own, page,
    segment, text,
};
use super::scripted::{completed, json_reply};

const QUERY: &str = "POST /api/agent/v2/query";

async fn shop() -> Shop {
    let shop = Shop::new("v0.61.3").await;
    shop.server.on(QUERY, figure());
    shop
}

/// The one program that was sent.
fn sent(shop: &Shop) -> Value {
    let asked = shop.server.asked("/v2/query");
    assert_eq!(asked.len(), 1);
    asked[0].body.clone()
}

#[tokio::test]
async fn a_metric_without_groups_of_its_own_is_the_source() {
    let shop = shop().await;
    let mut query = of_metric();
    query.filters = vec![
        filter(
            "STATUS",
            FilterOperation::NotEquals,
            vec![text("a"), text("b")],
            None,
        ),
        filter("User.STATE", FilterOperation::Equals, vec![text("TX")], None),
        segment(),
    ];
    query.group_by = vec![by("CREATED_AT", Some(Bucket::Month))];
    let fetched = shop.client().query_metric(&query).await.unwrap();
    let expected = json!({
        "source": { "type": "metric", "id": 9 },
        "operations": [
            ["filter", ["not-in", ["field", 22], ["a", "b"]]],
            ["filter", ["=", ["field", 31], "TX"]],
            ["filter", ["segment", 4]],
            ["breakout", ["with-temporal-bucket", ["field", 23], "month"]],
            ["limit", 2000],
        ],
    });
    assert_eq!(sent(&shop), expected);
    assert_eq!(fetched.table.columns[0].name, "revenue");
}

#[tokio::test]
async fn a_metric_with_groups_of_its_own_is_said_by_its_definition() {
    let shop = shop().await;
    let card = metric_card(&definition(Some("month")));
    shop.server.instead("GET /api/card/9", json_reply(200, &card));
    shop.client().query_metric(&of_metric()).await.unwrap();
    let expected = json!({
        "source": { "type": "table", "id": 2 },
        "operations": [
            ["filter", ["=", ["field", 22], "completed"]],
            ["aggregate", ["sum", ["field", 21]]],
            ["limit", 2000],
        ],
    });
    assert_eq!(sent(&shop), expected);
}

#[tokio::test]
async fn a_definition_in_the_older_form_is_said_the_same() {
    let legacy = json!({
        "database": 1, "type": "query",
        "query": {
            "source-table": 2,
            "filter": ["and", ["=", ["field-id", 22], "completed"], ["!=", ["field", 21, null], 1, 2]],
            "aggregation": [["sum", ["field", 21, null]]],
            "breakout": [["datetime-field", ["field-id", 23], "month"]],
        },
    });
    let shop = shop().await;
    shop.server
        .instead("GET /api/card/9", json_reply(200, &metric_card(&legacy)));
    shop.client().query_metric(&of_metric()).await.unwrap();
    let expected = json!([
        [
            "filter",
            [
                "and",
                ["=", ["field", 22], "completed"],
                ["not-in", ["field", 21], [1, 2]]
            ]
        ],
        ["aggregate", ["sum", ["field", 21]]],
        ["limit", 2000],
    ]);
    assert_eq!(sent(&shop)["operations"], expected);
}

#[tokio::test]
async fn a_definition_that_no_program_can_say_is_refused_and_nothing_is_sent() {
    let mut unknown_option = definition(Some("month"));
    unknown_option["stages"][0]["filters"][0] =
        json!(["time-interval", { "include-current": true }, ["field", {}, 23], -3, "month"]);
    let mut joined = definition(Some("month"));
    joined["stages"][0]["joins"] = json!([{ "alias": "People" }]);
    let mut two_stages = definition(Some("month"));
    two_stages["stages"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "lib/type": "mbql.stage/mbql" }));
    let mut computed = definition(Some("month"));
    computed["stages"][0]["aggregation"] = json!([["/", {}, ["sum", {}, ["field", {}, 21]], 2]]);
    for query in [unknown_option, joined, two_stages, computed] {
        let shop = shop().await;
        shop.server
            .instead("GET /api/card/9", json_reply(200, &metric_card(&query)));
        let error = shop.client().query_metric(&of_metric()).await.unwrap_err();
        assert_eq!(error.class, FailureClass::InvalidQuery);
        assert!(
            error.message.contains("Agent API of v0.61") && error.message.contains("dataset_route"),
            "{error}"
        );
        assert!(
            shop.server
                .asked("/query")
                .iter()
                .all(|asked| asked.path.contains("query_metadata"))
        );
    }
}

#[tokio::test]
async fn groups_that_nobody_asked_for_are_no_answer() {
    let shop = Shop::new("v0.61.3").await;
    let columns = json!([
        { "name": "CREATED_AT", "base_type": "type/DateTime", "source": "breakout" },
        { "name": "sum", "base_type": "type/Float", "source": "aggregation" },
    ]);
    let rows = json!([["2025-01-01T00:00:00Z", 1.0], ["2025-02-01T00:00:00Z", 2.0]]);
    shop.server
        .on(QUERY, json_reply(202, &completed(&columns, &rows)));
    let error = shop.client().query_metric(&of_metric()).await.unwrap_err();
    assert_eq!(error.class, FailureClass::CatalogDrift);
}

/// Conditions on values, each as a program says it.
fn value_conditions() -> Vec<(QueryFilter, Value)> {
    use FilterOperation as F;
    let created = json!(["field", 23]);
    let status = json!(["field", 22]);
    vec![
        (
            filter("STATUS", F::IsNull, vec![], None),
            json!(["is-null", status]),
        ),
        (
            filter("STATUS", F::IsNotNull, vec![], None),
            json!(["not-null", status]),
        ),
        (
            filter("STATUS", F::StringIsEmpty, vec![], None),
            json!(["is-empty", status]),
        ),
        (
            filter("STATUS", F::StringIsNotEmpty, vec![], None),
            json!(["not-empty", status]),
        ),
        (
            filter("STATUS", F::IsTrue, vec![], None),
            json!(["=", status, true]),
        ),
        (
            filter("STATUS", F::IsFalse, vec![], None),
            json!(["=", status, false]),
        ),
        (
            filter("STATUS", F::Equals, vec![text("a")], None),
            json!(["=", status, "a"]),
        ),
        (
            filter("STATUS", F::Equals, vec![text("a"), text("b")], None),
            json!(["in", status, ["a", "b"]]),
        ),
        (
            filter("TOTAL", F::GreaterThanOrEqual, vec![number(5)], None),
            json!([">=", ["field", 21], 5]),
        ),
        (
            filter(
                "CREATED_AT",
                F::LessThan,
                vec![text("2025-03-01")],
                Some(Bucket::Month),
            ),
            json!(["<", ["with-temporal-bucket", created, "month"], "2025-03-01"]),
        ),
    ]
}

/// Conditions on text and on parts of a date, each as a program says it.
fn part_conditions() -> Vec<(QueryFilter, Value)> {
    use FilterOperation as F;
    let created = json!(["field", 23]);
    let status = json!(["field", 22]);
    vec![
        // Options of a clause are dropped, so nothing but small letters makes the case no matter.
        (
            filter("STATUS", F::StringContains, vec![text("Done")], None),
            json!(["contains", ["lower", status], "done"]),
        ),
        (
            filter("STATUS", F::StringStartsWith, vec![text("A"), text("b")], None),
            json!([
                "or",
                ["starts-with", ["lower", status], "a"],
                ["starts-with", ["lower", status], "b"]
            ]),
        ),
        (
            filter("STATUS", F::StringNotContains, vec![text("a"), text("b")], None),
            json!([
                "and",
                ["does-not-contain", ["lower", status], "a"],
                ["does-not-contain", ["lower", status], "b"]
            ]),
        ),
        (
            filter(
                "CREATED_AT",
                F::YearEquals,
                vec![number(2024), number(2025)],
                None,
            ),
            json!(["in", ["get-year", created], [2024, 2025]]),
        ),
        (
            filter("CREATED_AT", F::MonthNotEquals, vec![number(5)], None),
            json!(["!=", ["get-month", created], 5]),
        ),
        // Weeks begin on Sunday there: Monday is day 2, and Sunday day 1.
        (
            filter("CREATED_AT", F::DayOfWeekEquals, vec![number(1), number(7)], None),
            json!(["in", ["get-day-of-week", created], [2, 1]]),
        ),
        (
            filter("CREATED_AT", F::Equals, vec![number(6)], Some(Bucket::DayOfWeek)),
            json!(["=", ["get-day-of-week", created], 7]),
        ),
    ]
}

#[tokio::test]
async fn every_filter_has_the_meaning_of_the_first_generations() {
    for (filter, expected) in value_conditions().into_iter().chain(part_conditions()) {
        let shop = shop().await;
        let mut query = of_metric();
        query.filters = vec![filter];
        shop.client().query_metric(&query).await.unwrap();
        assert_eq!(sent(&shop)["operations"][0], json!(["filter", expected]));
    }
}

#[tokio::test]
async fn days_of_the_week_follow_the_server() {
    let shop = shop().await;
    let body = json!({ "version": { "tag": "v0.61.3" }, "start-of-week": "monday" });
    shop.server
        .instead("GET /api/session/properties", json_reply(200, &body));
    let columns = json!([
        { "name": "get-day-of-week", "display_name": "Day of week", "base_type": "type/Integer", "source": "breakout" },
        { "name": "sum", "base_type": "type/Float", "source": "aggregation" },
    ]);
    shop.server.instead(
        QUERY,
        json_reply(202, &completed(&columns, &json!([[1, 5.0], [7, 6.0]]))),
    );
    let mut query = of_metric();
    query.filters = vec![filter(
        "CREATED_AT",
        FilterOperation::DayOfWeekNotEquals,
        vec![number(3)],
        None,
    )];
    query.group_by = vec![by("CREATED_AT", Some(Bucket::DayOfWeek))];
    let fetched = shop.client().query_metric(&query).await.unwrap();
    let operations = &sent(&shop)["operations"];
    assert_eq!(
        operations[0],
        json!(["filter", ["!=", ["get-day-of-week", ["field", 23]], 3]])
    );
    assert_eq!(
        operations[1],
        json!(["breakout", ["with-temporal-bucket", ["field", 23], "day-of-week"]])
    );
    let days: Vec<&Cell> = fetched.table.rows.iter().map(|row| &row[0]).collect();
    assert_eq!(days, [&Cell::text("Monday"), &Cell::text("Sunday")]);
    assert_eq!(fetched.table.columns[0].name, "CREATED_AT");
}

#[tokio::test]
async fn a_table_query_is_said_in_the_order_of_its_parts() {
    let shop = shop().await;
    let mut query = of_table();
    query.filters = vec![filter(
        "TOTAL",
        FilterOperation::GreaterThan,
        vec![Scalar::Number(5.into())],
        None,
    )];
    query.aggregations = vec![
        Aggregation {
            aggregate: AggregateFunction::CountDistinct(own("USER_ID")),
            sort: Some(Direction::Desc),
        },
        measure(),
    ];
    query.group_by = vec![by("User.STATE", None), by("CREATED_AT", Some(Bucket::Quarter))];
    query.order_by = vec![OrderBy {
        dimension: own("CREATED_AT"),
        direction: Direction::Asc,
    }];
    query.limit = Some(10);
    shop.client().query_table(&query).await.unwrap();
    let quarter = json!(["with-temporal-bucket", ["field", 23], "quarter"]);
    let expected = json!({
        "source": { "type": "table", "id": 2 },
        "operations": [
            ["filter", [">", ["field", 21], 5]],
            ["aggregate", ["distinct", ["field", 24]]],
            ["aggregate", ["sum", ["field", 21]]],
            ["breakout", ["field", 31]],
            ["breakout", quarter],
            ["order-by", ["aggregation-ref", 0], "desc"],
            ["order-by", quarter, "asc"],
            // One more than wanted: it may be the equal of the last one.
            ["limit", 11],
        ],
    });
    assert_eq!(sent(&shop), expected);
}

#[tokio::test]
async fn a_field_that_two_keys_lead_to_is_refused() {
    let shop = shop().await;
    let people = json!({ "id": 30, "table_id": 3 });
    let key = |id: u32, name: &str| json!({ "id": id, "name": name, "display_name": name, "base_type": "type/Integer", "fk_target_field_id": 30, "target": people });
    let orders = json!({
        "id": 2, "name": "ORDERS", "db_id": 1, "db": { "name": "Shop" },
        "fields": [key(24, "User ID"), key(25, "Seller ID")],
    });
    shop.server
        .instead("GET /api/table/2/query_metadata", json_reply(200, &orders));
    let mut query = of_metric();
    query.group_by = vec![by("User.STATE", None)];
    let error = shop.client().query_metric(&query).await.unwrap_err();
    assert!(error.message.contains("more than one foreign key"), "{error}");
}

#[tokio::test]
async fn pages_are_whole_so_that_the_last_one_holds_the_next_rows() {
    let shop = Shop::new("v0.61.3").await;
    shop.server.on(QUERY, page(0..200, Some("next")));
    shop.server.on(QUERY, page(200..400, None));
    let mut query = of_table();
    query.fields = vec![own("ID")];
    query.limit = Some(250);
    let fetched = shop.client().query_table(&query).await.unwrap();
    let asked = shop.server.asked("/v2/query");
    let expected = json!([
        ["with-fields", [["field", 20]]],
        ["order-by", ["field", 20], "asc"],
        ["limit", 400]
    ]);
    assert_eq!(asked[0].body["operations"], expected);
    assert_eq!(asked[1].body, json!({ "continuation_token": "next" }));
    let rows = &fetched.table.rows;
    assert_eq!((rows.len(), &rows[249][0]), (250, &Cell::Number(249.into())));
    assert_eq!(
        fetched.table.extent,
        Extent::AskedLimit {
            limit: 250,
            of: None,
            ordered: false
        }
    );
}
