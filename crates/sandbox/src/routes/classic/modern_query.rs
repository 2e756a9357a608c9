//! MBQL 4, as clients have written it for years, turned into the MBQL 5 that runs.

use serde_json::{Map, Value, json};

/// An inner query further in than this is not a query.
const MAX_DEPTH: usize = 10;

/// The query of a `POST /api/dataset` body as MBQL 5 stages, whichever form it is in. `Err` says what is wrong.
pub(super) fn modern_query(body: &Map<String, Value>) -> Result<Value, String> {
    let database = body.get("database").cloned().unwrap_or_default();
    if body.get("stages").is_some_and(Value::is_array) {
        return Ok(json!({
            "lib/type": "mbql/query",
            "database": database,
            "stages": body.get("stages"),
        }));
    }
    let stages = match (
        body.get("type").and_then(Value::as_str),
        body.get("native"),
        body.get("query"),
    ) {
        (Some("native") | None, Some(native), _) => vec![native_stage(native)?],
        (Some("query") | None, _, Some(query)) => stages(query, 0)?,
        (Some(other @ ("native" | "query")), ..) => {
            return Err(format!("a query of type {other} needs its {other}"));
        }
        (Some(other), ..) => return Err(format!("type is native or query, not {other}")),
        (None, ..) => return Err("it has neither stages nor a native or query".to_owned()),
    };
    Ok(json!({ "lib/type": "mbql/query", "database": database, "stages": stages }))
}

fn native_stage(native: &Value) -> Result<Value, String> {
    let sql = native.get("query").filter(|sql| sql.is_string());
    let sql = sql.ok_or("native.query must be the SQL as text")?;
    let mut tags = native.get("template-tags").cloned().unwrap_or_else(|| json!({}));
    for tag in tags.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(dimension) = tag.get_mut("dimension") {
            *dimension = clause(dimension);
        }
    }
    Ok(json!({ "lib/type": "mbql.stage/native", "native": sql, "template-tags": tags }))
}

/// The innermost query first.
fn stages(query: &Value, depth: usize) -> Result<Vec<Value>, String> {
    if depth >= MAX_DEPTH {
        return Err(format!("queries inside queries go more than {MAX_DEPTH} deep"));
    }
    let query = query.as_object().ok_or("query must be a map")?;
    let mut before = match query.get("source-query") {
        Some(inner) if inner.get("native").is_some() => {
            vec![native_stage(&json!({
                "query": inner.get("native"),
                "template-tags": inner.get("template-tags").cloned().unwrap_or_else(|| json!({})),
            }))?]
        }
        Some(inner) => stages(inner, depth + 1)?,
        None => Vec::new(),
    };
    let mut stage = Map::new();
    stage.insert("lib/type".to_owned(), json!("mbql.stage/mbql"));
    match query.get("source-table") {
        Some(Value::String(card)) => {
            let id = card.strip_prefix("card__").and_then(|id| id.parse::<i64>().ok());
            let id = id.ok_or_else(|| format!("source-table {card:?} is neither an id nor card__ID"))?;
            stage.insert("source-card".to_owned(), json!(id));
        }
        Some(table) => {
            stage.insert("source-table".to_owned(), table.clone());
        }
        None => {}
    }
    let filters = match query.get("filter").and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::String(and), parts @ ..]) if and == "and" => parts.iter().map(clause).collect(),
        Some(_) => query.get("filter").map(clause).into_iter().collect(),
        None => Vec::new(),
    };
    let expressions = query
        .get("expressions")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let expressions = expressions.map(|(name, expression)| {
        let options = Map::from_iter([("lib/expression-name".to_owned(), json!(name))]);
        with_options(clause(expression), options)
    });
    let clauses: [(&str, Vec<Value>); 6] = [
        ("filters", filters),
        ("expressions", expressions.collect()),
        ("aggregation", several(query.get("aggregation"))),
        ("breakout", several(query.get("breakout"))),
        ("fields", several(query.get("fields"))),
        ("order-by", several(query.get("order-by"))),
    ];
    let given = clauses.into_iter().filter(|(_, clauses)| !clauses.is_empty());
    stage.extend(given.map(|(key, clauses)| (key.to_owned(), Value::Array(clauses))));
    for key in ["limit", "page", "joins"] {
        if let Some(value) = query.get(key) {
            stage.insert(key.to_owned(), value.clone());
        }
    }
    before.push(Value::Object(stage));
    Ok(before)
}

/// A list of clauses, or the one clause that stands where a list of one should.
fn several(value: Option<&Value>) -> Vec<Value> {
    match value.and_then(Value::as_array) {
        Some(items) if items.first().is_some_and(Value::is_string) => value.map(clause).into_iter().collect(),
        Some(items) => items.iter().map(clause).collect(),
        None => Vec::new(),
    }
}

/// `[op, args…, options?]` as `[op, options, args…]`.
fn clause(value: &Value) -> Value {
    let Some(Value::String(op)) = value.as_array().and_then(|items| items.first()) else {
        return value.clone();
    };
    let rest = value
        .as_array()
        .and_then(|items| items.get(1..))
        .unwrap_or_default();
    match (op.as_str(), rest) {
        // Already MBQL 5.
        (_, [Value::Object(_), _, ..]) => value.clone(),
        ("field-id", [id]) | ("field", [id, Value::Null]) => json!(["field", {}, id]),
        ("aggregation-options", [inner, Value::Object(options)]) => {
            with_options(clause(inner), options.clone())
        }
        (_, [args @ .., Value::Object(options)]) => built(op, options.clone(), args),
        (_, args) => built(op, Map::new(), args),
    }
}

fn built(op: &str, options: Map<String, Value>, args: &[Value]) -> Value {
    let head = [json!(op), Value::Object(options)];
    head.into_iter().chain(args.iter().map(clause)).collect()
}

fn with_options(mut clause: Value, more: Map<String, Value>) -> Value {
    if let Some(Value::Object(options)) = clause.get_mut(1) {
        options.extend(more);
    }
    clause
}
