use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::data::data_hash;
use super::note::{CaseNote, Form, NOTE_VERSION};
use super::place::{set_name, tape_path};
use super::staging::{Staging, clear};
use super::{RecordingError, Recordings};
use crate::agent::{Agent, Outcome, TurnOptions};
use crate::config::Settings;
use crate::conversation::Conversation;
use crate::eval::ended::Ended;
use crate::eval::judge::about;
use crate::eval::stage::Stage;
use crate::eval::{Case, Filter, Mode, Suite, TrialRecord, Verdict};
use crate::tapes::{NewTape, Studio, clear_shared, replay};
use crate::wire::TapeFile;

/// What becomes of recordings that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Nothing is recorded.
    Refuse,
    /// Each is replaced once its case was recorded again.
    Replace,
    /// They stay, and only cases without one are recorded.
    Leave,
}

/// How a suite is recorded.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// The set's name.
    pub set: String,
    /// Which cases.
    pub filter: Filter,
    /// How many cases at once.
    pub jobs: usize,
    /// What becomes of recordings that are there already.
    pub existing: Existing,
    /// Ends running cases and starts no further ones when it is cancelled. What was not run to its end is not kept.
    pub cancel: CancellationToken,
}

/// A case that was run to be recorded.
#[derive(Debug)]
pub struct RecordedCase {
    /// What came of it.
    pub record: TrialRecord,
    /// Its folder, or why it was not kept.
    pub kept: Result<PathBuf, String>,
}

/// The cases that [`record()`] runs. What killed runs left in the set is cleared up first.
pub fn chosen<'a>(suite: &'a Suite, options: &RecordOptions) -> Result<Vec<&'a Case>, RecordingError> {
    set_name(&options.set)?;
    let place = Recordings::of(suite);
    clear(&place.set(&options.set));
    let cases = suite.cases.iter().filter(|case| options.filter.takes(case));
    let (there, missing): (Vec<&Case>, Vec<&Case>) =
        cases.partition(|case| place.case(&options.set, &case.id).exists());
    match (options.existing, there.first()) {
        (Existing::Refuse, Some(first)) => Err(RecordingError::Exists {
            folder: place.set(&options.set),
            count: there.len(),
            first: first.id.clone(),
        }),
        (Existing::Replace, _) => Ok(there.into_iter().chain(missing).collect()),
        (Existing::Refuse | Existing::Leave, _) => Ok(missing),
    }
}

/// Runs the suite's cases live, each once, and keeps the tapes of those that came to their end, whatever the graders
/// say of them. `told` hears of each as it ends. A recording that cannot be replayed at once is not kept.
pub async fn record(
    suite: &Suite,
    settings: &Settings,
    options: &RecordOptions,
    told: &mut (dyn FnMut(&RecordedCase) + Send),
) -> Result<Vec<RecordedCase>, RecordingError> {
    let cases = chosen(suite, options)?;
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let place = Recordings::of(suite);
    let model = settings.model.id.to_string();
    let desk = Desk {
        suite,
        data: data_hash(&suite.dataset)?,
        form: Form::now(&model),
        stage: Stage::open(suite, &cases, settings).await?,
        staging: Staging::new(&place.set(&options.set))?,
        shared: place.root().into(),
        model,
        options,
    };
    let mut ended = stream::iter(cases)
        .take_while(|_| std::future::ready(!options.cancel.is_cancelled()))
        .map(|case| desk.one(case))
        .buffer_unordered(options.jobs.max(1));
    let mut recorded = Vec::new();
    while let Some(case) = ended.next().await {
        told(&case);
        recorded.push(case);
    }
    if recorded.iter().any(|case| case.kept.is_ok()) {
        clear_shared(place.root());
    }
    recorded.sort_by(|a, b| a.record.case.cmp(&b.record.case));
    Ok(recorded)
}

/// What the cases of a suite are recorded with.
struct Desk<'a> {
    suite: &'a Suite,
    stage: Stage,
    staging: Staging,
    shared: Arc<Path>,
    data: String,
    form: Form,
    model: String,
    options: &'a RecordOptions,
}

impl Desk<'_> {
    async fn one(&self, case: &Case) -> RecordedCase {
        let started = Timestamp::now();
        let ended = match self.stage.session(case, Some(seed(self.suite, case))) {
            Ok((agent, studio)) => {
                let asked = Asked {
                    id: format!("{}-{}", self.suite.name, case.id),
                    turns: case.turns.clone(),
                    folder: self.staging.case(&case.id),
                    shared: Arc::clone(&self.shared),
                    options: TurnOptions {
                        today: self.stage.today(case),
                        asker: None,
                        cancel: self.options.cancel.clone(),
                    },
                };
                match tokio::spawn(asked.record(agent, studio)).await {
                    Ok(ended) => ended,
                    Err(error) => Ended::failed(error.to_string()),
                }
            }
            Err(reason) => Ended::failed(reason),
        };
        let today = self.stage.today(case);
        let record = ended.record(self.suite, case, 1, today, &self.model, Mode::Live, started);
        let kept = self.keep(case, &record).await;
        RecordedCase { record, kept }
    }

    async fn keep(&self, case: &Case, record: &TrialRecord) -> Result<PathBuf, String> {
        if let Verdict::HarnessError { reason } = &record.verdict {
            return Err(reason.clone());
        }
        if let Some(turn) = out_of_budget(case, record) {
            return Err(format!("turn {turn} ran out of its budget"));
        }
        let folder = self.staging.case(&case.id);
        let mut turns = Vec::with_capacity(case.turns.len());
        for turn in 1..=case.turns.len() {
            let tape = TapeFile::read(&tape_path(&folder, turn)).map_err(|error| error.to_string())?;
            turns.push(tape.seal);
        }
        let last = tape_path(&folder, case.turns.len());
        if let Err(error) = replay(&last).await {
            return Err(format!("it cannot be replayed: {error}"));
        }
        let note = CaseNote {
            version: NOTE_VERSION,
            case: case.id.clone(),
            suite: about(self.suite),
            asked: record.keys.asked.clone(),
            data: self.data.clone(),
            form: self.form.clone(),
            model: self.model.clone(),
            turns,
            verdict: record.verdict.clone(),
        };
        let replace = self.options.existing == Existing::Replace;
        note.write(&folder)
            .and_then(|()| self.staging.keep(&case.id, replace))
            .map_err(|error| crate::telemetry::causes(&error).join(": "))
    }
}

/// The turn that a budget ended, though the case does not expect that.
fn out_of_budget(case: &Case, record: &TrialRecord) -> Option<usize> {
    let outcome = Outcome::BudgetExhausted;
    let told = serde_json::to_value(outcome).unwrap_or_default();
    if case.expect.outcome.contains(&outcome) {
        return None;
    }
    let mut answers = (1..).zip(&record.answers);
    answers
        .find(|(_, answer)| answer.get("outcome") == Some(&told))
        .map(|(turn, _)| turn)
}

/// The seed of a case: the same each time it is recorded.
fn seed(suite: &Suite, case: &Case) -> u64 {
    let hash = blake3::hash(format!("{}/{}", suite.name, case.id).as_bytes());
    let (bytes, _) = hash.as_bytes().split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*bytes)
}

/// A conversation to be recorded.
struct Asked {
    id: String,
    turns: Vec<String>,
    folder: PathBuf,
    shared: Arc<Path>,
    options: TurnOptions,
}

impl Asked {
    /// Asks one question after the other. What came is returned even when a later turn fails.
    async fn record(self, agent: Agent, studio: Studio) -> Ended {
        let mut conversation = Conversation::new(self.id.clone());
        let mut answers = Vec::with_capacity(self.turns.len());
        for (turn, question) in (1..).zip(&self.turns) {
            let path = tape_path(&self.folder, turn);
            match self
                .turn(&agent, &studio, &mut conversation, question, &path)
                .await
            {
                Ok(answer) => answers.push(answer),
                Err(reason) => {
                    return Ended {
                        answers,
                        ..Ended::failed(reason)
                    };
                }
            }
        }
        Ended {
            answers,
            broken: None,
        }
    }

    async fn turn(
        &self,
        agent: &Agent,
        studio: &Studio,
        conversation: &mut Conversation,
        question: &str,
        path: &Path,
    ) -> Result<Value, String> {
        let tape = NewTape {
            path,
            shared: &self.shared,
        };
        let options = self.options.clone();
        let recorded = studio
            .record(agent, conversation, question, options, &mut |_| {}, tape)
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        recorded.tape.map_err(|error| error.to_string())?;
        let mut answer = recorded.answer;
        // It is about to move.
        answer.tape = None;
        serde_json::to_value(answer).map_err(|error| error.to_string())
    }
}
