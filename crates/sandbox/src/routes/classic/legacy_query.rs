//! MBQL 4, the older form of a query that `?legacy-mbql=true` asks for.

use serde_json::{Map, Value, json};

use crate::query::MbqlClause;

/// A query of MBQL 5 stages as MBQL 4: the last stage outside, each earlier one as its `source-query`.
pub(super) fn legacy_query(query: &Value) -> Value {
    let database = query.get("database").cloned().unwrap_or_default();
    let stages = query
        .get("stages")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if let [stage] = stages
        && let Some(sql) = stage.get("native")
    {
        let mut tags = stage.get("template-tags").cloned().unwrap_or_else(|| json!({}));
        for tag in tags.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(dimension) = tag.get_mut("dimension") {
                *dimension = clause(dimension, &[]);
            }
        }
        let native = json!({ "query": sql, "template-tags": tags });
        return json!({ "database": database, "type": "native", "native": native });
    }
    let inner = stages.iter().fold(None, |source, part| Some(stage(part, source)));
    json!({ "database": database, "type": "query", "query": inner })
}

/// One stage; filters become one clause, references to aggregations their places.
fn stage(stage: &Value, source: Option<Value>) -> Value {
    let part = |key: &str| {
        stage
            .get(key)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
    };
    let uuids: Vec<&str> = part("aggregation")
        .iter()
        .map(|figure| {
            figure
                .pointer("/1/lib~1uuid")
                .and_then(Value::as_str)
                .unwrap_or_default()
        })
        .collect();
    let converted = |key: &str| -> Vec<Value> { part(key).iter().map(|one| clause(one, &uuids)).collect() };
    let mut inner = Map::new();
    if let Some(source) = source {
        inner.insert("source-query".to_owned(), source);
    }
    if let Some(table) = stage.get("source-table") {
        inner.insert("source-table".to_owned(), table.clone());
    }
    if let Some(card) = stage.get("source-card") {
        inner.insert("source-table".to_owned(), json!(format!("card__{card}")));
    }
    let mut filters = converted("filters");
    if filters.len() > 1 {
        filters.insert(0, json!("and"));
        inner.insert("filter".to_owned(), Value::Array(filters));
    } else if let Some(filter) = filters.pop() {
        inner.insert("filter".to_owned(), filter);
    }
    for key in ["aggregation", "breakout", "fields", "order-by"] {
        if !part(key).is_empty() {
            inner.insert(key.to_owned(), Value::Array(converted(key)));
        }
    }
    if let Some(limit) = stage.get("limit") {
        inner.insert("limit".to_owned(), limit.clone());
    }
    Value::Object(inner)
}

/// Operators whose options change what they mean.
const WITH_OPTIONS: [&str; 5] = [
    "contains",
    "does-not-contain",
    "starts-with",
    "ends-with",
    "time-interval",
];

/// A clause without its options, which only references to columns and a few filters keep, at the end.
fn clause(value: &Value, uuids: &[&str]) -> Value {
    let Some(MbqlClause { op, options, args }) = MbqlClause::parse(value) else {
        return value.clone();
    };
    let mut kept = options.cloned().unwrap_or_default();
    kept.retain(|key, _| !key.starts_with("lib/") && key != "effective-type");
    match (op, args) {
        ("field", [id]) => {
            if id.is_number() {
                kept.remove("base-type");
            }
            let kept = if kept.is_empty() {
                Value::Null
            } else {
                Value::Object(kept)
            };
            json!(["field", id, kept])
        }
        ("aggregation", [Value::String(uuid)]) => {
            json!(["aggregation", uuids.iter().position(|known| known == uuid)])
        }
        _ => {
            let args = args.iter().map(|arg| clause(arg, uuids));
            let options = (WITH_OPTIONS.contains(&op) && !kept.is_empty()).then_some(Value::Object(kept));
            std::iter::once(json!(op)).chain(args).chain(options).collect()
        }
    }
}
