//! dbt as the settings name it, and the one that stands beside the demo.

use super::{Error, Server};
use crate::call_log::CallLog;
use crate::config::Settings;
use crate::dbt::{self, DbtAccount, DbtConnection, LocalProject, SharedAccount};
use crate::grants::{GrantLevel, GrantPolicy, GrantRule, GrantSettings};
use crate::operations::Area;
use crate::principal::Principal;
use crate::wire::{Grants, Wire, WireSettings};

/// dbt as the settings name it, asked over this wire; `None` where they name none.
fn dbt_connection(
    settings: &Settings,
    server: &Server,
    wire: &Wire,
    principal: &Principal,
) -> Result<Option<DbtConnection>, Error> {
    let policy = GrantPolicy::new(&settings.grants);
    let account = settings.dbt.cloud.clone();
    let account = account.map(|cloud| {
        let shared = server.dbt_shared.clone();
        let shared = shared.unwrap_or_else(|| SharedAccount::new(&cloud));
        DbtAccount::within(cloud, wire.clone(), principal.clone(), shared)
    });
    let project = match &settings.dbt.project_dir {
        None => None,
        Some(dir) => {
            let log = settings.call_log.clone().map(CallLog::open).transpose()?;
            Some(LocalProject::new(
                dir.clone(),
                policy.clone(),
                log,
                principal.clone(),
            ))
        }
    };
    if account.is_none() && project.is_none() {
        return Ok(None);
    }
    Ok(Some(DbtConnection::new(account, project, &policy)))
}

/// The same as turns ask it: for what its tools are granted, and for metrics where any are curated. `None` where neither is.
pub(super) fn dbt_of_turns(
    settings: &Settings,
    server: &Server,
    wire: &Wire,
    principal: &Principal,
) -> Result<Option<DbtConnection>, Error> {
    let Some(connection) = dbt_connection(settings, server, wire, principal)? else {
        return Ok(None);
    };
    let connection = match server.dbt {
        Some(_) => connection.asked_for_metrics(),
        None if server.is_demo() => connection.of_other_data(),
        None => connection,
    };
    Ok(Some(connection).filter(DbtConnection::is_of_use))
}

/// The dbt that says how healthy data is: the one of the settings, and for the demo the one that stands beside it, since no other
/// dbt made the demo's data. Of that one models may be read, unless a rule says `off`; it lives in this process and is asked by no
/// tool.
pub(crate) fn health_connection(
    settings: &Settings,
    server: &Server,
    wire: &Wire,
    principal: &Principal,
) -> Result<Option<DbtConnection>, Error> {
    let Some(cloud) = server.demo_dbt().cloned() else {
        return dbt_connection(settings, server, wire, principal);
    };
    let mut rules = settings.grants.rules.clone();
    rules.push(GrantRule::new([Area::DbtDiscovery], GrantLevel::Read));
    let policy = GrantPolicy::new(&GrantSettings {
        agent: settings.grants.agent.clone(),
        rules,
    });
    let grants = Grants::none().joined(dbt::grants(&cloud, &policy));
    let wire = Wire::new(WireSettings::new(grants))?;
    let account = DbtAccount::new(cloud, wire, principal.clone());
    Ok(Some(DbtConnection::new(Some(account), None, &policy)))
}
