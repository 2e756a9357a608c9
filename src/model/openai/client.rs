use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use http::Method;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::assemble::ChatAssembler;
use super::body::{ChatBody, ServerTraits};
use super::chunk::ChatChunk;
use super::hosts;
use crate::model::adjust::{Adjustments, RequestPart};
use crate::model::endpoint::{ModelEndpoint, address_variable, key_variable};
use crate::model::opening::judge;
use crate::model::refusal::ServerRefusal;
use crate::model::replay::CallIds;
use crate::model::sse::{SseItem, items};
use crate::model::tool_names::ToolNames;
use crate::model::{CacheHints, ModelSettings};
use crate::model::{
    Completion, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, StopCause,
};
use crate::wire::{Wire, WireResponse};

const DEFAULT_BASE: &str = "https://api.openai.com/v1";
const PATH: &str = "/chat/completions";

/// A JSON schema that the answer has to follow.
#[derive(Debug, Clone)]
pub(in crate::model) struct ResponseFormat(Box<RawValue>);

impl ResponseFormat {
    /// The schema under a name, as `response_format` wants it.
    pub(in crate::model) fn new(name: &str, schema: &Value) -> Result<Self, serde_json::Error> {
        let format = json!({"type": "json_schema", "json_schema": {"name": name, "schema": schema}});
        serde_json::value::to_raw_value(&format).map(Self)
    }

    pub(super) fn raw(&self) -> &RawValue {
        &self.0
    }
}

/// A model behind an endpoint that speaks OpenAI's chat completions.
#[derive(Debug, Clone)]
pub(in crate::model) struct OpenAiModel {
    endpoint: Arc<ModelEndpoint>,
    wire: Wire,
    server: ServerTraits,
    adjustments: Adjustments,
}

/// The endpoint of the settings, for completions and for listing models. A key is needed for OpenAI's own address
/// only; without one no `Authorization` is sent.
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
    let key = key.map(|key| (AUTHORIZATION, format!("Bearer {}", key.expose_secret())));
    ModelEndpoint::new(settings, DEFAULT_BASE, key, &[])
}

impl OpenAiModel {
    /// The model of the settings. `left_out` is what a recorded turn left out of its requests; without it the
    /// process's own memory of the server counts.
    pub(in crate::model) fn new(
        settings: &ModelSettings,
        wire: Wire,
        left_out: Option<&[RequestPart]>,
    ) -> Result<Self, ModelError> {
        let endpoint = Arc::new(endpoint(settings)?);
        let official = hosts::is_official(endpoint.base());
        let hints = match settings.cache_hints {
            CacheHints::Auto => official,
            CacheHints::Always => true,
            CacheHints::Never => false,
        };
        let adjustments = left_out.map_or_else(
            || Adjustments::of_process(endpoint.base(), &settings.id.name),
            Adjustments::recorded,
        );
        Ok(Self {
            endpoint,
            wire,
            server: ServerTraits {
                completion_limit: official,
                cache_key: hints,
                breakpoint: hints && hosts::takes_breakpoints(&settings.id.name),
            },
            adjustments,
        })
    }

    /// What is left out of requests to this server.
    pub(in crate::model) fn adjustments(&self) -> &Adjustments {
        &self.adjustments
    }

    /// Starts one completion, under a schema if there is one. A request that the server refuses for one part of it is sent
    /// again without that part.
    pub(in crate::model) async fn start(
        &self,
        request: &ModelRequest,
        format: Option<&ResponseFormat>,
    ) -> Result<ModelStream, ModelError> {
        let mut tried = Vec::new();
        loop {
            let left_out = self.adjustments.parts();
            let body = ChatBody::new(&self.endpoint.id().name, self.server, request, format, &left_out);
            let refusal = match self.send(&body).await? {
                Ok(response) => {
                    let (ids, names) = (CallIds::after(&request.messages), ToolNames::of(&request.tools));
                    return Ok(self.clone().events(response, ChatAssembler::new(ids, names)));
                }
                Err(refusal) => refusal,
            };
            if let Some(text) = refusal.failed_generation() {
                let done = not_a_call(text, &self.endpoint.id().name);
                return Ok(stream::iter([Ok(ModelEvent::Done(done))]).boxed());
            }
            if !self
                .adjustments
                .answer(&refusal, &body.parts(&left_out), &mut tried)
            {
                return Err(self.endpoint.refused(&refusal));
            }
        }
    }

    async fn send(&self, body: &ChatBody<'_>) -> Result<Result<WireResponse, ServerRefusal>, ModelError> {
        let mut body = serde_json::to_vec(body).map_err(|error| self.endpoint.unreadable(error))?;
        // It is held until the answer begins, in case it has to be sent again.
        body.shrink_to_fit();
        let mut outgoing = self.endpoint.request(Method::POST, PATH, Some(Bytes::from(body)));
        outgoing.policy.opening = Some(|body, ended| judge(body, ended, ChatChunk::opening));
        let sent = self.wire.send(outgoing).await;
        let response = sent.map_err(|error| self.endpoint.wire_error(error))?;
        self.endpoint.accepted(response).await
    }

    fn events(self, response: WireResponse, mut whole: ChatAssembler) -> ModelStream {
        let events = async_stream::try_stream! {
            let name = self.endpoint.id().name.clone();
            let mut items = pin!(items(response.body));
            let (mut heard, mut ended, mut noise) = (Vec::new(), false, None);
            while let Some(item) = items.next().await {
                match item.map_err(|error| self.endpoint.wire_error(error))? {
                    SseItem::Event { framed, json } => {
                        let mut chunk = ChatChunk::read(&json);
                        if let Some(error) = chunk.error.take() {
                            match error.failed_generation {
                                Some(text) if whole.is_empty() => {
                                    yield ModelEvent::Done(not_a_call(&text, &name));
                                    return;
                                }
                                _ => Err(self.endpoint.broke_off(&error.message))?,
                            }
                        }
                        // A document that is no stream ends with itself.
                        ended |= !framed && chunk.choice.is_some();
                        whole.push(chunk, &mut heard);
                    }
                    // Some servers keep the connection open behind it.
                    SseItem::End => {
                        ended = true;
                        break;
                    }
                    // A piece of the answer that cannot be read would be missing from it.
                    SseItem::Noise(words) if words.starts_with('{') => {
                        Err(self.endpoint.unreadable(format!("a piece of the stream is not JSON: {words}")))?;
                    }
                    SseItem::Noise(words) => noise = Some(words),
                }
                for event in heard.drain(..) {
                    yield event;
                }
            }
            if !whole.is_finished() && (!ended || whole.is_empty()) {
                Err(self.endpoint.ended_early(noise.as_deref()))?;
            }
            if let Some(reason) = whole.cut() {
                Err(self.endpoint.cut(reason))?;
            }
            let done = whole.complete(&name, &mut heard);
            for event in heard {
                yield event;
            }
            yield ModelEvent::Done(done);
        };
        events.boxed()
    }
}

/// A completion of which the server says that it could not read the call in it.
fn not_a_call(text: &str, model: &str) -> Completion {
    Completion {
        text: text.to_owned(),
        reasoning: String::new(),
        tool_calls: Vec::new(),
        opaque: None,
        stop: StopCause::Garbled,
        usage: None,
        model: model.to_owned(),
    }
}

impl Model for OpenAiModel {
    fn id(&self) -> &ModelId {
        self.endpoint.id()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.adjustments.parts().into_iter().collect()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request, None))
    }
}
