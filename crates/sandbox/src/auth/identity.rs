use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::json;

use crate::error::ApiError;
use crate::semantic::Access;

/// Someone whom a credential identified.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The user's id; keys have made-up ones beyond the people's.
    pub(crate) user_id: i64,
    pub(crate) email: String,
    /// First name; a key's name for keys.
    pub(crate) first_name: String,
    /// Last name; empty for keys.
    pub(crate) last_name: String,
    pub(crate) groups: Vec<i64>,
    /// What they may read and run.
    pub(crate) access: Access,
    /// What the credential was narrowed to; `None` means not at all.
    pub(crate) scopes: Option<BTreeSet<String>>,
}

/// What a route of the Agent API demands of a scoped token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequiredScope {
    /// Any credential will do.
    Free,
    /// This scope, or a wildcard that covers it.
    Named(&'static str),
    /// The route declares none, so that no scoped token may call it.
    Undeclared,
}

impl Identity {
    /// What the caller may do on a route with this scope, or the 403 of a token that lacks it.
    pub(crate) fn permit(&self, scope: RequiredScope) -> Result<&Access, ApiError> {
        let Some(held) = &self.scopes else {
            return Ok(&self.access);
        };
        match scope {
            RequiredScope::Free => Ok(&self.access),
            RequiredScope::Named(needed) if held.iter().any(|held| covers(held, needed)) => Ok(&self.access),
            RequiredScope::Named(needed) => Err(refused(
                "unsupported_scope",
                &format!("Token does not have required scope: {needed}"),
            )),
            RequiredScope::Undeclared => Err(refused(
                "scope_not_permitted",
                "Scoped tokens cannot access this endpoint.",
            )),
        }
    }
}

fn covers(held: &str, needed: &str) -> bool {
    match held.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => prefix.ends_with(':') && needed.starts_with(prefix),
        None => held == needed,
    }
}

fn refused(error: &str, message: &str) -> ApiError {
    ApiError::Json {
        status: StatusCode::FORBIDDEN,
        body: json!({ "error": error, "message": message }),
    }
}
