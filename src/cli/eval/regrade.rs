use super::EvalError;
use super::args::RecordArgs;
use super::replay::settings_for;
use super::run::load;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::interrupt::Interrupts;
use crate::cli::term;
use crate::eval::recordings::{RecordingError, Recordings};
use crate::eval::replay::{RegradedRecording, ReplayOptions, regrade_recordings};
use crate::eval::{CaseFilter, Mode};
use crate::wire::RequestLimits;

/// Grades recordings again and notes what the graders say. Ends with 1 when the note of one could not be brought up to
/// date.
pub(super) async fn run(global: &GlobalArgs, args: &RecordArgs) -> Result<ExitStatus, CliError> {
    let suites = load(&args.suites)?;
    let filter = CaseFilter::new(&args.filter)
        .map_err(|problem| CliError::usage(format_args!("invalid value for --filter: {problem}")))?;
    let options = ReplayOptions {
        mode: Mode::Replay,
        filter,
        sets: args.set.iter().cloned().collect(),
        jobs: usize::from(args.jobs),
        limits: RequestLimits::default(),
        generation: None,
        cancel: Interrupts::watch().begin_turn(),
    };
    let plan = options.plan(&suites).map_err(EvalError::from)?;
    let planned = plan.planned();
    if planned == 0 {
        let root = suites
            .first()
            .map(|suite| Recordings::of(suite).root().to_owned());
        return Err(EvalError::from(RecordingError::None(root.unwrap_or_default())).into());
    }
    let settings = settings_for(global, Mode::Replay)?;
    let mut lines = Vec::new();
    let regraded = regrade_recordings(plan, &settings, &options, &mut |case| lines.extend(line(case)))
        .await
        .map_err(EvalError::from)?;
    lines.sort();
    for line in lines {
        term::out_line(term::plain(&line)).map_err(CliError::Output)?;
    }
    let count =
        |counted: fn(&RegradedRecording) -> bool| regraded.iter().filter(|case| counted(case)).count();
    let changed = count(|case| case.changed.as_ref().is_ok_and(|changed| !changed.is_empty()));
    let same = count(|case| case.changed.as_ref().is_ok_and(Vec::is_empty));
    let left = planned - changed - same;
    term::out_line(format_args!(
        "{changed} noted anew, {same} as they were, {left} left"
    ))
    .map_err(CliError::Output)?;
    Ok(ExitStatus::Code(u8::from(left > 0)))
}

/// Nothing is said of a note that stays as it was.
fn line(case: &RegradedRecording) -> Option<String> {
    let name = format!("{}/{}", case.suite, case.case);
    match &case.changed {
        Ok(changed) if changed.is_empty() => None,
        Ok(changed) => Some(format!("{name}: {}", changed.join("; "))),
        Err(reason) => Some(format!("{name} is left as it was: {reason}")),
    }
}
