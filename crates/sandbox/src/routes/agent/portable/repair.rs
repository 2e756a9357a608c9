//! Small slips that the server repairs before it looks at a query: missing options, other names of operators, quoted
//! names, lists where one value was meant as one of several, places of aggregations instead of references.

use serde_json::{Map, Value, json};

use super::operators::canonical;
use super::problem::rejected;
use super::shape::CLAUSE_KEYS;
use crate::error::ApiError;

/// A query with its slips repaired. The database is the one that the first stage names.
pub(super) fn repaired(query: &Map<String, Value>, database: &str) -> Result<Value, ApiError> {
    let mut stages = Vec::new();
    for stage in query
        .get("stages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        match stage {
            Value::Object(members) => stages.extend(stage_of(members)?),
            other => stages.push(other.clone()),
        }
    }
    Ok(json!({
        "lib/type": query.get("lib/type").cloned().unwrap_or_else(|| json!("mbql/query")),
        "database": database,
        "stages": stages,
    }))
}

/// A stage, and the one after it that conditions on its figures make necessary.
fn stage_of(members: &Map<String, Value>) -> Result<Vec<Value>, ApiError> {
    let mut stage = members.clone();
    let marker = stage
        .remove("lib/type")
        .unwrap_or_else(|| json!("mbql.stage/mbql"));
    stage.insert("lib/type".to_owned(), marker);
    if let Some(Value::Object(named)) = stage.get("expressions") {
        let list = named
            .iter()
            .map(|(name, expression)| named_expression(name, expression));
        let list = list.collect();
        stage.insert("expressions".to_owned(), Value::Array(list));
    }
    for key in CLAUSE_KEYS {
        if let Some(Value::Array(clauses)) = stage.get_mut(key) {
            let fixed = std::mem::take(clauses).into_iter().map(node);
            *clauses = fixed.collect();
        }
    }
    name_figures(&mut stage)?;
    split_off_late_filters(stage)
}

/// An expression with the name that it had as a key.
fn named_expression(name: &str, expression: &Value) -> Value {
    let mut clause = node(expression.clone());
    if let Some(Value::Object(options)) = clause.get_mut(1) {
        options.insert("lib/expression-name".to_owned(), json!(name));
    }
    clause
}

/// A clause with options, known operators under their own names, and its parts repaired too.
fn node(value: Value) -> Value {
    let Value::Array(items) = value else {
        return value;
    };
    if !is_clause_like(&items) {
        return Value::Array(items);
    }
    let mut items = items.into_iter();
    let head = items.next().unwrap_or_default();
    let name = canonical(head.as_str().unwrap_or_default());
    let mut args: Vec<Value> = items.collect();
    let options = match args.first() {
        Some(Value::Object(_)) => args.remove(0),
        Some(Value::Null) => {
            args.remove(0);
            json!({})
        }
        _ => json!({}),
    };
    if name == "field" {
        return field(options, args);
    }
    let takes_values = matches!(name.as_str(), "=" | "!=" | "in" | "not-in");
    let args: Vec<Value> = args
        .into_iter()
        .map(|arg| match &arg {
            Value::Array(items) if takes_values && is_values(items) => arg,
            _ => node(arg),
        })
        .collect();
    let (name, args) = match (name.as_str(), args.as_slice()) {
        ("=", [left, Value::Array(values)]) if is_values(values) => ("in".to_owned(), spread(left, values)),
        ("!=", [left, Value::Array(values)]) if is_values(values) => {
            ("not-in".to_owned(), spread(left, values))
        }
        ("in" | "not-in", [left, Value::Array(values)]) if is_values(values) => (name, spread(left, values)),
        // Only the ISO form of the day of the week is known; the others mean the instance's own.
        ("get-day-of-week", [column, Value::String(mode)]) if mode.to_lowercase() != "iso" => {
            (name, vec![column.clone()])
        }
        ("between", [column, low, high]) if is_swapped(low, high) => {
            (name, vec![column.clone(), high.clone(), low.clone()])
        }
        _ => (name, args),
    };
    let head = [json!(name), options];
    head.into_iter().chain(args).collect()
}

/// A column: nested references are one, and quotes around names are not part of them.
fn field(options: Value, args: Vec<Value>) -> Value {
    let target = args.into_iter().next().unwrap_or_default();
    match target {
        Value::Array(items) if items.first() == Some(&json!("field")) => {
            let mut inner = node(Value::Array(items));
            if let (Some(Value::Object(inner)), Value::Object(outer)) = (inner.get_mut(1), options) {
                inner.extend(outer);
            }
            inner
        }
        Value::Array(path) => {
            let path: Vec<Value> = path.into_iter().map(unquoted).collect();
            json!(["field", options, path])
        }
        target => json!(["field", options, target]),
    }
}

fn unquoted(part: Value) -> Value {
    let inner = part
        .as_str()
        .and_then(|text| text.strip_prefix('"')?.strip_suffix('"'))
        .map(str::to_owned);
    inner.map_or(part, Value::String)
}

/// Whether a list is an operator with arguments rather than a path of names.
fn is_clause_like(items: &[Value]) -> bool {
    let head = items.first().and_then(Value::as_str).unwrap_or_default();
    let path = items.len() >= 3 && items.iter().all(|item| item.is_string() || item.is_null());
    !head.is_empty() && !path
}

fn is_values(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| !item.is_array() && !item.is_object())
}

fn spread(left: &Value, values: &[Value]) -> Vec<Value> {
    std::iter::once(left).chain(values).cloned().collect()
}

fn is_swapped(low: &Value, high: &Value) -> bool {
    match (low, high) {
        (Value::Number(low), Value::Number(high)) => low.as_f64() > high.as_f64(),
        (Value::String(low), Value::String(high)) => low > high,
        _ => false,
    }
}

/// Gives every figure a name of its own, and turns places of figures into references to them.
fn name_figures(stage: &mut Map<String, Value>) -> Result<(), ApiError> {
    let mut names = Vec::new();
    let mut heads = Vec::new();
    if let Some(Value::Array(figures)) = stage.get_mut("aggregation") {
        for (at, figure) in figures.iter_mut().enumerate() {
            heads.push(figure.get(0).cloned().unwrap_or_default());
            if let Some(Value::Object(options)) = figure.get_mut(1) {
                let fresh = json!(format!("00000000-0000-4000-8000-{at:012}"));
                let name = options.entry("lib/uuid".to_owned()).or_insert(fresh);
                names.push(name.clone());
            } else {
                names.push(Value::Null);
            }
        }
    }
    let figures = stage.get("aggregation").cloned().unwrap_or_else(|| json!([]));
    for key in ["filters", "order-by", "expressions", "fields", "breakout"] {
        if let Some(clauses) = stage.get_mut(key) {
            refer(clauses, &names, &heads)?;
            if key == "order-by" {
                refer_to_same(clauses, &figures, &names);
            }
        }
    }
    Ok(())
}

/// Replaces places of figures by their names.
fn refer(value: &mut Value, names: &[Value], heads: &[Value]) -> Result<(), ApiError> {
    let Value::Array(items) = value else {
        return Ok(());
    };
    if items.first() == Some(&json!("aggregation"))
        && let Some(index) = items.get(2).and_then(Value::as_u64)
    {
        if names.is_empty() {
            let message = format!("Aggregation index {index} is used, but the stage has no aggregation.");
            return Err(rejected(
                "aggregation-ref-no-aggregations",
                message,
                json!({ "index": index }),
            ));
        }
        let name = usize::try_from(index).ok().and_then(|index| names.get(index));
        let Some(name) = name else {
            let told = heads.iter().enumerate();
            let told = told.map(|(at, head)| format!("{} at {at}", head.as_str().unwrap_or_default()));
            let message = format!(
                "Aggregation index {index} out of range; stage has {} aggregation(s): {}",
                names.len(),
                told.collect::<Vec<_>>().join(", ")
            );
            let more = json!({ "index": index, "available": names.len(), "heads": heads });
            return Err(rejected("aggregation-ref-out-of-range", message, more));
        };
        items.truncate(2);
        items.push(name.clone());
        return Ok(());
    }
    items.iter_mut().try_for_each(|item| refer(item, names, heads))
}

/// An order by an aggregation that is spelled out is an order by the figure that it repeats.
fn refer_to_same(order: &mut Value, figures: &Value, names: &[Value]) {
    for clause in order.as_array_mut().into_iter().flatten() {
        let Some(target) = clause.get_mut(2) else {
            continue;
        };
        let figures = figures.as_array().into_iter().flatten();
        let same = figures.zip(names).find(|(figure, _)| {
            figure.get(0) == target.get(0)
                && figure.get(2) == target.get(2)
                && target.get(0) != Some(&json!("field"))
        });
        if let Some((_, name)) = same {
            *target = json!(["aggregation", {}, name]);
        }
    }
}

/// Conditions on figures need a stage of their own.
fn split_off_late_filters(mut stage: Map<String, Value>) -> Result<Vec<Value>, ApiError> {
    let figures = stage.get("aggregation").cloned().unwrap_or_else(|| json!([]));
    let filters = stage.get("filters").and_then(Value::as_array).cloned();
    let (late, early): (Vec<Value>, Vec<Value>) = filters
        .unwrap_or_default()
        .into_iter()
        .partition(refers_to_figure);
    if late.is_empty() {
        return Ok(vec![Value::Object(stage)]);
    }
    if stage.contains_key("order-by") || stage.contains_key("limit") {
        let message = "A filter on an aggregated value stands beside order-by or limit. Put the filter, the order and \
                       the limit into a second stage.";
        return Err(rejected(
            "post-agg-filter-with-trailing-clauses",
            message,
            json!({}),
        ));
    }
    if early.is_empty() {
        stage.remove("filters");
    } else {
        stage.insert("filters".to_owned(), Value::Array(early));
    }
    let names: Vec<Value> = figures
        .as_array()
        .into_iter()
        .flatten()
        .map(|figure| figure.pointer("/1/lib~1uuid").cloned().unwrap_or_default())
        .collect();
    let late = late.into_iter().map(|filter| over_columns(filter, &names));
    let next = json!({
        "lib/type": "mbql.stage/mbql",
        "filters": late.collect::<Vec<_>>(),
    });
    Ok(vec![Value::Object(stage), next])
}

fn refers_to_figure(clause: &Value) -> bool {
    let Value::Array(items) = clause else {
        return false;
    };
    items.first() == Some(&json!("aggregation")) || items.iter().any(refers_to_figure)
}

/// A condition on figures as one on the columns that they have become; which ones is known when names are resolved.
fn over_columns(clause: Value, names: &[Value]) -> Value {
    let Value::Array(items) = clause else {
        return clause;
    };
    if items.first() == Some(&json!("aggregation")) {
        let at = names.iter().position(|name| items.get(2) == Some(name));
        return json!(["figure-before", {}, at]);
    }
    items.into_iter().map(|item| over_columns(item, names)).collect()
}
