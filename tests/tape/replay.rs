use std::time::Duration;

use cardinal::tapes::{ReplayError, TranscriptEntry, replay, transcript};
use cardinal::wire::{TapeError, TapeFile};
use serde_json::json;
use tempfile::TempDir;

use super::kit::{anthropic, completions, openai, responses};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

#[tokio::test]
async fn a_turn_is_replayed_from_its_tape_after_everything_else_is_gone() {
    for taped in [openai().await, anthropic().await, responses().await] {
        let (path, answer) = (taped.path(), taped.answer);
        assert_eq!(answer.tape, Some(path.clone()));
        let completions = taped.stack.model.requests().len();
        let model = taped.stack.model;
        taped.stack.sandbox.shutdown().await;

        let replayed = replay(&path).await.unwrap();
        assert_eq!(replayed.answer.text, answer.text);
        assert_eq!(replayed.answer.evidence.len(), 2);
        assert_eq!(json!(replayed.answer.evidence), json!(answer.evidence));
        assert_eq!(json!(replayed.answer.usage), json!(answer.usage));
        assert!(
            replayed
                .answer
                .tool_calls
                .iter()
                .all(|call| json!(call.served_by) == "tape")
        );
        assert_eq!(
            model.requests().len(),
            completions,
            "the model was not asked again"
        );
    }
}

#[tokio::test]
async fn a_conversation_is_replayed_turn_by_turn() {
    let directory = TempDir::new().unwrap();
    let paths = [directory.path().join("1.jsonl"), directory.path().join("2.jsonl")];
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 | 3 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            2 => Reply::text("So much."),
            _ => Reply::text("As I said."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    for (question, path) in ["how much?", "are you sure?"].into_iter().zip(&paths) {
        stack.record(question, path).await.tape.unwrap();
    }
    let replayed = replay(&paths[1]).await.unwrap();
    assert_eq!(replayed.answer.text, "As I said.");
    let second = TapeFile::read(&paths[1]).unwrap();
    assert_eq!(
        (second.header.turn, second.header.previous.as_deref()),
        (2, Some("1.jsonl"))
    );

    std::fs::remove_file(&paths[0]).unwrap();
    assert!(matches!(
        replay(&paths[1]).await,
        Err(ReplayError::Tape(TapeError::Read { .. }))
    ));
}

#[tokio::test]
async fn a_tape_tells_a_reviewer_what_was_said() {
    for taped in [openai().await, anthropic().await, responses().await] {
        let said = transcript(&taped.read());
        let kinds: Vec<&str> = said
            .iter()
            .map(|said| match said {
                TranscriptEntry::User(_) => "user",
                TranscriptEntry::Model(_) => "model",
                TranscriptEntry::Call { .. } => "call",
                TranscriptEntry::Result(_) => "result",
            })
            .collect();
        assert_eq!(
            kinds,
            ["user", "model", "call", "result", "call", "result"],
            "{said:#?}"
        );
        let TranscriptEntry::Call { tool, arguments } = &said[2] else {
            panic!("{said:#?}")
        };
        assert!(
            tool == "query_metric" && arguments.contains("year"),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn six_steps_stay_small_without_their_result_rows() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("six.jsonl");
    let units = ["year", "quarter", "month", "week", "day"];
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        let unit = units.get(step);
        step += 1;
        match unit {
            Some(unit) => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": a_metric(request), "group_by": [{ "dimension": "created_at", "granularity": unit }],
                        "filters": [{ "dimension": "created_at", "operation": "greater-than-or-equal", "values": ["2025-01-01"] }] }),
            )])
            .saying("I will look at it by another unit of time now, because that may tell more."),
            None => Reply::text("It grew in every quarter of the year but one. ".repeat(10)),
        }
        .fragmented(16)
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack
        .record("How did revenue develop?", &path)
        .await
        .tape
        .unwrap();

    let tape = TapeFile::read(&path).unwrap();
    assert_eq!(completions(&tape).len(), 6);
    let escaped = |text: &str| json!(text).to_string().len();
    let mut results = 0;
    for exchange in tape
        .exchanges
        .iter()
        .filter(|exchange| exchange.request["purpose"] != "completion")
    {
        results += escaped(&String::from_utf8(exchange.chunks.concat()).unwrap());
    }
    for said in transcript(&tape) {
        if let TranscriptEntry::Result(text) = said {
            results += escaped(&text);
        }
    }
    let size = std::fs::read_to_string(&path).unwrap().len();
    assert!(size - results < 31_000, "{size} bytes, {results} of them results");
}

#[tokio::test]
async fn a_turn_that_failed_or_was_cut_replays_to_the_same_end() {
    let replies = [
        vec![Reply::status(400, json!({"error": {"message": "no"}}))],
        vec![Reply::text("It is about fort").cut_after(150)],
        vec![Reply::endless_text("again and again ")],
    ];
    for reply in replies {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("turn.jsonl");
        let mut stack = Stack::new(ScriptedModel::openai(reply).await, Knobs::default()).await;
        let recorded = stack.record("how much?", &path).await;
        recorded.tape.unwrap();
        let replayed = replay(&path).await.unwrap();
        assert_eq!(replayed.answer.stop_reason, recorded.answer.stop_reason);
        assert_eq!(replayed.answer.text, recorded.answer.text);
    }
}

#[tokio::test]
async fn a_turn_that_a_person_ended_is_ended_at_the_same_place() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("turn.jsonl");
    let slow = vec![Reply::text("late").after(Duration::from_secs(30))];
    let mut stack = Stack::new(ScriptedModel::openai(slow).await, Knobs::default()).await;
    let cancel = stack.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    });
    let recorded = stack.record("how much?", &path).await;
    recorded.tape.unwrap();
    let replayed = replay(&path).await.unwrap();
    assert_eq!(json!(replayed.answer.outcome), "cancelled");
}

#[tokio::test]
async fn a_session_that_expires_in_the_middle_is_renewed_in_a_replay_too() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("turn.jsonl");
    let knobs = Knobs {
        signs_in: true,
        ..Knobs::default()
    };
    let mut stack = Stack::new(ScriptedModel::openai_with(super::kit::script()).await, knobs).await;
    stack.sandbox.faults().add("POST /api/agent/**=401:1").unwrap();
    let recorded = stack.record("How did revenue develop?", &path).await;
    recorded.tape.unwrap();
    assert_eq!(stack.sandbox.faults().hits(), [1]);
    assert_eq!(recorded.answer.evidence.len(), 2, "{:#?}", recorded.answer);
    let tape = std::fs::read_to_string(&path).unwrap();
    assert!(
        tape.contains("\"status\":401") && !tape.contains("api/session\""),
        "{tape}"
    );
    let replayed = replay(&path).await.unwrap();
    assert_eq!(replayed.answer.text, recorded.answer.text);
}
