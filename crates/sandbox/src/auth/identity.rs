use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::json;

use crate::error::ApiError;
use crate::generation::ScopeRefusal;
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
    Free,
    /// This scope, or a wildcard that covers it.
    Named(&'static str),
    /// The route declares none, so that no scoped token may call it.
    Undeclared,
}

impl Identity {
    /// What the caller may do on a route with this scope, or the 403 of a token that lacks it.
    pub(crate) fn permit(&self, scope: RequiredScope, refusal: ScopeRefusal) -> Result<&Access, ApiError> {
        let Some(held) = &self.scopes else {
            return Ok(&self.access);
        };
        match scope {
            RequiredScope::Free => Ok(&self.access),
            RequiredScope::Named(needed) if held.iter().any(|held| covers(held, needed)) => Ok(&self.access),
            RequiredScope::Named(needed) => Err(lacking(needed, refusal)),
            RequiredScope::Undeclared => {
                let message = "Scoped tokens cannot access this endpoint.";
                Err(refused("scope_not_permitted", message, refusal, None))
            }
        }
    }
}

/// The narrower of two sets of scopes: what each of them covers of the other.
pub(super) fn within(claimed: &BTreeSet<String>, most: &BTreeSet<String>) -> BTreeSet<String> {
    let covered_by =
        |scope: &&String, others: &BTreeSet<String>| others.iter().any(|other| covers(other, scope));
    let kept = claimed.iter().filter(|scope| covered_by(scope, most));
    let narrowed = most.iter().filter(|scope| covered_by(scope, claimed));
    kept.chain(narrowed).cloned().collect()
}

fn covers(held: &str, needed: &str) -> bool {
    match held.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => prefix.ends_with(':') && needed.starts_with(prefix),
        None => held == needed,
    }
}

fn lacking(needed: &str, refusal: ScopeRefusal) -> ApiError {
    let message = match refusal {
        ScopeRefusal::Named => format!("Token does not have required scope: {needed}"),
        _ => "Insufficient scope for this operation.".to_owned(),
    };
    refused("unsupported_scope", &message, refusal, Some(needed))
}

fn refused(error: &str, message: &str, refusal: ScopeRefusal, needed: Option<&str>) -> ApiError {
    let scope = needed
        .map(|needed| format!(", scope=\"{needed}\""))
        .unwrap_or_default();
    ApiError::Json {
        status: StatusCode::FORBIDDEN,
        body: json!({ "error": error, "message": message }),
        challenge: (refusal == ScopeRefusal::Challenge)
            .then(|| format!("Bearer error=\"insufficient_scope\"{scope}, error_description=\"{message}\"")),
    }
}
