use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::Mutex;

use super::{FailureClass, MetabaseError, endpoints};
use crate::metabase::AuthSettings;

/// Metabase takes a token until 180 s after its `iat`. Half of that leaves room for slow requests and clock skew.
const JWT_MAX_AGE: Duration = Duration::from_secs(90);

/// Where the time for tokens comes from.
#[derive(Clone)]
pub struct SigningClock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl SigningClock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for SigningClock {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for SigningClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningClock")
    }
}

/// What must happen before a request can carry a credential.
#[derive(Debug)]
pub(super) enum CredentialStep {
    Headers(HeaderMap),
    /// Exchange this for a session first, then call [`Authenticator::keep_session`].
    SignIn(SignIn),
}

/// The body of a sign-in request. Holds a secret.
pub(super) enum SignIn {
    /// For `POST /api/session`.
    Password(serde_json::Value),
    /// For `POST /auth/sso/to_session`.
    Jwt(serde_json::Value),
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "SignIn::Password",
            Self::Jwt(_) => "SignIn::Jwt",
        })
    }
}

/// Holds one principal's credential and renews it. Sends nothing itself.
#[derive(Debug)]
pub(super) struct Authenticator {
    settings: AuthSettings,
    clock: SigningClock,
    held: Mutex<HeldCredential>,
}

#[derive(Debug, Default)]
struct HeldCredential {
    session: Option<SecretString>,
    jwt: Option<(Timestamp, SecretString)>,
}

#[derive(Serialize)]
struct Claims<'a> {
    email: &'a str,
    iat: i64,
    /// What the token may be used for; one without this may be used for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
}

impl Authenticator {
    pub(super) fn new(settings: AuthSettings, clock: SigningClock) -> Self {
        Self {
            settings,
            clock,
            held: Mutex::default(),
        }
    }

    /// What a request to the Agent API (`agent`) or the classic API carries, or what must come first.
    pub(super) async fn need(&self, agent: bool) -> Result<CredentialStep, MetabaseError> {
        let mut held = self.held.lock().await;
        match &self.settings {
            AuthSettings::ApiKey(key) => header("x-api-key", key).map(CredentialStep::Headers),
            AuthSettings::Session(session) => {
                header("x-metabase-session", session).map(CredentialStep::Headers)
            }
            AuthSettings::Lent(lent) => {
                header("x-metabase-session", &lent.current()).map(CredentialStep::Headers)
            }
            AuthSettings::Password { username, password } => match &held.session {
                Some(session) => header("x-metabase-session", session).map(CredentialStep::Headers),
                None => Ok(CredentialStep::SignIn(SignIn::Password(serde_json::json!({
                    "username": username,
                    "password": password.expose_secret(),
                })))),
            },
            AuthSettings::Jwt { secret, email, .. } if agent => {
                let token = self.token(&mut held, secret, email)?;
                header(
                    "authorization",
                    &SecretString::from(format!("Bearer {}", token.expose_secret())),
                )
                .map(CredentialStep::Headers)
            }
            AuthSettings::Jwt {
                secret,
                email,
                exchange,
            } => match &held.session {
                Some(session) => header("x-metabase-session", session).map(CredentialStep::Headers),
                None if *exchange => {
                    // Exchanges are rare, and a token that was refused must not be offered again.
                    let token = Self::sign(secret, email, None, self.clock.now())?;
                    Ok(CredentialStep::SignIn(SignIn::Jwt(
                        serde_json::json!({ "jwt": token.expose_secret() }),
                    )))
                }
                None => Err(unauthorized(
                    "a signed token alone opens only the Agent API; cards and collections need a session, so let \
                     the token be exchanged for one, or use an API key",
                )),
            },
        }
    }

    /// Keeps a session that a sign-in returned.
    pub(super) async fn keep_session(&self, session: SecretString) {
        self.held.lock().await.session = Some(session);
    }

    /// Drops what `rejected` carried, after the server refused it. True when a fresh credential can be had, so that
    /// one more attempt makes sense.
    pub(super) async fn forget(&self, rejected: &HeaderMap) -> bool {
        if let AuthSettings::Lent(lent) = &self.settings {
            lent.refuse(rejected.get("x-metabase-session"));
        }
        let renewable = matches!(
            self.settings,
            AuthSettings::Password { .. } | AuthSettings::Jwt { .. }
        );
        if renewable {
            let mut held = self.held.lock().await;
            let carried = |name: &str| rejected.get(name).and_then(|value| value.to_str().ok());
            // Another request may have renewed it meanwhile: only the refused one is dropped.
            if let (Some(session), Some(sent)) = (&held.session, carried("x-metabase-session"))
                && session.expose_secret() == sent
            {
                held.session = None;
            }
            if rejected.contains_key(AUTHORIZATION) {
                held.jwt = None;
            }
        }
        renewable
    }

    fn token(
        &self,
        held: &mut HeldCredential,
        secret: &SecretString,
        email: &str,
    ) -> Result<SecretString, MetabaseError> {
        let now = self.clock.now();
        if let Some((minted, token)) = &held.jwt {
            let age = now.duration_since(*minted);
            if !age.is_negative() && age.unsigned_abs() < JWT_MAX_AGE {
                return Ok(token.clone());
            }
        }
        let token = Self::sign(secret, email, Some(endpoints::SCOPES), now)?;
        held.jwt = Some((now, token.clone()));
        Ok(token)
    }

    /// A token for the Agent API asks for the scopes of its routes and no others; one that is exchanged for a session asks
    /// for none, because a session has none.
    fn sign(
        secret: &SecretString,
        email: &str,
        scope: Option<&'static str>,
        now: Timestamp,
    ) -> Result<SecretString, MetabaseError> {
        let claims = Claims {
            email,
            iat: now.as_second(),
            scope,
        };
        let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
            .map(SecretString::from)
            .map_err(|_| unauthorized("the token could not be signed; check the JWT shared secret"))
    }
}

fn header(name: &'static str, secret: &SecretString) -> Result<HeaderMap, MetabaseError> {
    let mut value = HeaderValue::from_str(secret.expose_secret())
        .map_err(|_| unauthorized("the credential has characters that no header can carry; copy it again"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(HeaderName::from_static(name), value)]))
}

fn unauthorized(message: &str) -> MetabaseError {
    MetabaseError {
        action: "sign in to Metabase".into(),
        message: message.into(),
        class: FailureClass::Unauthorized,
        status: None,
        source: None,
    }
}
