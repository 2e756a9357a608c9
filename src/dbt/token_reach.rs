//! Whether the account's token may do more than the grants need: then a mistake in the grants would not be caught by dbt.

use std::collections::BTreeSet;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::account::DbtAccount;
use super::error::DbtError;
use crate::grants::{GrantDecision, GrantPolicy};
use crate::operations::{self, administrative};

/// Most tokens that are looked through.
const MOST_TOKENS: usize = 1_000;
/// Letters at the end of a token by which dbt lists it.
const ENDING: usize = 4;

/// What a token has and what the grants need, in permission sets by dbt's own names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenReach {
    pub has: BTreeSet<String>,
    pub needs: BTreeSet<String>,
}

impl TokenReach {
    /// What it has and nothing needs.
    pub(crate) fn wider(&self) -> Vec<&str> {
        self.has.difference(&self.needs).map(String::as_str).collect()
    }

    /// What there is to say of it; nothing where it has no more than it needs.
    pub(crate) fn warning(&self) -> Option<String> {
        let wider = self.wider();
        if wider.is_empty() {
            return None;
        }
        let needs: Vec<&str> = self.needs.iter().map(String::as_str).collect();
        let needs = if needs.is_empty() {
            "none".to_owned()
        } else {
            needs.join(", ")
        };
        Some(format!(
            "the dbt token may do more than the grants need: it has {}, and they need {needs}",
            wider.join(", ")
        ))
    }
}

/// The permission sets that what the policy lets through needs.
pub(crate) fn needed_permissions(policy: &GrantPolicy) -> BTreeSet<String> {
    let now = Timestamp::now();
    operations::all()
        .filter(|operation| !matches!(policy.best_ruling(operation, now), GrantDecision::Denied { .. }))
        .filter_map(|operation| operation.permission)
        .map(|permission| permission.slug().to_owned())
        .collect()
}

/// Compares the two. `None` where it cannot be known: the list of tokens may not be read, or the token is not a service token.
pub(crate) async fn token_reach(
    account: &DbtAccount,
    policy: &GrantPolicy,
) -> Result<Option<TokenReach>, DbtError> {
    let decision = policy.best_ruling(&administrative::LIST_SERVICE_TOKENS, Timestamp::now());
    if !matches!(decision, GrantDecision::Permitted(_)) {
        return Ok(None);
    }
    let list = account
        .administrative()
        .items(&administrative::LIST_SERVICE_TOKENS, &[], MOST_TOKENS)
        .await?;
    let secret = account.settings().token.expose_secret();
    let ending = secret
        .get(secret.len().saturating_sub(ENDING)..)
        .unwrap_or_default();
    let own: Vec<&Value> = list
        .items
        .iter()
        .filter(|token| token.get("last_four").and_then(Value::as_str) == Some(ending))
        .collect();
    let [own] = own.as_slice() else {
        return Ok(None);
    };
    let sets = own.get("service_token_permissions").and_then(Value::as_array);
    let has = sets
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("permission_set")?.as_str().map(str::to_owned))
        .collect();
    Ok(Some(TokenReach {
        has,
        needs: needed_permissions(policy),
    }))
}
