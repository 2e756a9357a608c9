use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::schema::ANSWER;
use crate::model::ToolSpec;
use crate::model::salvage::{Salvaged, find_calls, is_garbled, without_thoughts};

/// What a reply comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Calls of tools; the arguments are unchecked.
    Calls(Salvaged),
    /// An answer.
    Text(String),
    /// Neither: a call that cannot be read.
    Garbled,
}

#[derive(Deserialize)]
struct Step<'a> {
    action: String,
    #[serde(borrow)]
    arguments: &'a RawValue,
}

/// Reads a reply. What does not follow the schema is searched for written calls, and is plain text without them.
pub(super) fn read(text: &str, tools: &[ToolSpec], callable: bool) -> Reply {
    let text = without_thoughts(text);
    let is_tool = |name: &str| callable && tools.iter().any(|tool| tool.name == name);
    if let Ok(step) = serde_json::from_str::<Step<'_>>(text) {
        if step.action == ANSWER {
            return Reply::Text(answer_text(step.arguments));
        }
        if is_tool(&step.action) {
            return Reply::Calls(Salvaged {
                said: String::new(),
                calls: vec![(step.action, step.arguments.get().to_owned())],
            });
        }
    }
    match find_calls(text, &is_tool) {
        Some(found) => Reply::Calls(found),
        None if is_garbled(text, &is_tool) => Reply::Garbled,
        None => Reply::Text(text.to_owned()),
    }
}

fn answer_text(arguments: &RawValue) -> String {
    let value: Value = serde_json::from_str(arguments.get()).unwrap_or_default();
    match value.get("text").or(Some(&value)) {
        Some(Value::String(text)) => text.clone(),
        _ => arguments.get().to_owned(),
    }
}
