use serde_json::Value;

use crate::wire::TapeFile;

/// One thing that was said in a recorded turn, in whichever provider's words it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TranscriptEntry {
    /// By the person, or by the program between steps.
    User(String),
    Model(String),
    /// A tool the model asked for.
    Call {
        tool: String,
        /// Its arguments, as the model wrote them.
        arguments: String,
    },
    /// What the model was shown for a call.
    Result(String),
}

/// The conversation of a recorded turn, from its question to the model's last request. The answer itself is in the
/// tape's end. Empty for a model that runs in this process.
pub fn transcript(tape: &TapeFile) -> Vec<TranscriptEntry> {
    let bodies = || {
        tape.exchanges.iter().filter_map(|exchange| {
            let body = exchange.request.get("body")?;
            body.get("messages").or_else(|| body.get("input"))?.as_array()
        })
    };
    let Some(last) = bodies().next_back() else {
        return Vec::new();
    };
    let words = |messages: &[Value]| messages.iter().flat_map(said).collect::<Vec<_>>();
    let all = words(last);
    // The first request of the turn ends with its question; what stands before it is older. Marks for the provider's
    // cache move from request to request, so that words are compared.
    let first = bodies()
        .map(|first| words(first))
        .find(|first| all.starts_with(first));
    let older = first.map_or(0, |first| first.len().saturating_sub(1));
    all.into_iter().skip(older).collect()
}

fn said(message: &Value) -> Vec<TranscriptEntry> {
    let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
    let mut all = Vec::new();
    let field = |key: &str| {
        message
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    // Items of the Responses API.
    match message.get("type").and_then(Value::as_str) {
        Some("function_call") => all.push(TranscriptEntry::Call {
            tool: field("name"),
            arguments: field("arguments"),
        }),
        Some("function_call_output") => all.push(TranscriptEntry::Result(field("output"))),
        _ => {}
    }
    match message.get("content") {
        Some(Value::String(text)) => all.extend(spoken(role, text)),
        Some(Value::Array(blocks)) => all.extend(blocks.iter().filter_map(|block| block_said(role, block))),
        _ => {}
    }
    let calls = message.get("tool_calls").and_then(Value::as_array);
    for call in calls.into_iter().flatten() {
        let part = |name| {
            call.pointer(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        all.push(TranscriptEntry::Call {
            tool: part("/function/name"),
            arguments: part("/function/arguments"),
        });
    }
    all
}

/// A block of an Anthropic message, or a part of an OpenAI one.
fn block_said(role: &str, block: &Value) -> Option<TranscriptEntry> {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    };
    match block.get("type").and_then(Value::as_str)? {
        "text" | "output_text" => spoken(role, &text(block.get("text"))),
        "tool_use" => Some(TranscriptEntry::Call {
            tool: text(block.get("name")),
            arguments: block.get("input").map(Value::to_string).unwrap_or_default(),
        }),
        "tool_result" => Some(TranscriptEntry::Result(text(block.get("content")))),
        _ => None,
    }
}

fn spoken(role: &str, text: &str) -> Option<TranscriptEntry> {
    if text.is_empty() {
        return None;
    }
    match role {
        "assistant" => Some(TranscriptEntry::Model(text.to_owned())),
        "tool" => Some(TranscriptEntry::Result(text.to_owned())),
        "user" => Some(TranscriptEntry::User(text.to_owned())),
        _ => None,
    }
}
