use std::borrow::Cow;
use std::collections::BTreeSet;

use async_openai::types::responses::{
    CreateResponse, FunctionTool, IncludeEnum, Tool, ToolChoiceOptions, ToolChoiceParam,
};
use serde_json::{Value, json};

use super::kept::{is_known_field, kept_items};
use crate::model::adjust::{RequestPart, SentLimit, SentParts, parts_of, token_limit};
use crate::model::{Message, ModelRequest, ToolChoice, ToolSpec, replay, sent_tools};

/// The least limit of tokens that the API takes.
const LEAST_TOKENS: u32 = 16;

/// The body of a request: what the library's type says, and the conversation as items, because items of the server's own go
/// back as they came. Keys are sorted: same request, same bytes.
pub(super) fn body(
    model: &str,
    request: &ModelRequest,
    left_out: &BTreeSet<RequestPart>,
) -> serde_json::Result<Value> {
    let sends = |part: RequestPart| !left_out.contains(&part);
    let forbidden = request.tool_choice == ToolChoice::None && !request.tools.is_empty();
    let prompt = sent_tools::system(request, left_out);
    let mut body = serde_json::to_value(CreateResponse {
        model: Some(model.to_owned()),
        instructions: sends(RequestPart::Instructions).then(|| prompt.to_string()),
        tools: (!request.tools.is_empty()).then(|| {
            let tool = |spec| tool(spec, sends(RequestPart::StrictTools));
            sent_tools::tools(request, left_out).iter().map(tool).collect()
        }),
        tool_choice: (forbidden && sends(RequestPart::ToolChoice))
            .then_some(ToolChoiceParam::Option(ToolChoiceOptions::None)),
        include: sends(RequestPart::Include).then(|| vec![IncludeEnum::ReasoningEncryptedContent]),
        max_output_tokens: sends(RequestPart::AnyTokenLimit)
            .then_some(token_limit(request.max_output_tokens, left_out).max(LEAST_TOKENS)),
        temperature: request.temperature.filter(|_| sends(RequestPart::Temperature)),
        prompt_cache_key: sends(RequestPart::CacheKey).then(|| request.cache_key.clone()),
        store: sends(RequestPart::Store).then_some(false),
        stream: sends(RequestPart::Stream).then_some(true),
        ..CreateResponse::default()
    })?;
    let mut items = input(&request.messages, left_out);
    if !sends(RequestPart::Instructions) {
        items.insert(0, said("system", &prompt, left_out));
    }
    replay::set(&mut body, "input", items.into());
    Ok(body)
}

/// What of such a body could be left out.
pub(super) fn parts(body: &Value, left_out: &BTreeSet<RequestPart>) -> SentParts {
    let has = |key: &str| body.get(key).is_some();
    let listed = |key: &str| body.get(key).and_then(Value::as_array).into_iter().flatten();
    let (items, tools) = (|| listed("input"), || listed("tools"));
    let of = |kind: &str| items().any(|item| item.get("type").is_some_and(|named| named == kind));
    let fields = items()
        .filter_map(Value::as_object)
        .flat_map(serde_json::Map::keys);
    let mut kept: BTreeSet<String> = fields.cloned().collect();
    let (has_status, has_id) = (kept.contains("status"), kept.contains("id"));
    kept.retain(|key| !is_known_field(key));
    let is_typed = |item: &Value| item.get("role").is_some() && item.get("type").is_some();
    let is_untyped = |item: &Value| item.get("role").is_some() && item.get("type").is_none();
    let schemas = || tools().filter_map(|tool| tool.get("parameters"));
    let parts = [
        (RequestPart::ItemStatus, has_status),
        (RequestPart::ItemIds, has_id),
        (RequestPart::ItemTypes, items().any(is_typed)),
        (RequestPart::UntypedItems, items().any(is_untyped)),
        (RequestPart::NamelessResults, of("function_call_output")),
        (RequestPart::KeptReasoning, has_id || of("reasoning")),
        (RequestPart::KeptFields, !kept.is_empty()),
        (RequestPart::CallIds, of("function_call")),
        (
            RequestPart::ClosedSchemas,
            schemas().any(|schema| schema.get("additionalProperties").is_some()),
        ),
        (RequestPart::ToolDescriptions, has("tools")),
        (RequestPart::ToolSchemas, has("tools")),
        (
            RequestPart::StrictTools,
            tools().any(|tool| tool.get("strict").is_some()),
        ),
        (RequestPart::Instructions, has("instructions")),
        (RequestPart::CacheKey, has("prompt_cache_key")),
        (RequestPart::Include, has("include")),
        (RequestPart::ToolChoice, has("tool_choice")),
        (RequestPart::Temperature, has("temperature")),
        (RequestPart::AnyTokenLimit, has("max_output_tokens")),
        (RequestPart::Store, has("store")),
        (RequestPart::Stream, has("stream")),
    ];
    let limit = body.get("max_output_tokens").and_then(Value::as_u64);
    SentParts {
        parts: parts_of(parts, left_out),
        kept,
        limit: limit
            .and_then(|tokens| u32::try_from(tokens).ok())
            .map(|tokens| SentLimit {
                tokens,
                is_optional: true,
            }),
    }
}

/// The body of a request with everything in it.
pub(in crate::model) fn fullest(request: &ModelRequest) -> serde_json::Result<String> {
    body("sample", request, &BTreeSet::new()).map(|body| body.to_string())
}

fn tool(spec: &ToolSpec, says_strict: bool) -> Tool {
    Tool::Function(FunctionTool {
        name: spec.name.clone(),
        description: Some(spec.description.clone()),
        parameters: Some(Value::clone(&spec.schema)),
        // Left out it would mean yes, and our schemas have optional fields.
        strict: says_strict.then_some(false),
        ..FunctionTool::default()
    })
}

fn input(messages: &[Message], left_out: &BTreeSet<RequestPart>) -> Vec<Value> {
    let mut items = Vec::new();
    for message in messages {
        match message {
            Message::User(question) => items.push(said("user", &question.turn(), left_out)),
            Message::Note(text) => items.push(said("user", text, left_out)),
            Message::Assistant {
                text,
                tool_calls,
                opaque,
            } => {
                let kept = opaque.as_ref().and_then(|opaque| opaque.get("openai_responses")?.as_array());
                if let Some(kept) = kept {
                    items.extend(kept_items(kept, tool_calls, left_out));
                    continue;
                }
                if !text.is_empty() {
                    items.push(said("assistant", text, left_out));
                }
                items.extend(tool_calls.iter().map(|call| {
                    json!({
                        "type": "function_call", "call_id": call_id(&call.id, left_out),
                        "name": replay::identifier(&call.name), "arguments": replay::arguments(call),
                    })
                }));
            }
            Message::ToolResults(results) => items.extend(results.iter().map(|result| {
                let mut item =
                    json!({
                        "type": "function_call_output", "call_id": call_id(&result.call_id, left_out), "output": result.content,
                    });
                if left_out.contains(&RequestPart::NamelessResults) {
                    replay::set(&mut item, "name", json!(replay::identifier(&result.tool)));
                }
                item
            })),
        }
    }
    items
}

/// A call's id as it goes back.
pub(super) fn call_id<'a>(id: &'a str, left_out: &BTreeSet<RequestPart>) -> Cow<'a, str> {
    if left_out.contains(&RequestPart::CallIds) {
        replay::short_id(id)
    } else {
        Cow::Borrowed(id)
    }
}

fn said(role: &str, text: &str, left_out: &BTreeSet<RequestPart>) -> Value {
    let mut item = json!({"role": role, "content": text});
    if left_out.contains(&RequestPart::UntypedItems) && !left_out.contains(&RequestPart::ItemTypes) {
        replay::set(&mut item, "type", "message".into());
    }
    item
}
