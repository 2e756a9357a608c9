//! Queries as the gate lets them through: every entry is an `Allowed*`, every dimension one of the entry's own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{AllowedCard, AllowedMetric, AllowedTable, Dimension, Measure, Parameter, Segment};

#[derive(Debug, Clone, PartialEq)]
pub struct CardRun {
    pub card: AllowedCard,
    /// Values for its parameters, in the card's parameter order.
    pub arguments: Vec<CardArgument>,
}

/// A value for one declared parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct CardArgument {
    /// The parameter, a clone of the card's own.
    pub parameter: Parameter,
    /// A scalar or an array of scalars, already checked against the parameter.
    pub value: Value,
}

/// A metric to be queried.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricQuery {
    pub metric: AllowedMetric,
    /// All must hold.
    pub filters: Vec<QueryFilter>,
    /// At most one row per combination; empty for one number.
    pub group_by: Vec<GroupBy>,
    /// Order and limit of the rows, applied by us to the whole result: the Agent API gives a metric none.
    pub order_by: Option<Direction>,
    /// Most rows wanted after ordering.
    pub limit: Option<u32>,
}

/// A table to be queried.
#[derive(Debug, Clone, PartialEq)]
pub struct TableQuery {
    pub table: AllowedTable,
    /// All must hold.
    pub filters: Vec<QueryFilter>,
    /// The fields wanted, for a query without aggregation; empty for all.
    pub fields: Vec<Dimension>,
    pub aggregations: Vec<Aggregation>,
    /// What it is computed for each of.
    pub group_by: Vec<GroupBy>,
    /// Order by fields. An aggregation carries its own order.
    pub order_by: Vec<OrderBy>,
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum QueryFilter {
    /// A condition on a dimension.
    Dimension {
        /// A clone of the entry's own dimension.
        dimension: Dimension,
        /// The operation, which fits the dimension's type.
        operation: FilterOperation,
        /// Its operands: none for existence, one or more otherwise.
        values: Vec<Scalar>,
        /// Time bucket the dimension is compared at.
        bucket: Option<Bucket>,
    },
    Segment(Segment),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Text; also dates and times (ISO 8601).
    Text(String),
    Number(serde_json::Number),
    Bool(bool),
}

/// The Agent API's filter operations, by their names on the wire.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the documentation: Metabase's own")]
pub enum FilterOperation {
    IsNull,
    IsNotNull,
    StringIsEmpty,
    StringIsNotEmpty,
    IsTrue,
    IsFalse,
    Equals,
    NotEquals,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    StringContains,
    StringNotContains,
    StringStartsWith,
    StringEndsWith,
    YearEquals,
    YearNotEquals,
    QuarterEquals,
    QuarterNotEquals,
    MonthEquals,
    MonthNotEquals,
    DayOfWeekEquals,
    DayOfWeekNotEquals,
    HourEquals,
    HourNotEquals,
    MinuteEquals,
    MinuteNotEquals,
    SecondEquals,
    SecondNotEquals,
}

/// Time buckets that group a time dimension, by their names on the wire.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the documentation: Metabase's own")]
pub enum Bucket {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    DayOfWeek,
}

/// A dimension to group by.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBy {
    /// A clone of the entry's own dimension.
    pub dimension: Dimension,
    /// For a time dimension, its bucket.
    pub granularity: Option<Bucket>,
}

/// Something computed over a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    pub aggregate: AggregateFunction,
    /// Whether the rows are ordered by it.
    pub sort: Option<Direction>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AggregateFunction {
    Count,
    Average(Dimension),
    /// Number of distinct values of a field.
    CountDistinct(Dimension),
    /// Greatest value of a field.
    Max(Dimension),
    /// Least value of a field.
    Min(Dimension),
    Sum(Dimension),
    Measure(Measure),
}

/// Which way rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Direction {
    Asc,
    Desc,
}

/// A field to order rows by.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBy {
    /// A clone of the entry's own dimension.
    pub dimension: Dimension,
    pub direction: Direction,
}
