use serde_json::{Value, json};

use super::build::ProgramBuilder;
use super::operators::{helper, is_operation, is_over_columns};
use super::problem::ProgramPath;
use crate::error::ApiError;

/// How far lists may lie in each other.
const DEEPEST: usize = 24;
/// Most parts of a program.
const MOST_NODES: usize = 600;
/// Longest text in a program.
const LONGEST_TEXT: usize = 1024;

impl ProgramBuilder<'_> {
    /// Refuses what is too deep, too much, or too long.
    pub(super) fn check_size(
        &mut self,
        path: &ProgramPath,
        value: &Value,
        depth: usize,
    ) -> Result<(), ApiError> {
        if depth > DEEPEST {
            return Err(path.invalid("program exceeds maximum nesting depth", json!({})));
        }
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(path.invalid("program exceeds maximum node count", json!({})));
        }
        match value {
            Value::String(text) if text.chars().count() > LONGEST_TEXT => {
                let more = json!({ "length": text.chars().count(), "max": LONGEST_TEXT });
                Err(path.invalid("string value exceeds maximum length", more))
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| self.check_size(&path.item(at), item, depth + 1)),
            _ => Ok(()),
        }
    }

    /// A helper with its arguments as an MBQL clause; anything else stands for itself.
    pub(super) fn clause(&mut self, path: &ProgramPath, value: &Value) -> Result<Value, ApiError> {
        let Some((Value::String(head), args)) = value.as_array().and_then(|items| items.split_first()) else {
            return Ok(value.clone());
        };
        let Some(name) = known(path, head)? else {
            let more = json!({ "operator": head });
            return Err(path.item(0).invalid("unknown operator", more));
        };
        if is_over_columns(name) && args.first().is_some_and(Value::is_i64) {
            let message = format!(
                "Wrap field ids with `[\"field\", id]` inside `{name}`. Do not pass bare numeric ids directly to \
                 aggregation helpers."
            );
            let more = json!({ "operator": name, "retry-category": "field-wrapper", "value": args.first() });
            return Err(path.item(1).invalid(&message, more));
        }
        match name {
            "field" => self.field(path, args),
            "expression-ref" => self.expression(path, args),
            "aggregation-ref" => self.figure(path, args),
            "measure" => self.measure(path, args),
            "metric" | "card" | "table" => Err(other_entity(path, name, args)),
            "with-temporal-bucket" => self.bucket(path, args),
            "with-binning" | "offset" => {
                Err(path.failed(name, &format!("{name} is not supported by this database")))
            }
            _ => {
                let args = args
                    .iter()
                    .enumerate()
                    .map(|(at, arg)| self.argument(&path.item(at + 1), name, arg));
                let args: Vec<Value> = args.collect::<Result<_, _>>()?;
                Ok(self.clauses.clause(name, args))
            }
        }
    }

    /// An argument; the values of `in` are a plain list.
    fn argument(&mut self, path: &ProgramPath, name: &str, value: &Value) -> Result<Value, ApiError> {
        let values = matches!(name, "in" | "not-in") && value.is_array();
        let is_clause = value.get(0).and_then(Value::as_str).and_then(helper).is_some();
        if values && !is_clause {
            return Ok(value.clone());
        }
        self.clause(path, value)
    }

    fn field(&mut self, path: &ProgramPath, args: &[Value]) -> Result<Value, ApiError> {
        let [id] = args else {
            return Err(path.invalid("field lookups must use a single numeric field id", json!({})));
        };
        let id = id.as_i64().filter(|id| *id > 0).ok_or_else(|| {
            path.item(1)
                .invalid("field lookup requires a numeric id", json!({}))
        })?;
        let mut named = self.columns.iter().filter(|field| field.field_id == Some(id));
        let own = named.clone().find(|field| field.source_field_id.is_none());
        let Some(field) = own.or_else(|| named.next()).cloned() else {
            let cause = if self.world.model().field(id).is_some() {
                format!("Field {id} is not available in the current query stage.")
            } else {
                format!("Field not found by ID: {id}")
            };
            return Err(path.failed("field", &cause));
        };
        Ok(self.clauses.field(&field, None))
    }

    fn expression(&mut self, path: &ProgramPath, args: &[Value]) -> Result<Value, ApiError> {
        let name = args.first().and_then(Value::as_str).unwrap_or_default();
        if name.trim().is_empty() {
            let more = json!({ "operator": "expression-ref" });
            return Err(path
                .item(1)
                .invalid("expression-ref requires a non-blank expression name", more));
        }
        let defined = |clause: &Value| clause.pointer("/1/lib~1expression-name") == Some(&json!(name));
        if self.list("expressions").iter().any(defined) {
            return Ok(self.clauses.clause("expression", [json!(name)]));
        }
        // A computed column of the stage before goes by its name.
        if let Some(column) = self.columns.iter().find(|column| column.name == name).cloned() {
            return Ok(self.clauses.field(&column, None));
        }
        let message = format!("expression-ref {name:?} does not exist at this point in the query");
        Err(path.invalid(&message, json!({ "operator": "expression-ref", "name": name })))
    }

    /// A figure of this stage, or of the one before while this one has none.
    fn figure(&mut self, path: &ProgramPath, args: &[Value]) -> Result<Value, ApiError> {
        let index = args.first().and_then(Value::as_u64);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let Some(index) = index else {
            let more = json!({ "operator": "aggregation-ref", "value": args.first() });
            return Err(path
                .item(1)
                .invalid("aggregation-ref requires a zero-based aggregation index", more));
        };
        let own = self.list("aggregation").get(index);
        if let Some(uuid) = own.and_then(|figure| figure.pointer("/1/lib~1uuid")).cloned() {
            return Ok(self.clauses.clause("aggregation", [uuid]));
        }
        let before = self.figures_before.get(index);
        let column = before.and_then(|name| self.columns.iter().find(|column| column.name == *name));
        if let Some(column) = column.cloned() {
            return Ok(self.clauses.field(&column, None));
        }
        let message = format!("aggregation-ref {index} does not exist at this point in the query");
        Err(path.invalid(&message, json!({ "operator": "aggregation-ref", "index": index })))
    }

    fn measure(&mut self, path: &ProgramPath, args: &[Value]) -> Result<Value, ApiError> {
        let id = positive(path, "measure", args)?;
        let measure = self.world.model().measure(id);
        if measure.is_none_or(|measure| Some(measure.table_id) != self.table_id) {
            let message = "measure id is not available in the provided context";
            return Err(path
                .item(1)
                .invalid(message, json!({ "operator": "measure", "id": id })));
        }
        Ok(self.clauses.clause("measure", [json!(id)]))
    }

    fn bucket(&mut self, path: &ProgramPath, args: &[Value]) -> Result<Value, ApiError> {
        let [column, Value::String(unit)] = args else {
            let message = format!(
                "operator `with-temporal-bucket` expects 2 argument(s), got {}",
                args.len()
            );
            return Err(path.invalid(&message, json!({ "operator": "with-temporal-bucket" })));
        };
        let mut clause = self.clause(&path.item(1), column)?;
        if let Some(options) = clause.get_mut(1).and_then(Value::as_object_mut) {
            options.insert("temporal-unit".to_owned(), json!(unit));
        }
        Ok(clause)
    }
}

/// The helper of this name; operations and references that do not exist are errors of their own.
fn known(path: &ProgramPath, head: &str) -> Result<Option<&'static str>, ApiError> {
    if is_operation(head) {
        let message = format!("`{head}` is a top-level operation and cannot be nested");
        return Err(path.invalid(&message, json!({ "operator": head })));
    }
    let known = helper(head);
    if known.is_none() && head.ends_with("-ref") {
        return Err(path
            .item(0)
            .invalid("unknown helper reference", json!({ "operator": head })));
    }
    Ok(known)
}

/// Over HTTP a program knows its source and nothing else.
fn other_entity(path: &ProgramPath, kind: &str, args: &[Value]) -> ApiError {
    let id = match positive(path, kind, args) {
        Ok(id) => id,
        Err(error) => return error,
    };
    let message = format!("{kind} id is not available in the provided context");
    path.item(1)
        .invalid(&message, json!({ "operator": kind, "id": id }))
}

fn positive(path: &ProgramPath, kind: &str, args: &[Value]) -> Result<i64, ApiError> {
    let id = args.first().and_then(Value::as_i64).filter(|id| *id > 0);
    id.ok_or_else(|| {
        path.item(1)
            .invalid(&format!("{kind} lookup requires a numeric id"), json!({}))
    })
}
