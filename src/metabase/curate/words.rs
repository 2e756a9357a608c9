//! Clauses of Metabase's query language in words, for the shapes with options in second place (since v57) and with
//! options last (before).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::metabase::classic::{ClassicNamed, ClassicTable};

/// Names of fields, segments and measures by their ids in Metabase.
#[derive(Debug, Default)]
pub(super) struct MbqlNames {
    fields: BTreeMap<u64, String>,
    segments: BTreeMap<u64, String>,
    measures: BTreeMap<u64, String>,
}

impl MbqlNames {
    /// Takes over a table's names.
    pub(super) fn add(&mut self, table: &ClassicTable) {
        for field in &table.fields.items {
            if let Some(id) = field.id.as_u64() {
                let name = field.display_name.as_ref().unwrap_or(&field.name);
                self.fields.insert(id, name.clone());
            }
        }
        let things = |things: &[ClassicNamed]| -> Vec<(u64, String)> {
            things
                .iter()
                .filter_map(|thing| Some((thing.id.as_u64()?, thing.name.clone())))
                .collect()
        };
        self.segments.extend(things(&table.segments.items));
        self.measures.extend(things(&table.measures.items));
    }

    /// Whether this field has a name.
    pub(super) fn has_field(&self, id: u64) -> bool {
        self.fields.contains_key(&id)
    }
}

/// A clause: operator, arguments, and its options wherever they stand.
struct ClauseWords<'a> {
    operator: &'a str,
    arguments: Vec<&'a Value>,
    options: Option<&'a Value>,
}

fn clause(value: &Value) -> Option<ClauseWords<'_>> {
    let (operator, rest) = value.as_array()?.split_first()?;
    let options = rest.iter().find(|part| part.is_object());
    Some(ClauseWords {
        operator: operator.as_str()?,
        arguments: rest.iter().filter(|part| !part.is_object()).collect(),
        options,
    })
}

/// Ids of all fields in a clause.
pub(super) fn field_ids(value: &Value, into: &mut BTreeSet<u64>) {
    if let Some(clause) = clause(value) {
        if clause.operator == "field" {
            into.extend(clause.arguments.first().and_then(|id| id.as_u64()));
        }
        clause
            .arguments
            .iter()
            .for_each(|argument| field_ids(argument, into));
    }
}

/// What is computed: `sum of Total`.
pub(super) fn aggregation(value: &Value, names: &MbqlNames) -> Option<String> {
    let clause = clause(value)?;
    let part = |at: usize| clause.arguments.get(at).and_then(|part| expression(part, names));
    let arm = |at: usize| clause.arguments.get(at).and_then(|part| condition(part, names));
    let of = |what: &str| part(0).map(|field| format!("{what} of {field}"));
    match clause.operator {
        "aggregation-options" => aggregation(clause.arguments.first()?, names),
        "count" if clause.arguments.is_empty() => Some("count of rows".into()),
        "count" => of("count"),
        "sum" => of("sum"),
        "avg" => of("average"),
        "min" => of("least value"),
        "max" => of("greatest value"),
        "median" => of("median"),
        "stddev" => of("standard deviation"),
        "var" => of("variance"),
        "cum-sum" => of("running sum"),
        "distinct" => of("number of distinct values"),
        "count-where" => Some(format!("count of rows where {}", arm(0)?)),
        "sum-where" => Some(format!("sum of {} where {}", part(0)?, arm(1)?)),
        "share" => Some(format!("share of rows where {}", arm(0)?)),
        "+" | "-" | "*" | "/" => {
            let arms: Option<Vec<_>> = clause
                .arguments
                .iter()
                .map(|arm| aggregation(arm, names).or_else(|| expression(arm, names)))
                .collect();
            Some(format!("({})", arms?.join(&format!(" {} ", clause.operator))))
        }
        "measure" => names.measures.get(&clause.arguments.first()?.as_u64()?).cloned(),
        "metric" => Some(format!("metric {}", clause.arguments.first()?.as_u64()?)),
        _ => None,
    }
}

/// A filter: `Status is not refunded`.
pub(super) fn condition(value: &Value, names: &MbqlNames) -> Option<String> {
    let clause = clause(value)?;
    let part = |at: usize| clause.arguments.get(at).and_then(|part| expression(part, names));
    let rest = || -> Option<String> {
        let values: Option<Vec<_>> = clause
            .arguments
            .iter()
            .skip(1)
            .map(|part| expression(part, names))
            .collect();
        values
            .filter(|values| !values.is_empty())
            .map(|values| values.join(" or "))
    };
    let compare = |word: &str| Some(format!("{} {word} {}", part(0)?, rest()?));
    let state = |word: &str| Some(format!("{} {word}", part(0)?));
    let arms = |word: &str| -> Option<String> {
        let arms: Option<Vec<_>> = clause.arguments.iter().map(|arm| condition(arm, names)).collect();
        Some(format!("({})", arms?.join(word)))
    };
    match clause.operator {
        "=" | "in" => compare("is"),
        "!=" | "not-in" => compare("is not"),
        "<" => compare("is less than"),
        "<=" => compare("is at most"),
        ">" => compare("is greater than"),
        ">=" => compare("is at least"),
        "between" => Some(format!("{} is between {} and {}", part(0)?, part(1)?, part(2)?)),
        "is-null" => state("has no value"),
        "not-null" => state("has a value"),
        "is-empty" => state("is empty"),
        "not-empty" => state("is not empty"),
        "contains" => compare("contains"),
        "does-not-contain" => compare("does not contain"),
        "starts-with" => compare("starts with"),
        "ends-with" => compare("ends with"),
        "time-interval" => {
            let interval = interval(clause.arguments.get(1)?, clause.arguments.get(2)?.as_str()?)?;
            Some(format!("{} is in the {interval}", part(0)?))
        }
        "and" => arms(" and "),
        "or" => arms(" or "),
        "not" => Some(format!("not ({})", condition(clause.arguments.first()?, names)?)),
        "segment" => names
            .segments
            .get(&clause.arguments.first()?.as_u64()?)
            .map(|name| format!("segment {name}")),
        _ => None,
    }
}

fn expression(value: &Value, names: &MbqlNames) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Object(_) => None,
        Value::Array(_) => {
            let clause = clause(value)?;
            let first = clause.arguments.first();
            match clause.operator {
                "field" => {
                    let name = match first? {
                        Value::String(name) => name.clone(),
                        id => names.fields.get(&id.as_u64()?)?.clone(),
                    };
                    let unit = clause
                        .options
                        .and_then(|options| options.get("temporal-unit"))
                        .and_then(Value::as_str);
                    Some(unit.map_or(name.clone(), |unit| format!("{name} ({unit})")))
                }
                "value" | "absolute-datetime" => expression(first?, names),
                "expression" => Some(first?.as_str()?.to_owned()),
                "now" => Some("now".into()),
                "relative-datetime" => {
                    relative(first?, clause.arguments.get(1).and_then(|unit| unit.as_str()))
                }
                "+" | "-" | "*" | "/" => {
                    let arms: Option<Vec<_>> = clause
                        .arguments
                        .iter()
                        .map(|arm| expression(arm, names))
                        .collect();
                    Some(format!("({})", arms?.join(&format!(" {} ", clause.operator))))
                }
                _ => None,
            }
        }
    }
}

fn interval(amount: &Value, unit: &str) -> Option<String> {
    if amount.as_str() == Some("current") {
        return Some(format!("current {unit}"));
    }
    let amount = amount.as_i64()?;
    let which = if amount < 0 { "last" } else { "next" };
    Some(match amount.unsigned_abs() {
        0 => format!("current {unit}"),
        1 => format!("{which} {unit}"),
        several => format!("{which} {several} {unit}s"),
    })
}

fn relative(amount: &Value, unit: Option<&str>) -> Option<String> {
    if amount.as_str() == Some("current") {
        return Some("now".into());
    }
    let (amount, unit) = (amount.as_i64()?, unit?);
    Some(match amount {
        0 => format!("this {unit}"),
        ..0 => format!("{} {unit}s ago", amount.unsigned_abs()),
        _ => format!("{amount} {unit}s from now"),
    })
}
