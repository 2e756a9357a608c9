use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::delta::JsonDelta;
use super::message::TapedMessages;
use super::sent::SentBody;

/// A completion's body as a tape holds it: what it adds to the one before, or to a beginning that stands elsewhere. The
/// fields are in the order of their names.
#[derive(Debug, Default, Serialize)]
pub(super) struct ToldBody {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    append: BTreeMap<String, ToldPart>,
    /// The hash of the beginning, null where all of it stands here; missing where it follows the body before.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    drop: Vec<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    set: BTreeMap<String, ToldPart>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ToldPart {
    Json(Value),
    Messages(TapedMessages),
}

impl ToldBody {
    /// The way from one body to the next. Both have the same prefix.
    pub(super) fn between(old: &SentBody, new: &SentBody) -> Self {
        let (before, told) = match (&old.conversation, &new.conversation) {
            (None, Some(told)) => {
                let mut delta = Self::of(JsonDelta::between(&old.rest, &new.rest));
                let all = ToldPart::Messages(told.messages.clone());
                delta.set.insert(format!("/{}", told.name), all);
                return delta;
            }
            (Some(before), Some(told)) if before.name == told.name => (&before.messages.0, told),
            _ => return Self::of(JsonDelta::between(&old.unshared(), &new.unshared())),
        };
        let Some((repeated, new_ones)) = told.messages.0.split_at_checked(before.len()) else {
            return Self::of(JsonDelta::between(&old.unshared(), &new.unshared()));
        };
        let mut delta = JsonDelta::between(&old.rest, &new.rest);
        for (number, (one, other)) in before.iter().zip(repeated).enumerate() {
            if one != other {
                let place = format!("/{}/{number}", told.name);
                delta.walk(&place, &one.value(), &other.value());
            }
        }
        let mut delta = Self::of(delta);
        if !new_ones.is_empty() {
            let new_ones = new_ones.iter().map(Arc::clone).collect();
            let new_ones = ToldPart::Messages(TapedMessages(new_ones));
            delta.append.insert(format!("/{}", told.name), new_ones);
        }
        delta
    }

    /// A body that follows its beginning, whose hash is `base`.
    pub(super) fn following(beginning: &SentBody, base: &str, body: &SentBody) -> Self {
        Self {
            base: Some(base.into()),
            ..Self::between(beginning, body)
        }
    }

    /// All of a body.
    pub(super) fn whole(body: &SentBody) -> Self {
        Self {
            base: Some(Value::Null),
            ..Self::of(JsonDelta::between(&json!({}), &body.whole()))
        }
    }

    fn of(delta: JsonDelta) -> Self {
        let parts = |parts: serde_json::Map<String, Value>| {
            let parts = parts.into_iter();
            parts.map(|(place, part)| (place, ToldPart::Json(part))).collect()
        };
        Self {
            append: parts(delta.append),
            base: None,
            drop: delta.drop,
            set: parts(delta.set),
        }
    }
}
