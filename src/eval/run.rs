//! Live runs of suites: every trial is a fresh conversation with a wire of its own, over one sandbox for each suite.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use super::dataset::{DatasetError, OpenDataset};
use super::engine::{TrialTaping, ask, in_parallel};
use super::filter::CaseFilter;
use super::finished::{FinishedTrial, TrialContext};
use super::record::{Mode, TrialRecord, Verdict};
use super::recordings::RecordingError;
use super::results::ResultsError;
use super::{Case, Suite};
use crate::config::Settings;

/// How suites are run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    pub filter: CaseFilter,
    /// How often each.
    pub trials: u32,
    /// How many trials at once.
    pub jobs: usize,
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
    /// Recordings cannot be read.
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

/// Runs the suites live, one after the other. `keep` gets each record as its trial ends. A trial that fails is a record
/// with that verdict, and so is, of a run that is cancelled, one that never began; only a dataset that cannot be asked at
/// all, or a record that cannot be kept, ends the run.
pub async fn run(
    suites: &[Suite],
    settings: &Settings,
    options: &RunOptions,
    keep: &mut (dyn FnMut(&TrialRecord) -> Result<(), ResultsError> + Send),
) -> Result<Vec<TrialRecord>, RunError> {
    let model = settings.model.id.to_string();
    let mut records = Vec::new();
    for suite in suites {
        let chosen = suite.cases.iter().filter(|case| options.filter.takes(case));
        let cases: Vec<&Case> = chosen.collect();
        if cases.is_empty() {
            continue;
        }
        // Every case once before any a second time: a run that is cut short has seen them all.
        let trials = (1..=options.trials).flat_map(|trial| cases.iter().map(move |case| (*case, trial)));
        let mut ran = BTreeSet::new();
        if !options.cancel.is_cancelled() {
            let dataset = OpenDataset::open(suite, &cases, settings).await?;
            let each = |(case, trial)| one(suite, case, trial, &dataset, &model, &options.cancel);
            in_parallel(trials.clone(), options.jobs, &options.cancel, each, |record| {
                ran.insert((record.case.clone(), record.trial));
                keep(&record)?;
                records.push(record);
                Ok::<(), ResultsError>(())
            })
            .await?;
        }
        for (case, trial) in trials.filter(|(case, trial)| !ran.contains(&(case.id.clone(), *trial))) {
            let record = not_run(suite, case, trial, &model);
            keep(&record)?;
            records.push(record);
        }
    }
    super::results::sort(&mut records);
    Ok(records)
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
