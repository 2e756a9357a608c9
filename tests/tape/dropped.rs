//! A turn that is dropped while it is recorded leaves nothing behind that later turns would meet.

use std::time::Duration;

use cardinal::conversation::Conversation;
use cardinal::wire::{TapeError, TapeFile};
use tempfile::TempDir;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack};

#[tokio::test]
async fn a_dropped_recording_records_no_later_turn() {
    let mut asked = 0;
    let model = ScriptedModel::openai_with(move |_| {
        asked += 1;
        match asked {
            1 => Reply::text("too late").after(Duration::from_secs(600)),
            _ => Reply::text("The second answer."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("turn.jsonl");
    let options = stack.options();
    let mut first = Conversation::new("first");
    let mut unwatched = |_| {};
    let recorded = stack.recorder.record(
        &stack.agent,
        &mut first,
        "revenue?",
        options,
        &mut unwatched,
        &path,
    );
    let model_was_asked = async {
        while stack.model.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = recorded => panic!("the model never answers"),
        () = model_was_asked => {}
    }
    let answer = stack.ask("and without a tape?").await;
    assert!(answer.text.contains("The second answer"), "{answer:?}");

    assert!(matches!(TapeFile::read(&path), Err(TapeError::Unfinished { .. })));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        !text.contains("without a tape") && !text.contains("second answer"),
        "{text}"
    );
}
