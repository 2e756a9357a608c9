use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::data::data_hash;
use super::layout::{set_name, tape_path};
use super::note::CaseNote;
use super::staging::{StagingFolder, clear};
use super::{RecordingError, Recordings};
use crate::agent::Outcome;
use crate::app::request_limits;
use crate::batch::in_parallel;
use crate::config::Settings;
use crate::eval::dataset::OpenDataset;
use crate::eval::engine::{TrialTaping, ask};
use crate::eval::finished::TrialContext;
use crate::eval::{Case, CaseFilter, Mode, Suite, TrialRecord, Verdict};
use crate::tapes::{clear_shared, replay};
use crate::wire::TapeFile;

/// What becomes of recordings that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingRecordings {
    Refuse,
    /// Each is replaced once its case was recorded again.
    Replace,
    /// They stay, and only cases without one are recorded.
    Leave,
}

/// How a suite is recorded.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    pub set: String,
    pub filter: CaseFilter,
    /// How many cases at once.
    pub jobs: usize,
    /// What becomes of recordings that are there already.
    pub existing: ExistingRecordings,
    /// Ends running cases and starts no further ones when it is cancelled. What was not run to its end is not kept.
    pub cancel: CancellationToken,
}

/// A case that was run to be recorded.
#[derive(Debug)]
pub struct RecordedCase {
    pub record: TrialRecord,
    /// Its folder, or why it was not kept.
    pub kept: Result<PathBuf, String>,
}

/// The cases that [`record()`] runs. What killed runs left in the set is cleared up first.
pub fn chosen<'a>(suite: &'a Suite, options: &RecordOptions) -> Result<Vec<&'a Case>, RecordingError> {
    set_name(&options.set)?;
    let layout = Recordings::of(suite);
    clear(&layout.set(&options.set));
    let cases = suite.cases.iter().filter(|case| options.filter.takes(case));
    let (there, missing): (Vec<&Case>, Vec<&Case>) =
        cases.partition(|case| layout.case(&options.set, &case.id).exists());
    match (options.existing, there.first()) {
        (ExistingRecordings::Refuse, Some(first)) => Err(RecordingError::Exists {
            folder: layout.set(&options.set),
            count: there.len(),
            first: first.id.clone(),
        }),
        (ExistingRecordings::Replace, _) => Ok(there.into_iter().chain(missing).collect()),
        (ExistingRecordings::Refuse | ExistingRecordings::Leave, _) => Ok(missing),
    }
}

/// Runs the suite's cases live, each once, and keeps the tapes of those that came to their end, whatever the graders
/// say of them. `report` hears of each as it ends. A recording that cannot be replayed at once is not kept.
pub async fn record(
    suite: &Suite,
    settings: &Settings,
    options: &RecordOptions,
    report: &mut (dyn FnMut(&RecordedCase) + Send),
) -> Result<Vec<RecordedCase>, RecordingError> {
    let cases = chosen(suite, options)?;
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let layout = Recordings::of(suite);
    let suite_recorder = SuiteRecorder {
        suite,
        data: data_hash(&suite.dataset)?,
        dataset: OpenDataset::open(suite, &cases, settings, &request_limits(settings)).await?,
        staging: StagingFolder::new(&layout.set(&options.set))?,
        shared: layout.root().into(),
        model: settings.model.id.to_string(),
        options,
    };
    let mut recorded = Vec::new();
    let each = |case| suite_recorder.record(case);
    in_parallel(cases, options.jobs, &options.cancel, each, |case| {
        report(&case);
        recorded.push(case);
        Ok::<(), RecordingError>(())
    })
    .await?;
    if recorded.iter().any(|case| case.kept.is_ok()) {
        clear_shared(layout.root());
    }
    recorded.sort_by(|a, b| a.record.case.cmp(&b.record.case));
    Ok(recorded)
}

/// What the cases of a suite are recorded with.
struct SuiteRecorder<'a> {
    suite: &'a Suite,
    dataset: OpenDataset,
    staging: StagingFolder,
    shared: Arc<Path>,
    data: String,
    model: String,
    options: &'a RecordOptions,
}

impl SuiteRecorder<'_> {
    async fn record(&self, case: &Case) -> RecordedCase {
        let context = TrialContext {
            suite: self.suite,
            trial: 1,
            today: self.dataset.today(case),
            model: &self.model,
            mode: Mode::Live,
            started: Timestamp::now(),
        };
        let taping = TrialTaping::Record {
            folder: self.staging.case(&case.id),
            shared: Arc::clone(&self.shared),
        };
        let id = format!("{}-{}", self.suite.name, case.id);
        let seed = Some(seed(self.suite, case));
        let finished = ask(&self.dataset, case, id, seed, taping, &self.options.cancel).await;
        let record = finished.record(case, context);
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
        let data = self.data.clone();
        let note = CaseNote::of(self.suite, case, data, &self.model, turns, record.verdict.clone());
        let replace = self.options.existing == ExistingRecordings::Replace;
        note.write(&folder)
            .and_then(|()| self.staging.keep(&case.id, replace))
            .map_err(|error| crate::telemetry::causes(&error).join(": "))
    }
}

/// The turn that a budget ended, though the case does not expect that.
fn out_of_budget(case: &Case, record: &TrialRecord) -> Option<usize> {
    let outcome = Outcome::BudgetExhausted;
    let name = serde_json::to_value(outcome).unwrap_or_default();
    if case.expect.outcome.contains(&outcome) {
        return None;
    }
    let mut answers = (1..).zip(&record.answers);
    answers
        .find(|(_, answer)| answer.get("outcome") == Some(&name))
        .map(|(turn, _)| turn)
}

/// The seed of a case: the same each time it is recorded.
fn seed(suite: &Suite, case: &Case) -> u64 {
    let hash = blake3::hash(format!("{}/{}", suite.name, case.id).as_bytes());
    let (bytes, _) = hash.as_bytes().split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*bytes)
}
