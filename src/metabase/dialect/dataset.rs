//! MBQL 4 for `/api/dataset`, which every version takes. Never SQL, and only where the settings allow the route.
//!
//! Only clauses that all versions know are said: `get-day-of-week` takes no `iso` before v0.51 or so, so days of the week are
//! counted as the server counts them.

use serde_json::{Map, Value, json};

use super::clauses::{QueryClauses, direction};
use super::grammar::{Grammar, MetricClauses, UnsupportedQuery};
use super::weekday_numbers::WeekdayNumbers;
use crate::metabase::endpoints::{self, Route};
use crate::metabase::fields::NamedField;
use crate::metabase::sources::{QueriedRows, SourceRows};
use crate::metabase::wire_card::WireCard;

#[derive(Debug, Clone, Copy)]
pub(super) struct DatasetDialect {
    weekdays: WeekdayNumbers,
}

impl DatasetDialect {
    pub(super) fn new(week_starts_on: &str) -> Self {
        Self {
            weekdays: WeekdayNumbers::new(week_starts_on),
        }
    }

    fn reference(field: &NamedField, unit: Option<&str>) -> Value {
        let address = field.address.clone().unwrap_or_default();
        let mut options = Map::new();
        if let Some(unit) = unit {
            options.insert("temporal-unit".to_owned(), json!(unit));
        }
        if let Some(via) = &address.via {
            options.insert("source-field".to_owned(), json!(via.id));
        }
        let named = if let Some(id) = address.id {
            json!(id)
        } else {
            let kind = field.wire.base_type.as_deref().unwrap_or("type/*");
            options.insert("base-type".to_owned(), json!(kind));
            json!(field.wire.name)
        };
        let options = if options.is_empty() {
            Value::Null
        } else {
            Value::Object(options)
        };
        json!(["field", named, options])
    }
}

impl Grammar for DatasetDialect {
    const ROUTE: Route = endpoints::DATASET;
    const PAGED: bool = false;

    fn clause(&self, operator: &str, arguments: Vec<Value>) -> Value {
        std::iter::once(json!(operator)).chain(arguments).collect()
    }

    fn field(&self, field: &NamedField, _source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Ok(Self::reference(field, None))
    }

    fn bucketed(
        &self,
        field: &NamedField,
        unit: &str,
        _source: &QueriedRows,
    ) -> Result<Value, UnsupportedQuery> {
        Ok(Self::reference(field, Some(unit)))
    }

    fn matching(&self, operator: &str, field: Value, text: &str) -> Value {
        json!([operator, field, text, { "case-sensitive": false }])
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

    fn measure(&self, id: u32, _source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        Ok(json!(["measure", id]))
    }

    fn metric(
        &self,
        id: u32,
        _card: &WireCard,
        _source: &QueriedRows,
    ) -> Result<MetricClauses, UnsupportedQuery> {
        Ok(MetricClauses {
            aggregation: Some(json!(["metric", id])),
            ..MetricClauses::default()
        })
    }

    fn aggregation_reference(&self, at: usize) -> Value {
        json!(["aggregation", at])
    }

    fn body(&self, clauses: &QueryClauses, source: &QueriedRows) -> Result<Value, UnsupportedQuery> {
        let (name, from) = match &source.from {
            SourceRows::Table { id, .. } => (format!("table {id}"), json!(id)),
            SourceRows::Card { id, .. } => (format!("card {id}"), json!(format!("card__{id}"))),
        };
        let database = source
            .database
            .ok_or_else(|| UnsupportedQuery(format!("the database of {name} is not known")))?;
        let mut query = Map::from_iter([("source-table".to_owned(), from)]);
        match clauses.filters.as_slice() {
            [] => {}
            [one] => drop(query.insert("filter".to_owned(), one.clone())),
            several => {
                let all = self.clause("and", several.to_vec());
                query.insert("filter".to_owned(), all);
            }
        }
        let orders = clauses.orders.iter();
        let orders = orders
            .map(|(reference, way)| json!([direction(*way), reference]))
            .collect();
        clauses.put(
            &mut query,
            &[
                ("aggregation", &clauses.aggregations),
                ("breakout", &clauses.breakouts),
                ("fields", &clauses.fields),
                ("order-by", &orders),
            ],
        );
        Ok(json!({ "database": database, "type": "query", "query": query }))
    }
}
