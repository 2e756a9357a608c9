use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::LentSession;

/// The variable that holds an API key, when no setting names another.
const USUAL_KEY: &str = "METABASE_API_KEY";

/// A Metabase and how to sign in.
#[derive(Debug, Clone)]
pub struct MetabaseSettings {
    /// Address of the server without `/api`; a path before it is kept (`https://example.com/metabase`).
    pub url: Url,
    /// The credential of all requests. What it may read bounds what a catalog can hold.
    pub auth: AuthSettings,
    /// Longest wait for one query.
    pub timeout: Duration,
    /// Most bytes of one response taken into memory.
    pub max_response_bytes: usize,
    /// Most requests in flight at once, of all sessions together.
    pub max_concurrency: usize,
    /// Most rows fetched for one query, over all its pages.
    pub max_rows: u64,
    /// Which generation of the Agent API is spoken.
    pub generation: GenerationSetting,
    /// Whether queries may go over the classic route where the Agent API lacks something.
    pub dataset_route: DatasetRoute,
    /// The variable that holds the credential, where one does.
    pub credential_from: Option<String>,
}

impl MetabaseSettings {
    /// This server, with the usual limits.
    pub fn new(url: Url, auth: AuthSettings) -> Self {
        Self {
            url,
            auth,
            timeout: Duration::from_secs(120),
            max_response_bytes: 32 * 1024 * 1024,
            max_concurrency: 8,
            max_rows: 10_000,
            generation: GenerationSetting::default(),
            dataset_route: DatasetRoute::default(),
            credential_from: None,
        }
    }

    /// The variable that holds the credential, where it is not the usual one.
    pub(crate) fn other_credential(&self) -> Option<&str> {
        let variable = self.credential_from.as_deref();
        variable.filter(|variable| *variable != USUAL_KEY)
    }
}

/// Which generation of the Agent API is spoken: the one that is found by asking, or always the same one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the others are versions of Metabase")]
pub enum GenerationSetting {
    /// Found by asking.
    #[default]
    Auto,
    /// None: only the classic API, as before v0.59.
    Classic,
    V59,
    V60,
    V61,
    V62,
    V63,
    V64,
    V65,
}

/// Whether queries may go over the classic route `/api/dataset`. They are built from checked parts and never SQL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetRoute {
    /// A query that the Agent API cannot express is left out or refused.
    #[default]
    Never,
    /// Where the Agent API is not there or cannot do what is asked.
    Fallback,
}

/// How to sign in to Metabase.
#[derive(Debug, Clone)]
pub enum AuthSettings {
    /// An API key of Metabase, sent as `X-API-Key`. It acts with the rights of the key's group.
    ApiKey(SecretString),
    /// A user's name and password, exchanged for a session.
    Password {
        username: String,
        password: SecretString,
    },
    /// A session that exists already: `X-Metabase-Session`.
    Session(SecretString),
    /// A session of the person who asks, for as long as they lend it: `X-Metabase-Session`.
    Lent(LentSession),
    /// JWTs signed with the shared secret, sent as bearer tokens to the Agent API.
    Jwt {
        /// The secret that Metabase's JWT settings hold too; tokens are signed with HS256.
        secret: SecretString,
        /// The person the token names.
        email: String,
        /// Exchange the token for a session (needed for the classic card API).
        exchange: bool,
    },
}

/// How a credential is renewed when the server refuses it: then the request is sent, and on a tape, twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// It is not renewed: the request fails.
    #[default]
    Never,
    Password,
    Token,
    /// By signing a token and exchanging it for a session.
    Exchange,
}

impl From<&AuthSettings> for SignInMethod {
    fn from(auth: &AuthSettings) -> Self {
        match auth {
            AuthSettings::ApiKey(_) | AuthSettings::Session(_) | AuthSettings::Lent(_) => Self::Never,
            AuthSettings::Password { .. } => Self::Password,
            AuthSettings::Jwt { exchange: true, .. } => Self::Exchange,
            AuthSettings::Jwt { exchange: false, .. } => Self::Token,
        }
    }
}
