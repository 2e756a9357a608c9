//! The answer as a format: what is written reads back, and the committed schema is the program's.

use cardinal::Answer;
use cardinal::agent::answer_schema;
use serde_json::{Value, json};

use crate::support::scripted_model::Reply;
use crate::support::stack::Stack;

async fn answered() -> Answer {
    let mut stack = Stack::scripted(vec![
        Reply::tool_calls([(
            "query_metric",
            json!({"metric_id": 1, "group_by": [{"dimension": "created_at", "granularity": "year"}]}),
        )]),
        Reply::text("Revenue in 2025 was 446,213.55, and one may wonder about 12,345."),
        Reply::text("Revenue in 2025 was 446,213.55, and one may wonder about 12,345."),
    ])
    .await;
    stack.ask("What was revenue by year?").await
}

#[tokio::test]
async fn what_is_written_reads_back() {
    let answer = answered().await;
    let written = serde_json::to_value(&answer).unwrap();
    assert!(!answer.evidence.is_empty() && !answer.figures.is_empty());
    let read: Answer = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    assert_eq!(read.figures.len(), answer.figures.len());
}

#[tokio::test]
async fn an_answer_of_a_later_version_says_so() {
    let mut written = serde_json::to_value(answered().await).unwrap();
    written["version"] = 99.into();
    let error = serde_json::from_value::<Answer>(written).unwrap_err();
    assert!(error.to_string().contains("format version 99"), "{error}");
}

#[test]
fn answers_of_the_first_version_still_read() {
    let first = json!({
        "version": 1, "question": "How many?", "outcome": "answered", "stop_reason": "final_answer",
        "text": "There were 7.",
        "figures": [{
            "start": 11, "end": 12, "start_char": 11, "end_char": 12, "text": "7", "kind": "number", "status": "matched",
            "sources": [{
                "source": "cell", "result": "r1", "row": 1, "column": "count", "cell": 7,
                "of": [{"result": "r1", "kind": "metric", "id": 2, "name": "Orders", "arguments": {}, "link": null}],
            }],
        }],
        "links_removed": 0,
        "evidence": [{
            "result": "r1", "call": 1, "kind": "metric", "id": 2, "name": "Orders", "arguments": {}, "link": null,
            "columns": ["count"], "rows": [[7]], "rows_known": 1, "extent": "complete", "truncated": false,
        }],
        "tool_calls": [],
        "usage": {
            "input_tokens": 1, "cached_tokens": 0, "output_tokens": 1, "cached_share": 0.0, "cost_usd": null,
            "unreported": 0, "steps": 2,
        },
        "timings": {"total_ms": 1, "model_ms": 1, "tools_ms": 0, "first_text_ms": null},
        "catalog": {"fingerprint": "f", "entries": 1}, "prompt": {"hash": "h"}, "model": "openai:m",
    });
    let read: Answer = serde_json::from_value(first).unwrap();
    assert_eq!(read.evidence[0].origin.source().unwrap().name, "Orders");
    assert_eq!(read.figures[0].sources[0].results(), ["r1"]);
}

#[test]
fn the_committed_schema_is_the_programs() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/answer.schema.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, answer_schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert_eq!(
        committed,
        answer_schema(),
        "run `UPDATE_SCHEMAS=1 cargo test answer_format`"
    );
}

#[tokio::test]
async fn an_answer_keeps_to_the_schema() {
    let schema: Value = serde_json::from_str(&answer_schema()).unwrap();
    let written = serde_json::to_value(answered().await).unwrap();
    let known = schema["properties"].as_object().unwrap();
    for field in written.as_object().unwrap().keys() {
        assert!(known.contains_key(field), "{field} is not in the schema");
    }
    for field in schema["required"].as_array().unwrap() {
        assert!(
            written.get(field.as_str().unwrap()).is_some(),
            "{field} is missing"
        );
    }
}
