//! One piece of a streamed chat completion, read leniently: everything may be missing, null or of a sloppy type.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::Usage;

/// One event of the stream, or a whole completion from a server that does not stream.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Chunk {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) choices: Vec<Choice>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) usage: Option<RawUsage>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

/// One answer; only the first is ever asked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Choice {
    #[serde(default, alias = "message", deserialize_with = "or_default")]
    pub(super) delta: Delta,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) finish_reason: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) usage: Option<RawUsage>,
}

/// What the piece adds.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Delta {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) content: Option<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) refusal: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) reasoning_content: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tool_calls: Vec<CallPiece>,
}

/// A part of a tool call.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct CallPiece {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) index: Option<u32>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) function: FunctionPiece,
    #[serde(default)]
    pub(super) extra_content: Option<Value>,
}

/// A part of the function that a tool call names.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct FunctionPiece {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) arguments: Option<Value>,
}

/// Usage as the provider counts it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct RawUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: u64,
    #[serde(default, deserialize_with = "or_default")]
    prompt_tokens_details: PromptDetails,
    #[serde(default, deserialize_with = "or_default")]
    prompt_cache_hit_tokens: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "or_default")]
    cached_tokens: u64,
    #[serde(default, deserialize_with = "or_default")]
    cache_write_tokens: u64,
}

impl RawUsage {
    /// The same in our words. A count of nothing at all (some servers send zeros with every piece) is no usage.
    pub(super) fn normalised(&self) -> Option<Usage> {
        if self.prompt_tokens == 0 && self.completion_tokens == 0 {
            return None;
        }
        let details = &self.prompt_tokens_details;
        let cached = details.cached_tokens.max(self.prompt_cache_hit_tokens);
        let cached_tokens = cached.min(self.prompt_tokens);
        Some(Usage {
            input_tokens: self.prompt_tokens,
            cached_tokens,
            cache_write_tokens: details
                .cache_write_tokens
                .min(self.prompt_tokens.saturating_sub(cached_tokens)),
            output_tokens: self.completion_tokens,
        })
    }
}

impl Delta {
    /// The text of the piece: a string, or a list of parts with texts.
    pub(super) fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .collect(),
            _ => String::new(),
        }
    }
}

impl FunctionPiece {
    /// The arguments' bytes: text as it is, an object written out.
    pub(super) fn arguments(&self) -> String {
        match &self.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

impl Chunk {
    /// The provider's words if the piece is an error.
    pub(super) fn error_message(&self) -> Option<String> {
        let error = self.error.as_ref().filter(|error| !error.is_null())?;
        let mut whole = Map::new();
        whole.insert("error".to_owned(), error.clone());
        let message = crate::model::endpoint::provider_message(Value::Object(whole).to_string().as_bytes());
        let code = error
            .get("code")
            .and_then(Value::as_str)
            .map(|code| format!(" ({code})"));
        Some(message + &code.unwrap_or_default())
    }
}

/// The value; its default when it is null or of another type.
/// A number of tokens; one that no counter holds is the most there is, so that it is never taken for none.
fn count<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(from)?;
    let beyond = value
        .as_f64()
        .is_some_and(|count| count >= 18_446_744_073_709_551_615.0);
    Ok(value.as_u64().unwrap_or(if beyond { u64::MAX } else { 0 }))
}

fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + for<'any> Deserialize<'any>,
{
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
