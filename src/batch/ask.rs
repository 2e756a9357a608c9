//! Answers the questions of one session, one after the other, each into its tape and then into the file of answers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use super::answers::AnswersFile;
use super::apps::BatchApps;
use super::credential::CredentialUse;
use super::error::BatchError;
use super::folder::RunFolder;
use super::line::AnswerLine;
use super::question::BatchQuestion;
use super::questions::QuestionFile;
use super::rounds::{RoundCollector, RoundEvent, SessionRelay, SessionSeat};
use crate::agent::{Answer, Outcome, StopReason};
use crate::app::{Error, Question, Recording, Session, SessionOptions};
use crate::ledger::RunBudget;
use crate::model::BudgetShare;
use crate::tapes::ReplayError;
use crate::telemetry::causes;
use crate::wire::{CompletionRelay, TapeError, off_the_runtime};

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowEnd {
    /// It was asked now, from the beginning.
    Asked,
    /// It had been begun by a run that was killed, and went on from its tape.
    Resumed,
    /// It was whole on its tape.
    Recovered,
}

/// What came of a row.
#[derive(Debug, Clone)]
pub(crate) struct RowEvent {
    pub id: String,
    /// How it was answered, with the outcome and what it cost, if that is known; or why it could not be asked.
    pub came_to: Result<(RowEnd, Outcome, Option<f64>), String>,
    /// What else a person should know.
    pub note: Option<String>,
}

/// What a run tells while it goes on.
#[derive(Debug, Clone)]
pub(crate) enum RunEvent {
    Row(RowEvent),
    Round(RoundEvent),
}

/// Everything that the sessions of a run share.
pub(super) struct RunParts {
    pub(super) questions: Arc<QuestionFile>,
    pub(super) answers: Arc<Mutex<AnswersFile>>,
    pub(super) folder: RunFolder,
    pub(super) apps: BatchApps,
    pub(super) today: Date,
    pub(super) budget: Option<Arc<RunBudget>>,
    /// Answers completions in rounds; `None`: each goes over the network at once.
    pub(super) rounds: Option<Arc<RoundCollector>>,
    pub(super) credential: CredentialUse,
    /// No further question is begun once this is cancelled.
    pub(super) ended: CancellationToken,
    pub(super) trouble: Mutex<RunTrouble>,
    pub(super) watch: Arc<dyn Fn(RunEvent) + Send + Sync>,
}

/// Why no further question is begun.
#[derive(Debug, Default)]
pub(super) struct RunTrouble {
    /// A budget has no room for the next completion.
    pub(super) budget_is_out: bool,
    pub(super) error: Option<BatchError>,
}

#[derive(Default)]
struct SessionSoFar {
    /// With what was said in it; `None` when that is on tapes only.
    session: Option<Session>,
    /// The last question that is answered.
    last: Option<u32>,
    /// The question that could not be asked: nothing after it can, because it would miss in what was said.
    broken: Option<String>,
    denied: CancellationToken,
    /// The way of its completions, where they go in rounds.
    relay: Option<SessionRelay>,
}

/// Why a row has no answer.
enum UnansweredReason {
    /// It could not be asked.
    Row(String),
    /// The run cannot go on.
    Run(BatchError),
    /// The budget has no room.
    Budget,
    /// Its tape is of no use: it has to be asked anew.
    Tape(String),
}

impl From<BatchError> for UnansweredReason {
    fn from(error: BatchError) -> Self {
        Self::Run(error)
    }
}

impl RunParts {
    /// Whether every question of a session is answered.
    pub(super) fn is_answered(&self, first: u32) -> bool {
        let answers = lock(&self.answers);
        let mut rows = std::iter::successors(Some(first), |row| self.questions.index().next_in_session(*row));
        rows.all(|row| answers.has(row))
    }

    /// Answers the questions of a session that have no answer yet.
    pub(super) async fn session(self: Arc<Self>, first: u32) {
        let _seat = self.rounds.as_ref().map(SessionSeat::new);
        let mut so_far = SessionSoFar::default();
        let mut next = Some(first);
        while let Some(row) = next {
            next = self.questions.index().next_in_session(row);
            if lock(&self.answers).has(row) {
                so_far.last = Some(row);
                continue;
            }
            if self.ended.is_cancelled() {
                return;
            }
            let event = match Box::pin(self.row(row, &mut so_far)).await {
                Ok(event) => event,
                Err(trouble) => {
                    let mut known = lock(&self.trouble);
                    match trouble {
                        Some(error) => {
                            known.error.get_or_insert(error);
                        }
                        // Or the rounds have ended, which they say themselves.
                        None => known.budget_is_out |= !self.rounds_have_ended(),
                    }
                    self.ended.cancel();
                    return;
                }
            };
            (self.watch)(RunEvent::Row(event));
        }
    }

    fn rounds_have_ended(&self) -> bool {
        self.rounds.as_ref().is_some_and(|rounds| rounds.has_ended())
    }

    /// Answers one question. Fails when no further one can be asked; without an error when the budget is out.
    async fn row(&self, row: u32, so_far: &mut SessionSoFar) -> Result<RowEvent, Option<BatchError>> {
        let question = self.question(row).await?;
        let mut note = None;
        let came_to = loop {
            match Box::pin(self.answered(row, &question, so_far)).await {
                Ok(came_to) => {
                    so_far.last = Some(row);
                    break Ok(came_to);
                }
                Err(UnansweredReason::Row(reason)) => {
                    so_far.broken = Some(question.id.clone());
                    break Err(reason);
                }
                // With the tape out of the way it is asked anew, so that this comes once.
                Err(UnansweredReason::Tape(reason)) => note = Some(reason),
                Err(UnansweredReason::Run(error)) => return Err(Some(error)),
                Err(UnansweredReason::Budget) => return Err(None),
            }
        };
        Ok(RowEvent {
            id: question.id,
            came_to,
            note,
        })
    }

    async fn question(&self, row: u32) -> Result<BatchQuestion, BatchError> {
        let questions = Arc::clone(&self.questions);
        on_disk(move || questions.question(row)).await
    }

    async fn answered(
        &self,
        row: u32,
        question: &BatchQuestion,
        so_far: &mut SessionSoFar,
    ) -> Result<(RowEnd, Outcome, Option<f64>), UnansweredReason> {
        if let Some(before) = &so_far.broken {
            let reason = format!("{before:?}, which comes before it in its session, could not be asked");
            return Err(UnansweredReason::Row(reason));
        }
        let mut session = self.session_of(question, so_far).await?;
        let tape = self.folder.tape_of(question);
        let denied = so_far.denied.clone();
        let (answer, end) = tokio::select! {
            biased;
            () = denied.cancelled() => return Err(UnansweredReason::Budget),
            answered = ask(&mut session, question, &tape, self.folder.tapes()) => answered?,
        };
        if let Some(flaw) = session.tape_error().filter(|flaw| is_of_the_disk(flaw)) {
            return Err(unrecorded(flaw.clone().into()));
        }
        so_far.session = Some(session);
        let line = AnswerLine::of(question, &answer).text();
        let line = line.map_err(|error| UnansweredReason::Row(error.to_string()))?;
        let answers = Arc::clone(&self.answers);
        let relay = so_far.relay.clone();
        on_disk(move || {
            lock(&answers).append(row, &line)?;
            if let Some(relay) = relay {
                relay.settle();
            }
            Ok(())
        })
        .await?;
        if self.credential.saw(&answer) {
            self.ended.cancel();
        }
        if matches!(
            answer.stop_reason,
            StopReason::DayTokens | StopReason::DayCost | StopReason::DayQueries | StopReason::LedgerFailed
        ) {
            lock(&self.trouble).budget_is_out = true;
            self.ended.cancel();
        }
        Ok((end, answer.outcome, answer.usage.cost_usd))
    }

    /// The session of a question, with everything that was said in it before.
    async fn session_of(
        &self,
        question: &BatchQuestion,
        so_far: &mut SessionSoFar,
    ) -> Result<Session, UnansweredReason> {
        if let Some(session) = so_far.session.take() {
            return Ok(session);
        }
        let app = self.apps.of(question.principal.as_deref()).await;
        let app = app.map_err(UnansweredReason::Row)?;
        let options = SessionOptions {
            id: Some(question.session.clone().unwrap_or_else(|| question.id.clone())),
            today: Some(question.today.unwrap_or(self.today)),
            budget: self.budget.as_ref().map(|budget| BudgetShare {
                budget: Arc::clone(budget),
                denied: so_far.denied.clone(),
                batched: self.rounds.is_some(),
            }),
            relay: self.relay(question, so_far),
            ..SessionOptions::default()
        };
        let mut session = app.session(options).map_err(|error| not_asked(&error))?;
        if let Some(last) = so_far.last {
            let before = self.question(last).await?;
            let tape = self.folder.tape_of(&before);
            let restored = session.restore(&tape).await;
            restored.map_err(|error| {
                let reason = causes(&error).join(": ");
                UnansweredReason::Row(format!("what was said before in its session is lost: {reason}"))
            })?;
        }
        Ok(session)
    }
}

impl RunParts {
    /// The way of a session's completions.
    fn relay(&self, question: &BatchQuestion, so_far: &mut SessionSoFar) -> Option<Arc<dyn CompletionRelay>> {
        let rounds = self.rounds.as_ref()?;
        let denied = so_far.denied.clone();
        let relay = so_far
            .relay
            .get_or_insert_with(|| SessionRelay::new(rounds, question.session_hash(), denied));
        Some(Arc::new(relay.clone()))
    }
}

/// Asks a question, goes on with it where its tape ends, or takes its answer from its tape.
async fn ask(
    session: &mut Session,
    question: &BatchQuestion,
    tape: &Path,
    shared: PathBuf,
) -> Result<(Answer, RowEnd), UnansweredReason> {
    let begun = {
        let tape = tape.to_owned();
        on_disk(move || is_begun(&tape)).await?
    };
    if !begun {
        session.set_recording(Recording::File {
            path: tape.to_owned(),
            shared,
            copy: None,
        });
        let asked = Question {
            today: question.today,
            asker: question.principal.clone(),
            ..Question::from(question.text.as_str())
        };
        let answer = session.ask(asked).await.map_err(begin_error)?;
        return Ok((answer, RowEnd::Asked));
    }
    let error = match session.restore(tape).await {
        Ok(answer) => return Ok((answer, RowEnd::Recovered)),
        Err(Error::Replay(error)) if is_unfinished(&error) => {
            let resumed = session.resume(tape, CancellationToken::new(), &mut |_| {}).await;
            match resumed {
                Ok(answer) => return Ok((answer, RowEnd::Resumed)),
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    if let Error::Tape(flaw) = &error
        && is_of_the_disk(flaw)
    {
        return Err(unrecorded(error));
    }
    let aside = tape.with_extension("jsonl.unusable");
    let reason = format!(
        "its recording cannot be gone on with, lies in {} now, and the question is asked anew: {}",
        aside.display(),
        causes(&error).join(": ")
    );
    let tape = tape.to_owned();
    on_disk(move || fs::rename(&tape, &aside).map_err(|source| BatchError::write(&tape, source))).await?;
    Err(UnansweredReason::Tape(reason))
}

/// Whether a tape was begun. One whose header was torn has nothing on it, and goes.
fn is_begun(tape: &Path) -> Result<bool, BatchError> {
    let failed = |source| BatchError::write(tape, source);
    let mut start = Vec::new();
    match fs::File::open(tape) {
        Ok(file) => io::BufRead::read_until(&mut io::BufReader::new(file), b'\n', &mut start),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => Err(error),
    }
    .map_err(failed)?;
    if start.ends_with(b"\n") {
        return Ok(true);
    }
    fs::remove_file(tape).map_err(failed)?;
    Ok(false)
}

fn is_unfinished(error: &ReplayError) -> bool {
    matches!(error, ReplayError::Tape(TapeError::Unfinished { .. }))
}

/// Whether a tape could not be written, which a later one could not either.
fn is_of_the_disk(flaw: &TapeError) -> bool {
    matches!(flaw, TapeError::Write { .. } | TapeError::Create { .. })
}

fn begin_error(error: Error) -> UnansweredReason {
    match &error {
        Error::Tape(flaw) if is_of_the_disk(flaw) => unrecorded(error),
        _ => not_asked(&error),
    }
}

fn unrecorded(error: Error) -> UnansweredReason {
    UnansweredReason::Run(BatchError::Unrecorded(Box::new(error)))
}

fn not_asked(error: &Error) -> UnansweredReason {
    UnansweredReason::Row(causes(error).join(": "))
}

/// Work that waits for the disk.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BatchError> + Send + 'static,
) -> Result<T, BatchError> {
    off_the_runtime(work)
        .await
        .unwrap_or_else(|error| Err(BatchError::Aborted(error.to_string())))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
