//! dbt's Semantic Layer. Like Discovery it has one path, and its operations are told by their documents. A query is a
//! mutation in GraphQL, because it makes the server keep a result; it changes nothing in the warehouse, so it reads.

use super::operation::{Api, Area, DbtPermission, Operation};

const fn reads(name: &'static str, document: &'static str) -> Operation {
    Operation::query(
        Api::DbtSemanticLayer,
        Area::DbtSemanticLayer,
        name,
        "/api/graphql",
    )
    .document(document)
    .needs(DbtPermission::SemanticLayerOnly)
    .since("graphql")
}

/// Asks what the warehouse is.
pub(crate) const ENVIRONMENT_INFO: Operation = reads(
    "read_environment_info",
    include_str!("graphql/semantic_layer/environment_info.graphql"),
)
.says("ask for the dialect of the warehouse");
/// Lists metrics page by page.
pub const METRICS: Operation = reads(
    "list_metrics",
    include_str!("graphql/semantic_layer/metrics.graphql"),
)
.says("list metrics");
/// Lists what metrics can be grouped and filtered by.
pub(crate) const DIMENSIONS: Operation = reads(
    "list_dimensions",
    include_str!("graphql/semantic_layer/dimensions.graphql"),
)
.says("list dimensions of metrics");
/// Lists the entities of metrics.
pub(crate) const ENTITIES: Operation = reads(
    "list_entities",
    include_str!("graphql/semantic_layer/entities.graphql"),
)
.says("list entities of metrics");
pub(crate) const SAVED_QUERIES: Operation = reads(
    "list_saved_queries",
    include_str!("graphql/semantic_layer/saved_queries.graphql"),
)
.says("list saved queries");
/// Starts a query of metrics.
pub(crate) const CREATE_QUERY: Operation = reads(
    "create_metric_query",
    include_str!("graphql/semantic_layer/create_query.graphql"),
)
.says("query metrics");
/// Starts a query of the values of dimensions.
pub(crate) const CREATE_VALUES_QUERY: Operation = reads(
    "create_dimension_values_query",
    include_str!("graphql/semantic_layer/create_values_query.graphql"),
)
.says("query values of dimensions");
/// Asks how far a query is, and for a page of its result.
pub(crate) const QUERY_RESULT: Operation = reads(
    "read_query_result",
    include_str!("graphql/semantic_layer/query_result.graphql"),
)
.says("read the result of a query of metrics");
/// The same, for a page in Arrow's format: some servers give no other.
pub(crate) const QUERY_RESULT_ARROW: Operation = reads(
    "read_query_result_as_arrow",
    include_str!("graphql/semantic_layer/query_result_arrow.graphql"),
)
.says("read the result of a query of metrics as Arrow");
pub(crate) const CANCEL_QUERY: Operation = reads(
    "cancel_metric_query",
    include_str!("graphql/semantic_layer/cancel_query.graphql"),
)
.says("cancel a query of metrics");

pub static SEMANTIC_LAYER: [Operation; 10] = [
    ENVIRONMENT_INFO,
    METRICS,
    DIMENSIONS,
    ENTITIES,
    SAVED_QUERIES,
    CREATE_QUERY,
    CREATE_VALUES_QUERY,
    QUERY_RESULT,
    QUERY_RESULT_ARROW,
    CANCEL_QUERY,
];
