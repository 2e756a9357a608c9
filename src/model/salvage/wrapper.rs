use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::find::find_calls;
use super::holdback::HoldBack;
use super::marked::is_garbled;
use super::thoughts::{BoxFilter, ThoughtFilter, without_boxes, without_thoughts};
use super::unfold::unfold;
use crate::model::ModelDrive;
use crate::model::adjust::RequestPart;
use crate::model::replay::CallIds;
use crate::model::tool_names::ToolNames;
use crate::model::{
    Completion, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, StopCause, ToolCall,
    arguments,
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
        Ok(salvaging(inner, names, CallIds::after(&request.messages)))
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

fn salvaging(mut inner: ModelStream, names: ToolNames, mut ids: CallIds) -> ModelStream {
    let events = async_stream::try_stream! {
        let (mut boxes, mut unspoken) = (BoxFilter::default(), ThoughtFilter::default());
        let mut hold = HoldBack::new(&names);
        while let Some(event) = inner.next().await {
            match event? {
                ModelEvent::Text(text) => {
                    let clear = hold.push(&unspoken.push(&boxes.push(&text)));
                    yield if clear.is_empty() { ModelEvent::Unheard(text.len()) } else { ModelEvent::Text(clear) };
                }
                event @ (ModelEvent::ToolCallStarted { .. } | ModelEvent::Unheard(_) | ModelEvent::Notice(_)) => {
                    yield event;
                }
                ModelEvent::Done(mut whole) => {
                    let last = unspoken.push(&boxes.rest()) + &unspoken.rest();
                    let rest = hold.push(&last) + &hold.rest();
                    match salvage(&mut whole, &names, &mut ids) {
                        WrittenAs::Calls => {
                            for call in &whole.tool_calls {
                                yield ModelEvent::ToolCallStarted { name: call.name.clone() };
                            }
                        }
                        WrittenAs::Words if !rest.is_empty() => yield ModelEvent::Text(rest),
                        WrittenAs::Words | WrittenAs::Garbled => {}
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
    /// The beginning of a call, or one in a form that cannot be read.
    Garbled,
}

/// Turns the calls that a completion's text ends in into calls; where nothing was said, those that its thoughts end in.
fn salvage(whole: &mut Completion, names: &ToolNames, ids: &mut CallIds) -> WrittenAs {
    let unboxed = without_boxes(&whole.text);
    let said = without_thoughts(&unboxed);
    if said.len() < whole.text.len() {
        whole.text = said.to_owned();
    }
    if !whole.tool_calls.is_empty() {
        unfold(whole, names, ids);
        return WrittenAs::Words;
    }
    let is_silent = whole.text.trim().is_empty();
    let text = if is_silent { &whole.reasoning } else { &whole.text };
    let Some(found) = find_calls(text, names) else {
        // Thoughts may speak of a call without making one; an answer may not.
        if is_silent || !is_garbled(text, names) {
            return WrittenAs::Words;
        }
        whole.stop = StopCause::Garbled;
        return WrittenAs::Garbled;
    };
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
