//! Settings of the server, as they are written and as the server takes them.

use std::time::Duration;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

/// Serving: who may ask, and how much at once.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerConfig {
    /// Whether a credential is needed: `loopback` (not on loopback; everywhere else) or `required` (always). The
    /// default is `loopback`, and `required` where `jwt`, `proxy` or `credential = "session"` says who asks.
    pub auth: Option<AuthPolicy>,
    /// Whose credential Metabase is asked with: `shared`, the one under `[metabase]` for everybody; `person`, a JWT that names
    /// whoever asks (it needs `auth = "jwt"` under `[metabase]`, and principals that are e-mail addresses); or `session`, the
    /// session of Metabase that whoever asks sends as `X-Metabase-Session`. With the last two Metabase's own permissions hold
    /// (default `shared`).
    pub credential: Option<CredentialPolicy>,
    /// Names of hosts that the server is reached by, beside the address it listens on; with the port, if there is one.
    pub hosts: Option<Vec<String>>,
    /// Origins other than its own whose pages may ask it, such as `https://chat.example.com`.
    pub origins: Option<Vec<String>>,
    /// Principals that may see what others asked.
    pub admins: Option<Vec<String>>,
    /// Longest body of a request, in KB (default 1024).
    #[schemars(range(min = 16, max = 1_048_576))]
    pub max_body_kb: Option<u64>,
    /// Most questions answered at once (default 1024).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_turns: Option<u64>,
    /// Most questions of one principal answered at once (default 32). It does not count for an open server.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_turns_per_principal: Option<u64>,
    /// Most questions that wait in one session for the one that is answered (default 8); 0 refuses whoever asks meanwhile.
    #[schemars(range(max = 1000))]
    pub max_waiting: Option<u32>,
    /// Most memory for sessions that nobody asks, in MB (default 256). What is more is restored from tapes when it is asked again.
    #[schemars(range(max = 1_048_576))]
    pub max_kept_mb: Option<u64>,
    /// Most requests of one principal in a minute; without it there is no limit.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_requests_per_minute: Option<u32>,
    /// How long a question goes on that nobody listens to any more, in seconds (default 120).
    #[schemars(range(max = 86_400))]
    pub grace_seconds: Option<u64>,
    /// How long running questions may take to end when the server is told to, in seconds (default 30).
    #[schemars(range(max = 3600))]
    pub drain_seconds: Option<u64>,
    /// JWTs of people who ask.
    pub jwt: Option<JwtConfig>,
    /// A proxy that says who asks.
    pub proxy: Option<ProxyConfig>,
}

/// Whether a credential is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthPolicy {
    /// Not on loopback; everywhere else.
    #[default]
    Loopback,
    /// Always.
    Required,
}

/// Whose credential Metabase is asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialPolicy {
    /// The one under `[metabase]`, for everybody.
    #[default]
    Shared,
    /// A JWT that names whoever asks.
    Person,
    /// The session of Metabase that whoever asks sends.
    Session,
}

/// JWTs of people who ask, signed by an identity provider.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwtConfig {
    /// The issuer that tokens have to name. Required.
    pub issuer: Option<String>,
    /// The audience that tokens have to name. Required.
    pub audience: Option<String>,
    /// Address of the provider's keys (JWKS). Required.
    pub jwks_url: Option<String>,
    /// The algorithms that may have signed a token: `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` or
    /// `EdDSA` (default `RS256` and `ES256`).
    pub algorithms: Option<Vec<String>>,
    /// The claim that names the principal (default `sub`).
    pub claim: Option<String>,
}

/// A proxy that has checked who asks, and says so in a header.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyConfig {
    /// The header, such as `X-Forwarded-Email`. Required.
    pub header: Option<String>,
    /// Addresses of the proxy, such as `10.0.0.7` or `10.0.0.0/24`. Required. From any other address the header is ignored.
    pub from: Option<Vec<String>>,
}

/// How the server is run.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Whether a credential is needed.
    pub auth: AuthPolicy,
    /// Whose credential Metabase is asked with.
    pub credential: CredentialPolicy,
    /// Further names of hosts it is reached by, in lower case.
    pub hosts: Vec<String>,
    /// Further origins that may ask it, in lower case.
    pub origins: Vec<String>,
    /// Principals that may see what others asked.
    pub admins: Vec<String>,
    /// Longest body of a request, in bytes.
    pub max_body_bytes: usize,
    pub max_turns: usize,
    /// Most turns at once of one principal that has a credential.
    pub max_turns_per_principal: usize,
    /// Most turns that wait in one session.
    pub max_waiting: u32,
    /// Most bytes of sessions in memory that nobody asks.
    pub max_kept_bytes: u64,
    /// Most requests of one principal in a minute.
    pub max_requests_per_minute: Option<u32>,
    /// How long a turn goes on that nobody listens to.
    pub grace: Duration,
    /// How long running turns may take to end when the server is told to.
    pub drain: Duration,
    pub jwt: Option<JwtSettings>,
    /// The proxy that is believed.
    pub proxy: Option<ProxySettings>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            auth: AuthPolicy::default(),
            credential: CredentialPolicy::default(),
            hosts: Vec::new(),
            origins: Vec::new(),
            admins: Vec::new(),
            max_body_bytes: 1024 * 1024,
            max_turns: 1024,
            max_turns_per_principal: 32,
            max_waiting: 8,
            max_kept_bytes: 256 * 1024 * 1024,
            max_requests_per_minute: None,
            grace: Duration::from_secs(120),
            drain: Duration::from_secs(30),
            jwt: None,
            proxy: None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct JwtSettings {
    pub issuer: String,
    pub audience: String,
    /// Where the issuer's keys are.
    pub jwks_url: Url,
    /// Algorithms that may have signed them, all asymmetric.
    pub algorithms: Vec<jsonwebtoken::Algorithm>,
    /// The claim that names the principal.
    pub claim: String,
}

#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// The header that names the principal.
    pub header: http::HeaderName,
    pub from: Vec<IpNet>,
}
