use serde_json::{Map, Value};

use super::operators::is_operation;
use crate::routes::agent::construct::problem::BodyError;
use crate::routes::agent::construct::reader::{BodyReader, choice, list, positive, text};

/// A body that has the form of a program.
#[derive(Debug)]
pub(super) struct ProgramBody {
    pub(super) source: ProgramSource,
    /// Operations in order, each a list with the operator in front.
    pub(super) operations: Vec<Vec<Value>>,
}

/// What a program is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProgramSource {
    Entity {
        kind: SourceKind,
        id: i64,
    },
    /// A source that only programs inside programs have.
    Inner,
}

/// Kinds of things that a program can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceKind {
    Table,
    Card,
    Metric,
}

const KINDS: [(&str, Option<SourceKind>); 6] = [
    ("table", Some(SourceKind::Table)),
    ("card", Some(SourceKind::Card)),
    ("dataset", Some(SourceKind::Card)),
    ("metric", Some(SourceKind::Metric)),
    ("context", None),
    ("program", None),
];

/// Decodes a body. It is closed: a key that no program has is an error.
pub(super) fn program(body: &Map<String, Value>) -> Result<ProgramBody, BodyError> {
    let mut reader = BodyReader::of(body);
    refuse_others(&mut reader, body, &["source", "operations"]);
    let source = reader.required("source", "program source", source);
    let operations = reader.required("operations", "sequence of operations", |value| {
        list(value, operation)
    });
    reader.finish()?;
    let (Some(source), Some(operations)) = (source, operations) else {
        return Err(BodyError::missing("source and operations"));
    };
    Ok(ProgramBody { source, operations })
}

fn refuse_others(reader: &mut BodyReader<'_>, members: &Map<String, Value>, known: &[&str]) {
    for (key, value) in members {
        if !known.contains(&key.as_str()) {
            reader.note(key, BodyError::disallowed(value));
        }
    }
}

fn source(value: &Value) -> Result<ProgramSource, BodyError> {
    let mut reader = BodyReader::new(value)?;
    let members = value.as_object().cloned().unwrap_or_default();
    let kind = reader.required(
        "type",
        "enum of table, card, dataset, metric, context, program",
        |value| choice(value, &KINDS),
    );
    let source = match kind {
        Some(Some(kind)) => {
            refuse_others(&mut reader, &members, &["type", "id"]);
            let id = reader.required("id", "value must be an integer greater than zero.", positive);
            id.map(|id| ProgramSource::Entity { kind, id })
        }
        Some(None) => {
            refuse_others(&mut reader, &members, &["type", "ref", "program"]);
            Some(ProgramSource::Inner)
        }
        None => None,
    };
    reader.finish()?;
    source.ok_or_else(|| BodyError::missing("program source"))
}

/// An operation with what its operator takes.
fn operation(value: &Value) -> Result<Vec<Value>, BodyError> {
    let wrong = |detail: &str| BodyError::wrong("operation tuple", detail, value);
    let Some(items) = value.as_array() else {
        return Err(wrong("invalid type"));
    };
    let Some((operator, args)) = items.split_first() else {
        return Err(wrong("invalid tuple size 0"));
    };
    let operator = operator.as_str().unwrap_or_default();
    if !is_operation(operator) {
        return Err(wrong(
            "operation tuple must start with a valid top-level operator string",
        ));
    }
    let fits = match (operator, args) {
        ("append-stage" | "drop-stage" | "drop-empty-stages", []) => true,
        ("filter" | "aggregate" | "breakout" | "join" | "order-by", [only]) => is_form(only),
        ("order-by", [target, Value::String(direction)]) => {
            is_form(target) && (direction == "asc" || direction == "desc")
        }
        ("with-fields", [Value::Array(fields)]) => fields.iter().all(is_form),
        ("expression", [name, expression]) => text(name).is_ok() && is_form(expression),
        ("limit", [limit]) => positive(limit).is_ok(),
        ("with-page", [page]) => is_page(page),
        _ => false,
    };
    if fits {
        Ok(items.clone())
    } else {
        Err(wrong("invalid operation tuple"))
    }
}

/// A list with an operator in front that is none of the operations.
fn is_form(value: &Value) -> bool {
    let head = value.get(0).and_then(Value::as_str).unwrap_or_default();
    !head.trim().is_empty() && head != "query" && !is_operation(head)
}

fn is_page(value: &Value) -> bool {
    let counted = |key: &str| value.get(key).is_some_and(|number| positive(number).is_ok());
    value.as_object().is_some_and(|page| page.len() == 2) && counted("page") && counted("items")
}
