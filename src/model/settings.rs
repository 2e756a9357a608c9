use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{ModelId, ModelPlaces, Prices, Provider, RequestPart};
use crate::wire::{REDACTED, is_secret};

/// Which model answers, where it is reached, and within which limits.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Provider and name; the provider decides which protocol is spoken.
    pub id: ModelId,
    /// Where; `None` for the provider's own address.
    pub base_url: Option<Url>,
    /// The key; local servers need none.
    pub api_key: Option<SecretString>,
    /// Further headers (`api-key` and `api-version` of Azure-style servers, tenant headers); values are secret.
    pub headers: Vec<(String, SecretString)>,
    /// Query parameters added to every request, as Azure-style servers want (`api-version`).
    pub query: Vec<(String, String)>,
    /// Whether it calls tools by the provider's own means or by a JSON object for each step.
    pub drive: ModelDrive,
    /// Whether prompt-cache fields are sent to an OpenAI-compatible endpoint.
    pub cache_hints: CacheHints,
    /// Most tokens one completion may have.
    pub max_output_tokens: u32,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// Longest wait for the next piece of a stream.
    pub timeout: Duration,
    /// Most completions in flight at once, of all sessions together.
    pub max_concurrency: usize,
    /// Prices of a model the built-in table does not know, USD per million tokens.
    pub prices: Option<Prices>,
    /// Where a person changes address, key and headers; errors name it.
    pub places: ModelPlaces,
}

/// How the model is driven.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ModelDrive {
    /// The provider's own tool calls.
    #[default]
    Native,
    /// One JSON object per step under a JSON schema, for models that call tools badly.
    JsonAction,
    /// Tries native tool calls once and falls back to `json_action` when they do not come.
    Probe,
}

/// Whether an OpenAI-compatible endpoint is sent `prompt_cache_key` and cache breakpoints, which servers that do
/// not know them may refuse. Anthropic's breakpoints are part of its protocol and always sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CacheHints {
    /// To OpenAI's and Azure's own hosts only.
    #[default]
    Auto,
    /// To this endpoint, whatever its host: for a proxy in front of OpenAI.
    Always,
    /// To no endpoint.
    Never,
}

impl ModelSettings {
    /// Completions in flight at once unless the settings say otherwise: a thousand turns do not wait for each other, and a
    /// server that takes fewer says so.
    pub(crate) const MAX_CONCURRENCY: usize = 1024;

    /// The keyword planner, which needs no server and no key.
    pub fn offline() -> Self {
        Self {
            id: ModelId {
                provider: Provider::Offline,
                name: "offline".to_owned(),
            },
            base_url: None,
            api_key: None,
            headers: Vec::new(),
            query: Vec::new(),
            drive: ModelDrive::default(),
            cache_hints: CacheHints::default(),
            max_output_tokens: 4096,
            temperature: None,
            timeout: Duration::from_secs(120),
            max_concurrency: Self::MAX_CONCURRENCY,
            prices: None,
            places: ModelPlaces::default(),
        }
    }
}

/// How completions are asked for, and what they cost: the part of [`ModelSettings`] that a tape holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionSettings {
    /// Address of its API, without query; `None` for the provider's own.
    pub base_url: Option<Url>,
    /// Query parameters of every request.
    pub query: Vec<(String, String)>,
    /// As in [`ModelSettings`].
    pub drive: ModelDrive,
    /// Whether cache fields are sent.
    pub cache_hints: CacheHints,
    /// Most tokens one completion may have.
    pub max_output_tokens: u32,
    /// As in [`ModelSettings`]; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// What it costs, if that is known.
    pub prices: Option<Prices>,
    /// What was left out of requests when the turn began, because the server had refused it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<RequestPart>,
}

impl CompletionSettings {
    /// The part of `settings` that a tape holds, with the price that was found.
    pub fn of(settings: &ModelSettings, prices: Option<Prices>) -> Self {
        let mut base_url = settings.base_url.clone();
        let mut query = Vec::new();
        if let Some(url) = &mut base_url {
            query.extend(url.query_pairs().into_owned());
            url.set_query(None);
            url.set_fragment(None);
        }
        query.extend(settings.query.iter().cloned());
        // Requests are compared and recorded without them, too.
        for (_, value) in query.iter_mut().filter(|(name, _)| is_secret(name)) {
            REDACTED.clone_into(value);
        }
        Self {
            base_url,
            query,
            drive: settings.drive,
            cache_hints: settings.cache_hints,
            max_output_tokens: settings.max_output_tokens,
            temperature: settings.temperature,
            prices,
            left_out: Vec::new(),
        }
    }

    /// Settings that make the same requests, with a key that is good for nothing.
    pub(crate) fn without_key(&self, id: ModelId) -> ModelSettings {
        ModelSettings {
            id,
            base_url: self.base_url.clone(),
            api_key: Some(SecretString::from("replay")),
            headers: Vec::new(),
            query: self.query.clone(),
            drive: self.drive,
            cache_hints: self.cache_hints,
            max_output_tokens: self.max_output_tokens,
            temperature: self.temperature,
            timeout: Duration::from_secs(120),
            max_concurrency: 1,
            prices: self.prices,
            places: ModelPlaces::default(),
        }
    }
}
