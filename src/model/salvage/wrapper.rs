use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::announced::is_announcement;
use super::answer::{AnswerObject, unasked_answer_object};
use super::find::{WrittenCalls, find_calls};
use super::holdback::HoldBack;
use super::marked::is_garbled;
use super::object::NamedCall;
use super::plain::{is_only_marks, without_shells};
use super::react::{final_answer, without_label};
use super::thoughts::{ThoughtFilter, without_thoughts};
use super::turns::{BoxFilter, without_boxes};
use super::unfold::unfold;
use crate::model::ModelDrive;
use crate::model::adjust::RequestPart;
use crate::model::lenient_json;
use crate::model::replay::CallIds;
use crate::model::tool_names::ToolNames;
use crate::model::{
    Completion, Message, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, StopCause,
    ToolCall, arguments,
};

/// A model whose written calls are made real. Text that may be a call is heard only once it turned out to be none.
#[derive(Debug)]
pub(in crate::model) struct SalvagingModel {
    inner: Arc<dyn Model>,
}

impl SalvagingModel {
    pub(in crate::model) fn new(inner: Arc<dyn Model>) -> Self {
        Self { inner }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let inner = self.inner.complete(request).await?;
        // Where no call may be made, one that is written all the same is no answer either.
        if request.tools.is_empty() {
            return Ok(inner);
        }
        let names = ToolNames::of(&request.tools);
        let made = made(&request.messages);
        Ok(salvaging(inner, names, made, CallIds::after(&request.messages)))
    }
}

impl Model for SalvagingModel {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn found_drive(&self) -> Option<ModelDrive> {
        self.inner.found_drive()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.inner.left_out()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}

/// The calls that were made since the last question.
fn made(messages: &[Message]) -> Vec<NamedCall> {
    let since = messages
        .iter()
        .rev()
        .take_while(|message| !matches!(message, Message::User(_)));
    let calls = since.flat_map(|message| match message {
        Message::Assistant { tool_calls, .. } => tool_calls.as_slice(),
        _ => &[],
    });
    calls
        .map(|call| (call.name.clone(), call.arguments.clone()))
        .collect()
}

fn salvaging(
    mut inner: ModelStream,
    names: ToolNames,
    made: Vec<NamedCall>,
    mut ids: CallIds,
) -> ModelStream {
    let events = async_stream::try_stream! {
        let (mut boxes, mut unspoken) = (BoxFilter::default(), ThoughtFilter::default());
        let mut hold = HoldBack::new(&names);
        let mut heard = String::new();
        while let Some(event) = inner.next().await {
            match event? {
                ModelEvent::Text(text) => {
                    let clear = hold.push(&unspoken.push(&boxes.push(&text)));
                    heard += &clear;
                    yield if clear.is_empty() { ModelEvent::Unheard(text.len()) } else { ModelEvent::Text(clear) };
                }
                event @ (ModelEvent::ToolCallStarted { .. } | ModelEvent::Unheard(_) | ModelEvent::Notice(_)) => {
                    yield event;
                }
                ModelEvent::Done(mut whole) => {
                    let last = unspoken.push(&boxes.rest()) + &unspoken.rest();
                    let rest = hold.push(&last) + &hold.rest();
                    match salvage(&mut whole, (&names, &made), &mut ids, heard.trim_end()) {
                        WrittenAs::Calls => {
                            for call in &whole.tool_calls {
                                yield ModelEvent::ToolCallStarted { name: call.name.clone() };
                            }
                        }
                        WrittenAs::Words => {
                            let rest = without_shells(&rest);
                            if !rest.is_empty() && !whole.text.is_empty() {
                                yield ModelEvent::Text(rest.to_owned());
                            }
                        }
                        WrittenAs::Answer => {
                            let rest = whole.text.get(heard.trim_end().len()..).unwrap_or_default();
                            yield ModelEvent::Text(rest.to_owned());
                        }
                        WrittenAs::Garbled => {}
                    }
                    yield ModelEvent::Done(whole);
                }
            }
        }
    };
    events.boxed()
}

/// What a text turned out to be.
enum WrittenAs {
    Calls,
    Words,
    /// An object whose text is the answer.
    Answer,
    /// The beginning of a call, or one in a form that cannot be read.
    Garbled,
}

/// Turns the calls that a completion's text ends in into calls; where nothing was said, those that its thoughts end in. `heard` is
/// what of it was given out.
fn salvage(
    whole: &mut Completion,
    (names, made): (&ToolNames, &[NamedCall]),
    ids: &mut CallIds,
    heard: &str,
) -> WrittenAs {
    let unboxed = without_boxes(&whole.text);
    let said = without_thoughts(&unboxed, !whole.reasoning.is_empty());
    if said.len() < whole.text.len() {
        whole.text = said.into_owned();
    }
    if is_only_marks(&whole.text) {
        whole.text.clear();
    }
    if !whole.tool_calls.is_empty() {
        unfold(whole, names, ids);
        return WrittenAs::Words;
    }
    let full = without_shells(&whole.text).len();
    if full > 0 {
        whole.text.truncate(full);
    }
    let is_silent = whole.text.trim().is_empty();
    let text = if is_silent { &whole.reasoning } else { &whole.text };
    // Thoughts go on into a call without a new line.
    let inside = || {
        text.find("<tool_call>")
            .filter(|_| is_silent)
            .and_then(|at| text.get(at..))
    };
    let found = find_calls(text, names).or_else(|| find_calls(inside()?, names));
    let Some(found) = found else {
        // Thoughts may speak of a call without making one; an answer may not.
        let is_promise = whole.stop == StopCause::End && is_announcement(without_label(text));
        let is_lost = !is_silent && (is_promise || is_garbled(text, names));
        if let Some(written) = answered(whole, heard) {
            return written;
        }
        if !is_lost {
            return led_in(whole, heard).unwrap_or(WrittenAs::Words);
        }
        if whole.stop == StopCause::Length {
            // A call that the limit cut is nothing yet.
            whole.text.clear();
        } else {
            whole.stop = StopCause::Garbled;
        }
        return WrittenAs::Garbled;
    };
    if !is_silent && cites(text, &found, made) {
        return WrittenAs::Words;
    }
    let calls = found.calls.into_iter().map(|(name, arguments)| ToolCall {
        id: ids.assign(""),
        name,
        arguments: arguments::plain(&arguments),
    });
    whole.tool_calls = calls.collect();
    whole.text = if is_silent { String::new() } else { found.said };
    whole.opaque = None;
    whole.stop = StopCause::ToolCalls;
    WrittenAs::Calls
}

/// Takes the answer out of the object that a text is, as a model writes it that is driven by such objects.
fn answered(whole: &mut Completion, heard: &str) -> Option<WrittenAs> {
    let is_cut = matches!(whole.stop, StopCause::Length | StopCause::Withheld);
    let (text, is_open) = match unasked_answer_object(&whole.text)? {
        AnswerObject::Whole(answer) => (answer.joined(), false),
        AnswerObject::Cut(text) => (text, true),
        AnswerObject::Unread => (String::new(), true),
    };
    // What was heard already is not taken back.
    if !text.starts_with(heard) {
        return None;
    }
    if is_open && !is_cut {
        whole.stop = if text.is_empty() {
            StopCause::Garbled
        } else {
            StopCause::Unclosed
        };
    }
    let is_said = !text.is_empty() && whole.stop != StopCause::Unclosed;
    whole.text = text;
    Some(if is_said {
        WrittenAs::Answer
    } else {
        WrittenAs::Garbled
    })
}

/// Takes off an answer what leads in to it, unless somebody has heard that.
fn led_in(whole: &mut Completion, heard: &str) -> Option<WrittenAs> {
    let answer = final_answer(&whole.text).filter(|_| heard.trim().is_empty())?;
    whole.text = answer.to_owned();
    Some(WrittenAs::Answer)
}

/// Whether an answer shows in a fence which calls it comes from: it tells a figure, and all of them were made already.
fn cites(text: &str, found: &WrittenCalls, made: &[NamedCall]) -> bool {
    let is_made = |(name, arguments): &NamedCall| {
        let arguments = lenient_json::value(arguments);
        made.iter()
            .any(|(known, with)| known == name && lenient_json::value(with) == arguments)
    };
    let shown = text.trim().strip_prefix(found.said.as_str());
    shown.is_some_and(|shown| shown.trim_start().starts_with("```"))
        && found.said.contains(|c: char| c.is_ascii_digit())
        && found.calls.iter().all(is_made)
}
