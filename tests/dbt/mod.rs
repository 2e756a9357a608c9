//! The dbt clients against scripted servers, and local projects of artifacts in dbt's form.

mod administrative;
mod artifact_versions;
mod changing_runs;
mod discovery;
mod entries;
mod failures;
mod graph;
mod hosts;
mod large_artifacts;
mod local;
mod paging;
mod program;
pub mod project;
mod semantic_filters;
mod semantic_golden;
mod semantic_program;
mod semantic_running;
mod semantic_saved;
mod starts;
mod suite;
mod tools;
mod turn_settings;
mod webhooks;

use cardinal::dbt::{DbtAccount, DbtAddresses, DbtCloudSettings, grants};
use cardinal::grants::GrantLevel;
use cardinal::principal::Principal;
use cardinal::wire::{Wire, WireSettings};
use secrecy::SecretString;

use crate::grants::{everywhere, policy};
use crate::support::scripted_dbt::ScriptedDbt;

pub const TOKEN: &str = "dbtc_8Qd2mVnEXAMPLE0w7";

pub fn settings(server: &ScriptedDbt) -> DbtCloudSettings {
    let addresses = DbtAddresses::of_host(server.url.as_str(), None).unwrap();
    DbtCloudSettings {
        environment_id: Some(3),
        ..DbtCloudSettings::new(addresses, SecretString::from(TOKEN), 1)
    }
}

/// An account to which everything is granted.
pub fn account(server: &ScriptedDbt) -> DbtAccount {
    account_with(settings(server))
}

pub fn account_with(settings: DbtCloudSettings) -> DbtAccount {
    let mut wire = WireSettings::new(grants(&settings, &policy(vec![everywhere(GrantLevel::Full)])));
    wire.retry.base = std::time::Duration::from_millis(1);
    DbtAccount::new(settings, Wire::new(wire).unwrap(), Principal::default())
}
