//! The clauses of a query, in the order and with the meaning that every dialect gives them.

use serde_json::{Map, Value, json};

use super::grammar::{DialectError, Grammar, MetricClauses};
use crate::metabase::sources::QueriedRows;
use crate::metabase::{
    AggregateFunction, Bucket, Direction, FilterOperation, GroupBy, MetricQuery, QueryFilter, Scalar,
    TableQuery,
};

/// The parts of a query, each written in the dialect.
#[derive(Debug, Default)]
pub(super) struct QueryClauses {
    /// A metric that is read in place of a table.
    pub(super) metric: Option<u32>,
    pub(super) filters: Vec<Value>,
    pub(super) aggregations: Vec<Value>,
    pub(super) breakouts: Vec<Value>,
    pub(super) fields: Vec<Value>,
    pub(super) orders: Vec<(Value, Direction)>,
    /// Most rows over all pages.
    pub(super) limit: Option<u64>,
}

impl QueryClauses {
    /// Puts these parts into a stage as far as they hold something, and the limit.
    pub(super) fn put(&self, stage: &mut Map<String, Value>, parts: &[(&str, &Vec<Value>)]) {
        for (key, part) in parts {
            if !part.is_empty() {
                stage.insert((*key).to_owned(), json!(part));
            }
        }
        if let Some(limit) = self.limit {
            stage.insert("limit".to_owned(), json!(limit));
        }
    }
}

/// The clauses of a metric query; `metric` computes it.
pub(super) fn of_metric<G: Grammar>(
    query: &MetricQuery,
    metric: MetricClauses,
    source: &QueriedRows,
    grammar: &G,
) -> Result<QueryClauses, DialectError> {
    let mut all = metric.filters;
    all.extend(filters(&query.filters, source, grammar)?);
    Ok(QueryClauses {
        metric: metric.as_source,
        filters: all,
        aggregations: metric.aggregation.into_iter().collect(),
        breakouts: breakouts(&query.group_by, source, grammar)?,
        ..QueryClauses::default()
    })
}

/// The clauses of a table query. Of several orders the aggregations' own come first.
pub(super) fn of_table<G: Grammar>(
    query: &TableQuery,
    source: &QueriedRows,
    grammar: &G,
) -> Result<QueryClauses, DialectError> {
    let field = |dimension| -> Result<Value, DialectError> {
        Ok(grammar.field(source.fields.find(dimension)?, source)?)
    };
    let mut clauses = QueryClauses {
        filters: filters(&query.filters, source, grammar)?,
        breakouts: breakouts(&query.group_by, source, grammar)?,
        ..QueryClauses::default()
    };
    for dimension in &query.fields {
        clauses.fields.push(field(dimension)?);
    }
    for (at, one) in query.aggregations.iter().enumerate() {
        let of =
            |operator, dimension| Ok::<_, DialectError>(grammar.clause(operator, vec![field(dimension)?]));
        clauses.aggregations.push(match &one.aggregate {
            AggregateFunction::Count => grammar.clause("count", Vec::new()),
            AggregateFunction::Average(dimension) => of("avg", dimension)?,
            AggregateFunction::CountDistinct(dimension) => of("distinct", dimension)?,
            AggregateFunction::Max(dimension) => of("max", dimension)?,
            AggregateFunction::Min(dimension) => of("min", dimension)?,
            AggregateFunction::Sum(dimension) => of("sum", dimension)?,
            AggregateFunction::Measure(measure) => grammar.measure(measure.id.0, source)?,
        });
        if let Some(direction) = one.sort {
            clauses
                .orders
                .push((grammar.aggregation_reference(at), direction));
        }
    }
    for order in &query.order_by {
        // Rows of a bucketed group are ordered by the bucket: the bare field is not a column of theirs.
        let mut groups = query.group_by.iter();
        let group = groups.find(|group| group.dimension.name == order.dimension.name);
        let field = source.fields.find(&order.dimension)?;
        let reference = match group.and_then(|group| group.granularity) {
            Some(bucket) => grammar.bucketed(field, unit(bucket), source)?,
            None => grammar.field(field, source)?,
        };
        clauses.orders.push((reference, order.direction));
    }
    Ok(clauses)
}

fn breakouts<G: Grammar>(
    groups: &[GroupBy],
    source: &QueriedRows,
    grammar: &G,
) -> Result<Vec<Value>, DialectError> {
    let breakouts = groups.iter().map(|group| {
        let field = source.fields.find(&group.dimension)?;
        Ok(match group.granularity {
            Some(bucket) => grammar.bucketed(field, unit(bucket), source)?,
            None => grammar.field(field, source)?,
        })
    });
    breakouts.collect()
}

fn filters<G: Grammar>(
    filters: &[QueryFilter],
    source: &QueriedRows,
    grammar: &G,
) -> Result<Vec<Value>, DialectError> {
    let clauses = filters.iter().map(|filter| match filter {
        QueryFilter::Segment(segment) => Ok(grammar.segment(segment.id.0, source)?),
        QueryFilter::Dimension {
            dimension,
            operation,
            values,
            bucket,
        } => {
            let field = source.fields.find(dimension)?;
            let tested = match bucket {
                // A filter counts days of the week from Monday, whatever the server's weeks begin on.
                Some(Bucket::DayOfWeek) => grammar.weekday_of(grammar.field(field, source)?),
                Some(bucket) => grammar.bucketed(field, unit(*bucket), source)?,
                None => grammar.field(field, source)?,
            };
            if *bucket == Some(Bucket::DayOfWeek) {
                return Ok(weekday_condition(grammar, *operation, tested, values));
            }
            Ok(condition(
                grammar,
                *operation,
                tested,
                values.iter().map(json).collect(),
            ))
        }
    });
    clauses.collect()
}

/// A condition on days of the week. What comes before or after a day is said as a list of days, because a server may number
/// them from another day than Monday.
fn weekday_condition<G: Grammar>(
    grammar: &G,
    operation: FilterOperation,
    field: Value,
    values: &[Scalar],
) -> Value {
    use FilterOperation as F;
    let given = values.iter().map(json);
    let among = |holds: fn(u64, u64) -> bool| -> Vec<Value> {
        let bound = values.first().map(json).and_then(|value| value.as_u64());
        let days = (1..=7_u64).filter(|day| bound.is_some_and(|bound| holds(*day, bound)));
        days.map(Value::from).collect()
    };
    let mut days = match operation {
        F::GreaterThan => among(|day, bound| day > bound),
        F::GreaterThanOrEqual => among(|day, bound| day >= bound),
        F::LessThan => among(|day, bound| day < bound),
        F::LessThanOrEqual => among(|day, bound| day <= bound),
        _ => given.collect(),
    };
    if days.is_empty() {
        // No day comes after Sunday: a number that no day has.
        days.push(Value::from(0));
    }
    let operation = if operation == F::NotEquals {
        F::NotEquals
    } else {
        F::Equals
    };
    let days = days.iter().map(|day| grammar.weekday(day)).collect();
    condition(grammar, operation, field, days)
}

/// A condition, with the meaning that the first generations give it.
fn condition<G: Grammar>(grammar: &G, operation: FilterOperation, field: Value, values: Vec<Value>) -> Value {
    use FilterOperation as F;
    let existence = |operator: &str, field| grammar.clause(operator, vec![field]);
    let equality = |is_one: bool, field: Value, mut values: Vec<Value>| {
        if values.len() > 1 {
            return grammar.one_of(is_one, field, values);
        }
        values.insert(0, field);
        grammar.clause(if is_one { "=" } else { "!=" }, values)
    };
    let comparison = |operator: &str, field: Value, mut values: Vec<Value>| {
        values.insert(0, field);
        grammar.clause(operator, values)
    };
    let text = |operator: &str, joined: &str, field: Value, values: Vec<Value>| {
        let matching = |value: &Value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            grammar.matching(operator, field.clone(), &text)
        };
        match values.as_slice() {
            [one] => matching(one),
            several => grammar.clause(joined, several.iter().map(matching).collect()),
        }
    };
    let part = |extract: &str, is_one: bool, field: Value, values: Vec<Value>| {
        equality(is_one, grammar.clause(extract, vec![field]), values)
    };
    let day_of_week = |is_one: bool, field: Value, values: Vec<Value>| {
        let values = values.iter().map(|iso| grammar.weekday(iso)).collect();
        equality(is_one, grammar.weekday_of(field), values)
    };
    match operation {
        F::IsNull => existence("is-null", field),
        F::IsNotNull => existence("not-null", field),
        F::StringIsEmpty => existence("is-empty", field),
        F::StringIsNotEmpty => existence("not-empty", field),
        F::IsTrue => grammar.clause("=", vec![field, Value::Bool(true)]),
        F::IsFalse => grammar.clause("=", vec![field, Value::Bool(false)]),
        F::Equals => equality(true, field, values),
        F::NotEquals => equality(false, field, values),
        F::GreaterThan => comparison(">", field, values),
        F::GreaterThanOrEqual => comparison(">=", field, values),
        F::LessThan => comparison("<", field, values),
        F::LessThanOrEqual => comparison("<=", field, values),
        F::StringContains => text("contains", "or", field, values),
        F::StringNotContains => text("does-not-contain", "and", field, values),
        F::StringStartsWith => text("starts-with", "or", field, values),
        F::StringEndsWith => text("ends-with", "or", field, values),
        F::YearEquals => part("get-year", true, field, values),
        F::YearNotEquals => part("get-year", false, field, values),
        F::QuarterEquals => part("get-quarter", true, field, values),
        F::QuarterNotEquals => part("get-quarter", false, field, values),
        F::MonthEquals => part("get-month", true, field, values),
        F::MonthNotEquals => part("get-month", false, field, values),
        F::DayOfWeekEquals => day_of_week(true, field, values),
        F::DayOfWeekNotEquals => day_of_week(false, field, values),
        F::HourEquals => part("get-hour", true, field, values),
        F::HourNotEquals => part("get-hour", false, field, values),
        F::MinuteEquals => part("get-minute", true, field, values),
        F::MinuteNotEquals => part("get-minute", false, field, values),
        F::SecondEquals => part("get-second", true, field, values),
        F::SecondNotEquals => part("get-second", false, field, values),
    }
}

fn json(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => Value::String(text.clone()),
        Scalar::Number(number) => Value::Number(number.clone()),
        Scalar::Bool(flag) => Value::Bool(*flag),
    }
}

/// The unit's name on the wire.
pub(super) fn unit(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Minute => "minute",
        Bucket::Hour => "hour",
        Bucket::Day => "day",
        Bucket::Week => "week",
        Bucket::Month => "month",
        Bucket::Quarter => "quarter",
        Bucket::Year => "year",
        Bucket::DayOfWeek => "day-of-week",
    }
}

/// `asc` or `desc`.
pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Asc => "asc",
        Direction::Desc => "desc",
    }
}
