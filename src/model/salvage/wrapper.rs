use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::find::find_calls;
use super::holdback::HoldBack;
use crate::model::replay::CallIds;
use crate::model::{
    Completion, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, StopCause, ToolCall,
};

/// A model whose written calls are made real. Text that may be a call is heard only once it turned out to be none.
#[derive(Debug)]
pub(in crate::model) struct Salvaging {
    inner: Arc<dyn Model>,
}

impl Salvaging {
    pub(in crate::model) fn new(inner: Arc<dyn Model>) -> Self {
        Self { inner }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let inner = self.inner.complete(request).await?;
        // Where no call may be made, one that is written all the same is no answer either.
        if request.tools.is_empty() {
            return Ok(inner);
        }
        let names: Vec<String> = request.tools.iter().map(|tool| tool.name.clone()).collect();
        Ok(salvaging(inner, names, CallIds::after(&request.messages)))
    }
}

impl Model for Salvaging {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}

fn salvaging(mut inner: ModelStream, names: Vec<String>, mut ids: CallIds) -> ModelStream {
    let events = async_stream::try_stream! {
        let mut hold = HoldBack::default();
        while let Some(event) = inner.next().await {
            match event? {
                ModelEvent::Text(text) => {
                    let clear = hold.push(&text);
                    if !clear.is_empty() {
                        yield ModelEvent::Text(clear);
                    }
                }
                started @ ModelEvent::ToolCallStarted { .. } => yield started,
                ModelEvent::Done(mut whole) => {
                    if salvage(&mut whole, &names, &mut ids) {
                        for call in &whole.tool_calls {
                            yield ModelEvent::ToolCallStarted { name: call.name.clone() };
                        }
                    } else {
                        let rest = hold.rest();
                        if !rest.is_empty() {
                            yield ModelEvent::Text(rest);
                        }
                    }
                    yield ModelEvent::Done(whole);
                }
            }
        }
    };
    events.boxed()
}

/// Turns the calls that the text ends in into calls; says whether there were any.
fn salvage(whole: &mut Completion, names: &[String], ids: &mut CallIds) -> bool {
    let is_tool = |name: &str| names.iter().any(|known| known == name);
    if !whole.tool_calls.is_empty() {
        return false;
    }
    let Some(found) = find_calls(&whole.text, &is_tool) else {
        return false;
    };
    let calls = found.calls.into_iter().map(|(name, arguments)| ToolCall {
        id: ids.assign(""),
        name,
        arguments,
    });
    whole.tool_calls = calls.collect();
    whole.text = found.said;
    whole.opaque = None;
    whole.stop = StopCause::ToolCalls;
    true
}
