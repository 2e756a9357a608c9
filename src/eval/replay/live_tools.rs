use std::collections::BTreeSet;

use super::from_tape::{answers, without_times};
use super::recording::{CaseRecording, verdict};
use super::results::difference;
use crate::agent::Answer;
use crate::app;
use crate::conversation::Conversation;
use crate::eval::dataset::OpenDataset;
use crate::eval::finished::FinishedTrial;
use crate::eval::{Case, Verdict};
use crate::tapes::{ReplayContexts, ReplayError, conversation_of};
use crate::wire::Divergence;

/// Runs a recorded case with the model from tape and the tools live, over `dataset`. A result that is not the recorded
/// one is named by call, row and column.
pub(super) async fn run(
    recording: &CaseRecording,
    case: &Case,
    dataset: &OpenDataset,
    contexts: &ReplayContexts,
) -> FinishedTrial {
    let Some(app) = dataset.app(case) else {
        return FinishedTrial::failed("nobody's catalog was loaded for it");
    };
    let reach = app::ReachedSystems {
        metabase: Some(&app.server().metabase),
        dbt: app.settings().dbt.cloud.as_ref(),
        ..app::ReachedSystems::default()
    };
    let wire = match app::wire(app.settings(), reach) {
        Ok(wire) => wire,
        Err(error) => return FinishedTrial::failed(error.to_string()),
    };
    let mut conversation: Option<Conversation> = None;
    let mut answered = Vec::with_capacity(recording.tapes.len());
    for (turn, tape) in (1..).zip(&recording.tapes) {
        let header = &tape.header;
        let conversation = conversation.get_or_insert_with(|| conversation_of(header));
        let live = contexts.replayer_over(
            header,
            &app.catalog().catalog,
            &app.server().metabase,
            app.dbt(),
            &wire,
        );
        let live = match live {
            Ok(live) => live,
            Err(error) => return broken(&answered, verdict(error, tape, turn, recording)),
        };
        let changed = changed(
            &live.changed(header),
            &header.catalog.fingerprint,
            &app.catalog().catalog.fingerprint(),
        );
        if !changed.is_empty() {
            return broken(&answered, recording.stale(changed));
        }
        let (answer, end) = match Box::pin(live.perform_live(tape, conversation)).await {
            Ok(performed) => performed,
            Err(error) => return broken(&answered, verdict(error, tape, turn, recording)),
        };
        let Err(error) = end else {
            answered.push(answer);
            continue;
        };
        let differs = differing_result(&error, recording, contexts, &answered, &answer).await;
        return broken(
            &answered,
            differs.unwrap_or_else(|| verdict(error, tape, turn, recording)),
        );
    }
    FinishedTrial {
        answers: answered.iter().map(without_times).collect(),
        broken: None,
    }
}

fn broken(answered: &[Answer], verdict: Verdict) -> FinishedTrial {
    FinishedTrial {
        answers: answered.iter().map(without_times).collect(),
        broken: Some(verdict),
    }
}

fn changed(segments: &[String], recorded: &str, now: &str) -> Vec<String> {
    let mut changed: BTreeSet<String> = segments.iter().cloned().collect();
    if recorded != now {
        changed.insert("the catalog".to_owned());
    }
    changed.into_iter().collect()
}

/// What differs in the results, when that is why the turn parts from its tape.
async fn differing_result(
    error: &ReplayError,
    recording: &CaseRecording,
    contexts: &ReplayContexts,
    answered: &[Answer],
    now: &Answer,
) -> Option<Verdict> {
    if !matches!(error, ReplayError::Diverged(Divergence::Miss(_))) {
        return None;
    }
    let (recorded, _) = answers(recording, contexts).await;
    let recorded = recorded.get(answered.len())?;
    let (at, was, now) = difference(recorded, now)?;
    Some(Verdict::Diverged {
        at: format!("turn {}, {at}", answered.len() + 1),
        was,
        now,
        command: Some(recording.command.clone()),
    })
}
