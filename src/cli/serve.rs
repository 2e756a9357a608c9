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

    let running = serve(options).await?;
    term::out_line(running.announcement()).map_err(CliError::Output)?;
    told_to_stop().await;
    running.shutdown().await;
    Ok(Ending::Done)
}

/// Returns on Ctrl-C, and where there is such a thing, on SIGTERM.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // An error means that there is no such signal: then it is served until the process is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
