use super::EvalError;
use super::args::{BenchmarkArg, ImportArgs};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;
use crate::eval::import::{ReferenceEvidence, defog};

/// Makes suites of a benchmark and prints their folders.
pub(super) fn run(args: &ImportArgs) -> Result<ExitStatus, CliError> {
    let BenchmarkArg::Defog = args.benchmark;
    let suites = defog(&args.from, &args.out).map_err(EvalError::from)?;
    for suite in &suites {
        term::out_line(suite.folder.display()).map_err(CliError::Output)?;
        let all = suite.references.len();
        let found = suite.references.iter();
        let found = found.filter(|reference| reference.evidence != ReferenceEvidence::Declared);
        let found = found.count();
        term::say(format_args!(
            "    {all} references between tables: {} declared, {found} found by name and values; see model.yaml",
            all - found
        ));
    }
    let suites = suites.len();
    term::say(format_args!(
        "wrote {suites} suites; run one with `cardinal eval run FOLDER`"
    ));
    Ok(ExitStatus::Done)
}
