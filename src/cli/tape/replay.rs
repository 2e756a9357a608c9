use std::path::Path;

use serde_json::json;

use crate::cli::answer::{self, AnswerDisplay, OutputFormat, SourceDetail};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;
use crate::tapes::replay;

/// Replays a turn and prints its answer, which is the recorded one, or says why there is none.
pub(super) async fn run(file: &Path, as_json: bool) -> Result<ExitStatus, CliError> {
    let replayed = match replay(file).await {
        Ok(replayed) => replayed,
        Err(error) if as_json => {
            let told = json!({
                "version": 1, "replayed": false, "kind": error.kind(), "reason": error.to_string(),
            });
            answer::json(&told).map_err(CliError::Output)?;
            return Ok(ExitStatus::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    let view = AnswerDisplay {
        format: if as_json {
            OutputFormat::Json
        } else {
            OutputFormat::Text
        },
        sources: SourceDetail::Short,
        remarks: true,
        links: false,
    };
    answer::print(&replayed.answer, view).map_err(CliError::Output)?;
    if !as_json {
        let exchanges = replayed.exchanges;
        term::say(format_args!(
            "the same answer as recorded, from {} on the tape",
            term::count(exchanges as u64, "exchange")
        ));
        if !replayed.texts_hashed {
            term::warn(format_args!(
                "this tape is older than the hashes of notes and repairs: a change of one that the turn did not meet goes \
                 unnoticed; record the turn again to have it noticed"
            ));
        }
    }
    Ok(ExitStatus::Done)
}
