use std::sync::Arc;

use super::adjust::RequestPart;
use super::anthropic::AnthropicModel;
use super::driven::DrivenModel;
use super::openai::OpenAiModel;
use super::probe::ProbedModel;
use super::responses::ResponsesModel;
use super::salvage::SalvagingModel;
use super::{Model, ModelError, Provider};
use crate::model::{ModelDrive, ModelSettings};
use crate::wire::Wire;

/// The model of the settings, reached over `wire` and driven as they say. Sends nothing yet.
///
/// Anthropic's protocol has tool calls at its heart: a probe there is answered without asking, and `json_action` is
/// not usable. The offline planner needs a catalog and is built where that is.
pub fn connect(settings: &ModelSettings, wire: Wire) -> Result<Arc<dyn Model>, ModelError> {
    connected(settings, wire, None)
}

/// The same for a turn that was recorded when these parts were left out of requests: whatever this process has found
/// out about the server since does not change what is asked.
pub(crate) fn connect_as_recorded(
    settings: &ModelSettings,
    wire: Wire,
    left_out: &[RequestPart],
) -> Result<Arc<dyn Model>, ModelError> {
    connected(settings, wire, Some(left_out))
}

fn connected(
    settings: &ModelSettings,
    wire: Wire,
    left_out: Option<&[RequestPart]>,
) -> Result<Arc<dyn Model>, ModelError> {
    let not_usable = |reason: &str| ModelError::NotUsable {
        model: settings.id.to_string(),
        reason: reason.to_owned(),
    };
    match (settings.id.provider, settings.drive) {
        (Provider::Openai, drive) => {
            let chat = OpenAiModel::new(settings, wire.clone(), left_out)?;
            let responses = ResponsesModel::new(settings, wire, left_out)?;
            Ok(if drive == ModelDrive::Probe {
                Arc::new(ProbedModel::new(chat, responses))
            } else {
                Arc::new(DrivenModel::new(chat, responses, drive))
            })
        }
        // Whoever speaks this API calls tools.
        (Provider::OpenaiResponses, ModelDrive::Native | ModelDrive::Probe) => Ok(Arc::new(
            SalvagingModel::new(Arc::new(ResponsesModel::new(settings, wire, left_out)?)),
        )),
        (Provider::Anthropic, ModelDrive::Native | ModelDrive::Probe) => Ok(Arc::new(SalvagingModel::new(
            Arc::new(AnthropicModel::new(settings, wire, left_out)?),
        ))),
        (Provider::OpenaiResponses | Provider::Anthropic, ModelDrive::JsonAction) => Err(not_usable(
            "json_action needs an OpenAI-compatible endpoint; set the model's drive to native, or name it openai:NAME",
        )),
        (Provider::Offline, _) => Err(not_usable("the offline planner is not a server to connect to")),
    }
}
