//! From what was written to [`Settings`] that the rest of the program trusts. Ranges of numbers have been checked before
//! (`ranges.rs`); what is more than a range is checked here and nowhere else.

mod catalog;
mod dbt;
mod grants;
mod limits;
mod metabase;
mod model;
mod proxy;
mod server;
mod store;
mod value;

pub(super) use self::dbt::half_an_account;
pub(super) use self::metabase::names_a_metabase;
pub(super) use self::model::provider_variable;
pub(super) use self::store::store;
use super::Settings;
use super::env::Environment;
use super::error::ConfigError;
use super::file::FileConfig;
use super::load::{Overrides, SettingOrigins};
use crate::metabase::MetabaseSettings;

/// Checks everything. A Metabase without any rule is an error: nothing is curated by default.
pub(super) fn resolve(
    file: FileConfig,
    environment: &Environment,
    origins: &SettingOrigins,
    overrides: &Overrides,
) -> Result<Settings, ConfigError> {
    let metabase: Option<MetabaseSettings> = metabase::resolve(&file.metabase, environment, origins)?;
    let dbt = dbt::resolve(&file.dbt, environment, origins)?;
    let has_semantic_layer = dbt.semantic_layer().is_some();
    let catalog = catalog::resolve(file.catalog, metabase.is_some(), has_semantic_layer)?;
    let server = server::server(file.server, metabase.as_ref(), origins)?;
    Ok(Settings {
        metabase,
        grants: grants::grants(file.grants, origins)?,
        approvals: grants::approvals(file.approvals)?,
        call_log: grants::call_log(file.call_log, dbt.cloud.is_some())?,
        dbt,
        catalog,
        model: model::resolve(file.model, environment, origins, overrides)?,
        budget: limits::budget(&file.budget),
        day: limits::day(&file.budget, origins)?,
        guard: limits::guard(&file.guard),
        grounding: limits::grounding(&file.grounding),
        shaping: limits::shaping(&file.shaping),
        conversation: limits::conversation(&file.conversation),
        tape: limits::tape(file.tape),
        server,
        store: store(&file.store, environment, origins)?,
    })
}
