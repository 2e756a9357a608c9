use serde_json::{Value, json};

use crate::model::{ToolChoice, ToolSpec};

/// The action that ends the turn with text.
pub(super) const ANSWER: &str = "answer";

/// The schema of one step: a call of one of the tools, or the answer; only the answer where tools may not be called.
pub(super) fn of(tools: &[ToolSpec], choice: ToolChoice) -> Value {
    let text = json!({
        "type": "object", "additionalProperties": false, "required": ["text"],
        "properties": {"text": {"type": "string"}},
    });
    let answer = action(ANSWER, &text);
    if choice == ToolChoice::None || tools.is_empty() {
        return answer;
    }
    let mut actions: Vec<Value> = tools
        .iter()
        .map(|tool| action(&tool.name, &tool.schema))
        .collect();
    actions.push(answer);
    json!({ "anyOf": actions })
}

fn action(name: &str, arguments: &Value) -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["action", "arguments"],
        "properties": {"action": {"type": "string", "enum": [name]}, "arguments": arguments},
    })
}
