//! Running suites: every trial a fresh conversation with a wire of its own, over one sandbox for each suite.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use super::ended::Ended;
use super::filter::Filter;
use super::record::{Mode, TrialRecord, Verdict};
use super::recordings::RecordingError;
use super::results::ResultsError;
use super::stage::{Stage, StageError};
use super::{Case, Suite};
use crate::agent::{Agent, TurnOptions};
use crate::config::Settings;
use crate::conversation::Conversation;

/// How suites are run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Which cases.
    pub filter: Filter,
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
    Stage(#[from] StageError),
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
        let cases: Vec<&Case> = suite
            .cases
            .iter()
            .filter(|case| options.filter.takes(case))
            .collect();
        if cases.is_empty() {
            continue;
        }
        let mut came = BTreeSet::new();
        if !options.cancel.is_cancelled() {
            let stage = Arc::new(Stage::open(suite, &cases, settings).await?);
            // Every case once before any a second time: a run that is cut short has seen them all.
            let trials = (1..=options.trials).flat_map(|trial| cases.iter().map(move |case| (*case, trial)));
            let mut ended = stream::iter(trials)
                .take_while(|_| std::future::ready(!options.cancel.is_cancelled()))
                .map(|(case, trial)| one(suite, case, trial, &stage, &model, &options.cancel))
                .buffer_unordered(options.jobs.max(1));
            while let Some(record) = ended.next().await {
                came.insert((record.case.clone(), record.trial));
                keep(&record)?;
                records.push(record);
            }
        }
        for case in cases {
            for trial in (1..=options.trials).filter(|trial| !came.contains(&(case.id.clone(), *trial))) {
                let record = not_run(suite, case, trial, &model);
                keep(&record)?;
                records.push(record);
            }
        }
    }
    super::results::sort(&mut records);
    Ok(records)
}

/// The record of a trial that the run did not come to.
fn not_run(suite: &Suite, case: &Case, trial: u32, model: &str) -> TrialRecord {
    let now = Timestamp::now();
    let today = case.today.or(suite.today);
    let today = today.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
    Ended::broken(Verdict::NotRun).record(suite, case, trial, today, model, Mode::Live, now)
}

async fn one(
    suite: &Suite,
    case: &Case,
    trial: u32,
    stage: &Arc<Stage>,
    model: &str,
    cancel: &CancellationToken,
) -> TrialRecord {
    let started = Timestamp::now();
    let today = stage.today(case);
    let ended = match stage.session(case, None) {
        Ok((agent, _)) => {
            let id = format!("{}-{}-{trial}", suite.name, case.id);
            let asked = converse(agent, id, case.turns.clone(), today, cancel.clone());
            // A task of its own, so that trials share all cores and a panic ends nothing but its trial.
            match tokio::spawn(asked).await {
                Ok(ended) => ended,
                Err(error) => Ended::failed(error.to_string()),
            }
        }
        Err(reason) => Ended::failed(reason),
    };
    ended.record(suite, case, trial, today, model, Mode::Live, started)
}

/// Asks one question after the other. What came is returned even when a later turn fails.
async fn converse(
    agent: Agent,
    id: String,
    turns: Vec<String>,
    today: Date,
    cancel: CancellationToken,
) -> Ended {
    let mut conversation = Conversation::new(id);
    let mut answers = Vec::with_capacity(turns.len());
    for question in &turns {
        let options = TurnOptions {
            today,
            asker: None,
            cancel: cancel.clone(),
        };
        let answer = agent
            .run_turn(&mut conversation, question, options, &mut |_| {})
            .await;
        match answer
            .map_err(|error| error.to_string())
            .and_then(|answer| serde_json::to_value(answer).map_err(|error| error.to_string()))
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
