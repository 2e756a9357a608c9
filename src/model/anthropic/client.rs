use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::HeaderName;
use secrecy::ExposeSecret;

use super::assemble::MessagesAssembler;
use super::body::MessagesBody;
use super::event::MessagesEvent;
use crate::model::ModelSettings;
use crate::model::adjust::RequestPart;
use crate::model::completions::{CompletionBody, CompletionEndpoint, reachable, takes_no_tools};
use crate::model::ending::ItemReader;
use crate::model::endpoint::ModelEndpoint;
use crate::model::opening::judge;
use crate::model::pieces::Doubt;
use crate::model::replay::CallIds;
use crate::model::sse::SseItem;
use crate::model::tool_names::ToolNames;
use crate::model::{Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};
use crate::wire::{Wire, WireResponse};

pub(in crate::model) const DEFAULT_BASE: &str = "https://api.anthropic.com";
const PATH: &str = "/v1/messages";
const VERSION: (HeaderName, &str) = (HeaderName::from_static("anthropic-version"), "2023-06-01");

/// A model behind Anthropic's Messages API.
#[derive(Debug, Clone)]
pub(in crate::model) struct AnthropicModel {
    at: CompletionEndpoint,
}

/// The endpoint of the settings, for completions and for listing models. A key is needed for Anthropic's own address
/// only.
pub(in crate::model) fn endpoint(settings: &ModelSettings) -> Result<ModelEndpoint, ModelError> {
    reachable(settings)?;
    let key = settings.api_key.as_ref();
    let key = key.map(|key| {
        (
            HeaderName::from_static("x-api-key"),
            key.expose_secret().to_owned(),
        )
    });
    ModelEndpoint::new(settings, DEFAULT_BASE, key, &[VERSION])
}

impl AnthropicModel {
    /// The model of the settings. `left_out` is what a recorded turn left out of its requests; without it the
    /// process's own memory of the server counts.
    pub(in crate::model) fn new(
        settings: &ModelSettings,
        wire: Wire,
        left_out: Option<&[RequestPart]>,
    ) -> Result<Self, ModelError> {
        let opening = || judge(MessagesEvent::opening, MessagesEvent::is_one);
        let at = CompletionEndpoint::new(endpoint(settings)?, PATH, opening, wire);
        Ok(Self {
            at: at.adjusted(left_out),
        })
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let (at, asked) = (Arc::clone(&self.at.endpoint), request.clone());
        let answer = self.at.ask(move |left_out| {
            let body = MessagesBody::new(&at.id().name, &asked, left_out);
            Ok(CompletionBody {
                json: serde_json::to_vec(&body)?,
                parts: body.parts(left_out),
            })
        });
        let response = answer
            .await?
            .map_err(|refusal| takes_no_tools(&refusal, request, self.at.endpoint.refused(&refusal)))?;
        let (ids, names) = (CallIds::after(&request.messages), ToolNames::of(&request.tools));
        Ok(self.clone().events(response, MessagesAssembler::new(ids, names)))
    }

    fn events(self, response: WireResponse, mut whole: MessagesAssembler) -> ModelStream {
        let events = async_stream::try_stream! {
            let batched = response.is_batched();
            let mut items = ItemReader::of(response, MessagesEvent::is_one);
            // The first event that nobody could read.
            let (mut heard, mut noise, mut strange) = (Vec::new(), None, None);
            while let Some(item) = items.next(whole.grace()).await {
                let item = match item {
                    // What broke came behind a whole answer.
                    Err(error) if error.is_broken() && whole.is_whole() => break,
                    item => item.map_err(|error| self.at.endpoint.wire_error(error))?,
                };
                match item {
                    SseItem::Event { json, .. } => {
                        let doubt = whole
                            .push(MessagesEvent::read(&json), &mut heard)
                            .map_err(|message| self.at.endpoint.broke_off(&message))?;
                        if doubt.is_lost() {
                            Err(self.at.endpoint.lost_object(&json))?;
                        }
                        if doubt != Doubt::None && strange.is_none() {
                            strange = Some(json);
                        }
                    }
                    // Of another protocol, and an end all the same.
                    SseItem::End => break,
                    SseItem::Noise(words) => {
                        let has_begun = whole.has_begun() && !whole.is_whole();
                        if let Some(error) = self.at.endpoint.lost_piece(&words, has_begun) {
                            Err(error)?;
                        }
                        noise = Some(words);
                    }
                }
                for event in heard.drain(..) {
                    yield event;
                }
                if whole.is_stopped() {
                    break;
                }
            }
            if whole.is_wordless() && let Some(strange) = strange {
                Err(self.at.endpoint.lost_object(&strange))?;
            }
            if !whole.is_stopped() && !whole.is_finished() {
                Err(self.at.endpoint.ended_early(noise.as_deref()))?;
            }
            if whole.is_unexplained() {
                Err(self.at.endpoint.unexplained())?;
            }
            if let Some(reason) = whole.cut() {
                Err(self.at.endpoint.cut(reason))?;
            }
            let done = whole.complete(&self.at.endpoint.id().name);
            yield ModelEvent::Done(done.paid_for(batched));
        };
        events.boxed()
    }
}

impl Model for AnthropicModel {
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
