use serde_json::{Map, Value, json};

use super::problem::rejected;
use crate::error::ApiError;

/// Keys that a stage may have, in the order that messages list them.
const STAGE_KEYS: [&str; 11] = [
    "aggregation",
    "breakout",
    "expressions",
    "fields",
    "filters",
    "joins",
    "lib/type",
    "limit",
    "order-by",
    "source-card",
    "source-table",
];

/// Keys of a stage that hold lists of clauses.
pub(super) const CLAUSE_KEYS: [&str; 6] = [
    "filters",
    "aggregation",
    "breakout",
    "expressions",
    "fields",
    "order-by",
];

/// A key that no stage has is never dropped silently.
pub(super) fn check_stage_keys(query: &Map<String, Value>) -> Result<(), ApiError> {
    let stages = query.get("stages").and_then(Value::as_array);
    for (at, stage) in stages.into_iter().flatten().enumerate() {
        let keys = stage.as_object().into_iter().flat_map(Map::keys);
        let unknown: Vec<&String> = keys.filter(|key| !STAGE_KEYS.contains(&key.as_str())).collect();
        if !unknown.is_empty() {
            let message = format!(
                "Stage {at} has unknown key(s): {}. Valid stage keys are: {}.",
                listed(unknown.iter().map(|key| key.as_str())),
                listed(STAGE_KEYS.into_iter())
            );
            let more = json!({ "stage-index": at, "unknown-keys": unknown });
            return Err(rejected("unknown-stage-key", message, more));
        }
    }
    Ok(())
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

/// Checks the form of a repaired query: stages with lists of clauses, each an operator with options.
pub(super) fn check(query: &Value) -> Result<(), ApiError> {
    let stages = query
        .get("stages")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut wrong = Map::new();
    if query.get("lib/type") != Some(&json!("mbql/query")) {
        wrong.insert("lib/type".to_owned(), json!(["should be mbql/query"]));
    }
    let problems: Vec<Value> = stages.iter().map(stage_problems).collect();
    if problems.iter().any(|problem| !problem.is_null()) {
        wrong.insert("stages".to_owned(), Value::Array(problems));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let humanized = Value::Object(wrong);
    Err(rejected(
        "invalid-representations-query",
        "Representations query has an invalid structure.",
        json!({ "details": humanized.to_string(), "humanized": humanized }),
    ))
}

fn stage_problems(stage: &Value) -> Value {
    let Some(members) = stage.as_object() else {
        return json!(["invalid type"]);
    };
    let mut wrong = Map::new();
    if members.get("lib/type") != Some(&json!("mbql.stage/mbql")) {
        wrong.insert("lib/type".to_owned(), json!(["should be mbql.stage/mbql"]));
    }
    for key in CLAUSE_KEYS {
        let list = members.get(key).unwrap_or(&Value::Null);
        if !list.is_null() && !list.as_array().is_some_and(|list| list.iter().all(is_clause)) {
            let told = "clause must be [operator-string, options-map, …args]";
            wrong.insert(key.to_owned(), json!([told]));
        }
    }
    let limit = members.get("limit").unwrap_or(&Value::Null);
    if !limit.is_null() && !limit.is_i64() {
        wrong.insert("limit".to_owned(), json!(["should be an integer"]));
    }
    if wrong.is_empty() {
        Value::Null
    } else {
        Value::Object(wrong)
    }
}

fn is_clause(value: &Value) -> bool {
    let operator = value.get(0).and_then(Value::as_str);
    operator.is_some_and(|operator| !operator.is_empty()) && value.get(1).is_some_and(Value::is_object)
}
