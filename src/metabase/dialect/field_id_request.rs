//! Bodies of `construct-query` and `/v1/query`, from queries the gate let through and the ids of the moment.

use serde_json::{Map, Value, json};

use crate::metabase::fields::Fields;
use crate::metabase::{
    AggregateFunction, Aggregation, Direction, GroupBy, MetabaseError, MetricQuery, OrderBy, QueryFilter,
    Scalar, TableQuery,
};

/// The body for a metric. The Agent API takes neither order nor limit for one.
pub(super) fn metric(query: &MetricQuery, fields: &Fields) -> Result<Value, MetabaseError> {
    let mut body = Map::new();
    body.insert("metric_id".into(), json!(query.metric.id()));
    put(&mut body, "filters", filters(&query.filters, fields)?);
    put(&mut body, "group_by", group_by(&query.group_by, fields)?);
    Ok(Value::Object(body))
}

/// The body for a table, for at most `limit` rows (of one page, where there are pages).
pub(super) fn table(query: &TableQuery, fields: &Fields, limit: u32) -> Result<Value, MetabaseError> {
    let mut body = Map::new();
    body.insert("table_id".into(), json!(query.table.id()));
    put(&mut body, "filters", filters(&query.filters, fields)?);
    let columns = query
        .fields
        .iter()
        .map(|field| Ok(json!({ "field_id": fields.id(field)? })));
    put(
        &mut body,
        "fields",
        columns.collect::<Result<_, MetabaseError>>()?,
    );
    let aggregations = query.aggregations.iter().map(|one| aggregation(one, fields));
    put(&mut body, "aggregations", aggregations.collect::<Result<_, _>>()?);
    put(&mut body, "group_by", group_by(&query.group_by, fields)?);
    let order = query
        .order_by
        .iter()
        .map(|one| order_by(one, &query.group_by, fields));
    put(&mut body, "order_by", order.collect::<Result<_, _>>()?);
    body.insert("limit".into(), json!(limit));
    Ok(Value::Object(body))
}

fn put(body: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        body.insert(key.to_owned(), Value::Array(items));
    }
}

fn filters(filters: &[QueryFilter], fields: &Fields) -> Result<Vec<Value>, MetabaseError> {
    filters.iter().map(|one| filter(one, fields)).collect()
}

fn filter(filter: &QueryFilter, fields: &Fields) -> Result<Value, MetabaseError> {
    let (dimension, operation, values, bucket) = match filter {
        QueryFilter::Segment(segment) => return Ok(json!({ "segment_id": segment.id })),
        QueryFilter::Dimension {
            dimension,
            operation,
            values,
            bucket,
        } => (dimension, operation, values, bucket),
    };
    let mut body = Map::new();
    body.insert("field_id".into(), json!(fields.id(dimension)?));
    body.insert("operation".into(), json!(operation));
    match values.as_slice() {
        [] => {}
        [one] => {
            body.insert("value".into(), scalar(one));
        }
        several => {
            body.insert("values".into(), several.iter().map(scalar).collect());
        }
    }
    if let Some(bucket) = bucket {
        body.insert("bucket".into(), json!(bucket));
    }
    Ok(Value::Object(body))
}

fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => Value::String(text.clone()),
        Scalar::Number(number) => Value::Number(number.clone()),
        Scalar::Bool(flag) => Value::Bool(*flag),
    }
}

fn group_by(groups: &[GroupBy], fields: &Fields) -> Result<Vec<Value>, MetabaseError> {
    groups
        .iter()
        .map(|group| {
            let id = fields.id(&group.dimension)?;
            Ok(match group.granularity {
                Some(granularity) => json!({ "field_id": id, "field_granularity": granularity }),
                None => json!({ "field_id": id }),
            })
        })
        .collect()
}

fn aggregation(aggregation: &Aggregation, fields: &Fields) -> Result<Value, MetabaseError> {
    let mut body = Map::new();
    let function = match &aggregation.aggregate {
        AggregateFunction::Count => Some(("count", None)),
        AggregateFunction::Average(field) => Some(("avg", Some(field))),
        AggregateFunction::CountDistinct(field) => Some(("count-distinct", Some(field))),
        AggregateFunction::Max(field) => Some(("max", Some(field))),
        AggregateFunction::Min(field) => Some(("min", Some(field))),
        AggregateFunction::Sum(field) => Some(("sum", Some(field))),
        AggregateFunction::Measure(measure) => {
            body.insert("measure_id".into(), json!(measure.id));
            None
        }
    };
    if let Some((function, field)) = function {
        body.insert("function".into(), json!(function));
        if let Some(field) = field {
            body.insert("field_id".into(), json!(fields.id(field)?));
        }
    }
    if let Some(sort) = aggregation.sort {
        body.insert("sort_order".into(), json!(direction(sort)));
    }
    Ok(Value::Object(body))
}

fn order_by(order: &OrderBy, groups: &[GroupBy], fields: &Fields) -> Result<Value, MetabaseError> {
    let mut field = Map::new();
    field.insert("field_id".into(), json!(fields.id(&order.dimension)?));
    // Rows of a bucketed group are ordered by the bucket: the bare field is not a column of theirs.
    let grouped = groups
        .iter()
        .find(|group| group.dimension.name == order.dimension.name);
    if let Some(granularity) = grouped.and_then(|group| group.granularity) {
        field.insert("bucket".into(), json!(granularity));
    }
    Ok(json!({ "field": field, "direction": direction(order.direction) }))
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Asc => "asc",
        Direction::Desc => "desc",
    }
}
