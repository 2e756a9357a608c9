//! What a question of the benchmark expects, in the words of cases.

use serde::Deserialize;
use serde_json::{Value, json};

/// Words that say that a figure is a share, which people write as a percentage as well as as a fraction.
const SHARES: [&str; 6] = ["percent", "%", "rate", "ratio", "share", "proportion"];

#[derive(Debug, Deserialize)]
pub(super) struct AcceptedResult {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// The expectation of a question that has these accepted results.
pub(super) fn of_results(accepted: &[AcceptedResult], ordered: bool, question: &str) -> Value {
    let question = question.to_lowercase();
    let share = SHARES.iter().any(|word| question.contains(word));
    let mut golds: Vec<Value> = accepted
        .iter()
        .flat_map(|result| golds(result, ordered, share))
        .collect();
    let gold = match golds.len() {
        1 => golds.remove(0),
        _ => json!({"any_of": golds}),
    };
    json!({"outcome": ["answered", "partial"], "gold": [gold]})
}

/// The expectation of a question that the data cannot answer.
pub(super) fn nothing() -> Value {
    json!({"outcome": ["not_in_catalog"]})
}

/// The ways of having one result right: a single figure or name may stand in prose, a table has to be one.
fn golds(result: &AcceptedResult, ordered: bool, share: bool) -> Vec<Value> {
    let table = || {
        let mut table = json!({"columns": result.columns, "rows": result.rows});
        if ordered
            && result.rows.len() > 1
            && let Some(fields) = table.as_object_mut()
        {
            fields.insert("ordered".to_owned(), Value::Bool(true));
        }
        json!({"table": table})
    };
    match result.rows.as_slice() {
        [row] => match row.as_slice() {
            [Value::Number(figure)] => {
                let units: &[&str] = match (share, figure.as_f64()) {
                    (true, Some(value)) if value.abs() <= 1.0 => &["number", "fraction", "percent"],
                    (true, _) => &["number", "percent"],
                    _ => &["number"],
                };
                let scalar = |unit: &&str| json!({"scalar": {"value": figure, "unit": unit}});
                units.iter().map(scalar).collect()
            }
            [name @ Value::String(_)] => vec![table(), json!({"set": {"values": [name], "in": "text"}})],
            _ => vec![table()],
        },
        _ => vec![table()],
    }
}
