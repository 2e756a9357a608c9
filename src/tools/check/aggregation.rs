//! What is computed over a table: functions of its fields, or its measures.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rejection, dimension, list, quote, resolve, unknown};
use crate::catalog::TableEntry;
use crate::metabase::{AggregateFunction, Aggregation, Direction};
use crate::result::ColumnKind;

/// Most aggregations of one query.
pub(super) const MAX_AGGREGATIONS: usize = 10;
/// The functions, by their names on the wire.
pub(in crate::tools) const FUNCTIONS: &[&str] = &["count", "avg", "count-distinct", "max", "min", "sum"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AggregationArguments {
    #[serde(default)]
    function: Option<String>,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    measure: Option<String>,
    #[serde(default)]
    order: Option<Direction>,
}

/// The aggregations with their canonical form.
pub(in crate::tools) fn aggregations(
    items: Option<Vec<Value>>,
    table: &TableEntry,
    place: &str,
) -> Result<Vec<(Aggregation, Value)>, Rejection> {
    let mut found: Vec<(Aggregation, Value)> = Vec::new();
    for (at, item) in list::<AggregationArguments>(items, "aggregations", MAX_AGGREGATIONS)?
        .into_iter()
        .enumerate()
    {
        let next = aggregation(&item, table, place)
            .map_err(|rejection| rejection.at(&format!("aggregations[{at}]")))?;
        if found.iter().any(|(other, _)| other.aggregate == next.0.aggregate) {
            return Err(Rejection::bad_value(format!("aggregations[{at}] is there twice")));
        }
        found.push(next);
    }
    Ok(found)
}

fn aggregation(
    item: &AggregationArguments,
    table: &TableEntry,
    place: &str,
) -> Result<(Aggregation, Value), Rejection> {
    let (aggregate, mut canonical) = match (&item.function, &item.measure) {
        (None, Some(measure)) if item.field.is_none() => {
            let found =
                resolve(measure, &table.measures, |item| &item.name, |item| &item.name).ok_or_else(|| {
                    let names = table.measures.iter().map(|measure| measure.name.as_str());
                    unknown("measure", measure, place, names)
                })?;
            (
                AggregateFunction::Measure(found.clone()),
                json!({"measure": found.name}),
            )
        }
        (Some(function), None) => computed(function, item.field.as_deref(), table, place)?,
        _ => {
            return Err(Rejection::schema(
                "an aggregation is either a function with its field, or a measure alone",
            ));
        }
    };
    if let (Some(order), Some(map)) = (item.order, canonical.as_object_mut()) {
        map.insert("order".to_owned(), json!(order));
    }
    let aggregation = Aggregation {
        aggregate,
        sort: item.order,
    };
    Ok((aggregation, canonical))
}

fn computed(
    function: &str,
    field: Option<&str>,
    table: &TableEntry,
    place: &str,
) -> Result<(AggregateFunction, Value), Rejection> {
    if !FUNCTIONS.contains(&function) {
        return Err(
            Rejection::bad_value(format!("there is no function {}", quote(function)))
                .hint(format!("the functions are: {}", FUNCTIONS.join(", "))),
        );
    }
    let found = match field {
        Some(name) => Some(dimension(&table.dimensions, name, "field", place)?.clone()),
        None => None,
    };
    let canonical = match &found {
        Some(found) => json!({"field": found.name, "function": function}),
        None => json!({"function": function}),
    };
    let Some(found) = found else {
        return if function == "count" {
            Ok((AggregateFunction::Count, canonical))
        } else {
            Err(Rejection::schema(format!("{function} needs a field")))
        };
    };
    let kind = found.kind;
    let fits = match function {
        "sum" | "avg" => kind.is_numeric(),
        "min" | "max" => kind.is_numeric() || kind.is_temporal(),
        _ => kind != ColumnKind::Other,
    };
    if !fits {
        return Err(Rejection::bad_value(format!(
            "{function} does not fit {}, which is {}",
            quote(&found.name),
            kind.word()
        )));
    }
    let aggregate = match function {
        "avg" => AggregateFunction::Average(found),
        "count-distinct" => AggregateFunction::CountDistinct(found),
        "max" => AggregateFunction::Max(found),
        "min" => AggregateFunction::Min(found),
        "sum" => AggregateFunction::Sum(found),
        _ => {
            return Err(Rejection::schema("count takes no field")
                .hint("count-distinct counts the different values of a field"));
        }
    };
    Ok((aggregate, canonical))
}
