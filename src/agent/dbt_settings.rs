use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::dbt::{DbtAccount, DbtAddresses, DbtCloudSettings, DbtConnection, DbtOffers};
use crate::principal::Principal;
use crate::wire::Wire;

/// The dbt account that a turn asks, without its token: what decides which requests go there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbtTurnSettings {
    /// Hosts of its three APIs.
    pub administrative: Url,
    pub discovery: Url,
    pub semantic_layer: Url,
    pub account_id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<u64>,
    /// What its tools may ask.
    #[serde(default)]
    pub offers: DbtOffers,
    /// Whether metrics of its Semantic Layer are curated.
    #[serde(default)]
    pub metrics: bool,
    /// How long a query of such a metric may take.
    #[serde(default = "usual_timeout")]
    pub timeout: Duration,
}

fn usual_timeout() -> Duration {
    DbtCloudSettings::USUAL_TIMEOUT
}

/// What tapes said of the Semantic Layer while it stood apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerApart {
    url: Url,
    account_id: u64,
    environment_id: u64,
    timeout: Duration,
}

impl DbtTurnSettings {
    /// What is said of a connection; `None` for one without an account, whose files are on no tape.
    pub fn of(dbt: &DbtConnection) -> Option<Self> {
        let settings = dbt.account()?.settings();
        let at = settings.addresses.clone();
        Some(Self {
            administrative: at.administrative,
            discovery: at.discovery,
            semantic_layer: at.semantic_layer,
            account_id: settings.account_id,
            environment_id: settings.environment_id,
            offers: dbt.offers(),
            metrics: dbt.semantic_layer().is_some(),
            timeout: settings.timeout,
        })
    }

    /// The account that makes the same requests, over this wire and with a token that is good for nothing.
    pub fn recorded(&self, wire: Wire, principal: Principal) -> DbtConnection {
        let addresses = DbtAddresses {
            administrative: self.administrative.clone(),
            discovery: self.discovery.clone(),
            semantic_layer: self.semantic_layer.clone(),
        };
        let settings = DbtCloudSettings {
            environment_id: self.environment_id,
            timeout: self.timeout,
            ..DbtCloudSettings::new(addresses, SecretString::from("replay"), self.account_id)
        };
        let account = DbtAccount::new(settings, wire, principal);
        DbtConnection::recorded(account, self.offers, self.metrics)
    }

    /// One description of what older tapes have two of: an account whose tools are asked, if there is one, and a Semantic Layer.
    pub(super) fn joined(account: Value, layer: Value) -> Result<Value, serde_json::Error> {
        let account: Option<Self> = serde_json::from_value(account)?;
        let layer: Option<LayerApart> = serde_json::from_value(layer)?;
        let Some(layer) = layer else {
            return serde_json::to_value(account);
        };
        serde_json::to_value(match account {
            Some(account) => Self {
                semantic_layer: layer.url,
                environment_id: Some(layer.environment_id),
                metrics: true,
                timeout: layer.timeout,
                ..account
            },
            None => Self {
                administrative: layer.url.clone(),
                discovery: layer.url.clone(),
                semantic_layer: layer.url,
                account_id: layer.account_id,
                environment_id: Some(layer.environment_id),
                offers: DbtOffers::default(),
                metrics: true,
                timeout: layer.timeout,
            },
        })
    }
}
