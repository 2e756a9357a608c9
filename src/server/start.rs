//! Starting and stopping the server.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::access::AccessRules;
use super::listen::accept;
use super::routes;
use super::state::{ServerState, SharedState};
use super::store::{SessionStore, SessionStoreError};
use crate::app::{App, Error, OpenOptions};
use crate::config::Settings;

#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How its app is opened.
    pub open: OpenOptions,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing could be assembled from the settings.
    #[error(transparent)]
    App(#[from] Error),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
    /// The address is taken or may not be used.
    #[error(
        "cannot listen on {address}: {source}; choose another address with --listen, or port 0 for a free one"
    )]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
}

/// A server that takes requests.
pub struct RunningServer {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Whether everybody on this machine may ask it.
    pub open: bool,
    /// Its store, as settings name it.
    pub store: String,
    state: SharedState,
    drain: Duration,
    stop: CancellationToken,
    leave: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningServer")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Opens store and app, takes over what an earlier process left, and returns once questions are taken. Until then probes are
/// answered, and everybody else is told that the server begins.
pub async fn serve(settings: Settings, options: ServerOptions) -> Result<RunningServer, StartError> {
    let address = options.listen;
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let server = settings.server.clone();
    let (stop, leave) = (CancellationToken::new(), CancellationToken::new());
    let (serving, router) = watch::channel(routes::router_before_the_start());
    let accepting = tokio::spawn(accept(listener, router, stop.clone(), leave.clone()));
    // Nobody listens any more when the start fails, or is given up.
    let start = (stop.clone().drop_guard(), leave.clone().drop_guard());
    let store = SessionStore::open(&settings).await?;
    let app = App::open(settings, options.open).await?;
    let access = AccessRules::new(&server, bound).map_err(Error::from)?;
    let (open, drain) = (access.open, server.drain);
    let store_name = store.name().to_owned();
    let state = ServerState::new(app, store, server, access);
    {
        let state = state.clone();
        // A lock on a file may have to wait for the disk.
        let entered = tokio::task::spawn_blocking(move || state.turns.enter(&state.store));
        entered.await.map_err(|_| SessionStoreError::Closed)?;
    }
    serving.send_modify(|router| *router = routes::router(&state));
    let housekeeping = {
        let state = state.clone();
        async move { state.turns.keep_house(&state).await }
    };
    {
        let app = state.app();
        tokio::spawn(async move {
            if let Some(note) = app.demo_beside_dbt() {
                tracing::warn!("{note}");
            }
            if let Some(warning) = app.dbt_token_warning().await {
                tracing::warn!("{warning}");
            }
        });
    }
    let refreshing = {
        let state = state.clone();
        async move { state.apps.refresh().await }
    };
    start.0.disarm();
    start.1.disarm();
    Ok(RunningServer {
        url: format!("http://{bound}"),
        open,
        store: store_name,
        state,
        drain,
        stop,
        leave,
        tasks: vec![accepting, tokio::spawn(housekeeping), tokio::spawn(refreshing)],
    })
}

impl RunningServer {
    /// Deletes what the settings of the store say is not kept. The server does this by itself once an hour.
    pub async fn retire(&self) -> Result<(), SessionStoreError> {
        self.state.turns.retire(&self.state).await
    }

    /// Takes no more questions, lets running turns end for a while, and leaves the others to be resumed. Returns when the
    /// address is free.
    pub async fn shutdown(self) {
        self.shutdown_unless(std::future::pending()).await;
    }

    /// The same; when `hurried` comes, running turns have no more time to end.
    pub async fn shutdown_unless(mut self, hurried: impl Future<Output = ()>) {
        self.state.turns.drain(&self.state, self.drain, hurried).await;
        self.stop.cancel();
        self.leave.cancel();
        for task in self.tasks.drain(..).take(1) {
            // It ends by itself.
            let _ = task.await;
        }
        self.state.store.empty_log().await;
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.cancel();
        self.leave.cancel();
        for task in &self.tasks {
            task.abort();
        }
    }
}
