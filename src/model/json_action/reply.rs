use serde::Deserialize;
use serde_json::value::RawValue;

use super::schema::ANSWER;
use crate::model::ToolSpec;
use crate::model::arguments::plain;
use crate::model::salvage::{
    AnswerObject, WrittenCalls, answer_object, find_calls, is_announcement, is_envelope, is_garbled,
    without_boxes, without_thoughts,
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
pub(super) fn read(text: &str, thinks_apart: bool, tools: &[ToolSpec]) -> StepReply {
    let text = without_boxes(text);
    let text = &*without_thoughts(&text, thinks_apart);
    let names = ToolNames::of(tools);
    if let Ok(step) = serde_json::from_str::<StepObject<'_>>(text) {
        let action = names.plain(&step.action);
        if step.action != ANSWER && names.has(&action) {
            return StepReply::Calls(WrittenCalls {
                said: String::new(),
                calls: vec![(action, plain(step.arguments.get()))],
            });
        }
    }
    match answer_object(text) {
        Some(AnswerObject::Whole(answer)) => {
            // What stands behind a call that was only written is made up.
            if let Some(found) = find_calls(&answer.before, &names) {
                return StepReply::Calls(found);
            }
            let is_unread = is_envelope(&answer.before) || is_envelope(&answer.after);
            match said(&answer.joined(), &names) {
                StepReply::Text(_) if is_unread => StepReply::Garbled,
                reply => reply,
            }
        }
        Some(AnswerObject::Cut(answer)) => StepReply::Cut(answer),
        Some(AnswerObject::Unread) => match find_calls(text, &names) {
            Some(found) => StepReply::Calls(found),
            None => StepReply::Garbled,
        },
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
