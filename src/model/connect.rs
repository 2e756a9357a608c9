use std::sync::Arc;

use super::anthropic::AnthropicModel;
use super::openai::OpenAiModel;
use super::{Model, ModelError, Provider};
use crate::config::{ModelDrive, ModelSettings};
use crate::wire::Wire;

/// The model of the settings, reached over `wire` and driven as they say. Sends nothing yet.
///
/// The offline planner needs a catalog and is built where that is.
pub fn connect(settings: &ModelSettings, wire: Wire) -> Result<Arc<dyn Model>, ModelError> {
    let not_usable = |reason: &str| ModelError::NotUsable {
        model: settings.id.to_string(),
        reason: reason.to_owned(),
    };
    if settings.drive != ModelDrive::Native {
        return Err(not_usable("only `drive = \"native\"` is supported"));
    }
    match settings.id.provider {
        Provider::Openai => Ok(Arc::new(OpenAiModel::new(settings, wire)?)),
        Provider::Anthropic => Ok(Arc::new(AnthropicModel::new(settings, wire)?)),
        Provider::Offline => Err(not_usable("the offline planner is no server to connect to")),
    }
}
