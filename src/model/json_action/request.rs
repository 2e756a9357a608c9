use std::fmt::Write as _;

use serde_json::{Value, json};

use super::schema::ANSWER;
use crate::model::{Message, ModelRequest, ToolCall, ToolChoice, replay};

/// The request without native tools: they are listed at the end of the system prompt, the same bytes for every
/// request of a session, and the conversation is told in the form the model is to answer in.
pub(super) fn rewritten(request: &ModelRequest) -> ModelRequest {
    ModelRequest {
        system: with_tools(request).into(),
        tools: [].into(),
        messages: request.messages.iter().map(message).collect(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: request.max_output_tokens,
        temperature: request.temperature,
        cache_key: request.cache_key.clone(),
    }
}

fn with_tools(request: &ModelRequest) -> String {
    let how = include_str!("../../../prompts/model/json_action.md");
    let mut system = format!("{}\n\n{}", request.system.trim_end(), how);
    for tool in request.tools.iter() {
        // Writing to a string cannot fail.
        let _ = write!(
            system,
            "\n## {}\n{}\nArguments: {}\n",
            tool.name, tool.description, tool.schema
        );
    }
    system
}

fn message(message: &Message) -> Message {
    match message {
        Message::User(text) => Message::User(text.clone()),
        Message::Assistant { text, tool_calls, .. } => Message::Assistant {
            text: if tool_calls.is_empty() {
                answer(text)
            } else {
                calls(tool_calls)
            },
            tool_calls: Vec::new(),
            opaque: None,
        },
        Message::ToolResults(results) => {
            let told = results.iter().map(|result| {
                let what = if result.is_error {
                    "Problem with"
                } else {
                    "Result of"
                };
                format!("{what} {}:\n{}", result.tool, result.content)
            });
            Message::User(told.collect::<Vec<_>>().join("\n\n"))
        }
    }
}

fn answer(text: &str) -> String {
    json!({"action": ANSWER, "arguments": {"text": text}}).to_string()
}

fn calls(calls: &[ToolCall]) -> String {
    let lines = calls.iter().map(|call| {
        let arguments: Value = serde_json::from_str(replay::arguments(call)).unwrap_or_else(|_| json!({}));
        json!({"action": call.name, "arguments": arguments}).to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}
