//! Completions and manual pages, both made from the command line's own description.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;
use super::error::CliError;
use super::exit::ExitStatus;
use super::term;

const NAME: &str = "cardinal";

/// Prints the script that a shell reads.
pub(super) fn completions(shell: Shell) -> Result<ExitStatus, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    print(&script)
}

/// Prints the program's manual page, or writes the pages of all commands into a folder.
pub(super) fn man(folder: Option<&Path>) -> Result<ExitStatus, CliError> {
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
            .map_err(CliError::Man)?;
        return Ok(ExitStatus::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(CliError::Man)?;
    print(&page)
}

fn print(text: &[u8]) -> Result<ExitStatus, CliError> {
    term::out(String::from_utf8_lossy(text)).map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}
