use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::Method;

use super::assemble::ResponseAssembler;
use super::body::{body, parts};
use super::event::ResponseEvent;
use crate::model::ModelSettings;
use crate::model::adjust::{Adjustments, RequestPart};
use crate::model::endpoint::ModelEndpoint;
use crate::model::openai;
use crate::model::opening::judge;
use crate::model::replay::CallIds;
use crate::model::sse::{SseItem, items};
use crate::model::tool_names::ToolNames;
use crate::model::{Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};
use crate::wire::{Wire, WireResponse};

const PATH: &str = "/responses";

/// A model behind OpenAI's Responses API.
#[derive(Debug, Clone)]
pub(in crate::model) struct ResponsesModel {
    endpoint: Arc<ModelEndpoint>,
    wire: Wire,
    adjustments: Adjustments,
}

impl ResponsesModel {
    /// The model of the settings; see [`openai::OpenAiModel::new`].
    pub(in crate::model) fn new(
        settings: &ModelSettings,
        wire: Wire,
        left_out: Option<&[RequestPart]>,
    ) -> Result<Self, ModelError> {
        let endpoint = Arc::new(openai::endpoint(settings)?);
        let adjustments = left_out.map_or_else(
            || Adjustments::of_process(&endpoint.url(PATH), &settings.id.name),
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
            let body = body(&self.endpoint.id().name, request, &left_out)
                .map_err(|error| self.endpoint.unreadable(error))?;
            let bytes = Bytes::from(body.to_string());
            let mut outgoing = self.endpoint.request(Method::POST, PATH, Some(bytes));
            outgoing.policy.opening = Some(|body, ended| judge(body, ended, ResponseEvent::opening));
            let answer = self.wire.send(outgoing).await;
            let answer = answer.map_err(|error| self.endpoint.wire_error(error))?;
            match self.endpoint.accepted(answer).await? {
                Ok(response) => {
                    let (ids, names) = (CallIds::after(&request.messages), ToolNames::of(&request.tools));
                    return Ok(self.clone().events(response, ResponseAssembler::new(ids, names)));
                }
                Err(refusal) if self.adjustments.answer(&refusal, &parts(&body), &mut tried) => {}
                Err(refusal) => return Err(self.endpoint.refused(&refusal)),
            }
        }
    }

    fn events(self, response: WireResponse, mut whole: ResponseAssembler) -> ModelStream {
        let events = async_stream::try_stream! {
            let mut items = pin!(items(response.body));
            let (mut heard, mut noise) = (Vec::new(), None);
            while let Some(item) = items.next().await {
                match item.map_err(|error| self.endpoint.wire_error(error))? {
                    SseItem::Event { json, .. } => whole
                        .push(ResponseEvent::read(&json), &mut heard)
                        .map_err(|error| self.endpoint.broke_off(&error.message))?,
                    SseItem::End => {}
                    SseItem::Noise(words) => noise = Some(words),
                }
                for event in heard.drain(..) {
                    yield event;
                }
                if whole.is_ended() {
                    break;
                }
            }
            if !whole.is_ended() {
                Err(self.endpoint.ended_early(noise.as_deref()))?;
            }
            if let Some(reason) = whole.cut() {
                Err(self.endpoint.cut(&reason))?;
            }
            let done = whole.complete(&self.endpoint.id().name, &mut heard);
            for event in heard {
                yield event;
            }
            yield ModelEvent::Done(done);
        };
        events.boxed()
    }
}

impl Model for ResponsesModel {
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
