use super::administrative::AdministrativeClient;
use super::caller::{DbtCaller, SharedAccount};
use super::discovery::DiscoveryClient;
use super::error::{self, DbtError, DbtFailure};
use super::semantic::SemanticLayerClient;
use super::settings::DbtCloudSettings;
use crate::grants::GrantPolicy;
use crate::operations::Api;
use crate::principal::Principal;
use crate::wire::{Grants, Wire};

/// A dbt account: all its clients, which share one door that a 429 closes and one pace. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DbtAccount {
    caller: DbtCaller,
}

impl DbtAccount {
    /// An account that is asked over this wire. Sends nothing yet.
    pub fn new(settings: DbtCloudSettings, wire: Wire, principal: Principal) -> Self {
        let shared = SharedAccount::new(&settings);
        Self::within(settings, wire, principal, shared)
    }

    /// The same, which has in common with others of the process what all who ask an account have: it is one, however many ask it.
    pub(crate) fn within(
        settings: DbtCloudSettings,
        wire: Wire,
        principal: Principal,
        shared: SharedAccount,
    ) -> Self {
        Self {
            caller: DbtCaller::new(settings, wire, principal, shared),
        }
    }

    /// The same account over another wire. What a 429 closed and the pace stay shared.
    #[must_use]
    pub fn over(&self, wire: Wire) -> Self {
        let mut account = self.clone();
        account.caller.wire = wire;
        account
    }

    pub fn settings(&self) -> &DbtCloudSettings {
        &self.caller.settings
    }

    /// Jobs, runs and the rest of the account.
    pub fn administrative(&self) -> AdministrativeClient {
        AdministrativeClient::new(self.caller.clone())
    }

    /// Metrics of the production environment. One query at a time for each client and its clones.
    pub fn semantic_layer(&self) -> Result<SemanticLayerClient, DbtError> {
        let environment = self.caller.settings.environment_id;
        let client =
            environment.map(|environment| SemanticLayerClient::new(self.caller.clone(), environment));
        client.ok_or_else(|| {
            let message =
                "no environment is named: set DBT_PROD_ENV_ID to the number of the production environment";
            error::local("ask dbt's Semantic Layer", DbtFailure::Invalid, message)
        })
    }

    /// Models, tests and lineage of the production environment.
    pub fn discovery(&self) -> Result<DiscoveryClient, DbtError> {
        let environment = self.caller.settings.environment_id;
        let client = environment.map(|environment| DiscoveryClient::new(self.caller.clone(), environment));
        client.ok_or_else(|| {
            let message =
                "no environment is named: set DBT_PROD_ENV_ID to the number of the production environment";
            error::local("ask dbt about models", DbtFailure::Invalid, message)
        })
    }
}

/// What may be sent to an account: what the policy grants, in paths of this account alone.
pub fn grants(settings: &DbtCloudSettings, policy: &GrantPolicy) -> Grants {
    let account = settings.account_id.to_string();
    let at = &settings.addresses;
    Grants::none()
        .account_api(&at.administrative, Api::DbtAdministrative, &account, policy)
        .api(&at.discovery, Api::DbtDiscovery, policy)
        .api(&at.semantic_layer, Api::DbtSemanticLayer, policy)
}
