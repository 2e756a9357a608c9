//! A server that describes one metric and two tables by the classic API, for the generations that have no other way.

use cardinal::catalog::{
    Catalog, CatalogSettings, ContentRule, Dimension, Entry, MetricId, TableId, TableRule,
};
use cardinal::metabase::{
    Aggregation, AuthSettings, Bucket, DatasetRoute, FilterOperation, GroupBy, MetabaseClient,
    MetabaseSettings, MetricQuery, QueryFilter, Scalar, TableQuery,
};
use serde_json::{Value, json};

use super::scripted::{Reply, Scripted, api_key, client, completed, json_reply};

/// Database 1 "Shop", table 2 ORDERS with a key to table 3 PEOPLE, metric 9 over ORDERS.
pub(super) struct Shop {
    pub(super) server: Scripted,
}

fn field(id: u32, table: u32, name: &str, kind: &str) -> Value {
    json!({
        "id": id, "table_id": table, "name": name, "display_name": name, "base_type": format!("type/{kind}"),
        "effective_type": format!("type/{kind}"), "semantic_type": null, "visibility_type": "normal", "active": true,
        "fk_target_field_id": null, "target": null, "parent_id": null,
    })
}

/// The metric's definition in MBQL 5: completed orders, summed.
pub(super) fn definition(breakout: Option<&str>) -> Value {
    let mut stage = json!({
        "lib/type": "mbql.stage/mbql", "source-table": 2,
        "filters": [["=", { "lib/uuid": "a" }, ["field", { "lib/uuid": "b", "base-type": "type/Text" }, 22], "completed"]],
        "aggregation": [["sum", { "lib/uuid": "c" }, ["field", { "lib/uuid": "d", "base-type": "type/Float" }, 21]]],
    });
    if let Some(unit) = breakout {
        stage["breakout"] = json!([["field", { "lib/uuid": "e", "temporal-unit": unit }, 23]]);
    }
    json!({ "lib/type": "mbql/query", "database": 1, "stages": [stage] })
}

/// Rules that select the metric and ORDERS.
pub(super) fn metric_and_orders() -> CatalogSettings {
    CatalogSettings {
        metrics: ContentRule {
            ids: vec![MetricId(9)],
            ..ContentRule::default()
        },
        tables: TableRule {
            ids: vec![TableId(2)],
            name_prefix: None,
        },
        ..CatalogSettings::default()
    }
}

pub(super) fn metric_card(query: &Value) -> Value {
    json!({
        "id": 9, "name": "Revenue", "type": "metric", "entity_id": "skXR69-dlhJST5C7Rd9nR", "database_id": 1,
        "table_id": 2, "dataset_query": query, "collection_id": null, "archived": false,
    })
}

impl Shop {
    pub(super) async fn new(tag: &str) -> Self {
        let server = Scripted::version(tag).await;
        let mut key = field(24, 2, "USER_ID", "Integer");
        key["display_name"] = json!("User ID");
        key["semantic_type"] = json!("type/FK");
        key["fk_target_field_id"] = json!(30);
        key["target"] = json!({ "id": 30, "table_id": 3, "name": "ID" });
        let mut id = field(20, 2, "ID", "Integer");
        id["semantic_type"] = json!("type/PK");
        let mut secret = field(26, 2, "SECRET", "Text");
        secret["visibility_type"] = json!("sensitive");
        let orders = json!({
            "id": 2, "name": "ORDERS", "display_name": "Orders", "schema": "PUBLIC", "db_id": 1,
            "db": { "id": 1, "name": "Shop" },
            "fields": [
                id, field(21, 2, "TOTAL", "Float"), field(22, 2, "STATUS", "Text"), field(23, 2, "CREATED_AT", "DateTime"),
                key, secret,
            ],
            "segments": [{ "id": 4, "name": "Paid", "entity_id": "seg-entity-id-0000000" }],
            "measures": [{
                "id": 5, "name": "Net", "entity_id": "mea-entity-id-0000000",
                "definition": { "stages": [{ "source-table": 2, "aggregation": [["sum", {}, ["field", {}, 21]]] }] },
            }],
        });
        let mut person = field(30, 3, "ID", "Integer");
        person["semantic_type"] = json!("type/PK");
        let people = json!({
            "id": 3, "name": "PEOPLE", "display_name": "People", "schema": "PUBLIC", "db_id": 1,
            "db": { "id": 1, "name": "Shop" },
            "fields": [person, field(31, 3, "STATE", "Text")], "segments": [], "measures": [],
        });
        server.on("GET /api/table/2/query_metadata", json_reply(200, &orders));
        server.on("GET /api/table/3/query_metadata", json_reply(200, &people));
        server.on("GET /api/collection/tree", json_reply(200, &json!([])));
        server.on(
            "GET /api/database",
            json_reply(200, &json!({ "data": [{ "id": 1, "name": "Shop" }] })),
        );
        server.on(
            "GET /api/card/9",
            json_reply(200, &metric_card(&definition(None))),
        );
        Self { server }
    }

    pub(super) fn client(&self) -> MetabaseClient {
        self.server.client()
    }

    /// A client that may use the classic route.
    pub(super) fn client_with_route(&self) -> MetabaseClient {
        client(self.settings_with_route(api_key()))
    }

    fn settings_with_route(&self, auth: AuthSettings) -> MetabaseSettings {
        MetabaseSettings {
            dataset_route: DatasetRoute::Fallback,
            ..self.server.settings(auth)
        }
    }
}

fn dimension(name: &str, kind: &str) -> Value {
    json!({ "name": name, "label": name, "kind": kind, "description": null, "values": null })
}

fn catalog() -> Catalog {
    let dimensions = json!([
        dimension("ID", "integer"),
        dimension("TOTAL", "number"),
        dimension("STATUS", "text"),
        dimension("CREATED_AT", "datetime"),
        dimension("USER_ID", "integer"),
        dimension("User.STATE", "text"),
    ]);
    let metric = json!({
        "kind": "metric", "id": 9, "name": "Revenue", "description": null, "collection": [], "verified": true,
        "dimensions": dimensions, "default_time_dimension": "CREATED_AT", "definition": null,
        "built_in_filters": [], "segments": [{ "id": 4, "name": "Paid", "description": null }],
    });
    let table = json!({
        "kind": "table", "id": 2, "name": "ORDERS", "label": "Orders", "description": null, "collection": [],
        "dimensions": dimensions, "segments": [{ "id": 4, "name": "Paid", "description": null }],
        "measures": [{ "id": 5, "name": "Net", "description": null }],
    });
    Catalog::for_tests(vec![
        serde_json::from_value::<Entry>(metric).unwrap(),
        serde_json::from_value(table).unwrap(),
    ])
}

pub(super) fn own(name: &str) -> Dimension {
    let metric = catalog().allow_metric(MetricId(9)).unwrap();
    let dimensions = &metric.entry().dimensions;
    dimensions
        .iter()
        .find(|dimension| dimension.name == name)
        .unwrap()
        .clone()
}

pub(super) fn of_metric() -> MetricQuery {
    MetricQuery {
        metric: catalog().allow_metric(MetricId(9)).unwrap(),
        filters: vec![],
        group_by: vec![],
        order_by: None,
        limit: None,
    }
}

pub(super) fn of_table() -> TableQuery {
    TableQuery {
        table: catalog().allow_table(TableId(2)).unwrap(),
        filters: vec![],
        fields: vec![],
        aggregations: vec![],
        group_by: vec![],
        order_by: vec![],
        limit: None,
    }
}

pub(super) fn segment() -> QueryFilter {
    let metric = catalog().allow_metric(MetricId(9)).unwrap();
    QueryFilter::Segment(metric.entry().segments[0].clone())
}

pub(super) fn measure() -> Aggregation {
    let table = catalog().allow_table(TableId(2)).unwrap();
    Aggregation {
        aggregate: cardinal::metabase::AggregateFunction::Measure(table.entry().measures[0].clone()),
        sort: None,
    }
}

pub(super) fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

pub(super) fn number(value: i64) -> Scalar {
    Scalar::Number(value.into())
}

pub(super) fn filter(
    name: &str,
    operation: FilterOperation,
    values: Vec<Scalar>,
    bucket: Option<Bucket>,
) -> QueryFilter {
    QueryFilter::Dimension {
        dimension: own(name),
        operation,
        values,
        bucket,
    }
}

pub(super) fn by(name: &str, granularity: Option<Bucket>) -> GroupBy {
    GroupBy {
        dimension: own(name),
        granularity,
    }
}

/// A completed answer of one figure.
pub(super) fn figure() -> Reply {
    let columns = json!([{ "name": "sum", "display_name": "Sum of Total", "base_type": "type/Float", "source": "aggregation" }]);
    json_reply(202, &completed(&columns, &json!([[42.5]])))
}

/// A page of numbered rows, with the token of the next.
pub(super) fn page(rows: std::ops::Range<u32>, token: Option<&str>) -> Reply {
    let columns =
        json!([{ "name": "ID", "display_name": "ID", "base_type": "type/Integer", "source": "fields" }]);
    let count = rows.len();
    let mut body = completed(&columns, &rows.map(|row| json!([row])).collect());
    // A page that is as long as the constraint says so, whether it is cut or not.
    if count == 200 {
        body["data"]["rows_truncated"] = json!(200);
    }
    body["continuation_token"] = json!(token);
    json_reply(202, &body)
}
