//! The tokens that a server says it counted, wherever it says so.

use serde_json::Value;

use crate::model::Usage;
use crate::model::count::{field_at, first_count};

/// The tokens that a chunk, or one of its choices, tells of.
pub(super) fn usage_in(json: &Value, choices: &[Value]) -> Option<Usage> {
    let usages = [
        json.get("usage"),
        choices.iter().find_map(|choice| choice.get("usage")),
        field_at(json, "/x_groq/usage"),
        json.get("amazon-bedrock-invocationMetrics"),
        json.get("usageMetadata"),
    ];
    usages.into_iter().flatten().find_map(usage)
}

/// Tokens as the provider counts them. A count of nothing at all (some servers send zeros with every piece) is no usage.
fn usage(usage: &Value) -> Option<Usage> {
    let count = |pointers: &[&str]| first_count(usage, pointers);
    let input = count(&[
        "/prompt_tokens",
        "/input_tokens",
        "/promptTokens",
        "/inputTokenCount",
        "/promptTokenCount",
    ])
    .unwrap_or_default();
    let output = count(&[
        "/completion_tokens",
        "/output_tokens",
        "/completionTokens",
        "/outputTokenCount",
        "/candidatesTokenCount",
    ]);
    // What is not said of the output stands in the sum.
    let output = output.or_else(|| {
        count(&["/total_tokens"])?
            .checked_sub(input)
            .filter(|_| input > 0)
    });
    let output = output.unwrap_or_default();
    if !usage.is_object() || (input == 0 && output == 0) {
        return None;
    }
    let cached = [
        "/prompt_tokens_details/cached_tokens",
        "/input_tokens_details/cached_tokens",
        "/prompt_cache_hit_tokens",
        "/cached_tokens",
        "/cache_read_input_tokens",
        "/cacheReadInputTokenCount",
        "/cachedContentTokenCount",
    ];
    let cached = cached.iter().filter_map(|pointer| count(&[pointer])).max();
    let cached = cached.unwrap_or_default().min(input);
    let written = count(&["/prompt_tokens_details/cache_write_tokens"]).unwrap_or_default();
    Some(Usage {
        input_tokens: input,
        cached_tokens: cached,
        cache_write_tokens: written.min(input.saturating_sub(cached)),
        output_tokens: output,
        ..Usage::default()
    })
}
