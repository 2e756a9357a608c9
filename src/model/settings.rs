use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{ModelId, Prices};

/// The model.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Which.
    pub id: ModelId,
    /// Where; `None` for the provider's own address.
    pub base_url: Option<Url>,
    /// The key; local servers need none.
    pub api_key: Option<SecretString>,
    /// Further headers (`api-key` and `api-version` of Azure-style servers, tenant headers); values are secret.
    pub headers: Vec<(String, SecretString)>,
    /// Query parameters added to every request, as Azure-style servers want (`api-version`).
    pub query: Vec<(String, String)>,
    /// How it is driven.
    pub drive: ModelDrive,
    /// Whether prompt-cache fields are sent to an OpenAI-compatible endpoint.
    pub cache_hints: CacheHints,
    /// Most tokens one completion may have.
    pub max_output_tokens: u32,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// Longest wait for the next piece of a stream.
    pub timeout: Duration,
    /// Prices of a model the built-in table does not know, USD per million tokens.
    pub prices: Option<Prices>,
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
    /// Never.
    Never,
}
