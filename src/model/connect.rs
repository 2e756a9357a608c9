use std::sync::Arc;

use super::anthropic::AnthropicModel;
use super::json_action::JsonAction;
use super::openai::OpenAiModel;
use super::probe::Probing;
use super::salvage::Salvaging;
use super::{Model, ModelError, Provider};
use crate::model::{ModelDrive, ModelSettings};
use crate::wire::Wire;

/// The model of the settings, reached over `wire` and driven as they say. Sends nothing yet.
///
/// Anthropic's protocol has tool calls at its heart: a probe there is answered without asking, and `json_action` is
/// not usable. The offline planner needs a catalog and is built where that is.
pub fn connect(settings: &ModelSettings, wire: Wire) -> Result<Arc<dyn Model>, ModelError> {
    let not_usable = |reason: &str| ModelError::NotUsable {
        model: settings.id.to_string(),
        reason: reason.to_owned(),
    };
    match (settings.id.provider, settings.drive) {
        (Provider::Openai, ModelDrive::Native) => Ok(Arc::new(Salvaging::new(Arc::new(OpenAiModel::new(
            settings, wire,
        )?)))),
        (Provider::Openai, ModelDrive::JsonAction) => {
            Ok(Arc::new(JsonAction::new(OpenAiModel::new(settings, wire)?)))
        }
        (Provider::Openai, ModelDrive::Probe) => {
            Ok(Arc::new(Probing::new(OpenAiModel::new(settings, wire)?)))
        }
        (Provider::Anthropic, ModelDrive::Native | ModelDrive::Probe) => Ok(Arc::new(Salvaging::new(
            Arc::new(AnthropicModel::new(settings, wire)?),
        ))),
        (Provider::Anthropic, ModelDrive::JsonAction) => Err(not_usable(
            "json_action needs an OpenAI-compatible endpoint; set the model's drive to native, or name it openai:NAME",
        )),
        (Provider::Offline, _) => Err(not_usable("the offline planner is no server to connect to")),
    }
}
