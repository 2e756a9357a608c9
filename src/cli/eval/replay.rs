use super::args::{ModeArg, RunArgs};
use super::output::{BaselineCheck, report, write_baseline};
use super::progress::SuiteProgress;
use super::run::out;
use super::{EvalError, judge};
use crate::app::limits_of_many;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::interrupt::Interrupts;
use crate::cli::{settings, term};
use crate::config::Settings;
use crate::eval::recordings::{RecordingError, Recordings};
use crate::eval::replay::{ReplayOptions, replay_suites};
use crate::eval::{CaseFilter, Mode, ResultsFolder, Suite, TrialRecord};
use crate::model::{ModelId, Provider};

/// Cases without a recording that are named.
const NAMED: usize = 5;

pub(super) async fn run(
    global: &GlobalArgs,
    args: &RunArgs,
    mode: ModeArg,
    suites: &[Suite],
    filter: CaseFilter,
) -> Result<ExitStatus, CliError> {
    if args.trials > 1 {
        return Err(CliError::usage(
            "--trials is for --mode live: a recording comes out the same each time",
        ));
    }
    if args.generation.is_some() && matches!(mode, ModeArg::Live | ModeArg::Replay) {
        return Err(CliError::usage(
            "--generation says which Metabase the sandbox is, and --mode replay asks none; use --mode replay-model",
        ));
    }
    let held = BaselineCheck::open(&args.reports, !filter.is_all())?;
    let mode = match mode {
        ModeArg::Live | ModeArg::Replay => Mode::Replay,
        ModeArg::ReplayModel => Mode::ReplayModel,
        ModeArg::Counterfactual => Mode::Counterfactual,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = if mode == Mode::Counterfactual { 2 } else { cores };
    let settings = settings_for(global, mode)?;
    let (model, data) = args.limits.numbers();
    let options = ReplayOptions {
        mode,
        filter,
        sets: args.set.clone(),
        jobs: args.jobs.map_or(jobs, usize::from),
        limits: limits_of_many(&settings, model, data),
        generation: args.generation,
        cancel: Interrupts::watch().begin_turn(),
    };
    let plan = options.plan(suites).map_err(EvalError::from)?;
    let planned = plan.planned();
    if planned == 0 {
        let first = suites
            .first()
            .map(|suite| Recordings::of(suite).root().to_owned());
        return Err(EvalError::from(RecordingError::None(first.unwrap_or_default())).into());
    }
    warn_of(&plan.unrecorded);
    let judge = judge::connect(global, &args.reports)?;
    let mut results = ResultsFolder::create(&out(args)).map_err(EvalError::from)?;
    term::say(format_args!(
        "{mode} of {planned} recorded cases; results: {}",
        results.folder().display()
    ));
    let mut progress = SuiteProgress::new(planned);
    let began = std::time::Instant::now();
    let records = replay_suites(plan, &settings, &options, &mut |record| {
        results.append(record)?;
        progress.ended(record);
        Ok(())
    })
    .await;
    progress.finish();
    let mut records = records.map_err(EvalError::from)?;
    say_pace(records.len(), began.elapsed());
    warn_of_old(&records);
    if judge::ask(judge.as_ref(), suites, &mut records, &options.cancel).await {
        results.replace(&records).map_err(EvalError::from)?;
    }
    let cancelled = options.cancel.is_cancelled();
    let held = held.or_recorded(&records);
    let summary = report(&args.reports, &records, &[], &held, cancelled)?;
    results.finish(&summary).map_err(EvalError::from)?;
    if !cancelled {
        write_baseline(&args.reports, &records)?;
    }
    if mode == Mode::Counterfactual {
        let off: usize = records.iter().map(|record| record.off_tape.len()).sum();
        term::say(format_args!(
            "not on a tape, so asked of the sandbox: {}; a counterfactual run is a report and never fails",
            term::count(off as u64, "request")
        ));
        return Ok(ExitStatus::Done);
    }
    Ok(ExitStatus::Code(summary.exit.code))
}

fn say_pace(cases: usize, took: std::time::Duration) {
    let seconds = took.as_secs_f64().max(0.001);
    let cases = u32::try_from(cases).unwrap_or(u32::MAX);
    let pace = f64::from(cases) / seconds;
    term::say(format_args!(
        "{} in {seconds:.2} s, {pace:.0} a second",
        term::count(cases.into(), "case")
    ));
}

/// A replay needs no model to be set up, and no key.
pub(super) fn settings_for(global: &GlobalArgs, mode: Mode) -> Result<Settings, CliError> {
    let mut settings = settings::load_and_warn(global)?.settings;
    if mode != Mode::Counterfactual {
        settings.model.id = ModelId {
            provider: Provider::Offline,
            name: "offline".to_owned(),
        };
    }
    Ok(settings)
}

/// Recordings that cannot tell whether a note changed that they did not meet.
fn warn_of_old(records: &[TrialRecord]) {
    let old = records
        .iter()
        .filter(|record| record.taped.as_ref().is_some_and(|taped| !taped.texts_hashed));
    let old = old.count() as u64;
    if old > 0 {
        term::warn(format_args!(
            "older than the hashes of notes and repairs: {}; a change of one that was not met goes unnoticed in them; \
             `cardinal eval record --replace` records them again",
            term::count(old, "recording")
        ));
    }
}

fn warn_of(unrecorded: &[String]) {
    if unrecorded.is_empty() {
        return;
    }
    let named: Vec<&str> = unrecorded.iter().take(NAMED).map(String::as_str).collect();
    let more = if unrecorded.len() > NAMED {
        " and others"
    } else {
        ""
    };
    term::warn(format_args!(
        "not run, because there is no recording: {} ({}{more}); `cardinal eval record --missing` records them",
        term::count(unrecorded.len() as u64, "case"),
        named.join(", ")
    ));
}
