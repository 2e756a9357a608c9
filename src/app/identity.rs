use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::App;
use super::open::turn_settings;
use crate::prompt::texts_hash_for;

/// What decides how an [`App`] answers, beside the question: apps of equal identity answer under the same conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppIdentity {
    /// As [`ModelId`](crate::model::ModelId) is written: `provider:name`.
    pub model: String,
    /// The host of its Metabase; `demo` for the demo.
    pub metabase: String,
    pub catalog: String,
    /// Hash of tools and system prompt.
    pub prompt: String,
    /// Hash of all texts that a model can be sent.
    pub texts: String,
    /// The settings that shape requests and answers; no secret is among them.
    pub settings: Value,
}

impl AppIdentity {
    /// Whether both ask the same provider at the same address.
    pub(crate) fn same_provider(&self, other: &Self) -> bool {
        let provider = |identity: &Self| {
            let name = identity.model.split(':').next().unwrap_or_default().to_owned();
            // Two protocols of one provider.
            name.strip_suffix("-responses")
                .map_or(name.clone(), str::to_owned)
        };
        let address = |identity: &Self| identity.settings.pointer("/model/base_url").cloned();
        provider(self) == provider(other) && address(self) == address(other)
    }
}

impl App {
    /// What decides how it answers.
    pub fn identity(&self) -> AppIdentity {
        let server = self.server();
        let host = server.source().host_str().unwrap_or_default();
        AppIdentity {
            model: self.settings().model.id.to_string(),
            metabase: if server.is_demo() { "demo" } else { host }.to_owned(),
            catalog: self.catalog().catalog.fingerprint(),
            prompt: self.prompt().hash.clone(),
            texts: texts_hash_for(&self.prompt().tools),
            // Settings are plain data.
            settings: json!(turn_settings(self.settings(), server, self.dbt())),
        }
    }
}
