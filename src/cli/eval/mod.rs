//! `cardinal eval`: suites are run, graded, shown and compared. Ends with 0 when all is well, 1 on a regression, 2 when
//! the command line, a suite or a file is wrong, 3 when runs cannot be compared.

pub(super) mod args;
mod compare;
mod confirm;
mod error;
mod grade;
mod import;
mod init;
mod judge;
mod output;
mod progress;
mod promote;
mod record;
mod regrade;
mod replay;
mod run;
mod show;

use self::args::EvalCommand;
use super::args::GlobalArgs;
use super::error::CliError;
use super::exit::ExitStatus;

pub(super) use error::EvalError;

/// What cannot even be started or read.
const USAGE: u8 = 2;

pub(super) async fn run(global: &GlobalArgs, command: EvalCommand) -> Result<ExitStatus, CliError> {
    let ended = match command {
        EvalCommand::Run(args) => run::run(global, &args).await,
        EvalCommand::Record(args) => record::run(global, &args).await,
        EvalCommand::Promote(args) => Box::pin(promote::run(global, &args)).await,
        EvalCommand::Grade(args) => grade::run(global, &args).await,
        EvalCommand::Show(args) => show::run(global, &args),
        EvalCommand::Compare(args) => compare::run(global, &args),
        EvalCommand::Init(args) => init::run(&args),
        EvalCommand::Import(args) => import::run(&args),
    };
    match ended {
        // Its own errors have codes of their own; those of the command line have theirs already.
        Err(error) if !matches!(error, CliError::Usage(_) | CliError::Output(_)) => {
            super::exit::say(&error);
            Ok(ExitStatus::Code(USAGE))
        }
        ended => ended,
    }
}
