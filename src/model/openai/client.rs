use std::fmt;
use std::sync::{Arc, OnceLock};

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::types::stream::StreamResponse;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::assemble::Assembler;
use super::body::{ChatBody, Dialect};
use super::chunk::Chunk;
use super::hosts;
use super::service::{CallState, WireService};
use crate::model::endpoint::{Endpoint, address_variable, key_variable};
use crate::model::replay::CallIds;
use crate::model::{CacheHints, ModelSettings};
use crate::model::{Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};
use crate::wire::Wire;

const DEFAULT_BASE: &str = "https://api.openai.com/v1";

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

/// A model behind an OpenAI-compatible endpoint.
#[derive(Clone)]
pub(in crate::model) struct OpenAiModel {
    endpoint: Arc<Endpoint>,
    client: Client<Address>,
    wire: Wire,
    dialect: Dialect,
}

/// The endpoint of the settings, for completions and for listing models. A key is needed for OpenAI's own address
/// only; without one no `Authorization` is sent.
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
    let key = key.map(|key| (AUTHORIZATION, format!("Bearer {}", key.expose_secret())));
    Endpoint::new(settings, DEFAULT_BASE, key, &[])
}

/// What the library builds requests with. It never sends one: they all go to `WireService`. One for all models, because
/// it reads the system's certificates when it is made.
fn builder() -> Result<reqwest::Client, reqwest::Error> {
    static BUILDER: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = BUILDER.get() {
        return Ok(client.clone());
    }
    let client = reqwest::Client::builder().build()?;
    Ok(BUILDER.get_or_init(|| client).clone())
}

impl OpenAiModel {
    /// The model of the settings.
    pub(in crate::model) fn new(settings: &ModelSettings, wire: Wire) -> Result<Self, ModelError> {
        let endpoint = Arc::new(endpoint(settings)?);
        let official = hosts::is_official(endpoint.base());
        let hints = match settings.cache_hints {
            CacheHints::Auto => official,
            CacheHints::Always => true,
            CacheHints::Never => false,
        };
        let address = Address {
            base: endpoint.url("").to_string().trim_end_matches('/').to_owned(),
            endpoint: Arc::clone(&endpoint),
            no_key: SecretString::default(),
        };
        let builder = builder().map_err(|error| endpoint.unreadable(error))?;
        Ok(Self {
            endpoint,
            client: Client::build(builder, address),
            wire,
            dialect: Dialect {
                completion_limit: official,
                cache_key: hints,
                breakpoint: hints && hosts::takes_breakpoints(&settings.id.name),
            },
        })
    }

    /// Starts one completion, under a schema if there is one.
    pub(in crate::model) async fn start(
        &self,
        request: &ModelRequest,
        format: Option<&ResponseFormat>,
    ) -> Result<ModelStream, ModelError> {
        let call = Arc::new(CallState::default());
        let client = self.client.clone().with_http_service(WireService {
            wire: self.wire.clone(),
            endpoint: Arc::clone(&self.endpoint),
            call: Arc::clone(&call),
        });
        let body = ChatBody::new(&self.endpoint.id().name, self.dialect, request, format);
        let chunks: StreamResponse<Chunk> = client
            .chat()
            .create_stream_byot(body)
            .await
            .map_err(|error| self.error(error, &call))?;
        Ok(self
            .clone()
            .events(chunks, call, Assembler::new(CallIds::after(&request.messages))))
    }

    fn events(
        self,
        mut chunks: StreamResponse<Chunk>,
        call: Arc<CallState>,
        mut whole: Assembler,
    ) -> ModelStream {
        let events = async_stream::try_stream! {
            let mut heard = Vec::new();
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(|error| self.error(error, &call))?;
                if let Some(message) = chunk.error_message() {
                    Err(self.endpoint.broke_off(&message))?;
                }
                whole.push(chunk, &mut heard);
                for event in heard.drain(..) {
                    yield event;
                }
            }
            if !whole.is_finished() && !call.is_done() {
                Err(self.endpoint.broke_off("the stream ended before the completion did"))?;
            }
            yield ModelEvent::Done(whole.complete(&self.endpoint.id().name));
        };
        events.boxed()
    }

    /// The library's error in our words. Its own texts may repeat whole bodies, so they are not used.
    fn error(&self, error: OpenAIError, call: &CallState) -> ModelError {
        if let Some(failure) = call.failure() {
            return self.endpoint.wire_error(failure);
        }
        match error {
            OpenAIError::Boxed(source) => match source.downcast::<ModelError>() {
                Ok(ours) => *ours,
                Err(other) => self.endpoint.unreadable(other),
            },
            OpenAIError::JSONDeserialize(error, _) => self
                .endpoint
                .unreadable(format!("a piece of the stream is not JSON: {error}")),
            OpenAIError::StreamError(_) => self.endpoint.unreadable("it is not an event stream"),
            OpenAIError::Reqwest(error) => self.endpoint.unreadable(error.without_url()),
            other => self.endpoint.unreadable(other),
        }
    }
}

impl Model for OpenAiModel {
    fn id(&self) -> &ModelId {
        self.endpoint.id()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request, None))
    }
}

impl fmt::Debug for OpenAiModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiModel")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// The endpoint as the client library asks for it. Nothing in it comes from the environment behind our back.
#[derive(Debug, Clone)]
struct Address {
    endpoint: Arc<Endpoint>,
    base: String,
    no_key: SecretString,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.endpoint.headers().clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.endpoint
            .query()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}
