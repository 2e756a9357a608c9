use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use http::{HeaderName, Method};
use secrecy::ExposeSecret;

use super::assemble::Assembler;
use super::body::MessagesBody;
use super::event::Event;
use crate::model::ModelSettings;
use crate::model::endpoint::{Endpoint, address_variable, key_variable, provider_message};
use crate::model::lines::whole_lines;
use crate::model::replay::CallIds;
use crate::model::{Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};
use crate::wire::{Wire, WireError, WireResponse};

const DEFAULT_BASE: &str = "https://api.anthropic.com";
const VERSION: (HeaderName, &str) = (HeaderName::from_static("anthropic-version"), "2023-06-01");

/// A model behind Anthropic's Messages API.
#[derive(Debug, Clone)]
pub(in crate::model) struct AnthropicModel {
    endpoint: Arc<Endpoint>,
    wire: Wire,
}

/// The endpoint of the settings, for completions and for listing models. A key is needed for Anthropic's own address
/// only.
pub(in crate::model) fn endpoint(settings: &ModelSettings) -> Result<Endpoint, ModelError> {
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
    Endpoint::new(settings, DEFAULT_BASE, key, &[VERSION])
}

impl AnthropicModel {
    /// The model of the settings.
    pub(in crate::model) fn new(settings: &ModelSettings, wire: Wire) -> Result<Self, ModelError> {
        Ok(Self {
            endpoint: Arc::new(endpoint(settings)?),
            wire,
        })
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let body = MessagesBody::new(&self.endpoint.id().name, request);
        let body = serde_json::to_vec(&body).map_err(|error| self.endpoint.unreadable(error))?;
        let outgoing = self
            .endpoint
            .request(Method::POST, "/v1/messages", Some(Bytes::from(body)));
        let sent = self.wire.send(outgoing).await;
        let response = sent.map_err(|error| self.endpoint.wire_error(error))?;
        if !response.status.is_success() {
            return Err(self.endpoint.refusal(response).await);
        }
        let kind = response
            .headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        if let Some(error) = self.endpoint.web_page(kind) {
            return Err(error);
        }
        if kind.is_some_and(|kind| kind.contains("json")) {
            let whole = response
                .bytes()
                .await
                .map_err(|error| self.endpoint.wire_error(error))?;
            let message = format!("it is not an event stream: {}", provider_message(&whole));
            return Err(self.endpoint.unreadable(message));
        }
        let whole = Assembler::new(CallIds::after(&request.messages));
        Ok(self.clone().events(response, whole))
    }

    fn events(self, response: WireResponse, mut whole: Assembler) -> ModelStream {
        let events = async_stream::try_stream! {
            // The last event is closed for servers that leave out the last empty line.
            let closing = stream::iter([Ok::<_, WireError>(Bytes::from_static(b"\n\n"))]);
            let mut events = pin!(whole_lines(response.body).chain(closing).eventsource());
            while let Some(event) = events.next().await {
                let event = event.map_err(|error| self.stream_error(error))?;
                let event = serde_json::from_str::<Event>(&event.data)
                    .map_err(|error| self.endpoint.unreadable(format!("an event cannot be read: {error}")))?;
                let heard = whole.push(event).map_err(|message| self.endpoint.broke_off(&message))?;
                if let Some(event) = heard {
                    yield event;
                }
                if whole.is_stopped() {
                    break;
                }
            }
            if !whole.is_stopped() {
                Err(self.endpoint.broke_off("the stream ended before the message did"))?;
            }
            yield ModelEvent::Done(whole.complete(&self.endpoint.id().name));
        };
        events.boxed()
    }

    fn stream_error(&self, error: EventStreamError<WireError>) -> ModelError {
        match error {
            EventStreamError::Transport(source) => self.endpoint.wire_error(source),
            EventStreamError::Utf8(_) => self.endpoint.unreadable("its stream is not UTF-8"),
            EventStreamError::Parser(_) => self.endpoint.unreadable("it is not an event stream"),
        }
    }
}

impl Model for AnthropicModel {
    fn id(&self) -> &ModelId {
        self.endpoint.id()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}
