//! Portable MBQL 5 (v0.62 and later): tables and fields by the names on their path, metrics, segments and measures by
//! their entity ids.
//!
//! ```json
//! {"query": {"lib/type": "mbql/query", "stages": [{
//!     "lib/type": "mbql.stage/mbql",
//!     "source-table": ["Shop", null, "orders"],
//!     "aggregation": [["metric", {}, "skXR69-dlhJST5C7Rd9nR"]],
//!     "breakout": [["field", {"temporal-unit": "month"}, ["Shop", null, "orders", "created_at"]]],
//!     "limit": 2000}]}}
//! ```

use serde_json::{Map, Value, json};

use super::clauses::{QueryClauses, direction};
use super::grammar::{Grammar, MetricClauses, UnsupportedQuery};
use crate::metabase::classic::ClassicNamed;
use crate::metabase::endpoints::{self, Route};
use crate::metabase::fields::NamedField;
use crate::metabase::sources::{QueriedRows, SourceRows};
use crate::metabase::wire_card::WireCard;

#[derive(Debug, Clone, Copy)]
pub(super) struct PortableDialect;

impl PortableDialect {
    fn with_options(operator: &str, options: Map<String, Value>, arguments: Vec<Value>) -> Value {
        let head = [json!(operator), Value::Object(options)];
        head.into_iter().chain(arguments).collect()
    }

    fn reference(field: &NamedField, unit: Option<&str>, source: &QueriedRows) -> Value {
        let mut options = Map::new();
        if let Some(unit) = unit {
            options.insert("temporal-unit".to_owned(), json!(unit));
        }
        let address = field.address.as_ref();
        if let Some(via) = address.and_then(|address| address.via.as_ref()) {
            options.insert("source-field".to_owned(), json!(via.path));
        }
        let named = match (&source.from, address) {
            (SourceRows::Table { .. }, Some(address)) => json!(address.path),
            _ => json!(field.wire.name),
        };
        Self::with_options("field", options, vec![named])
    }

    fn by_entity_id(kind: &str, id: u32, known: &[ClassicNamed]) -> Result<Value, UnsupportedQuery> {
        let found = known.iter().find(|one| one.id.as_u64() == Some(u64::from(id)));
        let entity_id = found.and_then(|one| one.entity_id.as_deref());
        entity_id
            .map(|entity_id| json!([kind, {}, entity_id]))
            .ok_or_else(|| UnsupportedQuery(format!("{kind} {id} has no entity id")))
    }
}

impl Grammar for PortableDialect {
    const ROUTE: Route = endpoints::QUERY_V2;
    const PAGED: bool = true;

    fn clause(&self, operator: &str, arguments: Vec<Value>) -> Value {
        Self::with_options(operator, Map::new(), arguments)
    }

    fn field(&self, field: &NamedField, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Ok(Self::reference(field, None, source))
    }

    fn bucketed(
        &self,
        field: &NamedField,
        unit: &str,
        source: &QueriedRows,
    ) -> Result<Value, UnsupportedQuery> {
        Ok(Self::reference(field, Some(unit), source))
    }

    fn matching(&self, operator: &str, field: Value, text: &str) -> Value {
        let whatever_case = Map::from_iter([("case-sensitive".to_owned(), Value::Bool(false))]);
        Self::with_options(operator, whatever_case, vec![field, json!(text)])
    }

    fn segment(&self, id: u32, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Self::by_entity_id("segment", id, &source.segments)
    }

    fn measure(&self, id: u32, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Self::by_entity_id("measure", id, &source.measures)
    }

    fn metric(
        &self,
        id: u32,
        card: &WireCard,
        _source: &QueriedRows,
    ) -> Result<MetricClauses, UnsupportedQuery> {
        let entity_id = card.entity_id.as_deref();
        let entity_id = entity_id.ok_or_else(|| UnsupportedQuery(format!("metric {id} has no entity id")))?;
        Ok(MetricClauses {
            aggregation: Some(json!(["metric", {}, entity_id])),
            ..MetricClauses::default()
        })
    }

    fn aggregation_reference(&self, at: usize) -> Value {
        json!(["aggregation", {}, at])
    }

    fn body(&self, clauses: &QueryClauses, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        let mut stage = Map::from_iter([("lib/type".to_owned(), json!("mbql.stage/mbql"))]);
        match &source.from {
            SourceRows::Table { id, path } => {
                if path.first().is_none_or(Value::is_null) {
                    return Err(UnsupportedQuery(format!(
                        "table {id} was asked for, whose database has no name"
                    )));
                }
                stage.insert("source-table".to_owned(), json!(path));
            }
            SourceRows::Card { id, entity_id } => {
                let entity_id = entity_id
                    .as_deref()
                    .ok_or_else(|| UnsupportedQuery(format!("card {id} has no entity id")))?;
                stage.insert("source-card".to_owned(), json!(entity_id));
            }
        }
        let orders = clauses.orders.iter();
        let orders = orders
            .map(|(reference, way)| json!([direction(*way), {}, reference]))
            .collect();
        clauses.put(
            &mut stage,
            &[
                ("filters", &clauses.filters),
                ("aggregation", &clauses.aggregations),
                ("breakout", &clauses.breakouts),
                ("fields", &clauses.fields),
                ("order-by", &orders),
            ],
        );
        Ok(json!({ "query": { "lib/type": "mbql/query", "stages": [stage] } }))
    }
}
