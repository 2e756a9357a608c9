use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::client::ResponseFormat;
use crate::model::{Message, ModelRequest, ToolChoice, ToolSpec, replay};

/// What differs between servers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// `max_completion_tokens` in place of `max_tokens`, which OpenAI's newer models refuse and other servers know.
    pub(super) completion_limit: bool,
    /// `prompt_cache_key` is sent.
    pub(super) cache_key: bool,
    /// The system message ends in an explicit cache breakpoint.
    pub(super) breakpoint: bool,
}

/// The request's body. Field order is the struct's, maps inside are sorted: same request, same bytes.
#[derive(Debug, Serialize)]
pub(super) struct ChatBody<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> ChatBody<'a> {
    pub(super) fn new(
        model: &'a str,
        dialect: Dialect,
        request: &'a ModelRequest,
        format: Option<&'a ResponseFormat>,
    ) -> Self {
        let mut messages = vec![system(&request.system, dialect.breakpoint)];
        for message in &request.messages {
            push_message(&mut messages, message);
        }
        let limit = Some(request.max_output_tokens);
        let forbidden = request.tool_choice == ToolChoice::None && !request.tools.is_empty();
        Self {
            model,
            tools: request.tools.iter().map(tool).collect(),
            messages,
            tool_choice: forbidden.then_some("none"),
            response_format: format.map(ResponseFormat::raw),
            temperature: request.temperature,
            max_tokens: limit.filter(|_| !dialect.completion_limit),
            max_completion_tokens: limit.filter(|_| dialect.completion_limit),
            prompt_cache_key: dialect.cache_key.then_some(request.cache_key.as_str()),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
        }
    }
}

/// The body of a request with everything that a dialect may add.
pub(in crate::model) fn fullest(request: &ModelRequest) -> serde_json::Result<String> {
    let dialect = Dialect {
        completion_limit: true,
        cache_key: true,
        breakpoint: true,
    };
    serde_json::to_string(&ChatBody::new("sample", dialect, request, None))
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    Tool {
        r#type: "function",
        function: Function {
            name: &spec.name,
            description: &spec.description,
            parameters: &spec.schema,
        },
    }
}

fn system(text: &str, breakpoint: bool) -> Value {
    if !breakpoint {
        return json!({"role": "system", "content": text});
    }
    let block = json!({"type": "text", "text": text, "prompt_cache_breakpoint": {"mode": "explicit"}});
    json!({"role": "system", "content": [block]})
}

fn push_message(messages: &mut Vec<Value>, message: &Message) {
    match message {
        Message::User(text) => messages.push(json!({"role": "user", "content": text})),
        Message::Assistant {
            text,
            tool_calls,
            opaque,
        } => {
            let mut said = json!({"role": "assistant", "content": text});
            if tool_calls.is_empty() {
                messages.push(said);
                return;
            }
            if text.is_empty() {
                replay::set(&mut said, "content", Value::Null);
            }
            let kept = opaque.as_ref().and_then(|opaque| opaque.get("openai"));
            let calls = tool_calls.iter().map(|call| {
                let function =
                    json!({"name": replay::identifier(&call.name), "arguments": replay::arguments(call)});
                let mut sent = json!({"id": call.id, "type": "function", "function": function});
                if let Some(extra) = kept.and_then(|kept| kept.get("extra_content")?.get(&call.id)) {
                    replay::set(&mut sent, "extra_content", extra.clone());
                }
                sent
            });
            replay::set(&mut said, "tool_calls", calls.collect());
            if let Some(reasoning) = kept.and_then(|kept| kept.get("reasoning_content")) {
                replay::set(&mut said, "reasoning_content", reasoning.clone());
            }
            messages.push(said);
        }
        Message::ToolResults(results) => messages.extend(results.iter().map(
            |result| json!({"role": "tool", "tool_call_id": result.call_id, "content": result.content}),
        )),
    }
}
