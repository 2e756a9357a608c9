use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::{HeaderName, Method};
use secrecy::ExposeSecret;

use super::assemble::MessagesAssembler;
use super::body::MessagesBody;
use super::event::MessagesEvent;
use crate::model::ModelSettings;
use crate::model::adjust::{Adjustments, RequestPart};
use crate::model::endpoint::{ModelEndpoint, address_variable, key_variable};
use crate::model::opening::judge;
use crate::model::replay::CallIds;
use crate::model::sse::{SseItem, items};
use crate::model::tool_names::ToolNames;
use crate::model::{Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};
use crate::wire::{Wire, WireResponse};

const DEFAULT_BASE: &str = "https://api.anthropic.com";
const PATH: &str = "/v1/messages";
const VERSION: (HeaderName, &str) = (HeaderName::from_static("anthropic-version"), "2023-06-01");

/// A model behind Anthropic's Messages API.
#[derive(Debug, Clone)]
pub(in crate::model) struct AnthropicModel {
    endpoint: Arc<ModelEndpoint>,
    wire: Wire,
    adjustments: Adjustments,
}

/// The endpoint of the settings, for completions and for listing models. A key is needed for Anthropic's own address
/// only.
pub(in crate::model) fn endpoint(settings: &ModelSettings) -> Result<ModelEndpoint, ModelError> {
    if settings.base_url.is_none() && settings.api_key.is_none() && settings.headers.is_empty() {
        let (key, address) = (
            key_variable(settings.id.provider),
            address_variable(settings.id.provider),
        );
        return Err(ModelError::NotUsable {
            model: settings.id.to_string(),
            reason: format!("set {key}, or {address} for a server that needs no key"),
        });
    }
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
        let endpoint = Arc::new(endpoint(settings)?);
        let adjustments = left_out.map_or_else(
            || Adjustments::of_process(endpoint.base(), &settings.id.name),
            Adjustments::recorded,
        );
        Ok(Self {
            endpoint,
            wire,
            adjustments,
        })
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let mut tried = Vec::new();
        loop {
            let left_out = self.adjustments.parts();
            let body = MessagesBody::new(&self.endpoint.id().name, request, &left_out);
            let sent = body.parts();
            let body = serde_json::to_vec(&body).map_err(|error| self.endpoint.unreadable(error))?;
            let mut outgoing = self.endpoint.request(Method::POST, PATH, Some(Bytes::from(body)));
            outgoing.policy.opening = Some(|body, ended| judge(body, ended, MessagesEvent::opening));
            let answer = self.wire.send(outgoing).await;
            let answer = answer.map_err(|error| self.endpoint.wire_error(error))?;
            match self.endpoint.accepted(answer).await? {
                Ok(response) => {
                    let (ids, names) = (CallIds::after(&request.messages), ToolNames::of(&request.tools));
                    return Ok(self.clone().events(response, MessagesAssembler::new(ids, names)));
                }
                Err(refusal) if self.adjustments.answer(&refusal, &sent, &mut tried) => {}
                Err(refusal) => return Err(self.endpoint.refused(&refusal)),
            }
        }
    }

    fn events(self, response: WireResponse, mut whole: MessagesAssembler) -> ModelStream {
        let events = async_stream::try_stream! {
            let mut items = pin!(items(response.body));
            let (mut heard, mut noise) = (Vec::new(), None);
            while let Some(item) = items.next().await {
                match item.map_err(|error| self.endpoint.wire_error(error))? {
                    SseItem::Event { json, .. } => whole
                        .push(MessagesEvent::read(&json), &mut heard)
                        .map_err(|message| self.endpoint.broke_off(&message))?,
                    SseItem::End => {}
                    SseItem::Noise(words) => noise = Some(words),
                }
                for event in heard.drain(..) {
                    yield event;
                }
                if whole.is_stopped() {
                    break;
                }
            }
            if !whole.is_stopped() {
                Err(self.endpoint.ended_early(noise.as_deref()))?;
            }
            if let Some(reason) = whole.cut() {
                Err(self.endpoint.cut(reason))?;
            }
            yield ModelEvent::Done(whole.complete(&self.endpoint.id().name));
        };
        events.boxed()
    }
}

impl Model for AnthropicModel {
    fn id(&self) -> &ModelId {
        self.endpoint.id()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.adjustments.parts().into_iter().collect()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}
