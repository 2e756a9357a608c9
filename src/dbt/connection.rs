//! dbt as it is configured: an account, a local project, or both; and what of it the grants let anybody ask.

use jiff::Timestamp;

use super::account::DbtAccount;
use super::error::{self, DbtError, DbtFailure};
use super::graph::DbtGraph;
use super::health::ProjectState;
use super::local::LocalProject;
use super::semantic::SemanticLayerClient;
use crate::grants::{GrantDecision, GrantPolicy};
use crate::operations::{Operation, administrative, discovery, local};
use crate::wire::Wire;

/// What may be asked of dbt, as far as grants go. A tool is shown only where what it asks may be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is granted by itself")]
pub struct DbtOffers {
    /// Models, tests, freshness and lineage.
    pub nodes: bool,
    pub jobs: bool,
    pub runs: bool,
    /// Starting a job and following its run.
    pub run_job: bool,
    /// That another dbt, or none, made the data of the catalog's entries, so that none of them can be judged by this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_other_data: bool,
}

/// dbt as it is configured. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DbtConnection {
    account: Option<DbtAccount>,
    project: Option<LocalProject>,
    offers: DbtOffers,
    /// Asked for metrics, where any are curated.
    semantic_layer: Option<SemanticLayerClient>,
}

impl DbtConnection {
    /// What is there, and what the policy grants of it. Models are asked of the account where it names an environment and the
    /// grants let it, else of the local project.
    pub fn new(account: Option<DbtAccount>, project: Option<LocalProject>, policy: &GrantPolicy) -> Self {
        let granted = |operations: &[&'static Operation]| {
            let now = Timestamp::now();
            let mut operations = operations.iter();
            operations
                .all(|operation| matches!(policy.best_ruling(operation, now), GrantDecision::Permitted(_)))
        };
        let discovers = [
            &discovery::LINEAGE,
            &discovery::EXPOSURES,
            &discovery::MODELS,
            &discovery::MODEL_HEALTH,
            &discovery::SOURCE_HEALTH,
            &discovery::SEED_HEALTH,
            &discovery::SNAPSHOT_HEALTH,
        ];
        let discovered = account
            .as_ref()
            .is_some_and(|account| account.discovery().is_ok())
            && granted(&discovers);
        let read = project.is_some() && granted(&[&local::MANIFEST, &local::RUN_RESULTS, &local::SOURCES]);
        let is_account = account.is_some();
        let offers = DbtOffers {
            of_other_data: false,
            nodes: discovered || read,
            jobs: is_account && granted(&[&administrative::LIST_JOBS, &administrative::GET_JOB]),
            runs: is_account && granted(&[&administrative::LIST_RUNS, &administrative::GET_RUN]),
            run_job: is_account && granted(&[&administrative::TRIGGER_JOB_RUN, &administrative::GET_RUN]),
        };
        Self {
            account,
            project: project.filter(|_| !discovered),
            offers,
            semantic_layer: None,
        }
    }

    /// The same beside data that it did not make.
    #[must_use]
    pub(crate) fn of_other_data(mut self) -> Self {
        self.offers.of_other_data = true;
        self
    }

    /// The same, which is asked for curated metrics too. An account without an environment has none.
    #[must_use]
    pub(crate) fn asked_for_metrics(self) -> Self {
        let account = self.account.as_ref();
        let semantic_layer = account.and_then(|account| account.semantic_layer().ok());
        Self {
            semantic_layer,
            ..self
        }
    }

    /// The same as a recorded turn saw it: an account with these offers, and perhaps with curated metrics.
    pub fn recorded(account: DbtAccount, offers: DbtOffers, metrics: bool) -> Self {
        let connection = Self {
            account: Some(account),
            project: None,
            offers,
            semantic_layer: None,
        };
        if metrics {
            connection.asked_for_metrics()
        } else {
            connection
        }
    }

    /// The same over another wire: another session's, or one that records.
    #[must_use]
    pub fn over(&self, wire: &Wire) -> Self {
        let layer = self.semantic_layer.as_ref();
        Self {
            account: self.account.as_ref().map(|account| account.over(wire.clone())),
            semantic_layer: layer.map(|layer| layer.over(wire.clone())),
            ..self.clone()
        }
    }

    pub fn offers(&self) -> DbtOffers {
        self.offers
    }

    /// Whether anything may be asked of it: by its tools, or of its metrics.
    pub(crate) fn is_of_use(&self) -> bool {
        let offered = DbtOffers {
            of_other_data: false,
            ..self.offers
        };
        offered != DbtOffers::default() || self.semantic_layer.is_some()
    }

    /// What curated metrics are asked with; `None` where none are.
    pub fn semantic_layer(&self) -> Option<&SemanticLayerClient> {
        self.semantic_layer.as_ref()
    }

    /// The account, if there is one.
    pub fn account(&self) -> Option<&DbtAccount> {
        self.account.as_ref()
    }

    /// The account, for what only an account knows.
    pub(crate) fn needed_account(&self, action: &str) -> Result<&DbtAccount, DbtError> {
        self.account.as_ref().ok_or_else(|| {
            let message = "no dbt account is configured; a local project knows no jobs and runs";
            error::local(action, DbtFailure::Invalid, message)
        })
    }

    /// What is made from what.
    pub async fn graph(&self) -> Result<DbtGraph, DbtError> {
        match &self.project {
            Some(project) => Ok(project.state().await?.graph),
            None => {
                self.needed_account("read the lineage")?
                    .discovery()?
                    .graph()
                    .await
            }
        }
    }

    /// The same, where each model also knows the table that it is in the warehouse.
    pub(crate) async fn graph_with_tables(&self) -> Result<DbtGraph, DbtError> {
        match &self.project {
            Some(project) => Ok(project.state().await?.graph),
            None => {
                self.needed_account("read the lineage")?
                    .discovery()?
                    .graph_with_tables()
                    .await
            }
        }
    }

    /// What is known of these nodes and of everything they are made from.
    pub async fn state(&self, graph: DbtGraph, unique_ids: &[&str]) -> Result<ProjectState, DbtError> {
        match &self.project {
            Some(project) => project.state().await,
            None => {
                self.needed_account("read the health of models")?
                    .discovery()?
                    .state_of(graph, unique_ids)
                    .await
            }
        }
    }
}
