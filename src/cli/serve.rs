use serde_json::json;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::{GlobalArgs, ServerArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::{settings, term};
use crate::app::{Freshness, OpenOptions};
use crate::server::{ServerOptions, serve};

/// Serves until it is told to stop. Prints one JSON line once it listens.
pub(super) async fn run(global: &GlobalArgs, args: &ServerArgs) -> Result<ExitStatus, CliError> {
    let mut signals = EndSignals::listen()?;
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
    signals.next().await;
    if !args.turn.quiet {
        term::say(
            "ending: running questions have a moment to be answered; once more leaves them to the next start",
        );
    }
    server.shutdown_unless(signals.next()).await;
    Ok(ExitStatus::Done)
}

/// Ctrl-C and, where there is one, SIGTERM. They are listened for from the first on.
struct EndSignals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

impl EndSignals {
    fn listen() -> Result<Self, CliError> {
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt()).map_err(CliError::Start)?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate()).map_err(CliError::Start)?,
        })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        {
            // Without signals the process is ended from outside.
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
