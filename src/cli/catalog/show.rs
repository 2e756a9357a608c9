use crate::catalog::{Catalog, find};
use crate::cli::error::CliError;
use crate::cli::exit::Ending;
use crate::cli::{answer, term};
use crate::prompt::entry_text;

/// Prints what a person means by `wanted`, as the model sees it; several entries when the name is used twice.
pub(super) fn run(catalog: &Catalog, wanted: &str, json: bool) -> Result<Ending, CliError> {
    let entries = find(catalog, wanted)?;
    if json {
        answer::json(&entries).map_err(CliError::Output)?;
        return Ok(Ending::Done);
    }
    for (index, entry) in entries.into_iter().enumerate() {
        if index > 0 {
            term::out_line("").map_err(CliError::Output)?;
        }
        term::out_line(term::plain(entry_text(entry)?.trim_end())).map_err(CliError::Output)?;
    }
    Ok(Ending::Done)
}
