use serde_json::Value;

use super::clauses::QueryClauses;
use crate::metabase::endpoints::Route;
use crate::metabase::fields::NamedField;
use crate::metabase::server::DetectedServer;
use crate::metabase::sources::QueriedRows;
use crate::metabase::wire_card::WireCard;
use crate::metabase::{MetabaseError, failure};

/// How a dialect writes clauses down.
pub(super) trait Grammar {
    /// Where its queries are sent, and whether the answers come in pages.
    const ROUTE: Route;
    const PAGED: bool;

    fn clause(&self, operator: &str, arguments: Vec<Value>) -> Value;

    fn field(&self, field: &NamedField, source: &QueriedRows) -> Result<Value, UnsupportedQuery>;

    /// A field cut down to a unit of time, or the unit's number for `day-of-week`.
    fn bucketed(
        &self,
        field: &NamedField,
        unit: &str,
        source: &QueriedRows,
    ) -> Result<Value, UnsupportedQuery>;

    /// That a field is one of several values, or none of them.
    fn one_of(&self, is_one: bool, field: Value, values: Vec<Value>) -> Value {
        let arguments = std::iter::once(field).chain(values).collect();
        self.clause(if is_one { "=" } else { "!=" }, arguments)
    }

    /// A condition on text that does not look at its case.
    fn matching(&self, operator: &str, field: Value, text: &str) -> Value;

    /// The day of the week of a field, counted as [`Grammar::weekday`] counts.
    fn weekday_of(&self, field: Value) -> Value {
        self.clause("get-day-of-week", vec![field, Value::from("iso")])
    }

    /// A day of the week that is counted from Monday.
    fn weekday(&self, iso: &Value) -> Value {
        iso.clone()
    }

    fn segment(&self, id: u32, source: &QueriedRows) -> Result<Value, UnsupportedQuery>;

    fn measure(&self, id: u32, source: &QueriedRows) -> Result<Value, UnsupportedQuery>;

    fn metric(
        &self,
        id: u32,
        card: &WireCard,
        source: &QueriedRows,
    ) -> Result<MetricClauses, UnsupportedQuery>;

    /// The aggregation at this place of the query.
    fn aggregation_reference(&self, at: usize) -> Value;

    /// The body of the request.
    fn body(&self, clauses: &QueryClauses, source: &QueriedRows) -> Result<Value, UnsupportedQuery>;
}

#[derive(Debug, Default)]
pub(super) struct MetricClauses {
    /// The metric is what the query reads, and brings its aggregation.
    pub(super) as_source: Option<u32>,
    pub(super) aggregation: Option<Value>,
    /// Conditions of its definition, where these have to be said.
    pub(super) filters: Vec<Value>,
}

/// What a dialect cannot say, in words: "metric 9 was asked for …".
#[derive(Debug)]
pub(in crate::metabase) struct UnsupportedQuery(pub(super) String);

/// Why a query was not answered.
#[derive(Debug)]
pub(in crate::metabase) enum DialectError {
    /// The dialect cannot say it; nothing was sent.
    UnsupportedQuery(UnsupportedQuery),
    Failed(MetabaseError),
}

impl DialectError {
    pub(super) fn lack(words: String) -> Self {
        Self::UnsupportedQuery(UnsupportedQuery(words))
    }

    pub(in crate::metabase) fn into_error(self, detected: &DetectedServer, action: &str) -> MetabaseError {
        match self {
            Self::UnsupportedQuery(lack) => {
                let class = crate::metabase::FailureClass::InvalidQuery;
                let words = detected.lacking_in_words(&lack.0);
                failure::local(action, class, &words)
            }
            Self::Failed(error) => error,
        }
    }
}

impl From<UnsupportedQuery> for DialectError {
    fn from(lack: UnsupportedQuery) -> Self {
        Self::UnsupportedQuery(lack)
    }
}

impl From<MetabaseError> for DialectError {
    fn from(error: MetabaseError) -> Self {
        Self::Failed(error)
    }
}
