//! Pieces of the tools' schemas, in the part of JSON Schema that every model server takes: each `type` is one word, an
//! `enum` holds only texts, objects are closed. Gemini refuses a whole request for a list of types or for a number in an
//! `enum`. What a schema cannot say in that, its description says, and the gate checks it. For example the values of a
//! condition are texts here, and the gate reads `"12"` as a number where the dimension is one.

use serde_json::{Map, Value, json};

use super::check::{kind_word, query_tool};
use crate::catalog::{Catalog, Entry, EntryKind};
use crate::model::ToolSpec;
use crate::result::MORE_ROWS;

/// A tool whose arguments are a closed object.
pub(super) fn tool(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.trim().to_owned(),
        schema: object(properties, required).into(),
    }
}

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

/// The id of an entry. The ids are not listed: the catalog has them, and servers refuse numbers in an `enum`.
pub(super) fn id() -> Value {
    json!({"type": "integer"})
}

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

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// What the tool `of` groups by.
pub(super) fn group_by(of: &str, catalog: &Catalog) -> Value {
    let says = says_shared(catalog);
    let granularity = if says == of {
        json!({
            "enum": ["minute", "hour", "day", "week", "month", "quarter", "year", "day-of-week"],
            "type": "string",
        })
    } else {
        as_in(says)
    };
    list(object(
        json!({"dimension": text(), "granularity": granularity}),
        &["dimension"],
    ))
}

/// The operations that are listed. The gate knows those that are left out too: `not-` of the parts of dates, hours, and
/// empty texts.
const OPERATIONS: [&str; 18] = [
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
    "string-not-contains",
    "string-starts-with",
    "string-ends-with",
    "year-equals",
    "quarter-equals",
    "month-equals",
    "day-of-week-equals",
];

/// The tool that says what several have in common, such as the operations of conditions: the first that has it. The others
/// point at it, so that it is said once.
fn says_shared(catalog: &Catalog) -> &'static str {
    let kinds = [EntryKind::Metric, EntryKind::Table];
    let first = kinds.into_iter().find(|kind| count(catalog, *kind) > 0);
    first.map_or(MORE_ROWS, query_tool)
}

fn as_in(tool: &str) -> Value {
    json!({"description": format!("as in {tool}"), "type": "string"})
}

/// The operation and the values of a condition of the tool `of`.
pub(super) fn condition(of: &str, catalog: &Catalog) -> (Value, Value) {
    let says = says_shared(catalog);
    if says == of {
        let values = described_list("none for is-…, one for comparisons, else some", text());
        return (json!({"enum": OPERATIONS, "type": "string"}), values);
    }
    (as_in(says), list(text()))
}

/// Conditions of the tool `of` on dimensions or segments, all of which must hold.
pub(super) fn filters(of: &str, catalog: &Catalog) -> Value {
    let (operation, values) = condition(of, catalog);
    let filter = object(
        json!({
            "dimension": text(),
            "operation": operation,
            "segment": text(),
            "values": values,
        }),
        &[],
    );
    if says_shared(catalog) == of {
        described_list("each on a dimension, or a segment alone", filter)
    } else {
        list(filter)
    }
}

/// Which way rows are ordered.
pub(super) fn direction() -> Value {
    json!({"enum": ["asc", "desc"], "type": "string"})
}

/// A number of rows: a limit or an offset.
pub(super) fn rows() -> Value {
    json!({"type": "integer"})
}
