//! From what was written to [`Settings`] the rest of the program trusts: every value is checked here and nowhere else.

mod catalog;
mod limits;
mod metabase;
mod model;
mod value;

use super::Settings;
use super::env::Environment;
use super::error::ConfigError;
use super::file::FileConfig;
use super::load::{Origins, Overrides};
use crate::metabase::MetabaseSettings;

/// Checks everything. A Metabase without any rule is an error: nothing is curated by default.
pub(super) fn resolve(
    file: FileConfig,
    environment: &Environment,
    origins: &Origins,
    overrides: &Overrides,
) -> Result<Settings, ConfigError> {
    let metabase: Option<MetabaseSettings> = metabase::resolve(&file.metabase, environment, origins)?;
    let catalog = catalog::resolve(file.catalog, metabase.is_some(), origins)?;
    Ok(Settings {
        metabase,
        catalog,
        model: model::resolve(file.model, environment, origins, overrides)?,
        budget: limits::budget(&file.budget, origins)?,
        day: limits::day(&file.budget, origins)?,
        guard: limits::guard(&file.guard, origins)?,
        grounding: limits::grounding(&file.grounding),
        shaping: limits::shaping(&file.shaping, origins)?,
        conversation: limits::conversation(&file.conversation, origins)?,
        tape: limits::tape(file.tape, origins)?,
    })
}
