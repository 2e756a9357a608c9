use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::replay;

/// The fields of a message, of a call and of its function that every server knows.
const KNOWN_FIELDS: [&str; 9] = [
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "id",
    "type",
    "function",
    "name",
    "arguments",
];

/// A message as it is sent.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum SentMessage<'a> {
    /// One text, and nothing of it copied. The fields are in the order of their names, as in an object.
    Text {
        content: Cow<'a, str>,
        /// Of a result: the tool's.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Cow<'a, str>>,
        role: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_call_id: Option<Cow<'a, str>>,
    },
    Object(Value),
}

impl<'a> SentMessage<'a> {
    pub(super) fn text(role: &'static str, content: impl Into<Cow<'a, str>>) -> Self {
        Self::Text {
            content: content.into(),
            name: None,
            role,
            tool_call_id: None,
        }
    }

    /// The same with a list of one block for its content, where that is a text.
    pub(super) fn in_blocks(self) -> Self {
        let blocks = |text: &str| json!([{"type": "text", "text": text}]);
        match self {
            Self::Text {
                content,
                name,
                role,
                tool_call_id,
            } => {
                let mut object = json!({"role": role, "content": blocks(&content)});
                for (key, value) in [("name", name), ("tool_call_id", tool_call_id)] {
                    if let Some(value) = value {
                        replay::set(&mut object, key, value.into());
                    }
                }
                Self::Object(object)
            }
            Self::Object(mut object) => {
                let said = object.get("content").and_then(Value::as_str);
                if let Some(said) = said.filter(|said| !said.is_empty()) {
                    let content = blocks(said);
                    replay::set(&mut object, "content", content);
                }
                Self::Object(object)
            }
        }
    }

    pub(super) fn role(&self) -> &str {
        match self {
            Self::Text { role, .. } => role,
            Self::Object(object) => object.get("role").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The names of its fields that only the server understands.
    pub(super) fn kept(&self) -> BTreeSet<String> {
        let Self::Object(object) = self else {
            return BTreeSet::new();
        };
        let calls = object
            .get("tool_calls")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let of_calls = calls.flat_map(|call| [Some(call), call.get("function")]);
        let objects = [Some(object)].into_iter().chain(of_calls).flatten();
        let fields = objects.filter_map(Value::as_object).flat_map(Map::keys);
        let own = fields
            .filter(|key| !KNOWN_FIELDS.contains(&key.as_str()))
            .cloned();
        // Thoughts are parts of the content, which servers name by their kind.
        let parts = object
            .get("content")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let kinds = parts.filter_map(|part| part.get("type").and_then(Value::as_str));
        own.chain(kinds.filter(|kind| *kind != "text").map(str::to_owned))
            .collect()
    }

    /// The calls of a step.
    pub(super) fn calls(&self) -> &[Value] {
        match self {
            Self::Text { .. } => &[],
            Self::Object(object) => message_calls(object),
        }
    }

    /// The content of a message that is not one text.
    pub(super) fn content(&self) -> Option<&Value> {
        match self {
            Self::Text { .. } => None,
            Self::Object(object) => object.get("content"),
        }
    }
}

/// The calls of a step.
pub(super) fn message_calls(message: &Value) -> &[Value] {
    let calls = message.get("tool_calls").and_then(Value::as_array);
    calls.map(Vec::as_slice).unwrap_or_default()
}
