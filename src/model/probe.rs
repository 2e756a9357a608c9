use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::OnceCell;

use super::adjust::RequestPart;
use super::driven::DrivenModel;
use super::openai::OpenAiModel;
use super::responses::ResponsesModel;
use super::{
    Message, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, ToolCall, ToolChoice,
    ToolSpec,
};
use crate::model::ModelDrive;

/// The tool of the probe and what it is to be called with.
const TOOL: &str = "report";
const WORD: &str = "ready";

/// A model of which it is found out, before its first completion, how it is best driven. One that speaks the Responses API
/// alone calls tools.
#[derive(Debug)]
pub(super) struct ProbedModel {
    native: DrivenModel,
    json_action: DrivenModel,
    chosen: OnceCell<ModelDrive>,
}

impl ProbedModel {
    pub(super) fn new(chat: OpenAiModel, responses: ResponsesModel) -> Self {
        Self {
            native: DrivenModel::new(chat.clone(), responses.clone(), ModelDrive::Native),
            json_action: DrivenModel::new(chat, responses, ModelDrive::JsonAction),
            chosen: OnceCell::new(),
        }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        match self.chosen.get_or_try_init(|| self.choose()).await? {
            ModelDrive::JsonAction => self.json_action.complete(request).await,
            ModelDrive::Native | ModelDrive::Probe => self.native.complete(request).await,
        }
    }

    async fn choose(&self) -> Result<ModelDrive, ModelError> {
        let native = self.native.speaks_responses()
            || calls_tools(self.native.chat()).await?
            || self.native.speaks_responses();
        tracing::info!(model = %self.id(), native, "probed how the model is driven");
        Ok(if native {
            ModelDrive::Native
        } else {
            ModelDrive::JsonAction
        })
    }
}

impl Model for ProbedModel {
    fn id(&self) -> &ModelId {
        self.native.id()
    }

    fn found_drive(&self) -> Option<ModelDrive> {
        self.chosen
            .get()
            .map(|chosen| self.native.found_drive().unwrap_or(*chosen))
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.native.left_out()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}

/// Whether one small request for a tool call is answered with that call. A server that refuses tools altogether is a
/// plain no; a server that cannot be reached or does not let us in is an error.
async fn calls_tools(model: &dyn Model) -> Result<bool, ModelError> {
    let request = probing();
    let mut stream = match model.complete(&request).await {
        // Tools are called over the API that is looked for then.
        Err(ModelError::NoRoute { .. }) => return Ok(true),
        Err(ModelError::Status {
            status: 400 | 404 | 422 | 500 | 501,
            ..
        }) => return Ok(false),
        started => started?,
    };
    while let Some(event) = stream.next().await {
        if let ModelEvent::Done(whole) = event? {
            return Ok(whole.tool_calls.iter().any(is_the_call));
        }
    }
    Ok(false)
}

/// Whether a call is the one that was asked for.
pub(super) fn is_the_call(call: &ToolCall) -> bool {
    let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    call.name == TOOL && arguments == json!({ "word": WORD })
}

/// The request for one call of one small tool.
pub(super) fn probing() -> ModelRequest {
    let text = |text: &str| text.trim_end().to_owned();
    ModelRequest {
        system: include_str!("../../prompts/model/probe.md").trim_end().into(),
        tools: [ToolSpec {
            name: TOOL.to_owned(),
            description: text(include_str!("../../prompts/model/probe_tool.md")),
            schema: json!({
                "type": "object", "additionalProperties": false, "required": ["word"],
                "properties": {"word": {"type": "string", "enum": [WORD, "busy"]}},
            })
            .into(),
        }]
        .into(),
        messages: vec![Message::Note(text(include_str!(
            "../../prompts/model/probe_question.md"
        )))],
        tool_choice: ToolChoice::Auto,
        max_output_tokens: 256,
        temperature: None,
        cache_key: "probe".to_owned(),
    }
}
