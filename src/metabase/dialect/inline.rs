//! Clauses of saved definitions, of MBQL 4 or 5, said again as parts of a program. Whatever is not known to mean the same
//! there is not said at all.

use serde_json::{Map, Value, json};

use crate::metabase::saved_query::SavedField;
use crate::metabase::sources::QueriedRows;

/// Options that say nothing about rows.
const BOOKKEEPING: [&str; 6] = [
    "lib/uuid",
    "base-type",
    "effective-type",
    "name",
    "display-name",
    "ident",
];
/// Deepest nesting followed.
const MAX_DEPTH: usize = 32;

/// An aggregation, if a program can say it.
pub(super) fn aggregation(clause: &Value, source: &QueriedRows) -> Option<Value> {
    let parts = Clause::of(clause)?;
    match (parts.operator, parts.arguments.as_slice()) {
        ("aggregation-options", [inner, ..]) => aggregation(inner, source),
        ("count", []) => Some(json!(["count"])),
        ("sum" | "avg" | "min" | "max" | "distinct" | "median" | "stddev" | "var", [of]) => {
            Some(json!([parts.operator, value(of, source, 0)?]))
        }
        ("count-where" | "share", [only]) => Some(json!([parts.operator, condition(only, source)?])),
        ("sum-where" | "distinct-where", [of, only]) => Some(json!([
            parts.operator,
            value(of, source, 0)?,
            condition(only, source)?
        ])),
        _ => None,
    }
}

/// A condition, if a program can say it.
pub(super) fn condition(clause: &Value, source: &QueriedRows) -> Option<Value> {
    nested_condition(clause, source, 0)
}

fn nested_condition(clause: &Value, source: &QueriedRows, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let parts = Clause::of(clause)?;
    let all = |arguments: &[&Value]| -> Option<Vec<Value>> {
        let said = arguments
            .iter()
            .map(|argument| value(argument, source, depth + 1));
        said.collect()
    };
    let said = |operator: &str, arguments: Vec<Value>| -> Value {
        std::iter::once(json!(operator)).chain(arguments).collect()
    };
    match (parts.operator, parts.arguments.as_slice()) {
        (operator @ ("and" | "or" | "not"), arms @ [_, ..]) => {
            let arms: Option<Vec<Value>> = arms
                .iter()
                .map(|arm| nested_condition(arm, source, depth + 1))
                .collect();
            match (operator, arms?) {
                // One arm alone is itself.
                ("and" | "or", mut arms) if arms.len() == 1 => arms.pop(),
                (operator, arms) => Some(said(operator, arms)),
            }
        }
        (operator @ ("=" | "!="), [field, values @ ..]) if values.len() > 1 => {
            let field = value(field, source, depth + 1)?;
            let values: Option<Vec<Value>> = values.iter().map(|value| literal(value)).collect();
            Some(json!([
                if operator == "=" { "in" } else { "not-in" },
                field,
                values?
            ]))
        }
        (operator @ ("=" | "!=" | "<" | "<=" | ">" | ">="), arguments @ [_, _])
        | (operator @ "between", arguments @ [_, _, _])
        | (operator @ ("is-null" | "not-null" | "is-empty" | "not-empty"), arguments @ [_]) => {
            Some(said(operator, all(arguments)?))
        }
        (operator @ ("contains" | "does-not-contain" | "starts-with" | "ends-with"), [field, text]) => {
            let (field, text) = (value(field, source, depth + 1)?, text.as_str()?);
            Some(match parts.option("case-sensitive") {
                Some(Value::Bool(false)) => json!([operator, ["lower", field], text.to_lowercase()]),
                None | Some(Value::Bool(true)) => json!([operator, field, text]),
                Some(_) => return None,
            })
        }
        ("time-interval", [field, amount, unit]) => {
            let amount = literal(amount)?;
            Some(json!([
                "time-interval",
                value(field, source, depth + 1)?,
                amount,
                unit.as_str()?
            ]))
        }
        ("segment", [id]) => Some(json!(["segment", id.as_u64()?])),
        _ => None,
    }
}

/// A value: a literal, a field, or arithmetic over them.
fn value(argument: &Value, source: &QueriedRows, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    if !argument.is_array() {
        return literal(argument);
    }
    if let Some(field) = SavedField::of(argument) {
        let known = Clause::of(argument).is_some_and(|parts| parts.operator == "field");
        let options_known = !known || field_options_known(argument);
        let reference =
            (options_known && source.count_of(field.id) == 1).then(|| json!(["field", field.id]))?;
        return Some(match field.unit {
            None | Some("default") => reference,
            Some(unit) => json!(["with-temporal-bucket", reference, unit]),
        });
    }
    let parts = Clause::of(argument)?;
    match (parts.operator, parts.arguments.as_slice()) {
        (operator @ ("+" | "-" | "*" | "/"), arms @ [_, _, ..]) => {
            let arms: Option<Vec<Value>> = arms.iter().map(|arm| value(arm, source, depth + 1)).collect();
            Some(std::iter::once(json!(operator)).chain(arms?).collect())
        }
        // The oldest forms wrap a literal with what is known of its type.
        ("value", [inner, ..]) => literal(inner),
        ("absolute-datetime", [moment, unit]) => {
            Some(json!(["absolute-datetime", moment.as_str()?, unit.as_str()?]))
        }
        ("relative-datetime", [amount, unit]) => {
            Some(json!(["relative-datetime", amount.as_i64()?, unit.as_str()?]))
        }
        ("now", []) => Some(json!(["now"])),
        _ => None,
    }
}

fn literal(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(value.clone()),
        _ => None,
    }
}

/// Whether a field has no other options than those that were read.
fn field_options_known(reference: &Value) -> bool {
    const READ: [&str; 3] = ["source-field", "temporal-unit", "inherited-temporal-unit"];
    let mut parts = reference.as_array().into_iter().flatten();
    let options = parts.find_map(Value::as_object);
    options.is_none_or(|options| {
        let mut keys = options
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, _)| key.as_str());
        keys.all(|key| READ.contains(&key) || BOOKKEEPING.contains(&key))
    })
}

/// A clause with options that are known, wherever they stand.
struct Clause<'q> {
    operator: &'q str,
    arguments: Vec<&'q Value>,
    options: Option<&'q Map<String, Value>>,
}

impl<'q> Clause<'q> {
    fn of(clause: &'q Value) -> Option<Self> {
        let (operator, rest) = clause.as_array()?.split_first()?;
        let options = rest.iter().find_map(Value::as_object);
        let operator = operator.as_str()?;
        let known = operator == "field"
            || operator == "aggregation-options"
            || operator == "value"
            || options.is_none_or(|options| {
                let mut keys = options.keys().map(String::as_str);
                keys.all(|key| BOOKKEEPING.contains(&key) || key == "case-sensitive")
            });
        known.then(|| Self {
            operator,
            arguments: rest.iter().filter(|part| !part.is_object()).collect(),
            options,
        })
    }

    fn option(&self, key: &str) -> Option<&'q Value> {
        self.options?.get(key)
    }
}
