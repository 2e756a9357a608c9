use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};

use super::adjust::RequestPart;
use super::json_action::JsonAction;
use super::openai::OpenAiModel;
use super::responses::ResponsesModel;
use super::salvage::SalvagingModel;
use super::{Model, ModelDrive, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};

/// A model behind an OpenAI-compatible endpoint, driven over chat completions as the settings say. When its server says that
/// it takes no tools, the model is driven by one JSON object per step from then on. When it says that the model speaks the
/// Responses API alone, or has no chat completions at all, that API is asked, where tools are called. A listener is told either
/// way.
#[derive(Debug)]
pub(super) struct DrivenModel {
    chat: OpenAiModel,
    begun: ModelDrive,
    native: SalvagingModel,
    json_action: JsonAction,
    responses: SalvagingModel,
}

/// A way to ask a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CompletionWay {
    Native,
    JsonAction,
    /// The same, because the server takes tools, but not ours as they are described.
    DescribedJsonAction,
    Responses,
}

impl CompletionWay {
    /// What a listener is told when the server leaves no other way.
    fn note(self) -> &'static str {
        match self {
            Self::Native => "is driven by tool calls",
            Self::JsonAction => {
                "takes no tools and is driven by one JSON object per step from now on; set model.drive to json_action \
                 to begin so"
            }
            Self::DescribedJsonAction => {
                "does not take the tools as they are described and is driven by one JSON object per step from now on; set \
                 model.drive to json_action to begin so"
            }
            Self::Responses => {
                "speaks the Responses API alone and is asked over that from now on; name it openai-responses:NAME to \
                 begin so"
            }
        }
    }
}

impl DrivenModel {
    /// The model behind both APIs of an endpoint; `begun` is how it is driven until its server refuses that.
    pub(super) fn new(chat: OpenAiModel, responses: ResponsesModel, begun: ModelDrive) -> Self {
        Self {
            native: SalvagingModel::new(Arc::new(chat.clone())),
            json_action: JsonAction::new(chat.clone()),
            responses: SalvagingModel::new(Arc::new(responses)),
            begun,
            chat,
        }
    }

    /// The chat completions that it is asked over first.
    pub(super) fn chat(&self) -> &OpenAiModel {
        &self.chat
    }

    /// Whether its server is known to want the Responses API.
    pub(super) fn speaks_responses(&self) -> bool {
        self.way() == CompletionWay::Responses
    }

    fn way(&self) -> CompletionWay {
        let adjustments = self.chat.adjustments();
        if adjustments.has(RequestPart::ChatCompletions) {
            CompletionWay::Responses
        } else if adjustments.has(RequestPart::Tools) || self.begun == ModelDrive::JsonAction {
            CompletionWay::JsonAction
        } else if adjustments.has(RequestPart::DescribedTools) {
            CompletionWay::DescribedJsonAction
        } else {
            CompletionWay::Native
        }
    }

    fn model(&self, way: CompletionWay) -> &dyn Model {
        match way {
            CompletionWay::Native => &self.native,
            CompletionWay::JsonAction | CompletionWay::DescribedJsonAction => &self.json_action,
            CompletionWay::Responses => &self.responses,
        }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let mut told = Vec::new();
        loop {
            let way = self.way();
            let started = self.model(way).complete(request).await;
            let now = self.way();
            let events = match started {
                Err(_) if now != way => {
                    told.push(self.notice(now));
                    continue;
                }
                // Nothing is where chat completions were looked for.
                Err(error) if way != CompletionWay::Responses && error.is_missing_route() => {
                    let Ok(events) = self.responses.complete(request).await else {
                        return Err(error);
                    };
                    self.chat.adjustments().leave_out(RequestPart::ChatCompletions);
                    told.push(self.notice(CompletionWay::Responses));
                    events
                }
                started => started?,
            };
            return Ok(stream::iter(told.into_iter().map(Ok)).chain(events).boxed());
        }
    }

    fn notice(&self, way: CompletionWay) -> ModelEvent {
        ModelEvent::Notice(format!("The model {} {}.", self.id(), way.note()))
    }
}

impl Model for DrivenModel {
    fn id(&self) -> &ModelId {
        self.chat.id()
    }

    fn found_drive(&self) -> Option<ModelDrive> {
        let is_driven_so = matches!(
            self.way(),
            CompletionWay::JsonAction | CompletionWay::DescribedJsonAction
        );
        (is_driven_so && self.begun != ModelDrive::JsonAction).then_some(ModelDrive::JsonAction)
    }

    fn left_out(&self) -> Vec<RequestPart> {
        let mut parts = self.chat.left_out();
        parts.extend(self.responses.left_out());
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}
