use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Seconds after `iat` during which a token is good.
const MAX_AGE: i64 = 180;

/// Checks tokens against the shared secret.
pub(crate) struct JwtKey {
    secret: SecretString,
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JwtClaims {
    /// Lower case.
    pub(crate) email: String,
    /// `None` when the token is not scoped.
    pub(crate) scopes: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
struct RawClaims {
    email: String,
    iat: f64,
    scope: Option<String>,
}

impl JwtKey {
    pub(crate) fn new(secret: SecretString) -> Self {
        Self { secret }
    }

    /// The claims of a token with a right signature that is neither expired nor too old.
    pub(crate) fn verify(&self, token: &str) -> Option<JwtClaims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        validation.leeway = 0;
        let key = DecodingKey::from_secret(self.secret.expose_secret().as_bytes());
        let claims = decode::<RawClaims>(token, &key, &validation).ok()?.claims;
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
        let age = Timestamp::now().as_second() as f64 - claims.iat;
        #[expect(clippy::cast_precision_loss, reason = "a small constant")]
        let old = age > MAX_AGE as f64;
        (!old).then(|| JwtClaims {
            email: claims.email.to_lowercase(),
            scopes: claims
                .scope
                .map(|scope| scope.split_whitespace().map(str::to_owned).collect()),
        })
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JwtKey")
    }
}

/// The token of an `Authorization` header; `None` when its scheme is not Bearer.
pub(crate) fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(char::is_whitespace)?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
