use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::args::{GenerationArg, ServeArgs};
use super::error::CliError;
use super::exit::Ending;
use super::term;
use crate::sandbox::faults::FaultRule;
use crate::sandbox::{Generation, ServeOptions, World, serve};

/// Serves the sandbox until it is told to stop. Prints one JSON line once it listens.
pub(super) async fn run(args: ServeArgs) -> Result<Ending, CliError> {
    let faults = args.faults.as_deref().map(FaultRule::parse_all).transpose()?;
    if args.semantic_model.is_some() && args.db.is_none() && args.csv.is_none() {
        return Err(CliError::usage(
            "--model describes the data of --db or --csv: give one of them too",
        ));
    }
    let (db, csv, model) = (args.db.clone(), args.csv.clone(), args.semantic_model.clone());
    let world = tokio::task::spawn_blocking(move || {
        let model = model.as_deref().map(Path::new);
        match (db, csv) {
            (Some(file), _) => World::from_sqlite(&file, model),
            (None, Some(folder)) => World::from_csv(&folder, model),
            (None, None) => World::demo(),
        }
    });
    let world = world.await.map_err(|error| CliError::Start(error.into()))??;
    let mut options = ServeOptions::new(Arc::new(world));
    options.port = args.port;
    options.generation = match args.generation {
        GenerationArg::V59 => Generation::V59,
        GenerationArg::V60 => Generation::V60,
    };
    options.api_key = args.api_key.map(SecretString::from);
    options.faults = faults.unwrap_or_default();
    options.hide_stacktraces = args.hide_stacktraces;
    options.legacy_failures = args.legacy_failures;
    options.jwt = !args.without_jwt;

    // Listening for the signals begins before anybody is told that there is something to stop.
    let stop = told_to_stop();
    let running = serve(options).await?;
    term::out_line(running.announcement()).map_err(CliError::Output)?;
    stop.await;
    running.shutdown().await;
    Ok(Ending::Done)
}

/// Resolves on Ctrl-C or SIGTERM, also when they came before it was first polled.
#[cfg(unix)]
fn told_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::interrupt()).and_then(|i| Ok((i, signal(SignalKind::terminate())?)));
    async move {
        match signals {
            Ok((mut interrupt, mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            // Without signals it is served until the process is ended.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
async fn told_to_stop() {
    // An error means that there is no such signal: then it is served until the process is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
