use super::EvalError;
use super::args::ShowArgs;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, term};
use crate::eval::{RunSummary, TrialRecord, read_records};

/// Shows stored results: every case, or one with its answers.
pub(super) fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<ExitStatus, CliError> {
    let records = read_records(&args.results).map_err(EvalError::from)?;
    let Some(case) = &args.case else {
        return all(global, &records).map_err(CliError::Output);
    };
    let chosen: Vec<&TrialRecord> = records
        .iter()
        .filter(|record| record.case == *case || record.case_key().to_string() == *case)
        .collect();
    if chosen.is_empty() {
        return Err(EvalError::NoCase(case.clone()).into());
    }
    if global.json() {
        answer::json(&chosen).map_err(CliError::Output)?;
    } else {
        for record in chosen {
            term::out(term::plain(&crate::eval::report::transcript(record))).map_err(CliError::Output)?;
        }
    }
    Ok(ExitStatus::Done)
}

fn all(global: &GlobalArgs, records: &[TrialRecord]) -> std::io::Result<ExitStatus> {
    let summary = RunSummary::of(records, None);
    if global.json() {
        answer::json(&summary)?;
        return Ok(ExitStatus::Done);
    }
    for record in records {
        let line = format!("{} trial {}: {}", record.case_key(), record.trial, record.verdict);
        term::out_line(term::plain(&line))?;
    }
    term::out_line(summary.closing_line())?;
    Ok(ExitStatus::Done)
}
