use super::EvalError;
use super::args::CompareArgs;
use super::output::say;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, term};
use crate::eval::{Baseline, CompareOptions, RunSummary, compare, read_confirmation, read_records};

/// Compares two runs. Between models or prompts the difference is what one wants to see, but has to be asked for.
pub(super) fn run(global: &GlobalArgs, args: &CompareArgs) -> Result<ExitStatus, CliError> {
    let before = read_records(&args.before).map_err(EvalError::from)?;
    let after = read_records(&args.after).map_err(EvalError::from)?;
    let options = CompareOptions {
        across: args.across.iter().map(|key| (*key).into()).collect(),
        filtered: false,
    };
    let mut comparison = compare(&Baseline::of(&before), &Baseline::of(&after), &options);
    let confirmed = read_confirmation(&args.after).map_err(EvalError::from)?;
    comparison.confirm(&Baseline::of(&confirmed));
    let summary = RunSummary::of(&after, Some(comparison));
    if global.json() {
        answer::json(&summary).map_err(CliError::Output)?;
    } else {
        say(&summary, &mut |line| {
            term::out_line(line).map_err(CliError::Output)
        })?;
    }
    Ok(ExitStatus::Code(summary.exit.code))
}
