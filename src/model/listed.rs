//! The names of the models that a server lists.

use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::Provider;
use super::endpoint::ModelEndpoint;
use crate::wire::{Policy, Purpose, Wire};

/// Most bytes of a list that is read to say more about a refusal.
const CAP: usize = 4 << 20;
/// How long that may take.
const WAIT: Duration = Duration::from_secs(3);

/// Where a provider lists its models.
pub(super) fn path(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai | Provider::OpenaiResponses | Provider::Offline => "/models",
        Provider::Anthropic => "/v1/models",
    }
}

/// The names in a list, in its order.
pub(super) fn names(body: &[u8]) -> Vec<String> {
    let list: Value = serde_json::from_slice(body).unwrap_or_default();
    let models = ["data", "models"]
        .iter()
        .find_map(|key| list.get(key)?.as_array());
    // Some servers answer with the list alone.
    let models = models.or_else(|| list.as_array());
    let name = |model: &Value| {
        ["id", "name", "model"]
            .iter()
            .find_map(|key| Some(model.get(key)?.as_str()?.to_owned()))
    };
    models.into_iter().flatten().filter_map(name).collect()
}

/// What the server has in place of a model that it does not have: asked once and for a short time. Whatever goes wrong, the
/// refusal itself is what is told.
pub(super) async fn instead(endpoint: &ModelEndpoint, wire: &Wire) -> Vec<String> {
    let mut request = endpoint.request(Method::GET, path(endpoint.id().provider), None);
    request.policy = Policy {
        purpose: Purpose::Metadata,
        idempotent: false,
        buffered: true,
        cap: CAP,
        timeout: WAIT,
        ..request.policy
    };
    match wire.send(request).await {
        Ok(response) if response.status.is_success() => response
            .bytes()
            .await
            .map(|body| names(&body))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}
