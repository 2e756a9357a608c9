use super::error::ReplayError;
use super::record::answer_hash;
use crate::agent::{Answer, Late};
use crate::wire::{Player, TapeFile, TurnEnd};

/// What a turn waited for that its tape ends in must have ended it the same way. Tapes of before it was noted where time
/// ran out do not say that it was the clock.
pub(super) fn not_by_the_clock(tape: &TapeFile, player: &Player, answer: &Answer) -> Result<(), ReplayError> {
    let recorded = end(tape)?;
    if player.stalls().any() && TurnEnd::of(answer).outcome != recorded.outcome {
        return Err(ReplayError::Clock {
            stop_reason: recorded.stop_reason.clone(),
        });
    }
    Ok(())
}

/// What the turn came to; an error when it was broken off.
pub(super) fn end(tape: &TapeFile) -> Result<&TurnEnd, ReplayError> {
    tape.end
        .as_ref()
        .ok_or_else(|| ReplayError::Tape(tape.unfinished()))
}

impl TurnEnd {
    /// What a tape says of an answer.
    pub(super) fn of(answer: &Answer) -> Self {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            outcome: word(serde_json::json!(answer.outcome)),
            stop_reason: word(serde_json::json!(answer.stop_reason)),
            text: answer.text.clone(),
            answer: answer_hash(answer),
            denials: answer
                .denials
                .iter()
                .map(|denial| serde_json::json!(denial))
                .collect(),
            late: if answer.late == Late::default() {
                serde_json::Value::Null
            } else {
                serde_json::json!(answer.late)
            },
        }
    }
}

/// Whether two ends of a turn are the same.
pub(super) fn same(recorded: &TurnEnd, now: &TurnEnd) -> Result<(), ReplayError> {
    let parts = [
        ("its outcome", &recorded.outcome, &now.outcome),
        ("its stop reason", &recorded.stop_reason, &now.stop_reason),
        ("its text", &recorded.text, &now.text),
        (
            "the hash of its evidence, calls and usage",
            &recorded.answer,
            &now.answer,
        ),
    ];
    let different = parts.into_iter().find(|(_, recorded, now)| recorded != now);
    different.map_or(Ok(()), |(what, recorded, now)| {
        Err(ReplayError::Different {
            what,
            recorded: recorded.clone(),
            now: now.clone(),
        })
    })
}
