use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::reply::{self, StepReply};
use super::{request, schema};
use crate::model::adjust::{RequestPart, token_limit};
use crate::model::openai::{OpenAiModel, ResponseFormat};
use crate::model::replay::CallIds;
use crate::model::salvage::unfold;
use crate::model::tool_names::ToolNames;
use crate::model::{
    Completion, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, StopCause, ToolCall,
};

/// Text of a completion that is kept back at most, in bytes: what is longer is passed on as it comes, so that whoever
/// listens can end it.
const MOST_HELD: usize = 64 << 10;

/// A model that is driven by one JSON object per step.
#[derive(Debug)]
pub(in crate::model) struct JsonAction {
    inner: OpenAiModel,
}

impl JsonAction {
    pub(in crate::model) fn new(inner: OpenAiModel) -> Self {
        Self { inner }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let schema = schema::of(&request.tools, request.tool_choice);
        let format = ResponseFormat::new("action", &schema).map_err(|error| ModelError::NotUsable {
            model: self.id().to_string(),
            reason: format!("the tools' schemas cannot be sent: {error}"),
        })?;
        let inner = self
            .inner
            .start(&request::rewritten(request), Some(&format))
            .await?;
        let limit = token_limit(request.max_output_tokens, &self.inner.adjustments().parts());
        Ok(acting(inner, request.clone(), limit))
    }
}

impl Model for JsonAction {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.inner.left_out()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}

fn acting(mut inner: ModelStream, request: ModelRequest, limit: u32) -> ModelStream {
    let events = async_stream::try_stream! {
        let mut held = String::new();
        let mut given_up = false;
        while let Some(event) = inner.next().await {
            match event? {
                ModelEvent::Text(text) => {
                    held += &text;
                    given_up |= held.len() > MOST_HELD;
                    if given_up {
                        yield ModelEvent::Text(std::mem::take(&mut held));
                    }
                }
                ModelEvent::ToolCallStarted { .. } => {}
                event @ (ModelEvent::Unheard(_) | ModelEvent::Notice(_)) => yield event,
                ModelEvent::Done(whole) => {
                    for event in acted(whole, &request, limit, given_up) {
                        yield event;
                    }
                }
            }
        }
    };
    events.boxed()
}

/// The end of a completion, with what a listener has still to hear before it. `limit` is the most tokens that it could have.
fn acted(mut whole: Completion, request: &ModelRequest, limit: u32, given_up: bool) -> Vec<ModelEvent> {
    let mut events = Vec::new();
    if !given_up {
        // Not every server says that its limit cut an object.
        let is_at_limit = whole
            .usage
            .is_some_and(|usage| usage.output_tokens >= u64::from(limit));
        let reply = reply::read(&whole.text, !whole.reasoning.is_empty(), &request.tools);
        let is_open = matches!(reply, StepReply::Cut(_) | StepReply::Garbled);
        if is_open && is_at_limit && whole.stop == StopCause::End {
            whole.stop = StopCause::Length;
        }
        let is_cut = matches!(whole.stop, StopCause::Length | StopCause::Withheld);
        match reply {
            StepReply::Text(text) => {
                if !text.is_empty() {
                    events.push(ModelEvent::Text(text.clone()));
                }
                whole.text = text;
            }
            StepReply::Cut(text) => {
                if is_cut {
                    events.push(ModelEvent::Text(text.clone()));
                } else {
                    whole.stop = StopCause::Unclosed;
                }
                whole.text = text;
            }
            // An object that was cut before it said anything is nothing yet.
            StepReply::Garbled if is_cut => whole.text.clear(),
            StepReply::Garbled => whole.stop = StopCause::Garbled,
            StepReply::Calls(found) => {
                let mut ids = CallIds::after(&request.messages);
                for (name, arguments) in found.calls {
                    events.push(ModelEvent::ToolCallStarted { name: name.clone() });
                    let id = ids.assign("");
                    whole.tool_calls.push(ToolCall { id, name, arguments });
                }
                let names = ToolNames::of(&request.tools);
                unfold(&mut whole, &names, &mut CallIds::after(&request.messages));
                whole.text = found.said;
                whole.stop = StopCause::ToolCalls;
            }
        }
    }
    whole.opaque = None;
    events.push(ModelEvent::Done(whole));
    events
}
