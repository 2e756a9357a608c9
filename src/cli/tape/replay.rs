use std::path::Path;

use serde_json::json;

use crate::cli::answer::{self, Form, Remarks};
use crate::cli::error::CliError;
use crate::cli::exit::Ending;
use crate::cli::term;
use crate::tapes::replay;

/// Replays a turn and prints its answer, which is the recorded one, or says why there is none.
pub(super) async fn run(file: &Path, as_json: bool) -> Result<Ending, CliError> {
    let replayed = match replay(file).await {
        Ok(replayed) => replayed,
        Err(error) if as_json => {
            let told = json!({
                "version": 1, "replayed": false, "kind": error.kind(), "reason": error.to_string(),
            });
            answer::json(&told).map_err(CliError::Output)?;
            return Ok(Ending::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    let form = if as_json { Form::Json } else { Form::Text };
    answer::print(&replayed.answer, "", form, Remarks::WithoutLinks).map_err(CliError::Output)?;
    if !as_json {
        let exchanges = replayed.exchanges;
        term::say(format_args!(
            "the same answer as recorded, from {exchanges} exchanges on the tape"
        ));
    }
    Ok(Ending::Done)
}
