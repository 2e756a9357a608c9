use super::Error;
use crate::call_log::CallLog;
use crate::config::Settings;
use crate::dbt::DbtCloudSettings;
use crate::grants::GrantPolicy;
use crate::metabase::MetabaseSettings;
use crate::model::ModelSettings;
use crate::wire::{Grants, Wire, WireSettings};
use crate::{dbt, metabase, model};

/// What a wire reaches. What is `None` cannot be asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reach<'a> {
    pub metabase: Option<&'a MetabaseSettings>,
    pub dbt: Option<&'a DbtCloudSettings>,
    pub model: Option<&'a ModelSettings>,
}

/// The wire of one session: it may send what the clients and the model need and the grants allow, and nothing else. Calls
/// are written down where the settings say.
pub fn wire(settings: &Settings, reach: Reach<'_>) -> Result<Wire, Error> {
    let policy = GrantPolicy::new(&settings.grants);
    let mut grants = Grants::none();
    if let Some(metabase) = reach.metabase {
        grants = grants.joined(metabase::grants_of(metabase, &policy));
    }
    if let Some(dbt) = reach.dbt {
        grants = grants.joined(dbt::grants(dbt, &policy));
    }
    if let Some(model) = reach.model {
        grants = grants.joined(model::grants(model)?);
    }
    let mut wire = WireSettings::new(grants);
    if let Some(metabase) = reach.metabase {
        wire.limit.metabase = metabase.max_concurrency;
    }
    if let Some(dbt) = reach.dbt {
        wire.limit.dbt = dbt.max_concurrency;
    }
    if let Some(model) = reach.model {
        wire.limit.model = model.max_concurrency;
    }
    wire.call_log = settings.call_log.clone().map(CallLog::open).transpose()?;
    Ok(Wire::new(wire)?)
}

/// A wire that reaches a model alone.
pub fn model_wire(model: &ModelSettings) -> Result<Wire, Error> {
    let mut wire = WireSettings::new(model::grants(model)?);
    wire.limit.model = model.max_concurrency;
    Ok(Wire::new(wire)?)
}
