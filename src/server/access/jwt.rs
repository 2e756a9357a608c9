//! JWTs of people who ask, checked against the keys that their issuer publishes.
//!
//! A token is refused unless its algorithm is one of the configured ones, its key is one that the issuer publishes for that
//! algorithm, and it names issuer, audience and an end. Keys are fetched when they are needed, again after an hour, and when a
//! token names one that is not known, but then at most once a minute: forged tokens cause no storm.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::LOCAL;
use crate::config::JwtSettings;
use crate::principal::Principal;
use crate::wire::{
    CacheRule, GrantedEndpoint, Grants, Policy, Purpose, Wire, WireError, WireRequest, WireSettings,
};

/// How long keys are used before they are fetched again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long after a fetch no other follows.
const PAUSE: Duration = Duration::from_secs(60);
/// How long after a fetch that failed nobody tries again, where there are no keys yet.
const AGAIN: Duration = Duration::from_secs(2);
/// Longest wait for the keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest set of keys, in bytes.
const MAX_KEYS: usize = 256 * 1024;
/// The keys' address is all that may be asked.
const ENDPOINTS: &[GrantedEndpoint] = &[GrantedEndpoint::get("")];

/// Why a token was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum JwtError {
    /// It is not good, in words for the log; whoever sent it is not told.
    #[error("{0}")]
    Refused(String),
    /// The issuer's keys cannot be had.
    #[error("the keys of the issuer cannot be had: {0}")]
    NoKeys(String),
}

#[derive(Debug)]
pub(super) struct JwtSubject {
    pub(super) principal: String,
    pub(super) name: String,
}

/// Checks tokens of one issuer.
pub(super) struct JwtVerifier {
    settings: JwtSettings,
    wire: Wire,
    keys: Mutex<FetchedKeys>,
}

#[derive(Default)]
struct FetchedKeys {
    keys: Option<Arc<JwkSet>>,
    fetched: Option<Instant>,
    /// When and why the last fetch came to nothing.
    failed: Option<(Instant, String)>,
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl JwtVerifier {
    pub(super) fn new(settings: JwtSettings) -> Result<Self, WireError> {
        let grants = Grants::none().and(&settings.jwks_url, ENDPOINTS);
        Ok(Self {
            wire: Wire::new(WireSettings::new(grants))?,
            settings,
            keys: Mutex::default(),
        })
    }

    /// Whom a token names, if it is good.
    pub(super) async fn verify(&self, token: &SecretString) -> Result<JwtSubject, JwtError> {
        let refused = |reason: &dyn fmt::Display| JwtError::Refused(reason.to_string());
        let token = token.expose_secret();
        let header = decode_header(token).map_err(|error| refused(&error))?;
        if !self.settings.algorithms.contains(&header.alg) {
            return Err(refused(&format_args!(
                "{:?} is not among the algorithms",
                header.alg
            )));
        }
        if demands_more(token) {
            return Err(refused(&"its header demands what is not understood here"));
        }
        let key = self.key(header.kid.as_deref()).await?;
        let key = usable(&key, header.alg).ok_or_else(|| refused(&"its key is not for this algorithm"))?;
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&[&self.settings.audience]);
        rules.set_issuer(&[&self.settings.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.validate_nbf = true;
        let claims = decode::<Map<String, Value>>(token, &key, &rules)
            .map_err(|error| refused(&error))?
            .claims;
        // Clocks may differ about a beginning; an end is an end.
        let now = jiff::Timestamp::now().as_second();
        if claims
            .get("exp")
            .and_then(Value::as_f64)
            .is_none_or(|end| end <= f64_of(now))
        {
            return Err(refused(&"it has expired"));
        }
        let text = |claim: &str| {
            let text = claims.get(claim).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let principal = text(&self.settings.claim);
        let principal =
            principal.ok_or_else(|| refused(&format_args!("it has no claim {}", self.settings.claim)))?;
        if principal == LOCAL {
            return Err(refused(&"it names whoever is on this machine"));
        }
        Ok(JwtSubject {
            name: text("name")
                .or_else(|| text("email"))
                .unwrap_or_else(|| principal.clone()),
            principal,
        })
    }

    /// The key of that name; without a name, the only one there is.
    async fn key(&self, name: Option<&str>) -> Result<Jwk, JwtError> {
        let mut known = self.keys.lock().await;
        // Who waited while others tried in vain does not try again.
        if let Some((at, reason)) = known.failed.as_ref()
            && known.keys.is_none()
            && at.elapsed() < AGAIN
        {
            return Err(JwtError::NoKeys(reason.clone()));
        }
        let age = known.fetched.map(|at| at.elapsed());
        let found = known.keys.as_deref().and_then(|keys| find(keys, name));
        let is_due = match (age, &found) {
            (None, _) => true,
            (Some(age), Some(_)) => age >= FRESH,
            (Some(age), None) => age >= PAUSE,
        };
        if !is_due {
            return found.ok_or_else(|| JwtError::Refused("its key is not known".to_owned()));
        }
        match self.fetch().await {
            Ok(keys) => {
                let found = find(&keys, name);
                *known = FetchedKeys {
                    keys: Some(Arc::new(keys)),
                    fetched: Some(Instant::now()),
                    failed: None,
                };
                found.ok_or_else(|| JwtError::Refused("its key is not known".to_owned()))
            }
            Err(reason) => {
                tracing::warn!(reason, "the keys for JWTs could not be fetched");
                if known.keys.is_some() {
                    known.fetched = Some(Instant::now());
                }
                known.failed = Some((Instant::now(), reason.clone()));
                found.ok_or(JwtError::NoKeys(reason))
            }
        }
    }

    async fn fetch(&self) -> Result<JwkSet, String> {
        let request = WireRequest {
            method: Method::GET,
            url: self.settings.jwks_url.clone(),
            headers: HeaderMap::new(),
            body: None,
            policy: Policy {
                purpose: Purpose::Auth,
                principal: Principal::default(),
                idempotent: true,
                buffered: true,
                cap: MAX_KEYS,
                timeout: PATIENCE,
                cache: CacheRule::Never,
                opening: None,
                loading: None,
            },
        };
        let response = self.wire.send(request).await.map_err(|error| error.to_string())?;
        if !response.status.is_success() {
            return Err(format!("their address answers {}", response.status));
        }
        let bytes = response.bytes().await.map_err(|error| error.to_string())?;
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())
    }
}

/// Whether the header names extensions that have to be understood: none is.
fn demands_more(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).ok();
    let header = header.and_then(|header| serde_json::from_slice::<Map<String, Value>>(&header).ok());
    header.is_none_or(|header| header.contains_key("crit"))
}

#[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
fn f64_of(seconds: i64) -> f64 {
    seconds as f64
}

fn find(keys: &JwkSet, name: Option<&str>) -> Option<Jwk> {
    match (name, keys.keys.as_slice()) {
        (Some(name), _) => keys.find(name).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    }
}

/// The key, if it may check signatures of that algorithm. A shared secret may not: whoever can read it can sign.
fn usable(key: &Jwk, algorithm: jsonwebtoken::Algorithm) -> Option<DecodingKey> {
    let signs = key
        .common
        .public_key_use
        .as_ref()
        .is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let declared = key
        .common
        .key_algorithm
        .as_ref()
        .map(|declared| format!("{declared:?}"));
    let fits = declared.is_none_or(|declared| declared == format!("{algorithm:?}"));
    let is_public = !matches!(key.algorithm, AlgorithmParameters::OctetKey(_));
    (signs && fits && is_public)
        .then(|| DecodingKey::from_jwk(key).ok())
        .flatten()
}
