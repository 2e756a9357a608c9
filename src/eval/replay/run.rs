use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::opened::{Opened, gone};
use super::plan::{Job, Replayed};
use super::{ReplayOptions, counterfactual, from_tape, live_tools};
use crate::config::Settings;
use crate::eval::ended::Ended;
use crate::eval::record::RECORD_VERSION;
use crate::eval::recordings::data_hash;
use crate::eval::stage::Stage;
use crate::eval::{Case, Mode, ResultsError, RunError, TrialRecord, Verdict};
use crate::tapes::Scenes;

/// Runs recorded cases again. `keep` gets each record as its case ends. `settings` are those of a live run; a replay of
/// both sides reads none.
pub async fn replay_suites(
    plan: Replayed,
    settings: &Settings,
    options: &ReplayOptions,
    keep: &mut (dyn FnMut(&TrialRecord) -> Result<(), ResultsError> + Send),
) -> Result<Vec<TrialRecord>, RunError> {
    let scenes = Arc::new(Scenes::default());
    let mut records = Vec::with_capacity(plan.jobs.len());
    for jobs in plan.jobs.chunk_by(|a, b| Arc::ptr_eq(&a.suite, &b.suite)) {
        let Some(first) = jobs.first() else { continue };
        let suite = Arc::clone(&first.suite);
        let stage = match options.mode {
            Mode::Replay => None,
            Mode::Live | Mode::ReplayModel | Mode::Counterfactual => {
                let cases: Vec<&Case> = jobs.iter().filter_map(Job::case).collect();
                Some(Arc::new(Stage::open(&suite, &cases, settings).await?))
            }
        };
        let run = Arc::new(Run {
            mode: options.mode,
            model: settings.model.id.to_string(),
            // A replay needs no data; where there is none, nothing about it can have changed.
            data: data_hash(&suite.dataset).ok(),
            today: stage.as_ref().map(|stage| stage.of_suite()),
            stage,
            scenes: Arc::clone(&scenes),
            cancel: options.cancel.clone(),
        });
        let mut ended = stream::iter(jobs.to_vec())
            .take_while(|_| std::future::ready(!options.cancel.is_cancelled()))
            .map(|job| run.clone().spawned(job))
            .buffer_unordered(options.jobs.max(1));
        while let Some(record) = ended.next().await {
            keep(&record)?;
            records.push(record);
        }
    }
    crate::eval::sort(&mut records);
    Ok(records)
}

/// What all cases of a suite are run with.
#[derive(Debug)]
struct Run {
    mode: Mode,
    /// The model of the settings, for modes that ask one.
    model: String,
    data: Option<String>,
    today: Option<jiff::civil::Date>,
    stage: Option<Arc<Stage>>,
    scenes: Arc<Scenes>,
    cancel: CancellationToken,
}

impl Run {
    /// A task of its own, so that cases share all cores and a panic ends nothing but its case.
    async fn spawned(self: Arc<Self>, job: Job) -> TrialRecord {
        let run = Arc::clone(&self);
        let own = job.clone();
        match tokio::spawn(async move { run.one(&own).await }).await {
            Ok(record) => record,
            Err(error) => self.record(&job, None, Ended::failed(error.to_string()), Vec::new()),
        }
    }

    async fn one(&self, job: &Job) -> TrialRecord {
        let opened = match Opened::read(&job.folder, job.command.clone(), &self.scenes) {
            Ok(opened) => opened,
            Err(reason) => return self.record(job, None, Ended::failed(reason), Vec::new()),
        };
        let Some(case) = job.case() else {
            let what = format!("the case (the suite has it no more: {})", job.command);
            let broken = Verdict::Stale {
                what: vec![what],
                command: None,
            };
            return self.record(job, Some(&opened), Ended::broken(broken), Vec::new());
        };
        // With the tools live, data that changed shows where it matters.
        let data = self.data.as_deref().filter(|_| self.mode == Mode::Replay);
        let changed = opened.changed(&job.suite, case, data);
        if !changed.is_empty() && self.mode != Mode::Counterfactual {
            let broken = opened.stale(changed);
            return self.record(job, Some(&opened), Ended::broken(broken), Vec::new());
        }
        if self.mode != Mode::Counterfactual
            && let Err(reason) = opened.is_of(case, job.suite.today)
        {
            return self.record(job, Some(&opened), Ended::failed(reason), Vec::new());
        }
        let (ended, off_tape) = match (&self.stage, self.mode) {
            (Some(stage), Mode::ReplayModel) => (
                live_tools::run(&opened, case, stage, &self.scenes).await,
                Vec::new(),
            ),
            (Some(stage), Mode::Counterfactual) => {
                counterfactual::run(&opened, case, stage, &self.cancel).await
            }
            _ => (from_tape::run(&opened, &self.scenes).await, Vec::new()),
        };
        self.record(job, Some(&opened), ended, off_tape)
    }

    fn record(&self, job: &Job, opened: Option<&Opened>, ended: Ended, off_tape: Vec<String>) -> TrialRecord {
        let taped = opened.map(|opened| opened.from(&job.set));
        let recorded = opened
            .and_then(|opened| opened.tapes.first())
            .map(|tape| &tape.header);
        let model = match (self.mode, opened) {
            (Mode::Counterfactual, _) | (_, None) => self.model.clone(),
            (_, Some(opened)) => opened.note.model.clone(),
        };
        let day = job.case().and_then(|case| case.today).or(self.today);
        let today = recorded.map(|header| header.today).or(day).unwrap_or_default();
        let started = match (self.mode, opened) {
            (Mode::Replay | Mode::ReplayModel, Some(opened)) => opened.recorded_at(),
            _ => Timestamp::now(),
        };
        let mut record = match job.case() {
            Some(case) => ended.record(&job.suite, case, 1, today, &model, self.mode, started),
            None => self.gone(job, opened, ended, &model, started),
        };
        record.suite = format!("{}@{}", job.suite.name, job.set);
        record.taped = taped;
        record.off_tape = off_tape;
        record
    }

    /// The record of a case that the suite has no more.
    fn gone(
        &self,
        job: &Job,
        opened: Option<&Opened>,
        ended: Ended,
        model: &str,
        started: Timestamp,
    ) -> TrialRecord {
        let name = job.folder.file_name().unwrap_or_default().to_string_lossy();
        let unknown = Verdict::HarnessError {
            reason: "nothing is known of it".to_owned(),
        };
        TrialRecord {
            version: RECORD_VERSION,
            suite: job.suite.name.clone(),
            case: opened.map_or_else(|| name.into_owned(), |opened| opened.note.case.clone()),
            trial: 1,
            turns: opened.map_or_else(Vec::new, |opened| {
                opened
                    .tapes
                    .iter()
                    .map(|tape| tape.header.question.clone())
                    .collect()
            }),
            tags: Vec::new(),
            cluster: None,
            verdict: ended.broken.unwrap_or(unknown),
            grades: Vec::new(),
            answers: Vec::new(),
            model: model.to_owned(),
            mode: self.mode,
            today: opened
                .and_then(|opened| opened.tapes.first())
                .map_or_else(jiff::civil::Date::default, |tape| tape.header.today),
            keys: gone(opened.map(|opened| &opened.note)),
            started,
            taped: None,
            off_tape: Vec::new(),
            judge: None,
        }
    }
}
