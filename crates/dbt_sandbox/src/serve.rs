//! Starting and stopping a sandbox.

use std::fmt;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

use super::access::{DbtToken, TokenBook};
use super::account::{AdminObjectKind, DEMO_ENVIRONMENT, ServedAccount};
use super::admin::{self, access::add_token};
use super::discovery::{self, AppliedState};
use super::envelope::AdminFault;
use super::faults::{DbtFaultSyntaxError, DbtFaults, trouble};
use super::project::DbtProject;
use super::request_log::{DbtRequestLog, ReceivedRequest, remember};
use super::runs::{RunEnding, RunEngine, past_runs};
use super::semantic::{self, DataAddress, SemanticLayer};
use super::state::DbtState;
use super::throttle::Throttle;
use super::webhooks::WebhookSender;

/// How long running answers may take to finish once the sandbox is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Permission sets that a token is made for at start, beside the announced one that may do everything.
const NARROW: [&str; 9] = [
    "account_viewer",
    "job_admin",
    "job_runner",
    "job_viewer",
    "metadata_only",
    "git_admin",
    "security_admin",
    "semantic_layer_only",
    "webhooks_only",
];

/// How a sandbox is served.
#[derive(Clone)]
pub struct DbtServeOptions {
    /// Where the tables lie that the project's sources are read from.
    pub data: DataAddress,
    /// The project.
    pub project: Arc<DbtProject>,
    /// Port on the loopback interface; 0 takes a free one.
    pub port: u16,
    /// Replaces the secret of the token that may do everything.
    pub token: Option<SecretString>,
    /// Rules for faults from the start; see [`DbtFaults`].
    pub faults: String,
    /// How long a run stays queued, starting and running.
    pub pace: Duration,
    /// Wait before the first retry of a webhook; it doubles with each.
    pub webhook_backoff: Duration,
    /// Requests that the Discovery API takes in a minute; `None` is any number.
    pub discovery_per_minute: Option<u32>,
    /// Address of the Metabase that exposures lead to, in place of the project's made-up host.
    pub metabase_url: Option<String>,
    /// Whether the Semantic Layer gives rows as Arrow alone, and none as JSON.
    pub arrow_only: bool,
}

impl DbtServeOptions {
    /// The built-in project on a free port, over the tables at `data`.
    pub fn new(data: DataAddress) -> Self {
        Self {
            data,
            project: Arc::new(DbtProject::demo()),
            port: 0,
            token: None,
            faults: String::new(),
            pace: Duration::from_millis(250),
            webhook_backoff: Duration::from_millis(500),
            discovery_per_minute: None,
            metabase_url: None,
            arrow_only: false,
        }
    }
}

impl fmt::Debug for DbtServeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DbtServeOptions")
            .field("project", &self.project)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Why a sandbox could not be served.
#[derive(Debug, thiserror::Error)]
pub enum DbtServeError {
    /// The port is taken or may not be used.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for a free one")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A rule for faults cannot be read.
    #[error(transparent)]
    Faults(#[from] DbtFaultSyntaxError),
    /// The built-in account cannot be read.
    #[error("cannot read the built-in dbt account: {0}")]
    Account(#[from] serde_json::Error),
}

/// A sandbox that is being served. It stops when this is dropped.
pub struct RunningDbtSandbox {
    /// Base URL of all three APIs, without a slash at the end.
    pub url: String,
    /// A token that may do everything.
    pub token: SecretString,
    /// Tokens that may do less, by their one permission set.
    pub narrow_tokens: Vec<(String, SecretString)>,
    /// The account.
    pub account_id: i64,
    /// Its production environment.
    pub environment_id: i64,
    /// The secret that new subscriptions of webhooks are told to sign with.
    pub webhook_secret: SecretString,
    app: Arc<DbtState>,
    faults: DbtFaults,
    log: DbtRequestLog,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

/// Starts serving on the loopback interface and returns once connections are accepted. No artifact is read before a request
/// needs it.
pub async fn serve(options: DbtServeOptions) -> Result<RunningDbtSandbox, DbtServeError> {
    let faults = DbtFaults::default();
    faults.set(&options.faults)?;
    let account = ServedAccount::demo()?;
    let past = past_runs(account.id, &account.list(AdminObjectKind::Job));
    for run in &past {
        account.put(AdminObjectKind::Run, run.clone());
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let failed = |source| DbtServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);

    let stop = CancellationToken::new();
    let webhook_secret: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
    let app = Arc::new(DbtState {
        account,
        tokens: TokenBook::default(),
        project: Arc::clone(&options.project),
        engine: RunEngine::new(options.pace),
        webhooks: WebhookSender::new(options.webhook_backoff, webhook_secret.clone()),
        applied: AppliedState::new(past),
        semantic: SemanticLayer::new(options.project, options.data, options.arrow_only),
        metabase_url: options.metabase_url,
        throttle: Throttle::new(options.discovery_per_minute),
        stop: stop.clone(),
    });
    let mut everything = DbtToken::new("Everything", &["account_admin"]);
    if let Some(secret) = options.token {
        everything.secret = secret;
    }
    let token = everything.secret.clone();
    add_token(&app, everything);
    let mut narrow_tokens = Vec::new();
    for set in NARROW {
        let narrow = DbtToken::new(&format!("Only {set}"), &[set]);
        narrow_tokens.push((set.to_owned(), narrow.secret.clone()));
        add_token(&app, narrow);
    }
    let log = DbtRequestLog::default();
    let router = Router::new()
        .route("/graphql", post(discovery::answer))
        .route("/graphql/", post(discovery::answer))
        .route("/api/graphql", post(semantic::answer))
        .merge(admin::router())
        .fallback(|| async { AdminFault::NotFound })
        .with_state(Arc::clone(&app))
        .layer(from_fn_with_state(faults.clone(), trouble))
        .layer(from_fn_with_state(log.clone(), remember))
        .layer(CompressionLayer::new());
    let server = tokio::spawn(accept(listener, router, stop.clone()));
    Ok(RunningDbtSandbox {
        url,
        token,
        narrow_tokens,
        account_id: app.account.id,
        environment_id: DEMO_ENVIRONMENT,
        webhook_secret: SecretString::from(webhook_secret),
        app,
        faults,
        log,
        stop,
        server: Some(server),
    })
}

impl RunningDbtSandbox {
    /// What someone needs to call it, secrets included.
    pub fn announcement(&self) -> Value {
        let narrow: Map<String, Value> = self
            .narrow_tokens
            .iter()
            .map(|(set, secret)| (set.clone(), json!(secret.expose_secret())))
            .collect();
        json!({
            "dbt_url": self.url,
            "dbt_token": self.token.expose_secret(),
            "dbt_tokens": narrow,
            "dbt_account_id": self.account_id,
            "dbt_environment_id": self.environment_id,
            "dbt_webhook_secret": self.webhook_secret.expose_secret(),
        })
    }

    /// The faults, to be changed while it runs.
    pub fn faults(&self) -> &DbtFaults {
        &self.faults
    }

    /// How the runs of a job end from now on.
    pub fn set_ending(&self, job_id: i64, outcome: RunEnding) {
        self.app.engine.set_ending(job_id, outcome);
    }

    /// The last requests that arrived (up to 4096), oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.log.snapshot()
    }

    /// Stops accepting, lets running answers finish for up to two seconds, and returns when the port is free.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            // The task ends by itself once stopped; it cannot be waited for any other way.
            let _ = server.await;
        }
    }
}

impl Drop for RunningDbtSandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for RunningDbtSandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RunningDbtSandbox")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = stop.clone().cancelled_owned();
    let serving = axum::serve(listener, router).with_graceful_shutdown(graceful);
    tokio::select! {
        ended = serving.into_future() => {
            if let Err(error) = ended {
                tracing::error!(%error, "the dbt sandbox stopped serving");
            }
        }
        () = overdue(&stop) => {}
    }
}

async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}
