use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::assemble::ChatAssembler;
use super::body::{ChatBody, ServerTraits};
use super::chunk::ChatChunk;
use super::hosts;
use crate::model::adjust::{Adjustments, RequestPart};
use crate::model::completions::{CompletionBody, CompletionEndpoint, reachable};
use crate::model::ending::{Grace, ItemReader};
use crate::model::endpoint::ModelEndpoint;
use crate::model::opening::judge;
use crate::model::pieces::Doubt;
use crate::model::replay::CallIds;
use crate::model::sse::SseItem;
use crate::model::tool_names::ToolNames;
use crate::model::tool_schema::opened;
use crate::model::{CacheHints, ModelSettings};
use crate::model::{
    Completion, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, StopCause,
};
use crate::wire::{Wire, WireResponse};

pub(in crate::model) const DEFAULT_BASE: &str = "https://api.openai.com/v1";
const PATH: &str = "/chat/completions";

/// A JSON schema that the answer has to follow, in the forms in which servers take one.
#[derive(Debug, Clone)]
pub(in crate::model) struct ResponseFormat {
    closed: Box<RawValue>,
    /// Without `additionalProperties`.
    open: Box<RawValue>,
    /// Any JSON object.
    object: Box<RawValue>,
}

impl ResponseFormat {
    /// The schema under a name, as `response_format` wants it.
    pub(in crate::model) fn new(name: &str, schema: &Value) -> Result<Self, serde_json::Error> {
        let of = |schema: &Value| {
            let format = json!({"type": "json_schema", "json_schema": {"name": name, "schema": schema}});
            serde_json::value::to_raw_value(&format)
        };
        Ok(Self {
            closed: of(schema)?,
            open: of(&opened(schema))?,
            object: serde_json::value::to_raw_value(&json!({"type": "json_object"}))?,
        })
    }

    pub(super) fn raw(&self, left_out: &BTreeSet<RequestPart>) -> &RawValue {
        if left_out.contains(&RequestPart::AnswerSchema) {
            &self.object
        } else if left_out.contains(&RequestPart::ClosedSchemas) {
            &self.open
        } else {
            &self.closed
        }
    }
}

/// A model behind an endpoint that speaks OpenAI's chat completions.
#[derive(Debug, Clone)]
pub(in crate::model) struct OpenAiModel {
    at: CompletionEndpoint,
    server: ServerTraits,
}

/// The endpoint of the settings, for completions and for listing models. A key is needed for OpenAI's own address
/// only; without one no `Authorization` is sent.
pub(in crate::model) fn endpoint(settings: &ModelSettings) -> Result<ModelEndpoint, ModelError> {
    reachable(settings)?;
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
        let endpoint = endpoint(settings)?;
        let official = hosts::is_official(endpoint.base());
        let hints = match settings.cache_hints {
            CacheHints::Auto => official,
            CacheHints::Always => true,
            CacheHints::Never => false,
        };
        let opening = || judge(ChatChunk::opening, ChatChunk::is_one);
        Ok(Self {
            at: CompletionEndpoint::new(endpoint, PATH, opening, wire).adjusted(left_out),
            server: ServerTraits {
                completion_limit: official,
                cache_key: hints,
                breakpoint: hints && hosts::takes_breakpoints(&settings.id.name),
            },
        })
    }

    /// What is left out of requests to this server.
    pub(in crate::model) fn adjustments(&self) -> &Adjustments {
        &self.at.adjustments
    }

    /// Starts one completion, under a schema if there is one.
    pub(in crate::model) async fn start(
        &self,
        request: &ModelRequest,
        format: Option<&ResponseFormat>,
    ) -> Result<ModelStream, ModelError> {
        let name = &self.at.endpoint.id().name;
        let (at, server) = (Arc::clone(&self.at.endpoint), self.server);
        let (asked, schema) = (request.clone(), format.cloned());
        let answer = self.at.ask(move |left_out| {
            let body = ChatBody::new(&at.id().name, server, &asked, schema.as_ref(), left_out);
            Ok(CompletionBody {
                json: serde_json::to_vec(&body)?,
                parts: body.parts(left_out),
            })
        });
        match answer.await? {
            Ok(response) => {
                let (ids, names) = (CallIds::after(&request.messages), ToolNames::of(&request.tools));
                let whole = ChatAssembler::new(ids, names.clone());
                Ok(self.clone().events(response, whole, names))
            }
            Err(refusal) if refusal.is_withheld() => {
                let done = unmade(String::new(), StopCause::Refusal, name);
                Ok(stream::iter([Ok(ModelEvent::Done(done))]).boxed())
            }
            Err(refusal) => match refusal.failed_generation() {
                Some(text) => {
                    let stop = failed_stop(text, &ToolNames::of(&request.tools));
                    let done = unmade(text.to_owned(), stop, name);
                    Ok(stream::iter([Ok(ModelEvent::Done(done))]).boxed())
                }
                None => Err(self.at.endpoint.refused(&refusal)),
            },
        }
    }

    fn events(self, response: WireResponse, mut whole: ChatAssembler, names: ToolNames) -> ModelStream {
        let events = async_stream::try_stream! {
            let name = self.at.endpoint.id().name.clone();
            let batched = response.is_batched();
            let mut items = ItemReader::of(response, ChatChunk::is_one);
            let (mut heard, mut ended, mut noise) = (Vec::new(), false, None);
            let (mut is_streamed, mut document) = (false, None);
            // The first piece that nobody could read.
            let mut strange = None;
            while let Some(item) = items.next(whole.grace().or(document)).await {
                let item = match item {
                    // What broke came behind a whole answer.
                    Err(error) if error.is_broken() && whole.is_whole() => break,
                    item => item.map_err(|error| self.at.endpoint.wire_error(error))?,
                };
                match item {
                    SseItem::Event { framed, json } => {
                        let mut chunk = ChatChunk::read(&json);
                        if let Some(error) = chunk.error.take() {
                            match error.failed_generation {
                                Some(text) if !whole.has_said() => {
                                    let stop = failed_stop(&text, &names);
                                    yield ModelEvent::Done(unmade(text, stop, &name));
                                    return;
                                }
                                _ => Err(self.at.endpoint.broke_off(&error.message))?,
                            }
                        }
                        if chunk.doubt.is_lost() {
                            Err(self.at.endpoint.lost_object(&json))?;
                        }
                        if chunk.doubt != Doubt::None && strange.is_none() {
                            strange = Some(json);
                        }
                        // A document that is no stream ends with itself.
                        is_streamed |= framed;
                        ended |= !is_streamed && !chunk.choices.is_empty();
                        let is_document = !is_streamed && chunk.choices.iter().any(|choice| choice.is_message);
                        document = document.or(is_document.then(Grace::after_document));
                        noise = noise.take().filter(|_| chunk.choices.is_empty());
                        whole.push(chunk, &mut heard);
                    }
                    // Some servers keep the connection open behind it.
                    SseItem::End => {
                        ended = true;
                        break;
                    }
                    // A piece of the answer that cannot be read would be missing from it.
                    SseItem::Noise(words) => {
                        let has_begun = !whole.is_empty() && !whole.is_whole();
                        if let Some(error) = self.at.endpoint.lost_piece(&words, has_begun) {
                            Err(error)?;
                        }
                        noise = Some(words);
                    }
                }
                for event in heard.drain(..) {
                    yield event;
                }
            }
            if whole.is_wordless() && let Some(strange) = strange {
                Err(self.at.endpoint.lost_object(&strange))?;
            }
            // An end mark behind words that are no completion's ends nothing.
            if !whole.is_finished() && (!ended || whole.is_empty() || noise.is_some()) {
                Err(self.at.endpoint.ended_early(noise.as_deref()))?;
            }
            if whole.is_unexplained() {
                Err(self.at.endpoint.unexplained())?;
            }
            if let Some(reason) = whole.cut() {
                Err(self.at.endpoint.cut(reason))?;
            }
            let done = whole.complete(&name, &mut heard);
            for event in heard {
                yield event;
            }
            yield ModelEvent::Done(done.paid_for(batched));
        };
        events.boxed()
    }
}

/// How a generation ended in which its server saw a call that it could not read. Whole sentences that name no tool are what
/// the model says; of anything else it is told that it was not read.
fn failed_stop(text: &str, names: &ToolNames) -> StopCause {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_said = text.trim_end().ends_with(['.', '!', '?', '。', '！', '？'])
        && !text.contains(['{', '<', '['])
        && !text.split(|c| !is_part(c)).any(|word| names.has(word));
    if is_said {
        StopCause::End
    } else {
        StopCause::Garbled
    }
}

/// A completion that the server does not give out: it could not read the call in it, or withholds it.
fn unmade(text: String, stop: StopCause, model: &str) -> Completion {
    Completion {
        text,
        reasoning: String::new(),
        tool_calls: Vec::new(),
        opaque: None,
        stop,
        usage: None,
        model: model.to_owned(),
        id: None,
    }
}

impl Model for OpenAiModel {
    fn id(&self) -> &ModelId {
        self.at.endpoint.id()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.at.left_out()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request, None))
    }
}
