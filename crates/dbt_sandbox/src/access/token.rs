use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::capability::TokenRight;

/// A token that is accepted, with what it may do.
#[derive(Debug, Clone)]
pub struct DbtToken {
    /// Its name in the list of service tokens.
    pub name: String,
    /// What clients send.
    pub secret: SecretString,
    /// Slugs of its permission sets, such as `job_viewer`.
    pub permission_sets: Vec<String>,
}

impl DbtToken {
    /// A token with a secret made up now.
    pub fn new(name: &str, permission_sets: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            secret: SecretString::from(format!(
                "dbtc_{:032x}{:08x}",
                fastrand::u128(..),
                fastrand::u32(..)
            )),
            permission_sets: permission_sets.iter().map(|&set| set.to_owned()).collect(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct TokenHolder {
    /// Id of the service token.
    pub(crate) token_id: i64,
    pub(crate) name: String,
    sets: Vec<String>,
}

impl TokenHolder {
    /// Whether one of its permission sets allows it.
    pub(crate) fn may(&self, capability: TokenRight) -> bool {
        self.sets.iter().any(|set| capability.is_in(set))
    }
}

/// All tokens, with their ids.
#[derive(Debug, Default)]
pub(crate) struct TokenBook {
    tokens: Mutex<Vec<(i64, DbtToken)>>,
}

impl TokenBook {
    pub(crate) fn add(&self, id: i64, token: DbtToken) {
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((id, token));
    }

    /// Who a request's `Authorization` is; `Token X` and `Bearer X` are the same.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Option<TokenHolder> {
        let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, secret) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("token") && !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tokens
            .iter()
            .find(|(_, token)| token.secret.expose_secret() == secret.trim());
        known.map(|(id, token)| TokenHolder {
            token_id: *id,
            name: token.name.clone(),
            sets: token.permission_sets.clone(),
        })
    }
}
