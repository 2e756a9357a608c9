use super::EvalError;
use super::args::{BenchmarkArg, ImportArgs};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;
use crate::eval::import::defog;

/// Makes suites of a benchmark and prints their folders.
pub(super) fn run(args: &ImportArgs) -> Result<ExitStatus, CliError> {
    let BenchmarkArg::Defog = args.benchmark;
    let folders = defog(&args.from, &args.out).map_err(EvalError::from)?;
    for folder in &folders {
        term::out_line(folder.display()).map_err(CliError::Output)?;
    }
    let suites = folders.len();
    term::say(format_args!(
        "wrote {suites} suites; run one with `cardinal eval run FOLDER`"
    ));
    Ok(ExitStatus::Done)
}
