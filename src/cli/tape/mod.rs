//! `cardinal tape`: recorded answers, for people who review, compare and replay them.

mod diff;
mod replay;
mod show;

use super::args::{GlobalArgs, TapeCommand};
use super::error::CliError;
use super::exit::ExitStatus;

/// Runs one of the tapes' commands.
pub(super) async fn run(global: &GlobalArgs, command: &TapeCommand) -> Result<ExitStatus, CliError> {
    match command {
        TapeCommand::Show { file, markdown } => show::run(file, *markdown, global.json()),
        TapeCommand::Diff { left, right } => diff::run(left, right, global.json()),
        TapeCommand::Replay { file } => replay::run(file, global.json()).await,
    }
}
