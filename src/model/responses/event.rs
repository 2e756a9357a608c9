use http::StatusCode;
use serde_json::{Value, json};

use crate::model::Usage;
use crate::model::count::first_count;
use crate::model::replay::set;
use crate::model::server_error::ServerError;
use crate::wire::Opening;

/// One event of a response's stream, read leniently: what is not known here is ignored.
#[derive(Debug)]
pub(super) enum ResponseEvent {
    /// More of the answer's text.
    Text(String),
    /// More of the words with which an answer is declined.
    Refusal(String),
    /// The text of a part that is whole.
    WholeText(String),
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
    /// Reads one object of the stream.
    pub(super) fn read(json: &Value) -> Self {
        let kind = text(json, "type");
        let response = || {
            let response = json.get("response").filter(|response| response.is_object());
            response.cloned().unwrap_or_else(|| json!({}))
        };
        let (at, item) = (
            || ItemPlace::of(json),
            || as_call(json.get("item").cloned().unwrap_or_default()),
        );
        let delta = text(json, "delta");
        match kind {
            "response.output_text.delta" => Self::Text(delta.to_owned()),
            "response.refusal.delta" => Self::Refusal(delta.to_owned()),
            "response.output_text.done" => Self::WholeText(text(json, "text").to_owned()),
            "response.output_item.added" => Self::ItemAdded {
                at: at(),
                item: item(),
            },
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                Self::Arguments {
                    at: at(),
                    more: delta.to_owned(),
                }
            }
            "response.function_call_arguments.done" | "response.custom_tool_call_input.done" => {
                let said = ["arguments", "input"].iter().map(|key| text(json, key));
                Self::WholeArguments {
                    at: at(),
                    name: text(json, "name").to_owned(),
                    arguments: said.collect(),
                }
            }
            "response.output_item.done" => Self::ItemDone {
                at: at(),
                item: item(),
            },
            "response.completed" | "response.incomplete" | "response.done" => {
                let mut response = response();
                match text(&response, "status") {
                    _ if has_failed(&response) => Self::Failed(failure(&response)),
                    status => {
                        // The event's own name is the surer word.
                        if kind == "response.incomplete" && matches!(status, "" | "completed" | "in_progress")
                        {
                            set(&mut response, "status", "incomplete".into());
                        }
                        Self::Ended(response)
                    }
                }
            }
            "response.failed" => Self::Failed(failure(&response())),
            "response.error" => Self::Failed(failure(json)),
            _ if kind.starts_with("response.") && kind.strip_suffix(".delta").is_some() => {
                Self::Silent(delta.len())
            }
            _ if kind.starts_with("response.") => Self::Ignored,
            // A whole response, from a server that does not stream.
            _ if text(json, "object") == "response" => {
                if has_failed(json) {
                    Self::Failed(failure(json))
                } else {
                    Self::Ended(json.clone())
                }
            }
            _ => ServerError::find(json, false).map_or(Self::Ignored, Self::Failed),
        }
    }

    /// What an object of the stream says about whether the server has begun to answer.
    pub(super) fn opening(json: &Value) -> Opening {
        match Self::read(json) {
            Self::Failed(error) => Opening::Failed(error.status),
            Self::Ignored => Opening::Undecided,
            _ => Opening::Begun,
        }
    }
}

/// An item as it is, but for a call of a tool whose arguments are any text, which is one like others here.
pub(super) fn as_call(mut item: Value) -> Value {
    // Arguments are text; some servers send what the text would say.
    if let Some(object) = item.get("arguments").filter(|arguments| arguments.is_object()) {
        let written = object.to_string();
        set(&mut item, "arguments", written.into());
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
