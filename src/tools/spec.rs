//! Pieces of the tools' schemas. Objects are closed and self-contained; keys are sorted because the maps are.

use serde_json::{Value, json};

use super::gate::kind_word;
use crate::catalog::{Catalog, Entry, EntryKind};
use crate::model::ToolSpec;

/// Up to this many ids of a kind are listed in the schema, so that a constrained decoder cannot invent one.
const MAX_LISTED_IDS: usize = 60;

/// A tool whose arguments are a closed object.
pub(super) fn tool(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.trim().to_owned(),
        schema: object(properties, required),
    }
}

/// A closed object.
pub(super) fn object(properties: Value, required: &[&str]) -> Value {
    let mut object = json!({"additionalProperties": false, "type": "object"});
    if let Some(map) = object.as_object_mut() {
        map.insert("properties".to_owned(), properties);
        if !required.is_empty() {
            map.insert("required".to_owned(), json!(required));
        }
    }
    object
}

/// How many entries of a kind there are.
pub(super) fn count(catalog: &Catalog, kind: EntryKind) -> usize {
    of_kind(catalog, kind).count()
}

fn of_kind(catalog: &Catalog, kind: EntryKind) -> impl Iterator<Item = &Entry> {
    catalog.entries().iter().filter(move |entry| entry.kind() == kind)
}

/// The id of an entry of that kind.
pub(super) fn id(catalog: &Catalog, kind: EntryKind) -> Value {
    let ids: Vec<u32> = of_kind(catalog, kind).map(Entry::id).collect();
    let description = format!("id of a {} in the catalog", kind_word(kind));
    if ids.len() <= MAX_LISTED_IDS {
        json!({"description": description, "enum": ids, "type": "integer"})
    } else {
        json!({"description": description, "minimum": 1, "type": "integer"})
    }
}

/// The kinds of entries the catalog has, and the id of one of any kind.
pub(super) fn kind_and_id(catalog: &Catalog) -> (Value, Value) {
    let kinds = [EntryKind::Card, EntryKind::Metric, EntryKind::Table];
    let kinds: Vec<&str> = kinds
        .into_iter()
        .filter(|kind| count(catalog, *kind) > 0)
        .map(kind_word)
        .collect();
    let mut ids: Vec<u32> = catalog.entries().iter().map(Entry::id).collect();
    ids.sort_unstable();
    ids.dedup();
    let id = if ids.len() <= MAX_LISTED_IDS {
        json!({"description": "its id in the catalog", "enum": ids, "type": "integer"})
    } else {
        json!({"description": "its id in the catalog", "minimum": 1, "type": "integer"})
    };
    (json!({"enum": kinds, "type": "string"}), id)
}

/// A time bucket.
fn bucket(description: &str) -> Value {
    json!({
        "description": description,
        "enum": ["minute", "hour", "day", "week", "month", "quarter", "year", "day-of-week"],
        "type": "string",
    })
}

/// What to group by.
pub(super) fn group_by() -> Value {
    json!({
        "description": "one row per combination; leave out for one total",
        "items": object(
            json!({
                "dimension": {"description": "name of a dimension of this entry", "type": "string"},
                "granularity": bucket("for dates and datetimes only"),
            }),
            &["dimension"],
        ),
        "maxItems": 5,
        "type": "array",
    })
}

/// The operations of conditions, by their names on the wire.
pub(super) const OPERATIONS: [&str; 30] = [
    "is-null",
    "is-not-null",
    "string-is-empty",
    "string-is-not-empty",
    "is-true",
    "is-false",
    "equals",
    "not-equals",
    "greater-than",
    "greater-than-or-equal",
    "less-than",
    "less-than-or-equal",
    "string-contains",
    "string-not-contains",
    "string-starts-with",
    "string-ends-with",
    "year-equals",
    "year-not-equals",
    "quarter-equals",
    "quarter-not-equals",
    "month-equals",
    "month-not-equals",
    "day-of-week-equals",
    "day-of-week-not-equals",
    "hour-equals",
    "hour-not-equals",
    "minute-equals",
    "minute-not-equals",
    "second-equals",
    "second-not-equals",
];

/// The values of a condition.
pub(super) fn values() -> Value {
    json!({
        "description": "none for is-… operations, one for comparisons, one or more for equals and parts",
        "items": {"type": ["boolean", "number", "string"]},
        "type": "array",
    })
}

/// Conditions, all of which must hold.
pub(super) fn filters() -> Value {
    json!({
        "description": "all must hold; each is a condition on a dimension, or a segment alone",
        "items": object(
            json!({
                "bucket": bucket("compare dates at this bucket"),
                "dimension": {"description": "name of a dimension of this entry", "type": "string"},
                "operation": {
                    "enum": OPERATIONS,
                    "type": "string",
                },
                "segment": {"description": "name of a segment of this entry, without any other key", "type": "string"},
                "values": values(),
            }),
            &[],
        ),
        "maxItems": 20,
        "type": "array",
    })
}

/// Which way rows are ordered.
pub(super) fn direction(description: &str) -> Value {
    json!({"description": description, "enum": ["asc", "desc"], "type": "string"})
}

/// How many rows are wanted.
pub(super) fn limit() -> Value {
    json!({"description": "most rows wanted", "maximum": 10_000, "minimum": 1, "type": "integer"})
}
