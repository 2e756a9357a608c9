//! Pieces of the tools' schemas. Objects are closed and self-contained; keys are sorted because the maps are.

use serde_json::{Map, Value, json};

use super::check::kind_word;
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
    if ids.len() <= MAX_LISTED_IDS {
        json!({"enum": ids, "type": "integer"})
    } else {
        json!({"minimum": 1, "type": "integer"})
    }
}

/// The kinds of entries the catalog has.
pub(super) fn kinds(catalog: &Catalog) -> Value {
    let kinds = [EntryKind::Card, EntryKind::Metric, EntryKind::Table];
    let kinds: Vec<&str> = kinds
        .into_iter()
        .filter(|kind| count(catalog, *kind) > 0)
        .map(kind_word)
        .collect();
    json!({"enum": kinds, "type": "string"})
}

/// The id of an entry of any kind. The ids are not listed: a wrong one does no harm here, and a list takes room in every
/// prompt.
pub(super) fn any_id() -> Value {
    json!({"type": "integer"})
}

/// A list.
pub(super) fn list(items: Value) -> Value {
    Value::Object(Map::from_iter([
        ("items".to_owned(), items),
        ("type".to_owned(), Value::from("array")),
    ]))
}

/// A list that says more of itself.
pub(super) fn described_list(description: &str, items: Value) -> Value {
    let mut list = list(items);
    if let Some(map) = list.as_object_mut() {
        map.insert("description".to_owned(), Value::from(description));
    }
    list
}

/// Some text.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// What to group by.
pub(super) fn group_by() -> Value {
    described_list(
        "one row per combination; leave out for one total",
        object(
            json!({
                "dimension": text(),
                "granularity": {
                    "description": "for dates and datetimes only",
                    "enum": ["minute", "hour", "day", "week", "month", "quarter", "year", "day-of-week"],
                    "type": "string",
                },
            }),
            &["dimension"],
        ),
    )
}

/// The operations that `query_metric` lists, where conditions are most of what a call says. By their names in Metabase's
/// API. The gate knows a few more.
const OPERATIONS: [&str; 26] = [
    "equals",
    "not-equals",
    "greater-than",
    "greater-than-or-equal",
    "less-than",
    "less-than-or-equal",
    "is-null",
    "is-not-null",
    "is-true",
    "is-false",
    "string-is-empty",
    "string-is-not-empty",
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
];

/// The operations that the other tools list.
const USUAL_OPERATIONS: [&str; 17] = [
    "equals",
    "not-equals",
    "greater-than",
    "greater-than-or-equal",
    "less-than",
    "less-than-or-equal",
    "is-null",
    "is-not-null",
    "is-true",
    "is-false",
    "string-contains",
    "string-starts-with",
    "string-ends-with",
    "year-equals",
    "quarter-equals",
    "month-equals",
    "day-of-week-equals",
];

/// Which operations a tool lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperationList {
    All,
    Usual,
}

/// The operation of a condition.
pub(super) fn operation(told: OperationList) -> Value {
    let names: &[&str] = match told {
        OperationList::All => &OPERATIONS,
        OperationList::Usual => &USUAL_OPERATIONS,
    };
    json!({"enum": names, "type": "string"})
}

/// The values of a condition.
pub(super) fn values() -> Value {
    described_list(
        "none for is-…, one for comparisons, one or more for the others",
        json!({"type": ["boolean", "number", "string"]}),
    )
}

/// Conditions, all of which must hold.
pub(super) fn filters(told: OperationList) -> Value {
    described_list(
        "all must hold; each is a condition on a dimension, or a segment alone",
        object(
            json!({
                "dimension": text(),
                "operation": operation(told),
                "segment": text(),
                "values": values(),
            }),
            &[],
        ),
    )
}

/// Which way rows are ordered.
pub(super) fn direction() -> Value {
    json!({"enum": ["asc", "desc"], "type": "string"})
}

/// A number of rows: a limit or an offset.
pub(super) fn rows() -> Value {
    json!({"type": "integer"})
}
