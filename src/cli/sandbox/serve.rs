use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use super::args::{EditionArg, ServeArgs};
use super::{dataset, dbt};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;
use crate::sandbox::faults::FaultRule;
use crate::sandbox::{ServeOptions, ServedEdition, serve};

/// Serves the sandbox until it is told to stop. Prints one JSON line once it listens.
pub(super) async fn run(args: ServeArgs) -> Result<ExitStatus, CliError> {
    let faults = args.faults.as_deref().map(FaultRule::parse_all).transpose()?;
    let world = dataset::open(&args.data, args.semantic_model.as_deref()).await?;
    let world = Arc::new(world);
    let mut options = ServeOptions::new(Arc::clone(&world));
    options.port = args.port;
    options.generation = args.generation;
    options.edition = match args.edition {
        EditionArg::Oss => ServedEdition::OpenSource,
        EditionArg::Unlicensed => ServedEdition::Unlicensed,
        EditionArg::Pro => ServedEdition::Pro,
    };
    options.claimed_version = args.claim_version;
    let listed = |scopes: String| scopes.split_whitespace().map(str::to_owned).collect();
    options.scopes = args.scopes.map(listed);
    options.execute_sql = !args.without_execute_sql;
    options.api_key = args.api_key.map(SecretString::from);
    options.faults = faults.unwrap_or_default();
    options.hide_stacktraces = args.hide_stacktraces;
    options.legacy_failures = args.legacy_failures;
    options.jwt = !args.without_jwt;
    options.compression = true;

    // Listening for the signals begins before anybody is told that there is something to stop.
    let stop = told_to_stop();
    let running = serve(options).await?;
    let dbt = dbt::start(args.dbt, &args.data, &world, &running.url).await?;
    let mut announcement = running.announcement();
    if let (Some(line), Some(dbt)) = (announcement.as_object_mut(), &dbt)
        && let Value::Object(more) = dbt.announcement()
    {
        line.extend(more);
    }
    term::out_line(announcement).map_err(CliError::Output)?;
    stop.await;
    if let Some(dbt) = dbt {
        dbt.shutdown().await;
    }
    running.shutdown().await;
    Ok(ExitStatus::Done)
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

#[cfg(not(unix))]
async fn told_to_stop() {
    // An error means that there is no such signal: then it is served until the process is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
