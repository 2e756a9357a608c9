use serde_json::{Value, json};

use super::schema::ANSWER;
use crate::model::{Message, ModelRequest, ToolCall, ToolChoice, ToolSpec, replay};

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
    format!(
        "{}\n\n{}{}",
        request.system.trim_end(),
        how,
        listed(&request.tools)
    )
}

/// The tools in words, each with its description and its arguments.
pub(in crate::model) fn listed(tools: &[ToolSpec]) -> String {
    let told = tools.iter().map(|tool| {
        let schema = tool.schema.to_string();
        let values = [
            ("name", &*tool.name),
            ("description", &*tool.description),
            ("schema", &*schema),
        ];
        filled(
            include_str!("../../../prompts/model/json_action_tool.md"),
            &values,
        )
    });
    told.collect()
}

fn message(message: &Message) -> Message {
    match message {
        Message::User(_) | Message::Note(_) => message.clone(),
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
                let template = if result.is_error {
                    include_str!("../../../prompts/model/json_action_problem.md")
                } else {
                    include_str!("../../../prompts/model/json_action_result.md")
                };
                filled(
                    template,
                    &[("tool", &*result.tool), ("content", &*result.content)],
                )
            });
            Message::Note(told.collect::<Vec<_>>().join("\n\n"))
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

/// A text with its values in the places that name them, in the order in which they stand there. What a value says is never
/// taken for a place.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let (mut out, mut rest) = (String::new(), template);
    for (name, value) in values {
        let Some((before, after)) = rest.split_once(&format!("{{{name}}}")) else {
            continue;
        };
        out += before;
        out += value;
        rest = after;
    }
    out + rest
}
