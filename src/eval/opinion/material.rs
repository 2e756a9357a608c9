//! What a judge gets to read of a trial.

use serde_json::{Map, Value, json};

use crate::eval::{Case, TrialRecord};

/// Rows of a result that it reads.
const ROWS: usize = 40;
/// Characters of a text that it reads.
const CHARACTERS: usize = 20_000;

/// One JSON object, so that no text in it can end it.
pub(super) fn material(case: &Case, record: &TrialRecord) -> String {
    let turns: Vec<Value> = case.turns.iter().zip(&record.answers).map(turn).collect();
    let expect = &case.expect;
    let expected = json!({"outcome": expect.outcome, "gold": expect.gold, "text": expect.text});
    json!({"turns": turns, "expected": expected}).to_string()
}

fn turn((question, answer): (&String, &Value)) -> Value {
    let text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
    let results = answer.get("evidence").and_then(Value::as_array);
    let results: Vec<Value> = results.into_iter().flatten().map(result).collect();
    json!({
        "question": question,
        "outcome": answer.get("outcome"),
        "text": text.chars().take(CHARACTERS).collect::<String>(),
        "results": results,
    })
}

fn result(evidence: &Value) -> Value {
    let mut shown: Map<String, Value> = ["kind", "name", "arguments", "columns", "rows_known"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), evidence.get(key)?.clone())))
        .collect();
    let rows = evidence.get("rows").and_then(Value::as_array);
    let rows: Vec<Value> = rows.into_iter().flatten().take(ROWS).cloned().collect();
    shown.insert("rows".to_owned(), Value::Array(rows));
    Value::Object(shown)
}
