use serde_json::{Value, json};

use super::operators::{helper, is_operation};

/// An operation with the small slips in it repaired.
pub(super) fn repaired(operation: Vec<Value>) -> Vec<Value> {
    let fixed = operation.into_iter().map(|part| match part {
        Value::Array(_) => node(part),
        part => part,
    });
    fixed.collect()
}

/// A part of an operation: known helpers under their own names, columns with numbers for ids, lists where one value was
/// meant as one of several.
fn node(value: Value) -> Value {
    let Value::Array(items) = value else {
        return value;
    };
    let head = items.first().and_then(Value::as_str).unwrap_or_default();
    let name = if is_operation(head) { None } else { helper(head) };
    let items: Vec<Value> = items.into_iter().map(node).collect();
    let (Some(name), Some((_, args))) = (name, items.split_first()) else {
        return Value::Array(items);
    };
    match (name, args) {
        ("field" | "table" | "card" | "metric" | "measure" | "segment" | "aggregation-ref", [id]) => {
            json!([name, number(id)])
        }
        ("=", [left, Value::Array(values)]) if is_values(values) => json!(["in", left, values]),
        ("!=", [left, Value::Array(values)]) if is_values(values) => json!(["not-in", left, values]),
        ("with-temporal-bucket", [column, Value::String(unit)]) => match extraction(unit) {
            Some(extraction) => json!([extraction, column]),
            None => json!([name, column, unit]),
        },
        // Options at the end of a text condition are dropped.
        ("contains" | "does-not-contain" | "starts-with" | "ends-with", [.., last])
            if args.len() > 2 && (last.is_object() || last.is_boolean()) =>
        {
            clause(name, args.iter().take(args.len() - 1))
        }
        _ => clause(name, args.iter()),
    }
}

fn clause<'a>(name: &str, args: impl Iterator<Item = &'a Value>) -> Value {
    std::iter::once(json!(name)).chain(args.cloned()).collect()
}

/// A number that came as text.
fn number(id: &Value) -> Value {
    let parsed = id.as_str().and_then(|text| text.trim().parse::<i64>().ok());
    parsed.map_or_else(|| id.clone(), Value::from)
}

/// Whether a list holds values rather than a helper with its arguments.
fn is_values(items: &[Value]) -> bool {
    let clause = items.first().and_then(Value::as_str).and_then(helper).is_some();
    !clause && items.iter().all(|item| !item.is_array() && !item.is_object())
}

/// Units that are parts of a date, with the helpers that extract them.
fn extraction(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "dayofweek" | "day-of-week" => "get-day-of-week",
        "hour-of-day" => "get-hour",
        "month-of-year" => "get-month",
        "quarter-of-year" => "get-quarter",
        _ => return None,
    })
}
