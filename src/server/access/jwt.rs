//! JWTs of people who ask, checked against the keys that their issuer publishes.
//!
//! A token is refused unless its algorithm is one of the configured ones, its key is one that the issuer publishes for that
//! algorithm, and it names issuer, audience and an end. Keys are fetched when they are needed, again after an hour, and at once when
//! a token names one that is not known, so that a new key is good from its first token on. Of the latter there are a few at
//! once and then one in ten seconds: forged tokens cause no storm. One fetch runs at a time, and a token whose key is known does
//! not wait for it.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, Method};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};
use tokio::task::JoinHandle;
use url::Url;

use super::principal_fault;
use crate::config::JwtSettings;
use crate::principal::Principal;
use crate::wire::{
    CacheRule, GrantedEndpoint, Grants, Policy, Purpose, Wire, WireError, WireRequest, WireSettings,
};

/// How long keys are used before they are fetched again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long they are used where they cannot be: an issuer takes a key back by publishing it no more.
const LASTS: Duration = Duration::from_secs(6 * 3600);
/// How long after a fetch that was due no other follows.
const PAUSE: Duration = Duration::from_secs(60);
/// How many times keys that are not known are looked for at once, and after how long once more.
const LOOKS: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// How long after a fetch that failed nobody tries again, where there are no keys yet.
const AGAIN: Duration = Duration::from_secs(2);
/// Longest wait for the keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// The shortest modulus of an RSA key, in bytes: what is shorter can be broken.
const SHORTEST_RSA: usize = 2048 / 8;
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
    ring: Arc<KeyRing>,
}

/// The keys of the issuer.
struct KeyRing {
    url: Url,
    wire: Wire,
    known: Mutex<FetchedKeys>,
    /// Held by the one fetch that runs.
    fetching: Arc<Turnstile<()>>,
    /// Lets keys that are not known be looked for; `None` where they are looked for once.
    looks: Option<DefaultDirectRateLimiter>,
}

#[derive(Default)]
struct FetchedKeys {
    keys: Option<Arc<JwkSet>>,
    /// When these were fetched.
    fetched: Option<Instant>,
    /// When the last fetch was over.
    tried: Option<Instant>,
    /// Why it came to nothing.
    failed: Option<String>,
}

/// What is known of a key.
enum KnownKey {
    /// It is used; `true`: and its ring is due to be fetched again.
    Found(Box<Jwk>, bool),
    /// It is not among the keys that were had.
    Unknown,
    /// The keys could not be had.
    Away(String),
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
        let ring = KeyRing {
            url: settings.jwks_url.clone(),
            wire: Wire::new(WireSettings::new(grants))?,
            known: Mutex::default(),
            fetching: Arc::default(),
            looks: Quota::with_period(LOOK_AGAIN).map(|quota| RateLimiter::direct(quota.allow_burst(LOOKS))),
        };
        Ok(Self {
            settings,
            ring: Arc::new(ring),
        })
    }

    /// What there is to say of the issuer's keys: that they could not be had.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        let known = self.ring.lock();
        known.failed.as_ref()?;
        Some(if known.keys.is_some() {
            "could not be fetched again, so those of before serve; the server's log says why"
        } else {
            "could not be fetched, so nobody with a JWT gets in; the server's log says why"
        })
    }

    /// Who issues the tokens.
    pub(super) fn issuer(&self) -> &str {
        &self.settings.issuer
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
        let key = self.ring.key(header.kid.as_deref(), header.alg).await?;
        let key = usable(&key, header.alg).ok_or_else(|| refused(&"its key is not for this algorithm"))?;
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&[&self.settings.audience]);
        rules.set_issuer(&[&self.settings.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.validate_nbf = true;
        let claims = decode::<Map<String, Value>>(token, &key, &rules)
            .map_err(|error| refused(&error))?
            .claims;
        // A list of issuers says that it is anybody's.
        if !claims.get("iss").is_some_and(Value::is_string) {
            return Err(refused(&"its issuer is not one text"));
        }
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
            let text = claims.get(claim).and_then(Value::as_str);
            text.filter(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        let principal = text(&self.settings.claim);
        let principal =
            principal.ok_or_else(|| refused(&format_args!("it has no claim {}", self.settings.claim)))?;
        if let Some(fault) = principal_fault(&principal) {
            return Err(refused(&format_args!(
                "its claim {} {fault}",
                self.settings.claim
            )));
        }
        Ok(JwtSubject {
            name: text("name")
                .or_else(|| text("email"))
                .map_or_else(|| principal.clone(), |name| name.trim().to_owned()),
            principal,
        })
    }
}

impl KeyRing {
    /// The key of that name; without a name, the only one there is for the algorithm.
    async fn key(self: &Arc<Self>, name: Option<&str>, algorithm: Algorithm) -> Result<Jwk, JwtError> {
        let came = Instant::now();
        if let KnownKey::Found(key, is_due) = self.known(name, algorithm) {
            if is_due && let Ok(turn) = Arc::clone(&self.fetching).try_lock_owned() {
                drop(self.refresh(turn));
            }
            return Ok(*key);
        }
        let turn = Arc::clone(&self.fetching).lock_owned().await;
        // Somebody else may have fetched them while this one waited.
        let known = self.known(name, algorithm);
        if matches!(known, KnownKey::Found(..)) || self.was_tried_since(came) || !self.may_look() {
            return known.told();
        }
        // It ends also when whoever waits for it hangs up.
        let _ = self.refresh(turn).await;
        self.known(name, algorithm).told()
    }

    fn was_tried_since(&self, moment: Instant) -> bool {
        self.lock().tried.is_some_and(|tried| tried >= moment)
    }

    /// Whether keys that are not known may be looked for now.
    fn may_look(&self) -> bool {
        let known = self.lock();
        let lately = known.tried.is_some_and(|at| at.elapsed() < AGAIN);
        if known.keys.is_none() {
            // Without any key nobody is let in, so that nothing is to be had from asking too often.
            return !lately;
        }
        drop(known);
        self.looks.as_ref().is_some_and(|looks| looks.check().is_ok())
    }

    fn known(&self, name: Option<&str>, algorithm: Algorithm) -> KnownKey {
        let known = self.lock();
        let age = known.fetched.map(|at| at.elapsed());
        let keys = known
            .keys
            .as_deref()
            .filter(|_| age.is_some_and(|age| age < LASTS));
        match (keys.and_then(|keys| find(keys, name, algorithm)), keys) {
            (Some(key), _) => {
                let lately = known.tried.is_some_and(|at| at.elapsed() < PAUSE);
                let is_due = age.is_some_and(|age| age >= FRESH) && !lately;
                KnownKey::Found(Box::new(key), is_due)
            }
            (None, Some(_)) => KnownKey::Unknown,
            (None, None) => KnownKey::Away(known.failed.clone().unwrap_or_else(|| "nothing came".to_owned())),
        }
    }

    /// Fetches the keys; nobody else does meanwhile.
    fn refresh(self: &Arc<Self>, turn: OwnedMutexGuard<()>) -> JoinHandle<()> {
        let ring = Arc::clone(self);
        tokio::spawn(async move {
            let fetched = ring.fetch().await;
            let mut known = ring.lock();
            known.tried = Some(Instant::now());
            match fetched {
                Ok(keys) => {
                    known.keys = Some(Arc::new(keys));
                    known.fetched = known.tried;
                    known.failed = None;
                }
                Err(reason) => {
                    tracing::warn!(jwks_url = %ring.url, reason, "the keys for JWTs could not be fetched");
                    known.failed = Some(reason);
                }
            }
            drop(known);
            drop(turn);
        })
    }

    fn lock(&self) -> MutexGuard<'_, FetchedKeys> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<JwkSet, String> {
        let request = WireRequest {
            method: Method::GET,
            url: self.url.clone(),
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

impl KnownKey {
    /// The key, or why there is none.
    fn told(self) -> Result<Jwk, JwtError> {
        match self {
            Self::Found(key, _) => Ok(*key),
            Self::Unknown => Err(JwtError::Refused("its key is not known".to_owned())),
            Self::Away(reason) => Err(JwtError::NoKeys(reason)),
        }
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

fn find(keys: &JwkSet, name: Option<&str>, algorithm: Algorithm) -> Option<Jwk> {
    if let Some(name) = name {
        return keys.find(name).cloned();
    }
    let fits = |key: &&Jwk| is_of_family(key, algorithm) && usable(key, algorithm).is_some();
    let mut fitting = keys.keys.iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none()).cloned()
}

/// Whether a key is of the kind that an algorithm takes, whatever it says of itself.
fn is_of_family(key: &Jwk, algorithm: Algorithm) -> bool {
    let name = format!("{algorithm:?}");
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => name.starts_with("RS") || name.starts_with("PS"),
        AlgorithmParameters::EllipticCurve(curve) => match algorithm {
            Algorithm::ES256 => curve.curve == EllipticCurve::P256,
            Algorithm::ES384 => curve.curve == EllipticCurve::P384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(_) => name == "EdDSA",
        _ => false,
    }
}

/// The key, if it may check signatures of that algorithm. A shared secret may not: whoever can read it can sign.
fn usable(key: &Jwk, algorithm: Algorithm) -> Option<DecodingKey> {
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
    let is_strong = match &key.algorithm {
        // A shared secret checks nothing that is public.
        AlgorithmParameters::OctetKey(_) => false,
        AlgorithmParameters::RSA(rsa) => {
            let modulus = URL_SAFE_NO_PAD
                .decode(rsa.n.trim_end_matches('='))
                .unwrap_or_default();
            modulus.iter().skip_while(|byte| **byte == 0).count() >= SHORTEST_RSA
        }
        _ => true,
    };
    (signs && fits && is_strong)
        .then(|| DecodingKey::from_jwk(key).ok())
        .flatten()
}
