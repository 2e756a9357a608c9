use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::cli::render::wrapped;
use crate::cli::term::{BAD, DIM, GOOD, WARN, plain, text_width};

/// Version of the report's format.
const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub(super) struct DoctorReport {
    /// Version of this format.
    version: u32,
    /// Whether questions can be answered: no check ended in an error.
    pub(super) ok: bool,
    /// The checks, in the order they were made.
    checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum CheckStatus {
    Ok,
    /// Questions can be answered, but something should be changed.
    Warning,
    Error,
}

#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    status: CheckStatus,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl DoctorReport {
    pub(super) fn of(checks: Vec<Check>) -> Self {
        Self {
            version: VERSION,
            ok: checks.iter().all(|check| check.status != CheckStatus::Error),
            checks,
        }
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: CheckStatus::Ok,
            message: message.into(),
            fix: None,
        }
    }

    pub(super) fn warning(name: &'static str, message: impl Into<String>, fix: &str) -> Self {
        Self {
            name,
            status: CheckStatus::Warning,
            message: message.into(),
            fix: Some(fix.to_owned()),
        }
    }

    /// The same without a part of its message.
    pub(super) fn without(mut self, part: &str) -> Self {
        self.message = self.message.replacen(part, "", 1);
        self
    }

    /// Whether another check ended in the same trouble.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.status == other.status && self.message == other.message
    }

    /// An error with all its causes.
    pub(super) fn error(name: &'static str, error: &dyn Error, fix: &str) -> Self {
        Self {
            name,
            status: CheckStatus::Error,
            message: crate::telemetry::causes(error).join(": "),
            fix: Some(fix.to_owned()),
        }
    }
}

/// Where the text of a check begins.
const INDENT: &str = "                    ";

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let (style, word) = match check.status {
                CheckStatus::Ok => (GOOD, "ok"),
                CheckStatus::Warning => (WARN, "warning"),
                CheckStatus::Error => (BAD, "error"),
            };
            // Names of other people may hold line ends.
            let message = plain(&check.message).replace('\n', " ");
            let name = check.name;
            let line = format!("{style}{word:<8}{style:#}{name:<11} {message}");
            writeln!(f, "{}", wrapped(&line, text_width(), INDENT))?;
            if let Some(fix) = &check.fix {
                let line = format!("{INDENT}{DIM}fix:{DIM:#} {fix}");
                writeln!(f, "{}", wrapped(&line, text_width(), INDENT))?;
            }
        }
        Ok(())
    }
}
