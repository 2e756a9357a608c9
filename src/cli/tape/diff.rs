use std::path::Path;

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, term};
use crate::tapes::compare;
use crate::wire::TapeFile;

/// Prints what two turns were recorded under that differs, and where they part.
pub(super) fn run(left: &Path, right: &Path, as_json: bool) -> Result<ExitStatus, CliError> {
    let (left, right) = (
        TapeFile::read_unfinished(left)?,
        TapeFile::read_unfinished(right)?,
    );
    let (conditions, parting) = compare(&left, &right);
    if as_json {
        answer::json(&json!({ "version": 1, "conditions": conditions, "parting": parting }))
            .map_err(CliError::Output)?;
    } else {
        for condition in &conditions {
            term::out_line(term::plain(&condition.to_string())).map_err(CliError::Output)?;
        }
        let words = parting.as_ref().map_or_else(
            || "the same requests got the same responses, and the answer is the same".to_owned(),
            |parting| format!("they part at {parting}"),
        );
        term::out_line(term::plain(&words)).map_err(CliError::Output)?;
    }
    Ok(if parting.is_some() {
        ExitStatus::Findings
    } else {
        ExitStatus::Done
    })
}
