//! `POST /api/graphql`.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::SemanticLayer;
use super::arrow::stream;
use super::book::QueryState;
use super::fault::SemanticFault;
use super::listing;
use super::manifest::ServedMetric;
use super::request::{group_of, items, query_of};
use crate::access::TokenRight;
use crate::account::DEMO_ENVIRONMENT;
use crate::graphql::{FieldCall, FieldResolver, GraphqlFault, GraphqlSchema, respond};
use crate::state::DbtState;

static SCHEMA: LazyLock<Result<GraphqlSchema, String>> =
    LazyLock::new(|| GraphqlSchema::parse(include_str!("semantic_layer.graphql")));

/// Rows of a page of metrics and so on, when nothing is asked for.
const PAGE_SIZE: usize = 100;

/// Answers a request. Everything that is wrong with it is a GraphQL error in a 200.
pub(crate) async fn answer(State(app): State<Arc<DbtState>>, headers: HeaderMap, body: Bytes) -> Response {
    let authorized = app
        .tokens
        .caller(&headers)
        .is_some_and(|caller| caller.may(TokenRight::SemanticLayer));
    if !authorized {
        return Json(json!({ "data": null, "errors": [{ "message": "User is not authorized" }] }))
            .into_response();
    }
    respond(&SCHEMA, SemanticResolver { app }, &body).await
}

struct SemanticResolver {
    app: Arc<DbtState>,
}

impl FieldResolver for SemanticResolver {
    fn resolve(&self, call: &FieldCall<'_>) -> Result<Option<Value>, GraphqlFault> {
        if matches!(call.on, "Query" | "Mutation") {
            if call.number("environmentId") != Some(DEMO_ENVIRONMENT) {
                return Err(
                    GraphqlFault::new("The environment does not have a Semantic Layer.").coded("NOT_FOUND"),
                );
            }
            return self.root(call).map(Some);
        }
        let manifest = self.app.project.semantic();
        let own_name = || {
            vec![
                call.parent
                    .get("name")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
            ]
        };
        Ok(match (call.on, call.field) {
            ("Metric", "dimensions") => Some(json!(listing::dimensions(manifest, &own_name()))),
            ("Metric", "entities") => Some(json!(listing::entities(manifest, &own_name()))),
            ("Metric", "measures") => Some(json!(listing::measures(manifest, &own_name()))),
            ("QueryResult", "arrowResult" | "jsonResult") => Some(self.rows(call)),
            _ => None,
        })
    }
}

impl SemanticResolver {
    fn layer(&self) -> &SemanticLayer {
        &self.app.semantic
    }

    fn root(&self, call: &FieldCall<'_>) -> Result<Value, GraphqlFault> {
        let manifest = self.app.project.semantic();
        let metrics = || self.metrics(call);
        Ok(match call.field {
            "environmentInfo" => json!({
                "dialect": "DUCKDB",
                "sqlDialect": "DUCKDB",
                "dialectSupportedBySlg": true,
                "hasMetricsDefined": !manifest.metrics.is_empty(),
            }),
            "metrics" => json!(searched(call, listed(manifest.metrics.iter(), manifest))),
            "metricsPaginated" => paged(call, searched(call, listed(manifest.metrics.iter(), manifest))),
            "dimensions" => json!(searched(call, listing::dimensions(manifest, &metrics()?))),
            "dimensionsPaginated" => paged(call, searched(call, listing::dimensions(manifest, &metrics()?))),
            "entities" => json!(searched(call, listing::entities(manifest, &metrics()?))),
            "entitiesPaginated" => paged(call, searched(call, listing::entities(manifest, &metrics()?))),
            "measures" => json!(listing::measures(manifest, &metrics()?)),
            "queryableGranularities" => {
                json!(listing::upper(
                    &listing::granularities(manifest, &metrics()?).unwrap_or_default()
                ))
            }
            "metricsForDimensions" => {
                let groups = items(call.argument("dimensions"))
                    .map(group_of)
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(told)?;
                json!(listed(
                    listing::metrics_for(manifest, &groups).into_iter(),
                    manifest
                ))
            }
            "savedQueries" => manifest.saved_queries.iter().map(listing::saved_query).collect(),
            "savedQueriesPaginated" => paged(
                call,
                manifest.saved_queries.iter().map(listing::saved_query).collect(),
            ),
            "query" => self.poll(call)?,
            "createQuery" | "createDimensionValuesQuery" => self.create(call),
            "compileSql" => {
                let query = query_of(manifest, call)
                    .and_then(|query| self.layer().compile(&query))
                    .map_err(told)?;
                json!({ "sql": query.sql })
            }
            "cancelQuery" => {
                let id = query_id(call)?;
                if !self.layer().book.cancel(id) {
                    return Err(unknown_query(call));
                }
                json!({ "queryId": call.text("queryId") })
            }
            _ => Value::Null,
        })
    }

    /// Names of the metrics of a request, which have to be there.
    fn metrics(&self, call: &FieldCall<'_>) -> Result<Vec<String>, GraphqlFault> {
        let manifest = self.app.project.semantic();
        let mut names = Vec::new();
        for name in items(call.argument("metrics")).filter_map(|metric| metric.get("name")?.as_str()) {
            let name = name.to_lowercase();
            if manifest.metric(&name).is_none() {
                let known = manifest.metrics.iter().map(|metric| metric.name.as_str());
                let near = crate::nearest::nearest(&name, known);
                return Err(GraphqlFault::new(format!(
                    "Unknown metric: '{name}'. Suggestions: {near:?}"
                )));
            }
            names.push(name);
        }
        Ok(names)
    }

    /// Starts a query, and answers with its id at once.
    fn create(&self, call: &FieldCall<'_>) -> Value {
        let layer = self.layer();
        let id = layer.book.open();
        let compiled = query_of(self.app.project.semantic(), call).map(|mut query| {
            // The values of dimensions are what there is, not what the metrics say about it.
            if call.field == "createDimensionValuesQuery" {
                query.metrics.clear();
            }
            query
        });
        match compiled.and_then(|query| layer.compile(&query)) {
            Err(fault) => layer.book.end(id, Err(fault)),
            Ok(query) => {
                layer.book.compiled(id, &query.sql);
                let app = Arc::clone(&self.app);
                tokio::task::spawn_blocking(move || {
                    let outcome = app.semantic.run(&query);
                    app.semantic.book.end(id, outcome);
                });
            }
        }
        json!({ "queryId": written(id) })
    }

    fn poll(&self, call: &FieldCall<'_>) -> Result<Value, GraphqlFault> {
        let id = query_id(call)?;
        let query = self.layer().book.poll(id).ok_or_else(|| unknown_query(call))?;
        let (status, error, pages) = match &query.state {
            QueryState::Failed(error) => ("FAILED", json!(error), Value::Null),
            // The first look finds it on its way, however quick it was.
            _ if query.polls == 1 => (
                if query.sql.is_some() {
                    "COMPILED"
                } else {
                    "PENDING"
                },
                Value::Null,
                Value::Null,
            ),
            QueryState::Running => ("RUNNING", Value::Null, Value::Null),
            QueryState::Done(table) => {
                let page = call.number("pageNum").unwrap_or(1);
                if page < 1 || usize::try_from(page).is_ok_and(|page| page > table.pages()) {
                    return Err(GraphqlFault::new(format!(
                        "The result has {} pages, not {page}.",
                        table.pages()
                    )));
                }
                ("SUCCESSFUL", Value::Null, json!(table.pages()))
            }
        };
        Ok(json!({
            "queryId": call.text("queryId"),
            "status": status,
            "sql": query.sql,
            "error": error,
            "totalPages": pages,
            // For the fields below.
            "page": call.number("pageNum").unwrap_or(1),
        }))
    }

    /// A page of a result that is there.
    fn rows(&self, call: &FieldCall<'_>) -> Value {
        let withheld = self.layer().arrow_only && call.field == "jsonResult";
        if withheld || call.parent.get("status") != Some(&json!("SUCCESSFUL")) {
            return Value::Null;
        }
        let id = call
            .parent
            .get("queryId")
            .and_then(Value::as_str)
            .and_then(read_id);
        let page = call
            .parent
            .get("page")
            .and_then(Value::as_u64)
            .and_then(|page| usize::try_from(page).ok());
        let (Some(id), Some(page)) = (id, page) else {
            return Value::Null;
        };
        let Some(QueryState::Done(table)) = self.layer().book.state(id) else {
            return Value::Null;
        };
        if call.field == "arrowResult" {
            return json!(STANDARD.encode(stream(&table, page)));
        }
        let text = table
            .json(page, call.text("orient").unwrap_or("TABLE"))
            .to_string();
        let encoded = call.argument("encoded") != &json!(false);
        json!(if encoded { STANDARD.encode(text) } else { text })
    }
}

fn listed<'a>(
    metrics: impl Iterator<Item = &'a ServedMetric>,
    manifest: &super::ServedManifest,
) -> Vec<Value> {
    metrics.map(|metric| listing::metric(manifest, metric)).collect()
}

fn searched(call: &FieldCall<'_>, mut found: Vec<Value>) -> Vec<Value> {
    if let Some(wanted) = call.text("search") {
        found.retain(|one| listing::mentions(one, wanted));
    }
    let terms: Vec<&str> = items(call.argument("searchTerms"))
        .filter_map(Value::as_str)
        .collect();
    if !terms.is_empty() {
        found.retain(|one| terms.iter().any(|term| listing::mentions(one, term)));
    }
    found
}

fn paged(call: &FieldCall<'_>, all: Vec<Value>) -> Value {
    let number = |name: &str, default: usize| {
        let given = call.number(name).and_then(|number| usize::try_from(number).ok());
        given.filter(|number| *number > 0).unwrap_or(default)
    };
    let (page, size) = (number("pageNum", 1), number("pageSize", PAGE_SIZE));
    let total = all.len();
    let items: Vec<Value> = all
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .collect();
    json!({ "pageNum": page, "pageSize": size, "totalItems": total, "totalPages": total.div_ceil(size), "items": items })
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn told(fault: SemanticFault) -> GraphqlFault {
    GraphqlFault::new(fault.to_string())
}

fn written(id: u64) -> String {
    format!("query-{id:016x}")
}

fn read_id(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("query-")?, 16).ok()
}

fn query_id(call: &FieldCall<'_>) -> Result<u64, GraphqlFault> {
    call.text("queryId")
        .and_then(read_id)
        .ok_or_else(|| unknown_query(call))
}

fn unknown_query(call: &FieldCall<'_>) -> GraphqlFault {
    GraphqlFault::new(format!(
        "Query not found: {}",
        call.text("queryId").unwrap_or_default()
    ))
    .coded("NOT_FOUND")
}
