use std::fmt::Write as _;

use serde_json::Value;

use crate::eval::opinion::Opinion;
use crate::eval::record::TrialRecord;

/// Rows of a result that are shown.
const ROWS: usize = 20;

/// A trial as text, for a terminal: each question with its calls, results and answer, then what graders said.
pub fn transcript(record: &TrialRecord) -> String {
    let mut text = format!(
        "{} trial {}: {}\n{} on {}, {}\n",
        record.case_key(),
        record.trial,
        record.verdict,
        record.model,
        record.today,
        record.mode
    );
    for (at, question) in record.turns.iter().enumerate() {
        let _ = writeln!(text, "\nquestion: {question}");
        if let Some(answer) = record.answers.get(at) {
            turn(&mut text, answer);
        }
    }
    text.push('\n');
    for grade in &record.grades {
        let word = if grade.passed { "ok" } else { "failed" };
        let _ = writeln!(text, "{}: {word}: {}", grade.grader, grade.reason);
    }
    for opinion in record.judge.iter().flat_map(|judge| &judge.said) {
        let _ = writeln!(
            text,
            "judge (diagnostic): {}: {}",
            word_of(opinion),
            opinion.reason
        );
    }
    text.push('\n');
    text
}

/// What an opinion comes to, in a word.
pub(super) fn word_of(opinion: &Opinion) -> &'static str {
    match opinion.right {
        Some(true) => "right",
        Some(false) => "wrong",
        None => "no verdict",
    }
}

fn turn(text: &mut String, answer: &Value) {
    let word = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    for call in items(answer, "tool_calls") {
        let arguments = call.get("arguments").unwrap_or(&Value::Null);
        let (name, status, message) = (word(call, "name"), word(call, "status"), word(call, "message"));
        let _ = writeln!(text, "call: {name} {arguments}: {status} {message}");
    }
    for result in items(answer, "evidence") {
        let _ = match word(result, "kind").as_str() {
            "" => writeln!(text, "result: a calculation"),
            kind => writeln!(text, "result: {kind} {}", word(result, "name")),
        };
        let columns: Vec<&str> = items(result, "columns")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let _ = writeln!(text, "  {}", columns.join(" | "));
        let rows = items(result, "rows");
        for row in rows.iter().take(ROWS) {
            let cells: Vec<String> = row.as_array().into_iter().flatten().map(cell).collect();
            let _ = writeln!(text, "  {}", cells.join(" | "));
        }
        if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
            let _ = writeln!(text, "  and {more} more");
        }
    }
    let _ = writeln!(
        text,
        "answer ({}): {}",
        word(answer, "outcome"),
        word(answer, "text")
    );
}

/// The elements of a list, or none.
pub(super) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A cell as people read it.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}
