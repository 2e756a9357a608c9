use serde_json::Value;

use super::recording::{CaseRecording, verdict};
use crate::agent::Answer;
use crate::conversation::Conversation;
use crate::eval::Verdict;
use crate::eval::finished::FinishedTrial;
use crate::tapes::{ReplayContexts, conversation_of};

/// Runs a recorded case from its tapes alone.
pub(super) async fn run(recording: &CaseRecording, contexts: &ReplayContexts) -> FinishedTrial {
    let (answers, broken) = answers(recording, contexts).await;
    FinishedTrial {
        answers: answers.iter().map(without_times).collect(),
        broken,
    }
}

/// The answers of a case as they come from its tapes, and why there are no more of them.
pub(super) async fn answers(
    recording: &CaseRecording,
    contexts: &ReplayContexts,
) -> (Vec<Answer>, Option<Verdict>) {
    let mut conversation: Option<Conversation> = None;
    let mut answers = Vec::with_capacity(recording.tapes.len());
    for (turn, tape) in (1..).zip(&recording.tapes) {
        let conversation = conversation.get_or_insert_with(|| conversation_of(&tape.header));
        let performed = match contexts.replayer(tape) {
            Ok(stage) => Box::pin(stage.perform(tape, conversation)).await,
            Err(error) => Err(error),
        };
        match performed {
            Ok(answer) => answers.push(answer),
            Err(error) => return (answers, Some(verdict(error, tape, turn, recording))),
        }
    }
    (answers, None)
}

/// An answer as a record of a replay holds it: how long a replay takes says nothing, so that two replays of a tape give
/// the same bytes.
pub(super) fn without_times(answer: &Answer) -> Value {
    let mut value = serde_json::to_value(answer).unwrap_or_default();
    clear_times(&mut value);
    value
}

/// Sets all times of an answer to zero.
pub(super) fn clear_times(answer: &mut Value) {
    let timings = answer.get_mut("timings").and_then(Value::as_object_mut);
    for (name, value) in timings.into_iter().flatten() {
        *value = if name == "first_text_ms" {
            Value::Null
        } else {
            0.into()
        };
    }
    let calls = answer.get_mut("tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten().filter_map(Value::as_object_mut) {
        call.insert("duration_ms".to_owned(), 0.into());
    }
}
