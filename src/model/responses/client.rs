use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::assemble::ResponseAssembler;
use super::body::{body, parts};
use super::event::ResponseEvent;
use crate::model::ModelSettings;
use crate::model::adjust::RequestPart;
use crate::model::completions::{CompletionBody, CompletionEndpoint, takes_no_tools};
use crate::model::ending::ItemReader;
use crate::model::openai;
use crate::model::opening::judge;
use crate::model::replay::CallIds;
use crate::model::sse::SseItem;
use crate::model::tool_names::ToolNames;
use crate::model::{Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};
use crate::wire::{Wire, WireResponse};

const PATH: &str = "/responses";

/// A model behind OpenAI's Responses API.
#[derive(Debug, Clone)]
pub(in crate::model) struct ResponsesModel {
    at: CompletionEndpoint,
}

impl ResponsesModel {
    /// The model of the settings; see [`openai::OpenAiModel::new`].
    pub(in crate::model) fn new(
        settings: &ModelSettings,
        wire: Wire,
        left_out: Option<&[RequestPart]>,
    ) -> Result<Self, ModelError> {
        let opening = || judge(ResponseEvent::opening, ResponseEvent::is_one);
        let at = CompletionEndpoint::new(openai::endpoint(settings)?, PATH, opening, wire);
        Ok(Self {
            at: at.adjusted(left_out),
        })
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let (at, asked) = (Arc::clone(&self.at.endpoint), request.clone());
        let answer = self.at.ask(move |left_out| {
            let body = body(&at.id().name, &asked, left_out)?;
            Ok(CompletionBody {
                json: serde_json::to_vec(&body)?,
                parts: parts(&body, left_out),
            })
        });
        let response = answer
            .await?
            .map_err(|refusal| takes_no_tools(&refusal, request, self.at.endpoint.refused(&refusal)))?;
        let (ids, names) = (CallIds::after(&request.messages), ToolNames::of(&request.tools));
        Ok(self.clone().events(response, ResponseAssembler::new(ids, names)))
    }

    fn events(self, response: WireResponse, mut whole: ResponseAssembler) -> ModelStream {
        let events = async_stream::try_stream! {
            let batched = response.is_batched();
            let mut items = ItemReader::of(response, ResponseEvent::is_one);
            let (mut heard, mut noise) = (Vec::new(), None);
            while let Some(item) = items.next(None).await {
                match item.map_err(|error| self.at.endpoint.wire_error(error))? {
                    SseItem::Event { json, .. } => whole
                        .push(ResponseEvent::read(&json), &mut heard)
                        .map_err(|error| self.at.endpoint.broke_off(&error.message))?,
                    // Of another protocol, and an end all the same.
                    SseItem::End => break,
                    SseItem::Noise(words) => {
                        if let Some(error) = self.at.endpoint.lost_piece(&words, whole.has_begun()) {
                            Err(error)?;
                        }
                        noise = Some(words);
                    }
                }
                for event in heard.drain(..) {
                    yield event;
                }
                if whole.is_ended() {
                    break;
                }
            }
            if !whole.is_ended() {
                Err(self.at.endpoint.ended_early(noise.as_deref()))?;
            }
            let unread = whole.unread();
            if let Some(error) = unread.and_then(|words| self.at.endpoint.lost_piece(words, true)) {
                Err(error)?;
            }
            if let Some(reason) = whole.cut() {
                Err(self.at.endpoint.cut(&reason))?;
            }
            let done = whole.complete(&self.at.endpoint.id().name, &mut heard);
            for event in heard {
                yield event;
            }
            yield ModelEvent::Done(done.paid_for(batched));
        };
        events.boxed()
    }
}

impl Model for ResponsesModel {
    fn id(&self) -> &ModelId {
        self.at.endpoint.id()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.at.left_out()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}
