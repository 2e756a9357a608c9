use std::borrow::Cow;
use std::collections::BTreeSet;

use async_openai::types::chat::ChatCompletionStreamOptions;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::assemble::THOUGHTS;
use super::client::ResponseFormat;
use super::sent_message::{SentMessage, message_calls};
use crate::model::adjust::{RequestPart, SentLimit, SentParts, parts_of, token_limit};
use crate::model::{Message, ModelRequest, ToolCall, ToolChoice, ToolSpec, replay, sent_tools};

/// What differs between servers from the first request on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerTraits {
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
    tools: Vec<SentTool<'a>>,
    messages: Vec<SentMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a RawValue>,
    #[serde(skip)]
    has_answer_schema: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<ChatCompletionStreamOptions>,
}

/// A tool as it is sent. It borrows the schema, which no completion changes.
#[derive(Debug, Serialize)]
struct SentTool<'a> {
    r#type: &'static str,
    function: SentFunction<'a>,
}

#[derive(Debug, Serialize)]
struct SentFunction<'a> {
    name: Cow<'a, str>,
    description: Cow<'a, str>,
    parameters: Cow<'a, RawValue>,
}

impl<'a> ChatBody<'a> {
    pub(super) fn new(
        model: &'a str,
        server: ServerTraits,
        request: &'a ModelRequest,
        format: Option<&'a ResponseFormat>,
        left_out: &BTreeSet<RequestPart>,
    ) -> Self {
        let sends = |part: RequestPart| !left_out.contains(&part);
        let breakpoint = server.breakpoint && sends(RequestPart::CacheBreakpoint);
        let prompt = sent_tools::system(request, left_out);
        let mut messages = vec![if sends(RequestPart::SystemRole) {
            system(prompt, breakpoint)
        } else {
            SentMessage::text("user", prompt)
        }];
        for message in &request.messages {
            push_message(&mut messages, message, left_out);
        }
        if !sends(RequestPart::ParallelCalls) {
            messages = one_by_one(messages, &nothing(left_out));
        }
        if !sends(RequestPart::PlainContents) {
            messages = messages.into_iter().map(SentMessage::in_blocks).collect();
        }
        let limit = Some(token_limit(request.max_output_tokens, left_out))
            .filter(|_| sends(RequestPart::AnyTokenLimit));
        let completion_limit = server.completion_limit == sends(RequestPart::TokenLimit);
        let forbidden = request.tool_choice == ToolChoice::None && !request.tools.is_empty();
        let streams = sends(RequestPart::Stream);
        let usage = ChatCompletionStreamOptions {
            include_usage: Some(true),
            include_obfuscation: None,
        };
        Self {
            model,
            tools: match sent_tools::tools(request, left_out) {
                Cow::Borrowed(tools) => tools.iter().map(tool).collect(),
                Cow::Owned(tools) => tools.into_iter().map(own_tool).collect(),
            },
            messages,
            tool_choice: (forbidden && sends(RequestPart::ToolChoice)).then_some("none"),
            response_format: format
                .filter(|_| sends(RequestPart::ResponseFormat))
                .map(|format| format.raw(left_out)),
            has_answer_schema: format.is_some() && sends(RequestPart::AnswerSchema),
            temperature: request.temperature.filter(|_| sends(RequestPart::Temperature)),
            max_tokens: limit.filter(|_| !completion_limit),
            max_completion_tokens: limit.filter(|_| completion_limit),
            prompt_cache_key: (server.cache_key && sends(RequestPart::CacheKey))
                .then_some(request.cache_key.as_str()),
            stream: streams.then_some(true),
            stream_options: (streams && sends(RequestPart::StreamOptions)).then_some(usage),
        }
    }

    /// What of this body could be left out.
    pub(super) fn parts(&self, left_out: &BTreeSet<RequestPart>) -> SentParts {
        let kept: BTreeSet<String> = self.messages.iter().flat_map(SentMessage::kept).collect();
        let mut contents = self.messages.iter().filter_map(SentMessage::content);
        let has_null = contents.any(Value::is_null);
        let mut contents = self.messages.iter().filter_map(SentMessage::content);
        let has_empty = contents.any(|content| content.is_null() || content.as_str() == Some(""));
        let first = self.messages.first();
        let has_breakpoint = first
            .and_then(SentMessage::content)
            .is_some_and(|content| content.pointer("/0/prompt_cache_breakpoint").is_some());
        let roles: Vec<&str> = self.messages.iter().map(SentMessage::role).collect();
        let mut pairs = roles.iter().zip(roles.iter().skip(1));
        let has_notes = pairs.any(|(one, next)| *next == "user" && matches!(*one, "user" | "tool"));
        let has_calls = roles.contains(&"tool");
        let has_schema = self.has_answer_schema && self.response_format.is_some();
        let has_tools = !self.tools.is_empty();
        let mut steps = self.messages.iter().map(SentMessage::calls);
        let parts = [
            (RequestPart::ChatCompletions, true),
            (RequestPart::StreamOptions, self.stream_options.is_some()),
            (RequestPart::TokenLimit, true),
            // Only a server that took neither name is asked without a limit.
            (
                RequestPart::AnyTokenLimit,
                left_out.contains(&RequestPart::TokenLimit),
            ),
            (RequestPart::CacheKey, self.prompt_cache_key.is_some()),
            (RequestPart::CacheBreakpoint, has_breakpoint),
            (RequestPart::ClosedSchemas, has_tools || has_schema),
            (RequestPart::AnswerSchema, has_schema),
            // Only a server that took no schema is asked without a form.
            (
                RequestPart::ResponseFormat,
                self.response_format.is_some() && !has_schema,
            ),
            (RequestPart::NamelessResults, has_calls),
            (RequestPart::PlainContents, true),
            (RequestPart::NullContent, has_null),
            (RequestPart::EmptyContent, has_empty),
            (RequestPart::RoleOrder, has_notes),
            (RequestPart::SystemRole, roles.first() == Some(&"system")),
            (RequestPart::CallIds, has_calls),
            (RequestPart::ParallelCalls, steps.any(|calls| calls.len() > 1)),
            (RequestPart::NoReasoning, has_calls),
            (RequestPart::NoSignature, has_calls),
            (RequestPart::KeptFields, !kept.is_empty()),
            (RequestPart::ToolChoice, self.tool_choice.is_some()),
            (RequestPart::ToolDescriptions, has_tools),
            (RequestPart::ToolSchemas, has_tools),
            (RequestPart::DescribedTools, has_tools),
            (RequestPart::Tools, has_tools),
            (RequestPart::Temperature, self.temperature.is_some()),
            (RequestPart::Stream, self.stream.is_some()),
        ];
        let limit = self.max_tokens.or(self.max_completion_tokens);
        SentParts {
            parts: parts_of(parts, left_out),
            kept,
            limit: limit.map(|tokens| SentLimit {
                tokens,
                is_optional: true,
            }),
        }
    }
}

/// The body of a request with everything that a server may be sent.
pub(in crate::model) fn fullest(request: &ModelRequest) -> serde_json::Result<String> {
    let server = ServerTraits {
        completion_limit: true,
        cache_key: true,
        breakpoint: true,
    };
    serde_json::to_string(&ChatBody::new("sample", server, request, None, &BTreeSet::new()))
}

fn tool(spec: &ToolSpec) -> SentTool<'_> {
    SentTool {
        r#type: "function",
        function: SentFunction {
            name: Cow::Borrowed(&spec.name),
            description: Cow::Borrowed(&spec.description),
            parameters: Cow::Borrowed(spec.schema.written()),
        },
    }
}

fn own_tool(spec: ToolSpec) -> SentTool<'static> {
    SentTool {
        r#type: "function",
        function: SentFunction {
            parameters: Cow::Owned(spec.schema.written().to_owned()),
            name: Cow::Owned(spec.name),
            description: Cow::Owned(spec.description),
        },
    }
}

fn system(text: Cow<'_, str>, breakpoint: bool) -> SentMessage<'_> {
    if !breakpoint {
        return SentMessage::text("system", text);
    }
    let block = json!({"type": "text", "text": text, "prompt_cache_breakpoint": {"mode": "explicit"}});
    SentMessage::Object(json!({"role": "system", "content": [block]}))
}

fn push_message<'a>(
    messages: &mut Vec<SentMessage<'a>>,
    message: &'a Message,
    left_out: &BTreeSet<RequestPart>,
) {
    let sends = |part: RequestPart| !left_out.contains(&part);
    match message {
        Message::User(question) => push_user(messages, question.turn().into(), left_out),
        Message::Note(text) => push_user(messages, text.into(), left_out),
        Message::Assistant {
            text,
            tool_calls,
            opaque,
        } => {
            let kept = opaque.as_ref().and_then(|opaque| opaque.get("openai"));
            let kept = kept.filter(|_| sends(RequestPart::KeptFields));
            let mut sent = json!({"role": "assistant", "content": text});
            if text.is_empty() && !tool_calls.is_empty() {
                replay::set(&mut sent, "content", nothing(left_out));
            }
            if !tool_calls.is_empty() {
                let short = !sends(RequestPart::CallIds);
                let calls = tool_calls.iter().map(|call| sent_call(call, kept, short));
                let mut calls: Vec<Value> = calls.collect();
                if !sends(RequestPart::NoSignature) {
                    sign(&mut calls);
                }
                replay::set(&mut sent, "tool_calls", calls.into());
                if !sends(RequestPart::NoReasoning) {
                    // Some of them refuse an empty one.
                    replay::set(&mut sent, "reasoning_content", " ".into());
                }
            }
            if let Some(thoughts) = kept.and_then(|kept| kept.get(THOUGHTS)?.as_array()) {
                let said = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
                replay::set(
                    &mut sent,
                    "content",
                    thoughts.iter().cloned().chain(said).collect(),
                );
            }
            add(&mut sent, kept.and_then(|kept| kept.get("message")));
            messages.push(SentMessage::Object(sent));
        }
        Message::ToolResults(results) => {
            messages.extend(results.iter().map(|result| SentMessage::Text {
                content: (&*result.content).into(),
                name: (!sends(RequestPart::NamelessResults)).then(|| replay::identifier(&result.tool)),
                role: "tool",
                tool_call_id: Some(if sends(RequestPart::CallIds) {
                    Cow::Borrowed(&result.call_id)
                } else {
                    replay::short_id(&result.call_id)
                }),
            }));
        }
    }
}

/// A question or a note, as a message of its own or at the end of the one before.
fn push_user<'a>(messages: &mut Vec<SentMessage<'a>>, text: Cow<'a, str>, left_out: &BTreeSet<RequestPart>) {
    let is_first = messages.len() == 1;
    let joins = left_out.contains(&RequestPart::RoleOrder)
        || (is_first && left_out.contains(&RequestPart::SystemRole));
    match messages.last_mut() {
        Some(SentMessage::Text {
            content,
            role: "user" | "tool",
            ..
        }) if joins => {
            let content = content.to_mut();
            content.push_str("\n\n");
            content.push_str(&text);
        }
        _ => messages.push(SentMessage::text("user", text)),
    }
}

/// Gives the first call of a step the signature that Google documents for calls of other models, where none has one.
fn sign(calls: &mut [Value]) {
    const EXTRA: &str = "extra_content";
    let is_signed = calls.iter().any(|call| call.get(EXTRA).is_some());
    if let Some(first) = calls.first_mut().filter(|_| !is_signed) {
        let signature = json!({"google": {"thought_signature": "skip_thought_signature_validator"}});
        replay::set(first, EXTRA, signature);
    }
}

/// The content of a message that only calls tools.
fn nothing(left_out: &BTreeSet<RequestPart>) -> Value {
    let sends = |part: RequestPart| !left_out.contains(&part);
    match (sends(RequestPart::EmptyContent), sends(RequestPart::NullContent)) {
        (false, _) => "…".into(),
        (true, false) => "".into(),
        (true, true) => Value::Null,
    }
}

/// Messages in which each step has one call, with its result behind it.
fn one_by_one<'m>(messages: Vec<SentMessage<'m>>, nothing: &Value) -> Vec<SentMessage<'m>> {
    let mut split: Vec<SentMessage<'_>> = Vec::new();
    for message in messages {
        let step_of = |id: &str| {
            let calls = |step: &SentMessage<'_>| {
                step.calls()
                    .iter()
                    .any(|call| call.get("id").is_some_and(|own| own == id))
            };
            split.iter().rposition(calls)
        };
        match message {
            SentMessage::Object(step) if message_calls(&step).len() > 1 => {
                for (nth, call) in message_calls(&step).iter().enumerate() {
                    let mut own = step.clone();
                    if nth > 0 {
                        replay::set(&mut own, "content", nothing.clone());
                    }
                    replay::set(&mut own, "tool_calls", json!([call]));
                    split.push(SentMessage::Object(own));
                }
            }
            SentMessage::Text {
                tool_call_id: Some(ref id),
                ..
            } => {
                let behind = step_of(id).map_or(split.len(), |step| step.saturating_add(1));
                split.insert(behind, message);
            }
            message => split.push(message),
        }
    }
    split
}

/// A call as it goes back, with what the server said of it that only the server understands.
fn sent_call(call: &ToolCall, kept: Option<&Value>, short: bool) -> Value {
    let kept = kept.and_then(|kept| kept.get("calls")?.get(&call.id));
    let mut function = json!({"name": replay::identifier(&call.name), "arguments": replay::arguments(call)});
    add(&mut function, kept.and_then(|kept| kept.get("function")));
    let id = if short {
        replay::short_id(&call.id)
    } else {
        Cow::Borrowed(call.id.as_str())
    };
    let mut sent = json!({"id": id, "type": "function", "function": function});
    add(&mut sent, kept.and_then(|kept| kept.get("call")));
    sent
}

/// Adds the fields of one object to another.
fn add(object: &mut Value, fields: Option<&Value>) {
    for (key, value) in fields.and_then(Value::as_object).into_iter().flatten() {
        replay::set(object, key, value.clone());
    }
}
