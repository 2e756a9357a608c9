use std::ops::Deref;

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// What says whether an object may have fields that its schema does not name.
const CLOSES: &str = "additionalProperties";

/// The JSON schema of a tool's arguments. It is written out once, because every completion sends it.
#[derive(Debug, Clone)]
pub struct ToolSchema {
    value: Value,
    written: Box<RawValue>,
}

impl ToolSchema {
    pub(crate) fn written(&self) -> &RawValue {
        &self.written
    }
}

impl From<Value> for ToolSchema {
    fn from(value: Value) -> Self {
        // A value can always be written.
        let written = to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self { value, written }
    }
}

impl Deref for ToolSchema {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl PartialEq for ToolSchema {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Serialize for ToolSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A schema without `additionalProperties`.
pub(super) fn opened(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| *key != CLOSES);
            kept.map(|(key, value)| (key.clone(), opened(value))).collect()
        }
        Value::Array(items) => items.iter().map(opened).collect(),
        other => other.clone(),
    }
}
