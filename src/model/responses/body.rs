use std::collections::BTreeSet;

use async_openai::types::responses::{
    CreateResponse, FunctionTool, IncludeEnum, Tool, ToolChoiceOptions, ToolChoiceParam,
};
use serde_json::{Value, json};

use super::kept::{is_known_field, kept_items};
use crate::model::adjust::{RequestPart, SentLimit, SentParts, token_limit};
use crate::model::{Message, ModelRequest, ToolChoice, ToolSpec, replay};

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
    let mut body = serde_json::to_value(CreateResponse {
        model: Some(model.to_owned()),
        instructions: sends(RequestPart::Instructions).then(|| request.system.to_string()),
        tools: (!request.tools.is_empty()).then(|| {
            let tool = |spec| tool(spec, left_out);
            request.tools.iter().map(tool).collect()
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
        items.insert(0, said("system", &request.system));
    }
    replay::set(&mut body, "input", items.into());
    Ok(body)
}

/// What of such a body could be left out.
pub(super) fn parts(body: &Value, left_out: &BTreeSet<RequestPart>) -> SentParts {
    let items = body.get("input").and_then(Value::as_array).into_iter().flatten();
    let fields = items.filter_map(Value::as_object).flat_map(serde_json::Map::keys);
    let mut kept: BTreeSet<String> = fields.cloned().collect();
    let has_status = kept.contains("status");
    kept.retain(|key| !is_known_field(key));
    let parts = [
        (RequestPart::Instructions, "instructions"),
        (RequestPart::CacheKey, "prompt_cache_key"),
        (RequestPart::Include, "include"),
        (RequestPart::ToolChoice, "tool_choice"),
        (RequestPart::Temperature, "temperature"),
        (RequestPart::AnyTokenLimit, "max_output_tokens"),
        // The word stands for much else.
        (RequestPart::Store, "store"),
        (RequestPart::Stream, "stream"),
    ];
    let sent = parts.into_iter().filter(|(_, key)| body.get(*key).is_some());
    let status = has_status.then_some(RequestPart::ItemStatus);
    let others = (!kept.is_empty()).then_some(RequestPart::KeptFields);
    let tools = body.get("tools").and_then(Value::as_array).into_iter().flatten();
    let closed = tools
        .clone()
        .filter_map(|tool| tool.get("parameters"))
        .any(|schema| schema.get("additionalProperties").is_some());
    let strict = tools.clone().any(|tool| tool.get("strict").is_some());
    let said = body.get("input").and_then(Value::as_array).into_iter().flatten();
    let is_known_to_server =
        |item: &Value| item.get("id").is_some() || item.get("type") == Some(&json!("reasoning"));
    let has_results = said
        .clone()
        .any(|item| item.get("type") == Some(&json!("function_call_output")));
    let has_reasoning = said.clone().any(is_known_to_server);
    let more = [
        (
            RequestPart::NamelessResults,
            has_results && !left_out.contains(&RequestPart::NamelessResults),
        ),
        (RequestPart::KeptReasoning, has_reasoning),
        (RequestPart::ClosedSchemas, closed),
        (RequestPart::StrictTools, strict),
    ];
    let more = more.into_iter().filter(|(_, sent)| *sent).map(|(part, _)| part);
    let limit = body.get("max_output_tokens").and_then(Value::as_u64);
    SentParts {
        parts: status
            .into_iter()
            .chain(more)
            .chain(others)
            .chain(sent.map(|(part, _)| part))
            .collect(),
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

fn tool(spec: &ToolSpec, left_out: &BTreeSet<RequestPart>) -> Tool {
    let schema = if left_out.contains(&RequestPart::ClosedSchemas) {
        spec.schema.open()
    } else {
        spec.schema.clone()
    };
    Tool::Function(FunctionTool {
        name: spec.name.clone(),
        description: Some(spec.description.clone()),
        parameters: Some(Value::clone(&schema)),
        // Left out it would mean yes, and our schemas have optional fields.
        strict: (!left_out.contains(&RequestPart::StrictTools)).then_some(false),
        ..FunctionTool::default()
    })
}

fn input(messages: &[Message], left_out: &BTreeSet<RequestPart>) -> Vec<Value> {
    let mut items = Vec::new();
    for message in messages {
        match message {
            Message::User(question) => items.push(said("user", &question.turn())),
            Message::Note(text) => items.push(said("user", text)),
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
                    items.push(said("assistant", text));
                }
                items.extend(tool_calls.iter().map(|call| {
                    json!({
                        "type": "function_call", "call_id": call.id,
                        "name": replay::identifier(&call.name), "arguments": replay::arguments(call),
                    })
                }));
            }
            Message::ToolResults(results) => items.extend(results.iter().map(|result| {
                let mut item =
                    json!({"type": "function_call_output", "call_id": result.call_id, "output": result.content});
                if left_out.contains(&RequestPart::NamelessResults) {
                    replay::set(&mut item, "name", json!(replay::identifier(&result.tool)));
                }
                item
            })),
        }
    }
    items
}

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}
