//! Starting and stopping a sandbox.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::serve::ListenerExt;
use axum::{Router, ServiceExt};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::Layer;
use tower_http::compression::CompressionLayer;
use tower_http::normalize_path::NormalizePathLayer;

use super::auth::{JwtKey, LoginThrottle, Sessions, api_key, secret};
use super::error::{ErrorStyle, render_errors};
use super::faults::{FaultRule, Faults, inject};
use super::generation::{ServedEdition, ServedGeneration};
use super::request_log::{LoggedRequest, RequestLog, remember};
use super::routes;
use super::semantic::SemanticModel;
use super::state::{AppState, InstanceSettings, keys_of};
use super::world::World;

/// How long running answers may take to finish once the sandbox is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// How a sandbox is served.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the instance, independent of the others"
)]
pub struct ServeOptions {
    /// What it serves.
    pub world: Arc<World>,
    /// Port on the loopback interface; 0 takes a free one.
    pub port: u16,
    /// Which Metabase it is.
    pub generation: ServedGeneration,
    /// Who built it and what it is licensed for.
    pub edition: ServedEdition,
    /// The version that it reports instead of its own, such as `v0.63.2`. What it serves stays the same.
    pub claimed_version: Option<String>,
    /// The most that any credential may do on the Agent API, as its scopes; `None` is everything. Generations without
    /// scopes take no notice.
    pub scopes: Option<Vec<String>>,
    /// Replaces the world's first API key: `mb_` and 9 to 251 more characters.
    pub api_key: Option<SecretString>,
    /// Faults from the start; more can be set through [`RunningSandbox::faults`].
    pub faults: Vec<FaultRule>,
    /// Whether exceptions say only that something went wrong (Metabase's `hide-stacktraces`).
    pub hide_stacktraces: bool,
    /// Whether queries that fail are answered with 202 although the generation does not do so any more, as an early
    /// v0.59 does.
    pub legacy_failures: bool,
    /// Whether a shared secret for JWTs is configured, which takes a licence.
    pub jwt: bool,
    /// Metabase's `ai-features-enabled?`.
    pub ai_features: bool,
    /// Metabase's `agent-api-enabled?`.
    pub agent_api: bool,
    /// Metabase's `mcp-execute-sql-enabled`, where the generation has it.
    pub execute_sql: bool,
    /// Whether bodies are compressed for clients that ask for it. Between two ends of one process it only costs time.
    pub compression: bool,
    /// Whether a card's template tags are a list, as since v0.63, also in a generation that has an object by name.
    pub template_tags_as_list: bool,
}

impl ServeOptions {
    /// A world on a free port, with everything switched on and nothing going wrong.
    pub fn new(world: Arc<World>) -> Self {
        Self {
            world,
            port: 0,
            generation: ServedGeneration::default(),
            edition: ServedEdition::default(),
            claimed_version: None,
            scopes: None,
            api_key: None,
            faults: Vec::new(),
            hide_stacktraces: false,
            legacy_failures: false,
            jwt: true,
            ai_features: true,
            agent_api: true,
            execute_sql: true,
            compression: false,
            template_tags_as_list: false,
        }
    }
}

/// Why a sandbox could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken or may not be used.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for a free one")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The API key has a form that no Metabase accepts.
    #[error("the API key must start with `mb_` and be 12 to 254 characters long")]
    ApiKey,
}

/// A sandbox that is being served. It stops when this is dropped.
pub struct RunningSandbox {
    /// Base URL, e.g. `http://127.0.0.1:41234`, without a slash at the end.
    pub url: String,
    /// An API key of the group that a catalog should be read with.
    pub api_key: SecretString,
    /// E-mail of a user of that group.
    pub user: String,
    /// That user's password.
    pub password: SecretString,
    /// Shared secret for HS256 tokens; `None` when JWTs are not configured.
    pub jwt_secret: Option<SecretString>,
    /// The collection that a catalog should be made of.
    pub curated_collection_id: Option<i64>,
    app: Arc<AppState>,
    faults: Faults,
    log: RequestLog,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

/// Starts serving on the loopback interface and returns once connections are accepted.
pub async fn serve(options: ServeOptions) -> Result<RunningSandbox, ServeError> {
    let model = options.world.model();
    let mut keys = keys_of(model, api_key());
    if let Some(key) = &options.api_key {
        let text = key.expose_secret();
        if !text.starts_with("mb_") || !(12..=254).contains(&text.len()) {
            return Err(ServeError::ApiKey);
        }
        if let Some(first) = keys.first_mut() {
            first.secret = key.clone();
        }
    }
    let facts = options.generation.facts();
    let signed_tokens = options.jwt && options.edition == ServedEdition::Pro;
    let jwt_secret = signed_tokens.then(secret);
    let (user, password) = announced_user(model);
    let curated_collection_id = model.curated_collection_id;
    let first_key = keys
        .first()
        .map_or_else(|| SecretString::from(""), |key| key.secret.clone());

    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);

    let app = Arc::new(AppState {
        world: Arc::clone(&options.world),
        settings: InstanceSettings {
            facts,
            edition: options.edition,
            version: options
                .claimed_version
                .clone()
                .unwrap_or_else(|| options.generation.tag(options.edition)),
            ai_features: options.ai_features,
            agent_api: options.agent_api,
            execute_sql: options.execute_sql,
            template_tags_as_list: options.template_tags_as_list || facts.listed_tags,
            scopes: options.scopes.map(|scopes| scopes.into_iter().collect()),
        },
        sessions: Sessions::default(),
        throttle: LoginThrottle::default(),
        jwt: jwt_secret.clone().map(JwtKey::new),
        keys,
        query_slots: Arc::new(Semaphore::new(
            std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        )),
    });
    let faults = Faults::default();
    faults.set(options.faults.clone());
    let log = RequestLog::default();
    let style = ErrorStyle {
        hide_stacktraces: options.hide_stacktraces,
        legacy_failures: options.legacy_failures || !facts.failing_status,
    };
    let router = routes::router(options.generation, options.edition)
        .with_state(Arc::clone(&app))
        .layer(from_fn_with_state(faults.clone(), inject))
        .layer(from_fn_with_state(style, render_errors))
        .layer(from_fn_with_state(log.clone(), remember));
    let router = if options.compression {
        router.layer(CompressionLayer::new())
    } else {
        router
    };
    let stop = CancellationToken::new();
    let server = tokio::spawn(accept(listener, router, stop.clone()));
    Ok(RunningSandbox {
        url,
        api_key: first_key,
        user,
        password,
        jwt_secret,
        curated_collection_id,
        app,
        faults,
        log,
        stop,
        server: Some(server),
    })
}

impl RunningSandbox {
    /// The line that `sandbox serve` prints: everything someone needs to call it, secrets included.
    pub fn announcement(&self) -> Value {
        json!({
            "url": self.url,
            "api_key": self.api_key.expose_secret(),
            "user": self.user,
            "password": self.password.expose_secret(),
            "jwt_secret": self.jwt_secret.as_ref().map(ExposeSecret::expose_secret),
            "curated_collection_id": self.curated_collection_id,
        })
    }

    /// The faults, to be changed while it runs.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The last requests that arrived (up to 4096), oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.log.snapshot()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.log.clear();
    }

    /// Ends every session, so that clients have to sign in again.
    pub fn end_sessions(&self) {
        self.app.sessions.clear();
    }

    /// Stops accepting, lets running answers finish for up to two seconds, and returns when the port is free.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            // The task ends by itself once stopped; it cannot be waited for any other way.
            let _ = server.await;
        }
    }

    /// Returns when the server has ended, which it does only when stopped.
    pub async fn wait(&self) {
        self.stop.cancelled().await;
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for RunningSandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Running")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "the sandbox could not switch off delayed sending");
        }
    });
    let graceful = stop.clone().cancelled_owned();
    // Clients of all ages put a slash at the end or not.
    let service = NormalizePathLayer::trim_trailing_slash().layer(router);
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(service);
    let serving = axum::serve(listener, service).with_graceful_shutdown(graceful);
    tokio::select! {
        ended = serving.into_future() => {
            if let Err(error) = ended {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        }
        () = overdue(&stop) => {}
    }
}

async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// The first active user who has no more rights than the first key.
fn announced_user(model: &SemanticModel) -> (String, SecretString) {
    let group = model.api_keys.first().map(|key| key.group_id);
    model
        .users
        .iter()
        .filter(|user| user.active)
        .min_by_key(|user| {
            (
                user.superuser,
                !user.groups.iter().any(|id| Some(*id) == group),
                user.id,
            )
        })
        .map_or_else(
            || (String::new(), SecretString::from("")),
            |user| (user.email.clone(), user.password.clone()),
        )
}
