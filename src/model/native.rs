use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};

use super::adjust::RequestPart;
use super::json_action::JsonAction;
use super::openai::OpenAiModel;
use super::responses::ResponsesModel;
use super::salvage::SalvagingModel;
use super::{Model, ModelDrive, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream};

/// A model behind an OpenAI-compatible endpoint, driven by its own tool calls over chat completions. When its server says that
/// it takes no tools, the model is driven by one JSON object per step from then on; when it says that the model speaks the
/// Responses API alone, that is asked. A listener is told either way.
#[derive(Debug)]
pub(super) struct NativeDrive {
    chat: OpenAiModel,
    native: SalvagingModel,
    json_action: JsonAction,
    responses: SalvagingModel,
}

impl NativeDrive {
    pub(super) fn new(chat: OpenAiModel, responses: ResponsesModel) -> Self {
        Self {
            native: SalvagingModel::new(Arc::new(chat.clone())),
            json_action: JsonAction::new(chat.clone()),
            responses: SalvagingModel::new(Arc::new(responses)),
            chat,
        }
    }

    /// What is asked in place of chat completions with tools, once the server refused those.
    fn instead(&self) -> Option<(&dyn Model, &'static str)> {
        let adjustments = self.chat.adjustments();
        if adjustments.has(RequestPart::ChatCompletions) {
            let note = "speaks the Responses API alone and is asked over that from now on; name it openai-responses:NAME to \
                        begin so";
            Some((&self.responses, note))
        } else if adjustments.has(RequestPart::Tools) {
            let note = "takes no tools and is driven by one JSON object per step from now on; set model.drive to \
                        json_action to begin so";
            Some((&self.json_action, note))
        } else {
            None
        }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        if let Some((model, _)) = self.instead() {
            return model.complete(request).await;
        }
        let started = self.native.complete(request).await;
        match (started, self.instead()) {
            (Err(_), Some((model, note))) => {
                let told = ModelEvent::Notice(format!("The model {} {note}.", self.id()));
                let events = model.complete(request).await?;
                Ok(stream::iter([Ok(told)]).chain(events).boxed())
            }
            (started, _) => started,
        }
    }
}

impl Model for NativeDrive {
    fn id(&self) -> &ModelId {
        self.chat.id()
    }

    fn found_drive(&self) -> Option<ModelDrive> {
        let adjustments = self.chat.adjustments();
        let speaks_chat = !adjustments.has(RequestPart::ChatCompletions);
        (speaks_chat && adjustments.has(RequestPart::Tools)).then_some(ModelDrive::JsonAction)
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
