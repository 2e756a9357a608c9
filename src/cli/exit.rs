use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use super::error::CliError;
use crate::agent::Outcome;

/// Something outside a turn went wrong: settings, connection, findings of a check.
const FAILED: u8 = 1;

/// Every outcome, in the order of their codes.
const OUTCOMES: [Outcome; 9] = [
    Outcome::Answered,
    Outcome::Partial,
    Outcome::NeedsClarification,
    Outcome::NotInCatalog,
    Outcome::Refused,
    Outcome::BudgetExhausted,
    Outcome::LoopStopped,
    Outcome::UpstreamFailed,
    Outcome::Cancelled,
];

/// How a command ended, when nothing went wrong with the command itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitStatus {
    /// It did what it is for.
    Done,
    /// It checked something and found faults.
    Findings,
    /// It has codes of its own.
    Code(u8),
    /// It answered a question, in one of the ways.
    Outcome(Outcome),
}

/// The exit code of a command, after its error, if it has one, was printed.
pub(super) fn code(result: Result<ExitStatus, CliError>) -> ExitCode {
    match result {
        Ok(ExitStatus::Done) => ExitCode::SUCCESS,
        Ok(ExitStatus::Findings) => FAILED.into(),
        Ok(ExitStatus::Code(code)) => code.into(),
        Ok(ExitStatus::Outcome(outcome)) => outcome.exit_code().into(),
        // The reader has what it wanted (`| head`).
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(CliError::Usage(error)) => {
            // Nothing is left to do when help or error cannot be printed.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(FAILED).into()
        }
        Err(error) => {
            say(&error);
            FAILED.into()
        }
    }
}

/// Prints an error with its causes and what to do about it.
pub(super) fn say(error: &CliError) {
    super::term::error(error);
    if let Some(hint) = error.hint() {
        super::term::say(format_args!("hint: {hint}"));
    }
}

/// The list of exit codes for `--help`.
pub(super) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for outcome in OUTCOMES {
        let (code, sentence) = (outcome.exit_code(), outcome.sentence());
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {code:>3}  {sentence}");
        if outcome == Outcome::Answered {
            text.push_str("    1  The settings or the credential are wrong, or a check found faults.\n");
            text.push_str("    2  The command line is wrong.\n");
        }
    }
    text.truncate(text.trim_end().len());
    text
}
