//! Which Metabase answers, and which generation of its Agent API.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::{ApiCall, Caller};
use super::endpoints::{self, Route};
use super::fetched::sunday;
use super::{FailureClass, Generation, MetabaseError, ServerInfo, failure};

/// What was found, with the reason when there is no Agent API we speak.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Detected {
    #[serde(flatten)]
    pub(super) info: ServerInfo,
    reason: String,
}

impl Detected {
    /// The generation, or the error of `action` that says why there is none.
    pub(super) fn generation(&self, action: &str) -> Result<Generation, MetabaseError> {
        self.info
            .generation
            .ok_or_else(|| failure::local(action, FailureClass::Unavailable, &self.reason))
    }

    /// Why there is no Agent API that we speak, if there is none.
    pub(super) fn why_none(&self) -> Option<&str> {
        self.info.generation.is_none().then_some(self.reason.as_str())
    }

    fn none(version: &str, why: &str) -> Self {
        Self {
            info: ServerInfo {
                version: version.to_owned(),
                generation: None,
                week_starts_on: sunday(),
            },
            reason: format!(
                "metrics and tables need the Agent API of Metabase v0.59 or v0.60, and {version} {why}; cards work, \
                 so curate those"
            ),
        }
    }

    fn some(version: &str, generation: Generation) -> Self {
        Self {
            info: ServerInfo {
                version: version.to_owned(),
                generation: Some(generation),
                week_starts_on: sunday(),
            },
            reason: String::new(),
        }
    }
}

/// Asks for the version, then whether the Agent API takes the credential, and probes routes where the version does
/// not decide it (development builds).
pub(super) async fn detect(caller: &Caller) -> Result<Detected, MetabaseError> {
    let (version, week_starts_on) = properties(caller).await?;
    let refused = agent_api_refused(caller).await?;
    let mut detected = match (major(&version), refused) {
        // It may not have the route that tells whether there is one; that it is later is what counts.
        (Some(61..), _) => Ok(Detected::none(&version, LATER)),
        (_, Some(reason)) => Ok(Detected::none(&version, &reason)),
        (Some(59), None) => Ok(Detected::some(&version, Generation::V59)),
        (Some(60), None) => Ok(Detected::some(&version, Generation::V60)),
        (Some(_), None) => Ok(Detected::none(&version, "is older than that")),
        (None, None) => probe(caller, &version).await,
    }?;
    detected.info.week_starts_on = week_starts_on;
    Ok(detected)
}

/// What is said of a server whose Agent API is newer than ours.
const LATER: &str = "speaks a later one, which this version of Cardinal does not know yet";

/// The version, and the day that weeks begin on.
async fn properties(caller: &Caller) -> Result<(String, String), MetabaseError> {
    let call = ApiCall {
        action: "read the version of Metabase".into(),
        ..ApiCall::default()
    };
    let properties: Value = caller
        .send_public(endpoints::SESSION_PROPERTIES, call)
        .await?
        .json()?;
    let tag = properties.pointer("/version/tag").and_then(Value::as_str);
    let version = tag.map_or_else(|| "an unknown version".to_owned(), failure::clean);
    let first = properties.get("start-of-week").and_then(Value::as_str);
    Ok((version, first.map_or_else(sunday, failure::clean)))
}

/// `59` of `v0.59.2`, and of `v1.59.2` as the licensed builds call it.
fn major(tag: &str) -> Option<u32> {
    let mut numbers = tag.strip_prefix('v')?.split('.');
    match numbers.next()? {
        "0" | "1" => numbers.next()?.split('-').next()?.parse().ok(),
        _ => None,
    }
}

/// Why the Agent API cannot be used, if it cannot although the server answers.
async fn agent_api_refused(caller: &Caller) -> Result<Option<String>, MetabaseError> {
    let call = ApiCall {
        action: "reach the Agent API".into(),
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::PING, call).await?;
    if reply.status.is_success() {
        return Ok(None);
    }
    let error = reply.failure();
    match reply.status {
        StatusCode::NOT_FOUND => Ok(Some("has none (it is older, or not licensed for it)".into())),
        StatusCode::PAYMENT_REQUIRED => Ok(Some("is not licensed for it".into())),
        StatusCode::FORBIDDEN => Ok(Some(format!("refuses it: {}", error.message))),
        _ => Err(error),
    }
}

async fn probe(caller: &Caller, version: &str) -> Result<Detected, MetabaseError> {
    if exists(caller, endpoints::CONSTRUCT_V2).await? {
        return Ok(Detected::none(version, LATER));
    }
    if !exists(caller, endpoints::CONSTRUCT).await? {
        return Ok(Detected::none(version, "speaks another one"));
    }
    let paged = exists(caller, endpoints::QUERY).await?;
    let generation = if paged { Generation::V60 } else { Generation::V59 };
    Ok(Detected::some(version, generation))
}

/// Whether a route is there: an empty body is refused by it, and not found without it.
async fn exists(caller: &Caller, endpoint: Route) -> Result<bool, MetabaseError> {
    let call = ApiCall {
        action: format!("find out whether {} is there", endpoint.path()),
        body: Some(json!({})),
        ..ApiCall::default()
    };
    let reply = caller.send(endpoint, call).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Ok(false),
        StatusCode::BAD_REQUEST => Ok(true),
        status if status.is_success() => Ok(true),
        _ => Err(reply.failure()),
    }
}
