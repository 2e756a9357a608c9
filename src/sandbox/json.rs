//! JSON whose top-level keys keep an order: `serde_json` maps are sorted here, the wire's are not.

use serde_json::Value;

/// Writes `fields` as one object, in the order given.
pub(super) fn ordered_object(fields: &[(&str, Value)]) -> String {
    let mut text = String::from("{");
    push_members(&mut text, fields);
    text.push('}');
    text
}

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
