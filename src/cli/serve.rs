use serde_json::json;

use super::args::{GlobalArgs, ServerArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::{settings, term};
use crate::app::{Freshness, OpenOptions};
use crate::server::{ServerOptions, serve};

/// Serves until it is told to stop. Prints one JSON line once it listens.
pub(super) async fn run(global: &GlobalArgs, args: &ServerArgs) -> Result<ExitStatus, CliError> {
    let ended = told_to_end()?;
    let loaded = settings::load_and_warn(global)?;
    let options = ServerOptions {
        listen: args.listen,
        open: OpenOptions {
            freshness: if args.turn.refresh {
                Freshness::Reload
            } else {
                Freshness::Cached
            },
            today: args.turn.today,
        },
    };
    let server = serve(loaded.settings, options).await?;
    let line = json!({
        "url": server.url,
        "version": env!("CARGO_PKG_VERSION"),
        "auth": if server.open { "open" } else { "required" },
        "store": server.store,
    });
    term::out_line(line).map_err(CliError::Output)?;
    if !args.turn.quiet {
        term::say(format_args!("open {} in a browser; Ctrl-C ends", server.url));
    }
    ended.await;
    if !args.turn.quiet {
        term::say("ending: running questions have a moment to be answered");
    }
    server.shutdown().await;
    Ok(ExitStatus::Done)
}

/// Returns a wait for Ctrl-C or, where there is one, SIGTERM. Both are listened for from now on.
fn told_to_end() -> Result<impl Future<Output = ()>, CliError> {
    #[cfg(unix)]
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(CliError::Start)?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        {
            // Without signals the process is ended from outside.
            let _ = tokio::signal::ctrl_c().await;
        }
    })
}
