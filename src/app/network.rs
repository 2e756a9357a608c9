use std::time::Duration;

use super::Error;
use crate::approvals::ApprovalStore;
use crate::call_log::CallLog;
use crate::config::Settings;
use crate::dbt::DbtCloudSettings;
use crate::grants::GrantPolicy;
use crate::metabase::MetabaseSettings;
use crate::model::{ModelSettings, ProviderBatches};
use crate::wire::{Grants, LimitSettings, RequestLimits, Wire, WireSettings};
use crate::{dbt, metabase, model};

/// Most times that a request of many questions is sent to a host that turns it away, and the longest that such a host is
/// left alone: nobody waits for a single answer.
const PATIENCE: (u32, Duration) = (20, Duration::from_secs(120));
/// Longest wait of such a request for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);

/// What many questions may have in flight together: as much as the settings say, with patience for hosts that turn
/// requests away.
pub(crate) fn request_limits(settings: &Settings) -> RequestLimits {
    limits_of_many(settings, None, None)
}

/// The same with other numbers of completions and of data requests at once.
pub(crate) fn limits_of_many(
    settings: &Settings,
    model: Option<usize>,
    data: Option<usize>,
) -> RequestLimits {
    let defaults = LimitSettings::default();
    let metabase = settings.metabase.as_ref();
    let (turned_away, longest_cool_down) = PATIENCE;
    RequestLimits::new(LimitSettings {
        model: model.unwrap_or(settings.model.max_concurrency),
        metabase: data
            .or(metabase.map(|metabase| metabase.max_concurrency))
            .unwrap_or(defaults.metabase),
        dbt: settings
            .dbt
            .cloud
            .as_ref()
            .map_or(defaults.dbt, |dbt| dbt.max_concurrency),
        longest_wait: LONGEST_WAIT,
        turned_away,
        longest_cool_down,
    })
}

/// What a wire reaches. What is `None` cannot be asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReachedSystems<'a> {
    pub metabase: Option<&'a MetabaseSettings>,
    pub dbt: Option<&'a DbtCloudSettings>,
    pub model: Option<&'a ModelSettings>,
}

/// The wire of one session: it may send what the clients and the model need and the grants allow, and nothing else. Calls
/// are written down where the settings say.
pub fn wire(settings: &Settings, reach: ReachedSystems<'_>) -> Result<Wire, Error> {
    wire_within(settings, reach, None)
}

/// The same within limits that other wires share, instead of those of the settings.
pub(super) fn wire_within(
    settings: &Settings,
    reach: ReachedSystems<'_>,
    limits: Option<&RequestLimits>,
) -> Result<Wire, Error> {
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
    wire.approvals = settings.approvals.clone().map(ApprovalStore::new);
    Ok(match limits {
        Some(limits) => Wire::within(wire, limits.clone())?,
        None => Wire::new(wire)?,
    })
}

/// A wire that reaches a model alone.
pub(crate) fn model_wire(model: &ModelSettings) -> Result<Wire, Error> {
    let mut wire = WireSettings::new(model::grants(model)?);
    wire.limit.model = model.max_concurrency;
    Ok(Wire::new(wire)?)
}

/// A wire that reaches the batch API of a model's provider alone.
pub(super) fn provider_batch_wire(model: &ModelSettings) -> Result<Wire, Error> {
    let mut wire = WireSettings::new(ProviderBatches::grants(model)?);
    wire.limit.model = model.max_concurrency;
    Ok(Wire::new(wire)?)
}
