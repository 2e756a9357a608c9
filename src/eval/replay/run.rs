use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::from_tape::clear_times;
use super::plan::{RecordedJob, ReplayPlan};
use super::recording::{CaseRecording, removed_case, removed_keys};
use super::{ReplayOptions, from_tape, live_tools};
use crate::batch::in_parallel;
use crate::config::Settings;
use crate::eval::dataset::{DatasetError, OpenDataset};
use crate::eval::engine::{TrialTaping, ask};
use crate::eval::finished::{FinishedTrial, TrialContext};
use crate::eval::recordings::data_hash;
use crate::eval::{Case, Mode, ResultsError, RunError, TrialRecord, Verdict};
use crate::sandbox::ServedGeneration;
use crate::tapes::ReplayContexts;
use crate::wire::{RecordedResults, RequestLimits};

/// Runs recorded cases again. `keep` gets each record as its case ends. `settings` are those of a live run; a replay of
/// both sides reads none.
pub async fn replay_suites(
    plan: ReplayPlan,
    settings: &Settings,
    options: &ReplayOptions,
    keep: &mut (dyn FnMut(&TrialRecord) -> Result<(), ResultsError> + Send),
) -> Result<Vec<TrialRecord>, RunError> {
    let contexts = Arc::new(ReplayContexts::default());
    let mut records = Vec::with_capacity(plan.jobs.len());
    let by_suite = plan.jobs.chunk_by(|a, b| Arc::ptr_eq(&a.suite, &b.suite));
    let jobs = by_suite.flat_map(|jobs| {
        let replay = Arc::new(SuiteReplay {
            mode: options.mode,
            model: settings.model.id.to_string(),
            // A replay needs no data; where there is none, nothing about it can have changed.
            data: jobs
                .first()
                .and_then(|first| data_hash(&first.suite.dataset).ok()),
            dataset: OnceCell::new(),
            jobs: jobs.to_vec(),
            settings: settings.clone(),
            limits: options.limits.clone(),
            generation: options.generation,
            contexts: Arc::clone(&contexts),
            cancel: options.cancel.clone(),
        });
        jobs.iter().map(move |job| (Arc::clone(&replay), job.clone()))
    });
    let each = |(replay, job): (Arc<SuiteReplay>, RecordedJob)| replay.spawned(job);
    in_parallel(jobs, options.jobs, &options.cancel, each, |record| {
        let record = record?;
        keep(&record)?;
        records.push(record);
        Ok::<(), RunError>(())
    })
    .await?;
    crate::eval::sort(&mut records);
    Ok(records)
}

/// What all cases of a suite are run with.
#[derive(Debug)]
struct SuiteReplay {
    mode: Mode,
    /// The model of the settings, for modes that ask one.
    model: String,
    data: Option<String>,
    /// Opened by the first case that asks it.
    dataset: OnceCell<OpenDataset>,
    jobs: Vec<RecordedJob>,
    settings: Settings,
    limits: RequestLimits,
    generation: Option<ServedGeneration>,
    contexts: Arc<ReplayContexts>,
    cancel: CancellationToken,
}

/// What a trial came to, and the queries that no tape could answer.
type FinishedReplay = (FinishedTrial, Vec<String>);

impl SuiteReplay {
    /// Runs a case as a task of its own, so that cases share all cores and a panic ends one case only.
    async fn spawned(self: Arc<Self>, job: RecordedJob) -> Result<TrialRecord, DatasetError> {
        let replay = Arc::clone(&self);
        let own = job.clone();
        match tokio::spawn(async move { replay.one(&own).await }).await {
            Ok(record) => record,
            Err(error) => Ok(self.record(&job, None, (FinishedTrial::failed(error.to_string()), Vec::new()))),
        }
    }

    /// The dataset, of modes that ask one.
    async fn open(&self) -> Result<(), DatasetError> {
        let Some(first) = self.jobs.first().filter(|_| self.mode != Mode::Replay) else {
            return Ok(());
        };
        let cases: Vec<&Case> = self.jobs.iter().filter_map(RecordedJob::case).collect();
        let open = || {
            OpenDataset::open_as(
                self.generation,
                &first.suite,
                &cases,
                &self.settings,
                &self.limits,
            )
        };
        self.dataset.get_or_try_init(open).await.map(|_| ())
    }

    async fn one(&self, job: &RecordedJob) -> Result<TrialRecord, DatasetError> {
        Box::pin(self.open()).await?;
        Ok(self.ran(job).await)
    }

    async fn ran(&self, job: &RecordedJob) -> TrialRecord {
        match CaseRecording::read(&job.folder, job.command.clone(), &self.contexts) {
            Ok(recording) => {
                let finished = match self.unusable(job, &recording) {
                    Some(verdict) => (FinishedTrial::broken(verdict), Vec::new()),
                    None => self.run(job, &recording).await,
                };
                self.record(job, Some(&recording), finished)
            }
            Err(reason) => self.record(job, None, (FinishedTrial::failed(reason), Vec::new())),
        }
    }

    /// Why a recording is not run again.
    fn unusable(&self, job: &RecordedJob, recording: &CaseRecording) -> Option<Verdict> {
        let Some(case) = job.case() else {
            return Some(Verdict::Stale {
                what: vec![format!("the case (the suite no longer has it: {})", job.command)],
                command: None,
            });
        };
        if self.mode == Mode::Counterfactual {
            return None;
        }
        // With the tools live, data that changed shows where it matters.
        let data = self.data.as_deref().filter(|_| self.mode == Mode::Replay);
        let changed = recording.changed(&job.suite, case, data);
        if !changed.is_empty() {
            return Some(recording.stale(changed));
        }
        let reason = recording.is_of(case, job.suite.today).err()?;
        Some(Verdict::HarnessError { reason })
    }

    async fn run(&self, job: &RecordedJob, recording: &CaseRecording) -> FinishedReplay {
        match (self.dataset.get(), job.case(), self.mode) {
            (Some(dataset), Some(case), Mode::ReplayModel) => {
                let finished = live_tools::run(recording, case, dataset, &self.contexts).await;
                (finished, Vec::new())
            }
            (Some(dataset), Some(case), Mode::Counterfactual) => {
                let recorded = RecordedResults::of(&recording.tapes);
                let taping = TrialTaping::Serve(recorded.clone());
                let mut finished = ask(dataset, case, case.id.clone(), None, taping, &self.cancel).await;
                finished.answers.iter_mut().for_each(clear_times);
                (finished, recorded.off_tape())
            }
            _ => (from_tape::run(recording, &self.contexts).await, Vec::new()),
        }
    }

    fn record(
        &self,
        job: &RecordedJob,
        recording: Option<&CaseRecording>,
        (finished, off_tape): FinishedReplay,
    ) -> TrialRecord {
        let tape = recording.and_then(|recording| recording.tapes.first());
        let day = || {
            let case = job.case()?;
            case.today.or(self.dataset.get().map(OpenDataset::default_today))
        };
        let name = job.folder.file_name().unwrap_or_default().to_string_lossy();
        let case = job.case().cloned();
        let case = case.unwrap_or_else(|| removed_case(&name, recording));
        let context = TrialContext {
            suite: &job.suite,
            trial: 1,
            today: tape
                .map(|tape| tape.header.today)
                .or_else(day)
                .unwrap_or_default(),
            model: match (self.mode, recording) {
                (Mode::Counterfactual, _) | (_, None) => &self.model,
                (_, Some(recording)) => &recording.note.model,
            },
            mode: self.mode,
            started: match (self.mode, recording) {
                (Mode::Replay | Mode::ReplayModel, Some(recording)) => recording.recorded_at(),
                _ => Timestamp::now(),
            },
        };
        let mut record = finished.record(&case, context);
        if job.case().is_none() {
            record.keys = removed_keys(recording.map(|recording| &recording.note));
        }
        record.suite = format!("{}@{}", job.suite.name, job.set);
        record.taped = recording.map(|recording| recording.source(&job.set));
        record.off_tape = off_tape;
        record
    }
}
