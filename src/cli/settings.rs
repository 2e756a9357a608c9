use std::path::Path;

use super::args::GlobalArgs;
use super::error::CliError;
use super::term;
use crate::config::{Environment, LoadedSettings, Overrides, load, load_store};
use crate::model::ModelId;
use crate::model::ModelSettings;
use crate::server::SessionStore;

/// The settings of this run: file, environment, flags.
pub(super) fn load_quietly(global: &GlobalArgs) -> Result<LoadedSettings, CliError> {
    load_with(global, "--model", global.model.as_deref())
}

/// The settings of another model than the run's, named by this flag.
pub(super) fn of_model(global: &GlobalArgs, flag: &str, name: &str) -> Result<ModelSettings, CliError> {
    Ok(load_with(global, flag, Some(name))?.settings.model)
}

fn load_with(global: &GlobalArgs, flag: &str, model: Option<&str>) -> Result<LoadedSettings, CliError> {
    let overrides = overrides(global, flag, model)?;
    Ok(load(&Environment::of_process(), Path::new(""), &overrides)?)
}

/// The store of this run, for commands that work with nothing else.
pub(super) async fn open_store(global: &GlobalArgs) -> Result<SessionStore, CliError> {
    let overrides = overrides(global, "--model", global.model.as_deref())?;
    let loaded = load_store(&Environment::of_process(), Path::new(""), &overrides)?;
    warn_of(&loaded.notes);
    Ok(SessionStore::open_with(&loaded.settings, loaded.is_demo).await?)
}

fn overrides(global: &GlobalArgs, flag: &str, model: Option<&str>) -> Result<Overrides, CliError> {
    let model = model.map(str::parse::<ModelId>).transpose();
    let model =
        model.map_err(|problem| CliError::usage(format_args!("invalid value for {flag}: {problem}")))?;
    Ok(Overrides {
        config: global.config.clone(),
        model,
    })
}

/// The same, with a warning for everything that does nothing.
pub(super) fn load_and_warn(global: &GlobalArgs) -> Result<LoadedSettings, CliError> {
    let loaded = load_quietly(global)?;
    warn_of(&loaded.notes);
    Ok(loaded)
}

fn warn_of(notes: &[String]) {
    for note in notes {
        term::warn(note);
    }
}
