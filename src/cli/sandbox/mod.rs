//! `cardinal sandbox`: serving the Metabase stand-in, and writing and checking its semantic model.

pub(super) mod args;
mod check;
mod dataset;
mod dbt;
mod init;
mod serve;

use self::args::SandboxCommand;
use super::args::GlobalArgs;
use super::error::CliError;
use super::exit::ExitStatus;

pub(super) async fn run(global: &GlobalArgs, command: SandboxCommand) -> Result<ExitStatus, CliError> {
    match command {
        SandboxCommand::Serve(args) => serve::run(*args).await,
        SandboxCommand::Init(args) => init::run(args).await,
        SandboxCommand::Check(args) => check::run(global, args).await,
    }
}
