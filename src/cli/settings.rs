use std::path::Path;

use super::args::GlobalArgs;
use super::error::CliError;
use super::term;
use crate::config::{Environment, LoadedSettings, Overrides, load};
use crate::model::ModelId;
use crate::model::ModelSettings;

/// The settings of this run: file, environment, flags.
pub(super) fn load_quietly(global: &GlobalArgs) -> Result<LoadedSettings, CliError> {
    load_with(global, "--model", global.model.as_deref())
}

/// The settings of another model than the run's, named by this flag.
pub(super) fn of_model(global: &GlobalArgs, flag: &str, name: &str) -> Result<ModelSettings, CliError> {
    Ok(load_with(global, flag, Some(name))?.settings.model)
}

fn load_with(global: &GlobalArgs, flag: &str, model: Option<&str>) -> Result<LoadedSettings, CliError> {
    let model = model.map(str::parse::<ModelId>).transpose();
    let model =
        model.map_err(|problem| CliError::usage(format_args!("invalid value for {flag}: {problem}")))?;
    let overrides = Overrides {
        config: global.config.clone(),
        model,
    };
    Ok(load(&Environment::of_process(), Path::new(""), &overrides)?)
}

/// The same, with a warning for everything that does nothing.
pub(super) fn load_and_warn(global: &GlobalArgs) -> Result<LoadedSettings, CliError> {
    let loaded = load_quietly(global)?;
    for note in &loaded.notes {
        term::warn(note);
    }
    Ok(loaded)
}
