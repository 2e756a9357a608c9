use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{ModeArg, RunArgs};
use super::confirm::confirm;
use super::output::{BaselineCheck, report, write_baseline};
use super::progress::SuiteProgress;
use super::{EvalError, judge};
use crate::app::limits_of_many;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::interrupt::Interrupts;
use crate::cli::{settings, term};
use crate::eval::replay::recorded;
use crate::eval::{self, CaseFilter, ResultsFolder, RunOptions, Suite};

/// Trials at once, when a model is asked.
const LIVE_JOBS: usize = 2;

/// Runs suites, live or from recordings.
pub(super) async fn run(global: &GlobalArgs, args: &RunArgs) -> Result<ExitStatus, CliError> {
    let suites = load(&args.suites)?;
    let filter = CaseFilter::new(&args.filter)
        .map_err(|problem| CliError::usage(format_args!("invalid value for --filter: {problem}")))?;
    let idle = filter.idle(&suites.iter().flat_map(|suite| &suite.cases));
    if !idle.is_empty() {
        let idle = idle.join(", ");
        return Err(CliError::usage(format_args!("no case fits --filter {idle}")));
    }
    match args.mode.map_or_else(|| usual(global, &suites), Ok)? {
        ModeArg::Live => live(global, args, &suites, filter).await,
        mode => super::replay::run(global, args, mode, &suites, filter).await,
    }
}

/// Recordings are replayed unless a model is named.
fn usual(global: &GlobalArgs, suites: &[Suite]) -> Result<ModeArg, EvalError> {
    for suite in suites {
        if global.model.is_some() || !recorded(suite)? {
            return Ok(ModeArg::Live);
        }
    }
    Ok(ModeArg::Replay)
}

async fn live(
    global: &GlobalArgs,
    args: &RunArgs,
    suites: &[Suite],
    filter: CaseFilter,
) -> Result<ExitStatus, CliError> {
    if !args.set.is_empty() {
        return Err(CliError::usage(
            "--set names recordings, which --mode live does not use",
        ));
    }
    let held = BaselineCheck::open(&args.reports, !filter.is_all())?;
    let interrupts = Interrupts::watch();
    let loaded = settings::load_and_warn(global)?;
    let (model, data) = args.limits.numbers();
    let options = RunOptions {
        filter,
        trials: args.trials,
        jobs: args.jobs.map_or(LIVE_JOBS, usize::from),
        limits: limits_of_many(&loaded.settings, model, data),
        generation: args.generation,
        cancel: interrupts.begin_turn(),
    };
    let planned = eval::planned(suites, &options);
    let judge = judge::connect(global, &args.reports)?;
    let mut results = ResultsFolder::create(&out(args)).map_err(EvalError::from)?;
    term::say(format_args!("results: {}", results.folder().display()));
    let mut progress = SuiteProgress::new(planned);
    let records = eval::run(suites, &loaded.settings, &options, &mut |record| {
        results.append(record)?;
        progress.ended(record);
        Ok(())
    })
    .await;
    progress.finish();
    let mut records = records.map_err(EvalError::from)?;
    if judge::ask(judge.as_ref(), suites, &mut records, &options.cancel).await {
        results.replace(&records).map_err(EvalError::from)?;
    }
    let confirmed = confirm(suites, &loaded.settings, &options, &held, &records, &results).await?;
    let cancelled = options.cancel.is_cancelled();
    let summary = report(&args.reports, &records, &confirmed, &held, cancelled)?;
    results.finish(&summary).map_err(EvalError::from)?;
    if !cancelled {
        // Half a run is nobody's baseline.
        write_baseline(&args.reports, &records)?;
    }
    Ok(ExitStatus::Code(summary.exit.code))
}

/// Loads suites, whose names have to differ.
pub(super) fn load(paths: &[PathBuf]) -> Result<Vec<Suite>, EvalError> {
    let mut suites = Vec::with_capacity(paths.len());
    let mut names = BTreeSet::new();
    for path in paths {
        let suite = Suite::load(path)?;
        if !names.insert(suite.name.clone()) {
            return Err(EvalError::SameName(suite.name));
        }
        suites.push(suite);
    }
    Ok(suites)
}

pub(super) fn out(args: &RunArgs) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S%.3fZ").to_string();
        Path::new(".cardinal").join("evals").join(now)
    })
}
