//! Asks the questions of cases. A live run, a recording and a run over recorded results are the same here but for one
//! thing: what becomes of the exchanges, which [`TrialTaping`] says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Case;
use super::dataset::OpenDataset;
use super::finished::FinishedTrial;
use super::recordings::tape_path;
use crate::app::{Question, Recording, Session};
use crate::wire::RecordedResults;

/// What becomes of the exchanges of a trial.
#[derive(Debug)]
pub(super) enum TrialTaping {
    Off,
    /// Each turn gets a tape in `folder`. What tapes have in common goes into `shared`.
    Record {
        folder: PathBuf,
        shared: Arc<Path>,
    },
    /// Queries are answered from recorded results where there are such.
    Serve(RecordedResults),
}

/// A case's questions, and the session that answers them.
struct CaseSession {
    session: Session,
    questions: Vec<String>,
    cancel: CancellationToken,
    taping: TrialTaping,
}

/// Asks a case's questions, one after the other, in a conversation named `id`. Runs as a task of its own, so that trials
/// share all cores and a panic ends one trial only.
pub(super) async fn ask(
    dataset: &OpenDataset,
    case: &Case,
    id: String,
    seed: Option<u64>,
    taping: TrialTaping,
    cancel: &CancellationToken,
) -> FinishedTrial {
    let session = match dataset.session(case, id, seed) {
        Ok(session) => session,
        Err(reason) => return FinishedTrial::failed(reason),
    };
    let interview = CaseSession {
        session,
        questions: case.turns.clone(),
        cancel: cancel.clone(),
        taping,
    };
    let asked = tokio::spawn(interview.run()).await;
    asked.unwrap_or_else(|error| FinishedTrial::failed(error.to_string()))
}

impl CaseSession {
    /// Keeps the answers that came before a turn failed.
    async fn run(mut self) -> FinishedTrial {
        if let TrialTaping::Serve(recorded) = &self.taping {
            self.session.serve_results(recorded.clone()).await;
        }
        let mut finished = FinishedTrial::default();
        for (turn, question) in (1..).zip(std::mem::take(&mut self.questions)) {
            match self.turn(turn, &question).await {
                Ok(answer) => finished.answers.push(answer),
                Err(reason) => {
                    finished.broken = FinishedTrial::failed(reason).broken;
                    break;
                }
            }
        }
        finished
    }

    async fn turn(&mut self, turn: usize, question: &str) -> Result<Value, String> {
        if let TrialTaping::Record { folder, shared } = &self.taping {
            self.session.set_recording(Recording::File {
                path: tape_path(folder, turn),
                shared: shared.to_path_buf(),
                copy: None,
            });
        }
        let question = Question {
            cancel: self.cancel.clone(),
            ..Question::from(question)
        };
        let mut answer = self
            .session
            .ask(question)
            .await
            .map_err(|error| error.to_string())?;
        if let Some(error) = self.session.tape_error() {
            return Err(error.to_string());
        }
        // The tape is moved to its place later.
        answer.tape = None;
        serde_json::to_value(answer).map_err(|error| error.to_string())
    }
}
