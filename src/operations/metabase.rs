//! The routes of Metabase that are asked. None of them changes anything there.

use super::operation::{Api, Area, Operation};

const fn get(area: Area, name: &'static str, path: &'static str) -> Operation {
    Operation::get(Api::Metabase, area, name, path)
}

const fn query(area: Area, name: &'static str, path: &'static str) -> Operation {
    Operation::query(Api::Metabase, area, name, path)
}

/// Reads the public settings, among them the version; needs no credential.
pub(crate) const SESSION_PROPERTIES: Operation = get(
    Area::MetabaseServer,
    "read_session_properties",
    "/api/session/properties",
)
.says("read the public settings of Metabase");
/// Exchanges a name and password for a session. Throttled per person, so it is never repeated blindly.
pub(crate) const SIGN_IN: Operation =
    query(Area::MetabaseServer, "sign_in", "/api/session").says("sign in to Metabase");
pub(crate) const JWT_TO_SESSION: Operation =
    query(Area::MetabaseServer, "exchange_token", "/auth/sso/to_session")
        .says("sign in to Metabase with a signed token");
/// Tells who the credential is.
pub(crate) const CURRENT_USER: Operation =
    get(Area::MetabaseServer, "read_current_user", "/api/user/current").says("read who the credential is");
/// Lists databases, with `include=tables` their tables.
pub(crate) const DATABASES: Operation =
    get(Area::MetabaseTables, "list_databases", "/api/database").says("list databases");
pub(crate) const COLLECTION_TREE: Operation = get(
    Area::MetabaseCollections,
    "list_collections",
    "/api/collection/tree",
)
.says("list collections");
/// Lists every collection, each with where it lies: what servers have that know no tree.
pub(crate) const COLLECTIONS: Operation = get(
    Area::MetabaseCollections,
    "list_collections_flat",
    "/api/collection",
)
.says("list collections without their tree");
/// Lists what lies in one collection.
pub(crate) const COLLECTION_ITEMS: Operation = get(
    Area::MetabaseCollections,
    "list_collection_items",
    "/api/collection/{collection_id}/items",
)
.says("list what lies in collection {collection_id}");
/// Lists every card, with the collection that it lies in.
pub const CARDS: Operation = get(Area::MetabaseCards, "list_cards", "/api/card").says("list cards");
/// Reads one card or metric.
pub const CARD: Operation =
    get(Area::MetabaseCards, "read_card", "/api/card/{card_id}").says("read card {card_id}");
pub(crate) const CARD_QUERY: Operation =
    query(Area::MetabaseCards, "query_card", "/api/card/{card_id}/query").says("run card {card_id}");
/// Lists values of one parameter of a card.
pub(crate) const PARAMETER_VALUES: Operation = get(
    Area::MetabaseCards,
    "list_parameter_values",
    "/api/card/{card_id}/params/{parameter_id}/values",
)
.says("list values of parameter {parameter_id} of card {card_id}");
/// Reads one table with its fields, by their real ids.
pub(crate) const TABLE_METADATA: Operation = get(
    Area::MetabaseTables,
    "read_table_fields",
    "/api/table/{table_id}/query_metadata",
)
.says("read the fields of table {table_id}");
/// Says whether the Agent API is there and takes the credential.
pub(crate) const PING: Operation = get(Area::MetabaseServer, "ping_agent_api", "/api/agent/v1/ping")
    .says("find out whether the Agent API answers")
    .since("agent v1");
/// Reads one table as the Agent API sees it.
pub const TABLE: Operation = get(
    Area::MetabaseTables,
    "read_table",
    "/api/agent/v1/table/{table_id}",
)
.says("read table {table_id}")
.since("agent v1");
/// Reads one metric as the Agent API sees it.
pub(crate) const METRIC: Operation = get(
    Area::MetabaseMetrics,
    "read_metric",
    "/api/agent/v1/metric/{metric_id}",
)
.says("read metric {metric_id}")
.since("agent v1");
/// Lists values of one field of a table.
pub(crate) const TABLE_FIELD_VALUES: Operation = get(
    Area::MetabaseTables,
    "list_table_field_values",
    "/api/agent/v1/table/{table_id}/field/{field_id}/values",
)
.says("list values of field {field_id} of table {table_id}")
.since("agent v1");
/// Lists values of one dimension of a metric.
pub(crate) const METRIC_FIELD_VALUES: Operation = get(
    Area::MetabaseMetrics,
    "list_metric_field_values",
    "/api/agent/v1/metric/{metric_id}/field/{field_id}/values",
)
.says("list values of field {field_id} of metric {metric_id}")
.since("agent v1");
/// Turns a request into a query; runs nothing.
pub(crate) const CONSTRUCT: Operation = query(
    Area::MetabaseQueries,
    "construct_query",
    "/api/agent/v1/construct-query",
)
.says("prepare a query")
.since("agent v1");
/// Runs a constructed query; at most 200 rows.
pub(crate) const EXECUTE: Operation = query(Area::MetabaseQueries, "execute_query", "/api/agent/v1/execute")
    .says("run a query")
    .since("agent v1");
/// Runs a request page by page (v0.60).
pub const QUERY: Operation = query(Area::MetabaseQueries, "run_query_page", "/api/agent/v1/query")
    .says("run a page of a query")
    .since("agent v1");
/// Exists from v0.61 on: asked with an empty body only to tell the generations apart.
pub(crate) const CONSTRUCT_V2: Operation = query(
    Area::MetabaseQueries,
    "construct_query_v2",
    "/api/agent/v2/construct-query",
)
.says("find out which generation of the Agent API answers")
.since("agent v2");

/// Runs a program (v0.61) or a portable query (v0.62 and later) page by page.
pub(crate) const QUERY_V2: Operation =
    query(Area::MetabaseQueries, "run_query_page_v2", "/api/agent/v2/query")
        .says("run a page of a program or a portable query")
        .since("agent v2");
/// Lists values of one field by its real id.
pub(crate) const FIELD_VALUES: Operation = get(
    Area::MetabaseTables,
    "list_field_values",
    "/api/field/{field_id}/values",
)
.says("list values of field {field_id}");
/// Runs a query that is not saved. Granted only where the settings of Metabase allow the route.
pub const DATASET: Operation = query(Area::MetabaseQueries, "run_dataset_query", "/api/dataset")
    .says("run a query over the classic route");

pub static METABASE: [Operation; 25] = [
    SESSION_PROPERTIES,
    SIGN_IN,
    JWT_TO_SESSION,
    CURRENT_USER,
    DATABASES,
    COLLECTION_TREE,
    COLLECTIONS,
    COLLECTION_ITEMS,
    CARDS,
    CARD,
    CARD_QUERY,
    PARAMETER_VALUES,
    TABLE_METADATA,
    PING,
    TABLE,
    METRIC,
    TABLE_FIELD_VALUES,
    METRIC_FIELD_VALUES,
    CONSTRUCT,
    EXECUTE,
    QUERY,
    CONSTRUCT_V2,
    QUERY_V2,
    FIELD_VALUES,
    DATASET,
];
