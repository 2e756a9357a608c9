use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::model::adjust::{RequestPart, SentLimit, SentParts, parts_of, token_limit};
use crate::model::{Message, ModelRequest, ToolChoice, ToolResultMessage, replay, sent_tools};

/// The fields of blocks that the API knows.
const KNOWN_FIELDS: [&str; 12] = [
    "type",
    "text",
    "id",
    "name",
    "input",
    "thinking",
    "signature",
    "data",
    "tool_use_id",
    "content",
    "is_error",
    "cache_control",
];

/// The request's body. Field order is the struct's and the cache's (tools, system, messages), maps inside are sorted:
/// same request, same bytes.
#[derive(Debug, Serialize)]
pub(super) struct MessagesBody<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(serialize_with = "blocks_or_text")]
    system: [Value; 1],
    messages: Vec<RoleTurn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    stream: bool,
}

/// All that one speaker says before the other does.
#[derive(Debug, Serialize)]
struct RoleTurn {
    role: &'static str,
    /// Blocks, or one plain text.
    #[serde(serialize_with = "blocks_or_text")]
    content: Vec<Value>,
}

fn blocks_or_text<S: Serializer>(content: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
    match content {
        [Value::String(text)] => serializer.serialize_str(text),
        blocks => blocks.serialize(serializer),
    }
}

impl<'a> MessagesBody<'a> {
    pub(super) fn new(model: &'a str, request: &'a ModelRequest, left_out: &BTreeSet<RequestPart>) -> Self {
        let mut tools: Vec<Value> = sent_tools::tools(request, left_out)
            .iter()
            .map(|spec| {
                json!({"name": spec.name, "description": spec.description, "input_schema": *spec.schema})
            })
            .collect();
        let prompt = sent_tools::system(request, left_out);
        let mut system = json!({"type": "text", "text": prompt});
        let mut messages = turns(&request.messages);
        if left_out.contains(&RequestPart::KeptReasoning) {
            let blocks = messages.iter_mut().map(|turn| &mut turn.content);
            blocks.for_each(|blocks| blocks.retain(|block| !is_reasoning(block)));
            messages.retain(|turn| !turn.content.is_empty());
        }
        if left_out.contains(&RequestPart::KeptFields) {
            let blocks = messages.iter_mut().flat_map(|turn| turn.content.iter_mut());
            blocks.filter_map(Value::as_object_mut).for_each(keep_known);
        }
        let in_blocks = !left_out.contains(&RequestPart::TextBlocks);
        if !in_blocks {
            system = json!(prompt);
            for turn in &mut messages {
                let texts: Option<Vec<&str>> = turn.content.iter().map(text_of).collect();
                if let Some(texts) = texts {
                    turn.content = vec![texts.join("\n\n").into()];
                }
            }
        }
        let cached = in_blocks && !left_out.contains(&RequestPart::CacheControl);
        if cached {
            let last_said = messages.iter_mut().rfind(|turn| turn.role == "user");
            let last_block = last_said.and_then(|turn| turn.content.last_mut());
            tools
                .last_mut()
                .into_iter()
                .chain([&mut system])
                .chain(last_block)
                .for_each(mark);
        }
        // Left out while tools may be called: a change of it costs the cached messages.
        let forbidden = request.tool_choice == ToolChoice::None && !tools.is_empty();
        Self {
            model,
            max_tokens: token_limit(request.max_output_tokens, left_out),
            tools,
            system: [system],
            messages,
            tool_choice: (forbidden && !left_out.contains(&RequestPart::ToolChoice))
                .then(|| json!({"type": "none"})),
            temperature: request
                .temperature
                .filter(|_| !left_out.contains(&RequestPart::Temperature)),
            stream: !left_out.contains(&RequestPart::Stream),
        }
    }

    /// What of this body could be left out.
    pub(super) fn parts(&self, left_out: &BTreeSet<RequestPart>) -> SentParts {
        let thinks = self
            .messages
            .iter()
            .flat_map(|turn| &turn.content)
            .any(is_reasoning);
        let has_tools = !self.tools.is_empty();
        let blocks = self.messages.iter().flat_map(|turn| &turn.content);
        let fields = blocks.filter_map(Value::as_object).flat_map(Map::keys);
        let kept: BTreeSet<String> = fields
            .filter(|key| !KNOWN_FIELDS.contains(&key.as_str()))
            .cloned()
            .collect();
        let parts = [
            (RequestPart::TextBlocks, true),
            (RequestPart::KeptReasoning, thinks),
            (RequestPart::KeptFields, !kept.is_empty()),
            (RequestPart::ClosedSchemas, has_tools),
            (RequestPart::ToolDescriptions, has_tools),
            (RequestPart::ToolSchemas, has_tools),
            (RequestPart::ToolChoice, self.tool_choice.is_some()),
            (RequestPart::Temperature, self.temperature.is_some()),
            (
                RequestPart::CacheControl,
                !left_out.contains(&RequestPart::TextBlocks),
            ),
            (RequestPart::Stream, self.stream),
        ];
        SentParts {
            parts: parts_of(parts, left_out),
            kept,
            limit: Some(SentLimit {
                tokens: self.max_tokens,
                is_optional: false,
            }),
        }
    }
}

/// The text of a block of nothing else.
fn text_of(block: &Value) -> Option<&str> {
    let is_text = block.get("type").is_some_and(|kind| kind == "text");
    block.get("text").filter(|_| is_text)?.as_str()
}

/// Whether a block is what the model thought, which goes back sealed.
fn is_reasoning(block: &Value) -> bool {
    matches!(
        block.get("type").and_then(Value::as_str),
        Some("thinking" | "redacted_thinking")
    )
}

/// Leaves of a block what the API knows.
fn keep_known(block: &mut Map<String, Value>) {
    block.retain(|key, _| KNOWN_FIELDS.contains(&key.as_str()));
}

/// The body of a request.
pub(in crate::model) fn fullest(request: &ModelRequest) -> serde_json::Result<String> {
    serde_json::to_string(&MessagesBody::new("sample", request, &BTreeSet::new()))
}

/// Ends a cached prefix after this block.
fn mark(block: &mut Value) {
    replay::set(block, "cache_control", json!({"type": "ephemeral"}));
}

/// The conversation with one turn per change of speaker, so that all results of a step, and what the program says
/// after them, are one message with the results first.
fn turns(messages: &[Message]) -> Vec<RoleTurn> {
    let mut turns: Vec<RoleTurn> = Vec::new();
    for message in messages {
        let (role, content) = match message {
            Message::User(question) => ("user", vec![text_block(&question.turn())]),
            Message::Note(text) => ("user", vec![text_block(text)]),
            Message::ToolResults(results) => ("user", results.iter().map(tool_result).collect()),
            Message::Assistant { .. } => ("assistant", assistant(message)),
        };
        match turns.last_mut() {
            Some(last) if last.role == role => last.content.extend(content),
            _ if content.is_empty() => {}
            _ => turns.push(RoleTurn { role, content }),
        }
    }
    turns
}

/// The API refuses blocks without any text.
fn text_block(text: &str) -> Value {
    let text = if text.trim().is_empty() { "(empty)" } else { text };
    json!({"type": "text", "text": text})
}

fn tool_result(result: &ToolResultMessage) -> Value {
    let mut block = Map::new();
    block.insert("type".to_owned(), json!("tool_result"));
    block.insert(
        "tool_use_id".to_owned(),
        json!(replay::identifier(&result.call_id)),
    );
    block.insert("content".to_owned(), json!(result.content));
    if result.is_error {
        block.insert("is_error".to_owned(), json!(true));
    }
    Value::Object(block)
}

fn assistant(message: &Message) -> Vec<Value> {
    let Message::Assistant {
        text,
        tool_calls,
        opaque,
    } = message
    else {
        return Vec::new();
    };
    if let Some(blocks) = opaque
        .as_ref()
        .and_then(|opaque| opaque.get("anthropic")?.as_array())
    {
        return blocks.clone();
    }
    let mut blocks = Vec::new();
    if !text.trim().is_empty() {
        blocks.push(json!({"type": "text", "text": text}));
    }
    blocks.extend(tool_calls.iter().map(|call| {
        let input: Value = serde_json::from_str(replay::arguments(call)).unwrap_or_else(|_| json!({}));
        json!({
            "type": "tool_use", "id": replay::identifier(&call.id), "name": replay::identifier(&call.name),
            "input": input,
        })
    }));
    blocks
}
