//! Live runs of suites: every trial is a fresh conversation with a cache of its own, over one sandbox for each suite. Trials
//! of all suites are one list, within one set of limits.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::dataset::{DatasetError, OpenDataset};
use super::engine::{TrialTaping, ask};
use super::filter::CaseFilter;
use super::finished::{FinishedTrial, TrialContext};
use super::record::{Mode, TrialRecord, Verdict};
use super::recordings::RecordingError;
use super::results::ResultsError;
use super::{Case, Suite};
use crate::batch::in_parallel;
use crate::config::Settings;
use crate::sandbox::ServedGeneration;
use crate::wire::RequestLimits;

#[derive(Debug, Clone)]
pub struct RunOptions {
    pub filter: CaseFilter,
    pub trials: u32,
    /// How many trials at once, of all suites together.
    pub jobs: usize,
    /// What they may have in flight together.
    pub limits: RequestLimits,
    /// Which Metabase the sandbox is; the usual one when `None`.
    pub generation: Option<ServedGeneration>,
    /// Ends running trials and starts no further ones when it is cancelled.
    pub cancel: CancellationToken,
}

/// Why a run could not be started or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A dataset cannot be asked.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A record could not be kept.
    #[error(transparent)]
    Results(#[from] ResultsError),
}

/// How many trials [`run`] will come to.
pub fn planned(suites: &[Suite], options: &RunOptions) -> usize {
    let cases = suites.iter().flat_map(|suite| &suite.cases);
    let trials = usize::try_from(options.trials).unwrap_or(usize::MAX);
    let cases = cases.filter(|case| options.filter.takes(case)).count();
    cases.saturating_mul(trials)
}

/// Runs the suites live, as one list of trials: `jobs` of them at a time, whatever suite they are of. `keep` gets each record
/// as its trial ends. A trial that fails is a record with that verdict, and so is, of a run that is cancelled, one that never
/// began; only a dataset that cannot be asked at all, or a record that cannot be kept, ends the run.
pub async fn run(
    suites: &[Suite],
    settings: &Settings,
    options: &RunOptions,
    keep: &mut (dyn FnMut(&TrialRecord) -> Result<(), ResultsError> + Send),
) -> Result<Vec<TrialRecord>, RunError> {
    let model = settings.model.id.to_string();
    let chosen: Vec<ChosenSuite<'_>> = suites
        .iter()
        .map(|suite| ChosenSuite {
            suite,
            cases: suite
                .cases
                .iter()
                .filter(|case| options.filter.takes(case))
                .collect(),
            dataset: OnceCell::new(),
        })
        .collect();
    // Every case once before any a second time: a run that is cut short has seen them all.
    let trials = (1..=options.trials).flat_map(|trial| {
        chosen
            .iter()
            .flat_map(move |suite| suite.cases.iter().map(move |case| (suite, *case, trial)))
    });
    let mut records = Vec::new();
    let mut ran = BTreeSet::new();
    let each = |(chosen, case, trial)| in_suite(chosen, case, trial, settings, options);
    in_parallel(trials.clone(), options.jobs, &options.cancel, each, |record| {
        let record = record?;
        ran.insert((record.suite.clone(), record.case.clone(), record.trial));
        keep(&record)?;
        records.push(record);
        Ok::<(), RunError>(())
    })
    .await?;
    for (chosen, case, trial) in trials {
        if !ran.contains(&(chosen.suite.name.clone(), case.id.clone(), trial)) {
            let record = not_run(chosen.suite, case, trial, &model);
            keep(&record)?;
            records.push(record);
        }
    }
    super::results::sort(&mut records);
    Ok(records)
}

/// A suite with the cases that are run of it. Its dataset is opened by the first trial that asks it.
struct ChosenSuite<'a> {
    suite: &'a Suite,
    cases: Vec<&'a Case>,
    dataset: OnceCell<OpenDataset>,
}

impl ChosenSuite<'_> {
    async fn open(&self, settings: &Settings, options: &RunOptions) -> Result<&OpenDataset, DatasetError> {
        let (generation, limits) = (options.generation, &options.limits);
        let open = || OpenDataset::open_as(generation, self.suite, &self.cases, settings, limits);
        self.dataset.get_or_try_init(open).await
    }
}

/// One trial, over its suite's dataset.
async fn in_suite(
    chosen: &ChosenSuite<'_>,
    case: &Case,
    trial: u32,
    settings: &Settings,
    options: &RunOptions,
) -> Result<TrialRecord, DatasetError> {
    let dataset = Box::pin(chosen.open(settings, options)).await?;
    let model = settings.model.id.to_string();
    Ok(one(chosen.suite, case, trial, dataset, &model, &options.cancel).await)
}

async fn one(
    suite: &Suite,
    case: &Case,
    trial: u32,
    dataset: &OpenDataset,
    model: &str,
    cancel: &CancellationToken,
) -> TrialRecord {
    let context = TrialContext {
        suite,
        trial,
        today: dataset.today(case),
        model,
        mode: Mode::Live,
        started: Timestamp::now(),
    };
    let id = format!("{}-{}-{trial}", suite.name, case.id);
    let finished = ask(dataset, case, id, None, TrialTaping::Off, cancel).await;
    finished.record(case, context)
}

/// The record of a trial that the run did not come to.
fn not_run(suite: &Suite, case: &Case, trial: u32, model: &str) -> TrialRecord {
    let started = Timestamp::now();
    let today = case.today.or(suite.today);
    let context = TrialContext {
        suite,
        trial,
        today: today.unwrap_or_else(|| started.to_zoned(TimeZone::UTC).date()),
        model,
        mode: Mode::Live,
        started,
    };
    FinishedTrial::broken(Verdict::NotRun).record(case, context)
}
