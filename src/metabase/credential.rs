use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::call::{ApiCall, Caller};
use super::{MetabaseError, endpoints};
use crate::catalog::{Catalog, Entry};

/// Most collections that an entry of is looked at for the right to change it.
const MAX_LOOKED_AT: usize = 200;

/// Who a credential is, and what it may do beyond reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialInfo {
    /// The name or e-mail address of the person or key.
    pub name: String,
    /// Whether it may read and change everything.
    pub superuser: bool,
    /// Names of curated cards and metrics that it may change, one for each collection: rights go by collection.
    pub can_write: Vec<String>,
}

#[derive(Deserialize)]
struct CurrentUser {
    common_name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    is_superuser: bool,
}

/// The person a session is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInPerson {
    /// Their e-mail address, in lower case as Metabase keeps it.
    pub email: String,
    /// Their name, as far as it is known.
    pub name: Option<String>,
}

/// Asks which person the credential is of; `None` when it is of no person with an address.
pub(super) async fn person(caller: &Caller) -> Result<Option<SignedInPerson>, MetabaseError> {
    let user = current(caller).await?;
    let email = user.email.map(|email| email.trim().to_lowercase());
    let email = email.filter(|email| email.contains('@') && !email.contains(char::is_whitespace));
    Ok(email.map(|email| SignedInPerson {
        email,
        name: user.common_name,
    }))
}

async fn current(caller: &Caller) -> Result<CurrentUser, MetabaseError> {
    let call = ApiCall {
        action: "ask who the credential is".into(),
        ..ApiCall::default()
    };
    caller.fetch(endpoints::CURRENT_USER, call).await
}

/// Asks who the credential is, and for one entry of each collection in `catalog` whether it may change it.
pub(super) async fn look(
    caller: &Caller,
    catalog: Option<&Catalog>,
) -> Result<CredentialInfo, MetabaseError> {
    let user = current(caller).await?;
    let mut can_write = Vec::new();
    let entries = catalog.map(Catalog::entries).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let of_metabase = entries.iter().filter(|entry| entry.dbt().is_none());
    let cards = of_metabase.filter(|entry| !matches!(entry, Entry::Table(_)));
    let of_each = cards.filter(|entry| seen.insert(entry.collection().to_vec()));
    for entry in of_each.take(MAX_LOOKED_AT) {
        let id = entry.id().to_string();
        let call = ApiCall {
            action: format!("read {} {id}", entry.kind()),
            ids: vec![id],
            ..ApiCall::default()
        };
        let card: Value = caller.fetch(endpoints::CARD, call).await?;
        if card.get("can_write").and_then(Value::as_bool) == Some(true) {
            can_write.push(entry.name().to_owned());
        }
    }
    Ok(CredentialInfo {
        name: user
            .common_name
            .or(user.email)
            .unwrap_or_else(|| "the credential".to_owned()),
        superuser: user.is_superuser,
        can_write,
    })
}
