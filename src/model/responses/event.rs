//! The stream's events, read leniently. An event whose type is not known here is ignored, as the API asks, unless it may hold
//! words: see [`doubt`].

use http::StatusCode;
use serde_json::{Value, json};

use crate::model::Usage;
use crate::model::count::first_count;
use crate::model::opening::OpeningSign;
use crate::model::pieces::{Doubt, doubt, words};
use crate::model::replay::set;
use crate::model::server_error::{ServerError, is_told};

/// The status of a response that somebody stopped.
pub(super) const CANCELLED: &str = "cancelled";
/// Types under which gateways send calls.
const CALLS: [&str; 3] = ["tool_call", "tool_use", "function"];
/// Words of the types of items that the API has, but for messages.
const ITEMS: [&str; 8] = [
    "call",
    "compaction",
    "function",
    "item_reference",
    "mcp",
    "output",
    "reasoning",
    "tool",
];
/// Words of types whose events say nothing of the answer.
const SILENT: [&str; 12] = [
    "annotation",
    "arguments",
    "audio",
    "call",
    "code",
    "image",
    "input",
    "mcp",
    "reasoning",
    "search",
    "summary",
    "thinking",
];

/// One event of a response's stream.
#[derive(Debug)]
pub(super) enum ResponseEvent {
    /// More of the answer's text.
    Text(String),
    /// More of the words with which an answer is declined.
    Refusal(String),
    /// The text of a part that is whole.
    WholeText(String),
    /// The same, as it is told once more when the part ends.
    WholePart(String),
    /// All words with which an answer is declined.
    WholeRefusal(String),
    /// More that nobody listens to, so many bytes of it: thoughts, arguments.
    Silent(usize),
    /// An item of the output begins.
    ItemAdded {
        at: ItemPlace,
        item: Value,
    },
    /// More of the arguments of a call.
    Arguments {
        at: ItemPlace,
        more: String,
    },
    /// All arguments of a call.
    WholeArguments {
        at: ItemPlace,
        name: String,
        arguments: String,
    },
    /// An item of the output is whole.
    ItemDone {
        at: ItemPlace,
        item: Value,
    },
    /// The end, with the whole response.
    Ended(Value),
    Failed(ServerError),
    /// It may be a piece of the answer, in a form that nobody knows.
    Unread(String),
    Ignored,
}

/// Which item of the output an event speaks of. Some servers give no item a number of its own, some none an id, and some
/// another id with every event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemPlace {
    pub(super) id: String,
    pub(super) index: u64,
}

impl ItemPlace {
    fn of(json: &Value) -> Self {
        let own = json.get("item").map(|item| text(item, "id")).unwrap_or_default();
        let id = if own.is_empty() {
            text(json, "item_id")
        } else {
            own
        };
        let index = json.get("output_index").and_then(Value::as_u64);
        Self {
            id: id.to_owned(),
            index: index.unwrap_or_default(),
        }
    }
}

impl ResponseEvent {
    /// Whether an object is an event of a response, or a whole one.
    pub(super) fn is_one(json: &Value) -> bool {
        text(json, "type").starts_with("response.") || text(json, "object") == "response"
    }

    /// Reads one object of the stream.
    pub(super) fn read(json: &Value) -> Self {
        let kind = text(json, "type");
        // Some gateways leave out what all types begin with.
        let name = kind.strip_prefix("response.").unwrap_or(kind);
        let is_event = kind.starts_with("response.") || kind.contains('.');
        if is_event && let Some(event) = Self::of_kind(name, json) {
            return event;
        }
        // A whole response, from a server that does not stream.
        if text(json, "object") == "response" && kind.is_empty() {
            return match text(json, "status") {
                _ if has_failed(json) => Self::Failed(failure(json)),
                // It says that it has begun.
                "queued" | "in_progress" => Self::Ignored,
                _ => Self::Ended(json.clone()),
            };
        }
        if !is_event && let Some(error) = ServerError::find(json, false) {
            return Self::Failed(error);
        }
        if doubt(json).is_lost() {
            Self::Unread(json.to_string())
        } else {
            Self::Ignored
        }
    }

    /// An event of a kind that is known; `name` is its type without `response.`.
    fn of_kind(name: &str, json: &Value) -> Option<Self> {
        let response = || {
            let response = json.get("response").filter(|response| response.is_object());
            // Some gateways put its fields into the event.
            let is_flat = || {
                ["output", "status", "usage"]
                    .iter()
                    .any(|key| json.get(*key).is_some())
            };
            let response = response.or_else(|| is_flat().then_some(json));
            response.cloned().unwrap_or_else(|| json!({}))
        };
        let (at, item) = (
            || ItemPlace::of(json),
            || as_call(json.get("item").cloned().unwrap_or_default()),
        );
        // What is new, in any shape and under either name.
        let said = || {
            let said = ["delta", "text"].iter().filter_map(|key| json.get(*key));
            said.map(words).find(|said| !said.is_empty()).unwrap_or_default()
        };
        let part = |kind: &str| json.get("part").filter(|part| text(part, "type") == kind);
        Some(match name {
            "output_text.delta" | "text.delta" => Self::Text(said()),
            "refusal.delta" => Self::Refusal(said()),
            "output_text.done" | "text.done" => Self::WholeText(said()),
            "refusal.done" => Self::WholeRefusal(text(json, "refusal").to_owned()),
            "content_part.done" => match (part("output_text"), part("refusal")) {
                (Some(part), _) => Self::WholePart(text(part, "text").to_owned()),
                (_, Some(part)) => Self::WholeRefusal(text(part, "refusal").to_owned()),
                _ => return None,
            },
            "output_item.added" => Self::ItemAdded {
                at: at(),
                item: item(),
            },
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => Self::Arguments {
                at: at(),
                more: written(json.get("delta").unwrap_or(json)),
            },
            "function_call_arguments.done" | "custom_tool_call_input.done" => Self::WholeArguments {
                at: at(),
                name: text(json, "name").to_owned(),
                arguments: written(json),
            },
            "output_item.done" => Self::ItemDone {
                at: at(),
                item: item(),
            },
            "completed" | "incomplete" | "done" => {
                let mut response = response();
                if has_failed(&response) {
                    return Some(Self::Failed(failure(&response)));
                }
                // The event's own name is the surer word.
                let status = text(&response, "status");
                if name == "incomplete" && matches!(status, "" | "completed" | "in_progress") {
                    set(&mut response, "status", "incomplete".into());
                }
                Self::Ended(response)
            }
            "cancelled" | "canceled" => {
                let mut response = response();
                set(&mut response, "status", CANCELLED.into());
                Self::Ended(response)
            }
            "failed" => Self::Failed(failure(&response())),
            "error" => Self::Failed(failure(json)),
            "created" | "in_progress" | "queued" => Self::Ignored,
            // Thoughts, and what tools of the server's own are called with and give back.
            _ if SILENT.iter().any(|kind| name.contains(kind)) => {
                let more = text(json, "delta").len();
                if more > 0 {
                    Self::Silent(more)
                } else {
                    Self::Ignored
                }
            }
            _ => return None,
        })
    }

    /// What an object of the stream says about whether the server has begun to answer.
    pub(super) fn opening(json: &Value) -> OpeningSign {
        match Self::read(json) {
            Self::Failed(error) => OpeningSign::Failed(error.status),
            Self::Ignored => OpeningSign::None,
            Self::Text(said) | Self::Refusal(said) if said.is_empty() => OpeningSign::None,
            Self::Silent(_) => OpeningSign::Thoughts,
            Self::ItemAdded { item, .. } | Self::ItemDone { item, .. }
                if text(&item, "type").contains("reasoning") =>
            {
                OpeningSign::Thoughts
            }
            Self::ItemAdded { item, .. } if text(&item, "type") == "message" && is_blank(&item) => {
                OpeningSign::None
            }
            _ => OpeningSign::Begun,
        }
    }
}

/// Whether a message has no content yet.
fn is_blank(message: &Value) -> bool {
    message.get("content").is_none_or(|content| !is_told(content))
}

/// What a call is called with, in any shape: the text of the arguments, or an object that holds it.
fn written(holder: &Value) -> String {
    match holder {
        Value::String(written) => written.clone(),
        Value::Object(_) => {
            let keys = ["arguments", "input", "delta", "partial_json", "text"].iter();
            let mut held = keys.filter_map(|key| holder.get(*key));
            held.find(|value| !value.is_null())
                .map_or_else(String::new, |value| match value {
                    Value::String(written) => written.clone(),
                    other => other.to_string(),
                })
        }
        _ => String::new(),
    }
}

/// An item as it is, but for a call of a tool whose arguments are any text, which is one like others here.
pub(super) fn as_call(mut item: Value) -> Value {
    // Arguments are text; some servers send what the text would say.
    if let Some(object) = item.get("arguments").filter(|arguments| arguments.is_object()) {
        let written = object.to_string();
        set(&mut item, "arguments", written.into());
    }
    let is_named = CALLS.contains(&text(&item, "type")) && !text(&item, "name").is_empty();
    if is_named {
        set(&mut item, "type", "function_call".into());
    }
    if text(&item, "type") == "custom_tool_call" {
        let input = text(&item, "input").to_owned();
        set(&mut item, "type", "function_call".into());
        set(&mut item, "arguments", input.into());
        if let Some(fields) = item.as_object_mut() {
            fields.remove("input");
        }
    }
    item
}

/// Whether an item of the output holds words in a form that nobody knows.
pub(super) fn is_unread(item: &Value) -> bool {
    let kind = text(item, "type");
    if kind == "message" || kind.is_empty() {
        let parts = item.get("content").and_then(Value::as_array);
        return parts.into_iter().flatten().any(|part| {
            let is_read = !words(part).is_empty() || text(part, "type") == "refusal";
            !is_read && doubt(part) != Doubt::None
        });
    }
    let is_known = ITEMS.iter().any(|known| kind.contains(known)) || kind == "text";
    !is_known && doubt(item) != Doubt::None
}

/// The items of a whole response. Some servers have its text in their place, or beside them.
pub(super) fn output_of(response: &Value) -> Vec<Value> {
    let output = response.get("output").unwrap_or(&Value::Null);
    let items = match output {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(output),
        _ => &[],
    };
    let said = [output.as_str().unwrap_or_default(), text(response, "output_text")].concat();
    if items.is_empty() && !said.is_empty() {
        let content = json!([{"type": "output_text", "text": said}]);
        return vec![json!({"type": "message", "role": "assistant", "content": content})];
    }
    items.iter().cloned().map(as_call).collect()
}

/// Whether a response failed. One that brings an error has, whatever its status says.
fn has_failed(response: &Value) -> bool {
    let brings_error = response.get("error").is_some_and(Value::is_object);
    text(response, "status") == "failed" || brings_error
}

/// The error of a response that failed.
fn failure(response: &Value) -> ServerError {
    let told = ServerError::find(response, true);
    let told =
        told.or_else(|| ServerError::find(response, false).filter(|_| response.get("output").is_none()));
    told.unwrap_or_else(|| ServerError {
        message: "the response failed without a reason".to_owned(),
        status: StatusCode::INTERNAL_SERVER_ERROR,
        failed_generation: None,
    })
}

/// Tokens as the API counts them: cached ones are part of the input.
pub(super) fn usage(response: &Value) -> Option<Usage> {
    let usage = response.get("usage").filter(|usage| usage.is_object())?;
    let count = |pointer: &str| first_count(usage, &[pointer]).unwrap_or_default();
    let either = |one: &str, other: &str| {
        Some(count(one))
            .filter(|tokens| *tokens > 0)
            .unwrap_or_else(|| count(other))
    };
    let input = either("/input_tokens", "/prompt_tokens");
    let cached = count("/input_tokens_details/cached_tokens").min(input);
    let used = Usage {
        input_tokens: input,
        cached_tokens: cached,
        cache_write_tokens: count("/input_tokens_details/cache_write_tokens")
            .min(input.saturating_sub(cached)),
        output_tokens: either("/output_tokens", "/completion_tokens"),
        ..Usage::default()
    };
    (used != Usage::default()).then_some(used)
}

/// The text of a field; empty when there is none.
pub(super) fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}
