//! JSON whose top-level keys keep an order: `serde_json` maps are sorted here, the wire's are not.

use serde_json::Value;

/// Appends `"key":value` members, separated by commas, without the braces.
pub(super) fn push_members(text: &mut String, fields: &[(&str, Value)]) {
    for (position, (key, value)) in fields.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(*key).to_string());
        text.push(':');
        text.push_str(&value.to_string());
    }
}
