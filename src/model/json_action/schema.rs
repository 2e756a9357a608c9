use serde_json::{Value, json};

use crate::model::{ToolChoice, ToolSpec};

/// The action that ends the turn with text.
pub(super) const ANSWER: &str = "answer";

/// The schema of one step: a call of one of the tools, or the answer; only the answer where tools may not be called. It is one
/// object, as strict servers want it, so that it does not say which arguments belong to which action: the gate holds that.
pub(super) fn of(tools: &[ToolSpec], choice: ToolChoice) -> Value {
    let text = json!({
        "type": "object", "additionalProperties": false, "required": ["text"],
        "properties": {"text": {"type": "string"}},
    });
    if choice == ToolChoice::None || tools.is_empty() {
        return step(&[ANSWER], &text);
    }
    let mut actions: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    actions.push(ANSWER);
    let mut arguments: Vec<&Value> = tools.iter().map(|tool| &*tool.schema).collect();
    arguments.push(&text);
    step(&actions, &json!({ "anyOf": arguments }))
}

fn step(actions: &[&str], arguments: &Value) -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["action", "arguments"],
        "properties": {"action": {"type": "string", "enum": actions}, "arguments": arguments},
    })
}
