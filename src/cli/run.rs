use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use super::args::{Cli, Command};
use super::error::CliError;
use super::exit::{ExitStatus, code};
use super::{
    approvals, ask, batch, catalog, chat, dbt, doctor, eval, grants, init, log, manual, sandbox, serve, tape,
    token,
};

/// Runs a command line, program name first, and says with which code the process should end.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    code(
        Cli::try_parse_from(arguments)
            .map_err(CliError::from)
            .and_then(dispatch),
    )
}

fn dispatch(Cli { global, command }: Cli) -> Result<ExitStatus, CliError> {
    // It sends what is left when the command is over.
    let _traces = traced(global.verbose, global.log_json);
    crate::telemetry::show_content(shows_content(&command));
    match command {
        Command::Ask(args) => block_on(ask::run(&global, &args)),
        Command::Chat(args) => block_on(chat::run(&global, &args)),
        Command::Batch(args) => block_on(batch::run(&global, *args)),
        Command::Serve(args) => block_on(serve::run(&global, &args)),
        Command::Token(command) => block_on(token::run(&global, command)),
        Command::Tape(command) => block_on(tape::run(&global, &command)),
        Command::Catalog(command) => block_on(catalog::run(&global, &command)),
        Command::Dbt(command) => block_on(dbt::run(&global, &command)),
        Command::Approvals(command) => block_on(approvals::run(&global, &command)),
        Command::Grants(args) => grants::run(&global, &args),
        Command::Log(command) => log::run(&global, command),
        Command::Sandbox(command) => block_on(sandbox::run(&global, command)),
        Command::Eval(command) => block_on(eval::run(&global, command)),
        Command::Doctor => block_on(doctor::run(&global)),
        Command::Init(args) => init::init(&args, global.config.as_deref()),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { out } => manual::man(out.as_deref()),
    }
}

/// Whether what is asked may be in the log. Whoever runs a command reads what they asked themselves; a server's log holds what others
/// asked.
fn shows_content(command: &Command) -> bool {
    let wished = std::env::var("CARDINAL_LOG_CONTENT").unwrap_or_default();
    match wished.trim() {
        "" => !matches!(command, Command::Serve(_)),
        wished => wished.eq_ignore_ascii_case("true"),
    }
}

/// Starts logging, and traces where a collector is configured.
#[cfg(feature = "otel")]
fn traced(verbosity: u8, json: bool) -> Option<crate::traces::TraceSender> {
    let sender = crate::traces::TraceSender::from_env();
    let layer = sender
        .as_ref()
        .ok()
        .and_then(|sender| Some(sender.as_ref()?.layer()));
    crate::telemetry::init_with(verbosity, json, layer);
    sender.unwrap_or_else(|problem| {
        tracing::warn!(problem, "there are no traces");
        None
    })
}

/// There are no traces in this build.
#[cfg(not(feature = "otel"))]
struct NoTraces;

#[cfg(not(feature = "otel"))]
fn traced(verbosity: u8, json: bool) -> NoTraces {
    crate::telemetry::init(verbosity, json);
    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
        tracing::info!(
            "this build sends no traces: install it from its repository with `cargo install --locked --path . --features full`"
        );
    }
    NoTraces
}

fn block_on(work: impl Future<Output = Result<ExitStatus, CliError>>) -> Result<ExitStatus, CliError> {
    tokio::runtime::Runtime::new()
        .map_err(CliError::Start)?
        .block_on(work)
}
