//! The dbt sandbox over the demo's tables, and an account that asks it over real sockets.

use std::sync::Arc;
use std::time::Duration;

use super::demo_world::WORLD;
use cardinal::catalog::{AllowedDbtMetric, Catalog, DbtMetricRule, Entry, MetricId};
use cardinal::dbt::{DbtAccount, DbtAddresses, DbtCloudSettings, SemanticLayerClient, grants};
use cardinal::grants::GrantLevel;
use cardinal::principal::Principal;
use cardinal::wire::{Wire, WireSettings};
use cardinal_dbt_sandbox::{DbtServeOptions, RunningDbtSandbox, serve};

use crate::grants::{everywhere, policy};

/// A running sandbox, and its account with everything granted.
pub struct DbtStand {
    pub running: RunningDbtSandbox,
    pub account: DbtAccount,
}

impl DbtStand {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut DbtServeOptions)) -> Self {
        let mut options = DbtServeOptions::new(Arc::new(|| {
            WORLD.sqlite_address().map_err(|error| error.to_string())
        }));
        options.pace = Duration::from_millis(20);
        change(&mut options);
        let running = serve(options).await.unwrap();
        let addresses = DbtAddresses::of_host(&running.url, None).unwrap();
        let account_id = u64::try_from(running.account_id).unwrap();
        let settings = DbtCloudSettings {
            environment_id: u64::try_from(running.environment_id).ok(),
            ..DbtCloudSettings::new(addresses, running.token.clone(), account_id)
        };
        let mut wire = WireSettings::new(grants(&settings, &policy(vec![everywhere(GrantLevel::Full)])));
        wire.retry.base = Duration::from_millis(1);
        let account = DbtAccount::new(settings, Wire::new(wire).unwrap(), Principal::default());
        Self { running, account }
    }

    pub fn layer(&self) -> SemanticLayerClient {
        self.account.semantic_layer().unwrap()
    }

    /// All its metrics, with the values of their dimensions.
    pub async fn catalog(&self) -> Catalog {
        let rule = DbtMetricRule {
            all: true,
            values: true,
            ..DbtMetricRule::default()
        };
        let found = self.layer().curated(&rule, None).await.unwrap();
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        Catalog::for_tests(found.entries)
    }
}

/// The metric that dbt knows by this name.
pub fn dbt_metric(catalog: &Catalog, name: &str) -> AllowedDbtMetric {
    let entry = catalog
        .entries()
        .iter()
        .find(|entry| entry.dbt().is_some_and(|dbt| dbt.name == name));
    let id = entry.map_or_else(|| panic!("no metric {name}"), Entry::id);
    catalog.allow_dbt_metric(MetricId(id)).unwrap()
}
