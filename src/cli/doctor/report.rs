use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::cli::term::{BAD, DIM, GOOD, WARN, plain};

/// Version of the report's format.
const VERSION: u32 = 1;

/// What was found out.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Version of this format.
    version: u32,
    /// Whether questions can be answered: no check ended in an error.
    pub(super) ok: bool,
    /// The checks, in the order they were made.
    checks: Vec<Check>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// All is well.
    Ok,
    /// Questions can be answered, but something should be changed.
    Warning,
    /// Questions cannot be answered.
    Error,
}

/// One check.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    /// What was checked.
    name: &'static str,
    /// How it ended.
    status: Status,
    /// What was found.
    message: String,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Report {
    pub(super) fn of(checks: Vec<Check>) -> Self {
        Self {
            version: VERSION,
            ok: checks.iter().all(|check| check.status != Status::Error),
            checks,
        }
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            message: message.into(),
            fix: None,
        }
    }

    pub(super) fn warning(name: &'static str, message: impl Into<String>, fix: &str) -> Self {
        Self {
            name,
            status: Status::Warning,
            message: message.into(),
            fix: Some(fix.to_owned()),
        }
    }

    /// An error with all its causes.
    pub(super) fn error(name: &'static str, error: &dyn Error, fix: &str) -> Self {
        Self {
            name,
            status: Status::Error,
            message: crate::telemetry::causes(error).join(": "),
            fix: Some(fix.to_owned()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let (style, word) = match check.status {
                Status::Ok => (GOOD, "ok"),
                Status::Warning => (WARN, "warning"),
                Status::Error => (BAD, "error"),
            };
            writeln!(
                f,
                "{style}{word:<8}{style:#}{:<11} {}",
                check.name,
                // Names of other people may hold line ends.
                plain(&check.message).replace('\n', " ")
            )?;
            if let Some(fix) = &check.fix {
                writeln!(f, "{:20}{DIM}fix:{DIM:#} {fix}", "")?;
            }
        }
        Ok(())
    }
}
