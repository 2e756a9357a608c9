//! Programs (v0.61): a source and a list of operations, with fields by their numbers.
//!
//! ```json
//! {"source": {"type": "table", "id": 2},
//!  "operations": [["filter", ["in", ["field", 18], ["Gizmo", "Widget"]]],
//!                 ["aggregate", ["sum", ["field", 5]]],
//!                 ["breakout", ["with-temporal-bucket", ["field", 13], "month"]],
//!                 ["limit", 2000]]}
//! ```
//!
//! Where programs say something else than the other dialects:
//!
//! - A comparison takes one value; the server drops further ones. Several are said with `in` and `not-in`.
//! - Options of a clause are dropped, `case-sensitive` among them, so text is compared in small letters.
//! - Days of the week are counted from the day that the server's weeks begin on.
//! - A metric as a source brings its own groups with it. One that has any is said by its definition instead.
//! - A field is its number alone, so one that two foreign keys lead to cannot be said.

use serde_json::{Value, json};

use super::clauses::{QueryClauses, direction};
use super::grammar::{Grammar, MetricClauses, UnsupportedQuery};
use super::inline;
use super::weekday_numbers::WeekdayNumbers;
use crate::metabase::endpoints::{self, Route};
use crate::metabase::fields::NamedField;
use crate::metabase::saved_query::SavedQuery;
use crate::metabase::sources::{QueriedRows, SourceRows};
use crate::metabase::wire_card::WireCard;

/// The grammar of programs, for a server whose weeks begin on a certain day.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProgramDialect {
    weekdays: WeekdayNumbers,
}

impl ProgramDialect {
    pub(super) fn new(week_starts_on: &str) -> Self {
        Self {
            weekdays: WeekdayNumbers::new(week_starts_on),
        }
    }

    fn reference(field: &NamedField, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        let id = field.address.as_ref().and_then(|address| address.id);
        match id {
            Some(id) if source.count_of(id) == 1 => Ok(json!(["field", id])),
            Some(_) => Err(UnsupportedQuery(format!(
                "\"{}\" was asked for, which more than one foreign key leads to",
                crate::metabase::failure::clean(&field.name)
            ))),
            None => Err(UnsupportedQuery(format!(
                "\"{}\" was asked for, which is a column of a card",
                crate::metabase::failure::clean(&field.name)
            ))),
        }
    }
}

impl Grammar for ProgramDialect {
    const ROUTE: Route = endpoints::QUERY_V2;
    const PAGED: bool = true;

    fn clause(&self, operator: &str, arguments: Vec<Value>) -> Value {
        std::iter::once(json!(operator)).chain(arguments).collect()
    }

    fn field(&self, field: &NamedField, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Self::reference(field, source)
    }

    fn bucketed(
        &self,
        field: &NamedField,
        unit: &str,
        source: &QueriedRows,
    ) -> Result<Value, UnsupportedQuery> {
        Ok(json!([
            "with-temporal-bucket",
            Self::reference(field, source)?,
            unit
        ]))
    }

    fn one_of(&self, is_one: bool, field: Value, values: Vec<Value>) -> Value {
        json!([if is_one { "in" } else { "not-in" }, field, values])
    }

    fn matching(&self, operator: &str, field: Value, text: &str) -> Value {
        json!([operator, ["lower", field], text.to_lowercase()])
    }

    fn weekday_of(&self, field: Value) -> Value {
        json!(["get-day-of-week", field])
    }

    fn weekday(&self, iso: &Value) -> Value {
        self.weekdays.of(iso)
    }

    fn segment(&self, id: u32, _source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Ok(json!(["segment", id]))
    }

    /// Measures are not in the context of a program, so the definition is said.
    fn measure(&self, id: u32, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        let found = source
            .measures
            .iter()
            .find(|one| one.id.as_u64() == Some(u64::from(id)));
        found
            .and_then(|measure| SavedQuery::of(&measure.definition)?.aggregation())
            .and_then(|aggregation| inline::aggregation(aggregation, source))
            .ok_or_else(|| {
                UnsupportedQuery(format!(
                    "measure {id} was asked for, whose definition no program can say"
                ))
            })
    }

    fn metric(
        &self,
        id: u32,
        card: &WireCard,
        source: &QueriedRows,
    ) -> Result<MetricClauses, UnsupportedQuery> {
        let saved = SavedQuery::of(&card.dataset_query)
            .ok_or_else(|| UnsupportedQuery(format!("the definition of metric {id} cannot be read")))?;
        if saved.breakouts().is_empty() {
            return Ok(MetricClauses {
                as_source: Some(id),
                ..MetricClauses::default()
            });
        }
        let said = || {
            let saved = Some(saved).filter(|saved| saved.is_plain())?;
            let filters = saved
                .filters()
                .into_iter()
                .map(|filter| inline::condition(filter, source));
            Some(MetricClauses {
                as_source: None,
                aggregation: Some(inline::aggregation(saved.aggregation()?, source)?),
                filters: filters.collect::<Option<_>>()?,
            })
        };
        said().ok_or_else(|| {
            UnsupportedQuery(format!(
                "metric {id} was asked for other groups than its own, and its definition is more than a program can say"
            ))
        })
    }

    fn aggregation_reference(&self, at: usize) -> Value {
        json!(["aggregation-ref", at])
    }

    fn body(&self, clauses: &QueryClauses, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        let from = match (clauses.metric, &source.from) {
            (Some(metric), _) => json!({ "type": "metric", "id": metric }),
            (None, SourceRows::Table { id, .. }) => json!({ "type": "table", "id": id }),
            (None, SourceRows::Card { id, .. }) => json!({ "type": "card", "id": id }),
        };
        let one = |operation: &'static str| move |clause: &Value| json!([operation, clause]);
        let mut operations: Vec<Value> = Vec::new();
        operations.extend(clauses.filters.iter().map(one("filter")));
        operations.extend(clauses.aggregations.iter().map(one("aggregate")));
        operations.extend(clauses.breakouts.iter().map(one("breakout")));
        if !clauses.fields.is_empty() {
            operations.push(json!(["with-fields", clauses.fields]));
        }
        let orders = clauses.orders.iter();
        operations.extend(orders.map(|(reference, way)| json!(["order-by", reference, direction(*way)])));
        if let Some(limit) = clauses.limit {
            operations.push(json!(["limit", limit]));
        }
        Ok(json!({ "source": from, "operations": operations }))
    }
}
