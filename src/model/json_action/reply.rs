use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::schema::ANSWER;
use crate::model::ToolSpec;
use crate::model::arguments::plain;
use crate::model::salvage::{
    AnswerObject, WrittenCalls, answer_object, find_calls, is_announcement, is_garbled, without_boxes,
    without_thoughts,
};
use crate::model::tool_names::ToolNames;

/// What a reply comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StepReply {
    /// Calls of tools; the arguments are unchecked.
    Calls(WrittenCalls),
    Text(String),
    /// An answer whose object breaks off within it.
    Cut(String),
    /// Neither: a call that cannot be read.
    Garbled,
}

#[derive(Deserialize)]
struct StepObject<'a> {
    action: String,
    #[serde(borrow)]
    arguments: &'a RawValue,
}

/// Reads a reply. What does not follow the schema is searched for written calls, and is plain text without them. Where no call
/// may be made, one that is written all the same is no answer either.
pub(super) fn read(text: &str, tools: &[ToolSpec]) -> StepReply {
    let text = without_boxes(text);
    let text = without_thoughts(&text);
    let names = ToolNames::of(tools);
    if let Ok(step) = serde_json::from_str::<StepObject<'_>>(text) {
        if step.action == ANSWER {
            return said(&answer_text(step.arguments), &names);
        }
        let action = names.plain(&step.action);
        if names.has(&action) {
            return StepReply::Calls(WrittenCalls {
                said: String::new(),
                calls: vec![(action, plain(step.arguments.get()))],
            });
        }
    }
    match answer_object(text, ANSWER) {
        Some(AnswerObject::Whole(answer)) => said(&answer, &names),
        Some(AnswerObject::Cut(answer)) => StepReply::Cut(answer),
        None => said(text, &names),
    }
}

/// What a text is: calls that it ends in, or an answer.
fn said(text: &str, names: &ToolNames) -> StepReply {
    match find_calls(text, names) {
        Some(found) => StepReply::Calls(found),
        None if is_garbled(text, names) || is_announcement(text) => StepReply::Garbled,
        None => StepReply::Text(text.to_owned()),
    }
}

fn answer_text(arguments: &RawValue) -> String {
    let value: Value = serde_json::from_str(arguments.get()).unwrap_or_default();
    match value.get("text").or(Some(&value)) {
        Some(Value::String(text)) => text.clone(),
        _ => arguments.get().to_owned(),
    }
}
