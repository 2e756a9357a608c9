//! Filters: the operation fits the dimension's type, the values fit the operation.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::card_value::with_label;
use super::grouping::{bucket, bucket_fits};
use super::operations::{OperandFamily, family, operation, wire_name};
use super::{Rejection, dates, dimension, json, listing, names, quote, resolve, scalar};
use crate::catalog::{Dimension, Segment};
use crate::metabase::{Bucket, FilterOperation, QueryFilter, Scalar};
use crate::result::{ColumnKind, WEEKDAYS};

/// Most filters of one query.
pub(super) const MAX_FILTERS: usize = 20;
/// Most values of one filter.
const MAX_VALUES: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentFilterArguments {
    segment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionFilterArguments {
    dimension: String,
    operation: String,
    #[serde(default)]
    values: Option<Vec<Value>>,
    #[serde(default)]
    bucket: Option<String>,
}

/// The filters in canonical order (all must hold, so order means nothing), each once, with their canonical form.
pub(in crate::tools) fn filters(
    items: Option<Vec<Value>>,
    dimensions: &[Dimension],
    segments: &[Segment],
    place: &str,
) -> Result<Vec<(QueryFilter, Value)>, Rejection> {
    let maps: Vec<Map<String, Value>> = json::list(items, "filters", MAX_FILTERS)?;
    let mut filters = Vec::new();
    for (at, map) in maps.into_iter().enumerate() {
        let filter = if map.contains_key("segment") {
            json::decode(map).and_then(|item| segment(&item, segments, place))
        } else {
            json::decode(map).and_then(|item| condition(&item, dimensions, place))
        };
        filters.push(filter.map_err(|rejection| rejection.at(&format!("filters[{at}]")))?);
    }
    filters.sort_by_cached_key(|(_, canonical)| canonical.to_string());
    filters.dedup_by(|a, b| a.1 == b.1);
    Ok(filters)
}

fn segment(
    item: &SegmentFilterArguments,
    segments: &[Segment],
    place: &str,
) -> Result<(QueryFilter, Value), Rejection> {
    let found = resolve(&item.segment, segments, |item| &item.name, |item| &item.name).ok_or_else(|| {
        let names = segments.iter().map(|segment| segment.name.as_str());
        names::unknown("segment", &item.segment, place, names)
    })?;
    Ok((
        QueryFilter::Segment(found.clone()),
        json!({"segment": found.name}),
    ))
}

fn condition(
    item: &DimensionFilterArguments,
    dimensions: &[Dimension],
    place: &str,
) -> Result<(QueryFilter, Value), Rejection> {
    let found = dimension(dimensions, &item.dimension, "dimension", place)?;
    let (operation, values, bucket) = tested(
        found,
        &item.operation,
        item.values.as_deref().unwrap_or_default(),
        item.bucket.as_deref(),
    )?;
    let mut canonical = json!({"dimension": found.name, "operation": operation});
    if let Some(map) = canonical.as_object_mut() {
        if !values.is_empty() {
            map.insert("values".to_owned(), Value::Array(values.clone()));
        }
        if let Some(bucket) = bucket {
            map.insert("bucket".to_owned(), json!(bucket));
        }
    }
    let filter = QueryFilter::Dimension {
        dimension: found.clone(),
        operation,
        values: values.into_iter().filter_map(scalar_of).collect(),
        bucket,
    };
    Ok((filter, canonical))
}

/// The operation and its values, if both fit; the values sorted, each once.
pub(super) fn tested(
    found: &Dimension,
    operation: &str,
    given: &[Value],
    bucket: Option<&str>,
) -> Result<(FilterOperation, Vec<Value>, Option<Bucket>), Rejection> {
    let operation = self::operation(operation, found)?;
    let family = family(operation);
    let bucket = bucket
        .map(|name| filter_bucket(name, family, found))
        .transpose()?;
    let name = wire_name(operation);
    let fits = match family {
        OperandFamily::Existence => given.is_empty(),
        OperandFamily::Comparison => given.len() == 1,
        OperandFamily::Equality
        | OperandFamily::Matching
        | OperandFamily::DayOfWeek
        | OperandFamily::Extraction { .. } => (1..=MAX_VALUES).contains(&given.len()),
    };
    if !fits {
        let wanted = match family {
            OperandFamily::Existence => "no values".to_owned(),
            OperandFamily::Comparison => "exactly one value".to_owned(),
            _ => format!("1 to {MAX_VALUES} values"),
        };
        return Err(Rejection::bad_value(format!(
            "{name} takes {wanted}, not {}",
            given.len()
        )));
    }
    let mut values = given
        .iter()
        .map(|value| operand(value, family, found, bucket))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|rejection| rejection.at(&format!("{name} on {}", quote(&found.name))))?;
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    Ok((operation, values, bucket))
}

fn scalar_of(value: Value) -> Option<Scalar> {
    match value {
        Value::String(text) => Some(Scalar::Text(text)),
        Value::Number(number) => Some(Scalar::Number(number)),
        Value::Bool(truth) => Some(Scalar::Bool(truth)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn filter_bucket(name: &str, family: OperandFamily, found: &Dimension) -> Result<Bucket, Rejection> {
    let bucket = bucket(name, "bucket")?;
    let compares = matches!(family, OperandFamily::Equality | OperandFamily::Comparison);
    if !compares || !bucket_fits(bucket, found.kind) {
        return Err(Rejection::bad_value(format!(
            "the bucket {} does not fit: a bucket goes with comparisons of a date or datetime",
            quote(name)
        ))
        .hint("leave bucket out"));
    }
    Ok(bucket)
}

fn operand(
    value: &Value,
    family: OperandFamily,
    found: &Dimension,
    bucket: Option<Bucket>,
) -> Result<Value, Rejection> {
    match family {
        OperandFamily::DayOfWeek => return day_of_week(value),
        OperandFamily::Extraction { least, greatest } => return part(value, least, greatest),
        _ => {}
    }
    if bucket == Some(Bucket::DayOfWeek) {
        return day_of_week(value);
    }
    let known = found
        .values
        .as_ref()
        .filter(|_| family == OperandFamily::Equality);
    if let Some(labelled) = known.and_then(|known| known.labelled(value)) {
        return Ok(labelled.clone());
    }
    match (found.kind, value) {
        (ColumnKind::Integer | ColumnKind::Number, _) => scalar::number_value(value).map(Value::Number),
        (ColumnKind::Text, Value::String(text)) => {
            scalar::text(text, found.values.as_ref())?;
            member(value, family, found)
        }
        (ColumnKind::Date | ColumnKind::Datetime, Value::String(text)) => {
            if dates::day(text).is_some() || dates::is_moment(text) {
                Ok(value.clone())
            } else {
                Err(Rejection::bad_value(format!("{} is no date", quote(text))).hint(
                    "dates are ISO 8601: \"2024-05-31\" or \"2024-05-31T14:00:00\"; ranges are two filters",
                ))
            }
        }
        (ColumnKind::Time, Value::String(text)) if dates::is_time(text) => Ok(value.clone()),
        _ => Err(Rejection::bad_value(format!(
            "{} is {}, and {} does not fit",
            quote(&found.name),
            found.kind.word(),
            json::type_word(value)
        ))),
    }
}

/// A whole number of a part of a date or time.
fn part(value: &Value, least: i64, greatest: i64) -> Result<Value, Rejection> {
    let number = scalar::number_value(value)
        .ok()
        .and_then(|number| number.as_i64());
    match number.filter(|number| (least..=greatest).contains(number)) {
        Some(number) => Ok(Value::from(number)),
        None => Err(Rejection::bad_value(format!(
            "the values are whole numbers from {least} to {greatest}"
        ))),
    }
}

/// A day of the week: its name, or its number from 1 for Monday to 7 for Sunday.
fn day_of_week(value: &Value) -> Result<Value, Rejection> {
    let written = value.as_str().map(|text| text.trim().to_lowercase());
    let named = written.filter(|text| text.len() >= 3).and_then(|text| {
        let mut days = (1_i64..).zip(WEEKDAYS);
        days.find(|(_, day)| day.to_lowercase().starts_with(&text))
    });
    match named {
        Some((number, _)) => Ok(Value::from(number)),
        None => part(value, 1, 7).map_err(|rejection| {
            rejection.hint("a day of the week is its name, or its number from 1 for Monday to 7 for Sunday")
        }),
    }
}

/// Holds text against the values that occur, if their list is complete.
fn member(value: &Value, family: OperandFamily, found: &Dimension) -> Result<Value, Rejection> {
    let Some(known) = found
        .values
        .as_ref()
        .filter(|known| known.complete && family == OperandFamily::Equality)
    else {
        return Ok(value.clone());
    };
    known.find(value).cloned().ok_or_else(|| {
        let written = value.as_str().unwrap_or_default();
        let texts: Vec<String> = known
            .values
            .iter()
            .map(|value| with_label(known, value))
            .collect();
        let near = names::nearest(written, texts.iter().map(String::as_str), 10);
        Rejection::bad_value(format!(
            "{} does not occur in {}",
            quote(written),
            quote(&found.name)
        ))
        .hint(format!("nearest values: {}", listing(near)))
    })
}
