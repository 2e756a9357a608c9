//! dbt: the APIs of an account, the artifacts of a local project, and how healthy the data is.
//!
//! The idea: "can I believe it?" is a question about runs, tests and freshness, which dbt knows. A project is read into a graph of
//! what is made from what and a state for each node, from the Discovery API or from the files of a local project, and one pure
//! function judges an entry by everything upstream of it. Every request is an operation of the table in
//! [`operations`](crate::operations), so that grants and the call log hold for it.
//!
//! ```no_run
//! # use cardinal::dbt::{DbtAccount, DbtError};
//! # async fn look(account: DbtAccount) -> Result<(), DbtError> {
//! let discovery = account.discovery()?;
//! let graph = discovery.graph().await?;
//! if let Ok(orders) = graph.find("orders") {
//!     let orders = orders.clone();
//!     let state = discovery.state(graph, &orders.unique_id).await?;
//!     println!("{:?}", state.assess(&orders).health);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start with `connection.rs`, which is dbt as it is configured, then `account.rs`. `caller.rs` sends requests, `envelope.rs` reads answers and pages, `administrative.rs`,
//! `discovery.rs` and `semantic/` are the three clients, `local/` reads a project in a folder, `health.rs` judges.

mod account;
mod administrative;
mod artifacts;
mod caller;
mod connection;
mod discovery;
mod discovery_replies;
mod distill;
mod door;
mod entry_health;
mod envelope;
mod error;
mod graph;
mod graphql;
mod health;
mod local;
mod null;
mod run;
mod run_ends;
mod semantic;
mod settings;
mod token_reach;
mod webhook;

pub use account::{DbtAccount, grants};
pub use administrative::{AdministrativeClient, RunFilter};
pub use artifacts::NodeOutcome;
pub(crate) use caller::SharedAccount;
pub use connection::{DbtConnection, DbtOffers};
pub use discovery::DiscoveryClient;
pub(crate) use entry_health::{EntryHealthError, entry_health, entry_health_with_downstream, rests_on};
pub use envelope::DbtList;
pub use error::{DbtError, DbtFailure};
pub use graph::{DbtGraph, DbtNameError, DbtNode};
pub use health::{AssessedNode, DataHealth, DataHealthReport, NodeState, ProjectState, SourceFreshness};
pub use local::{LocalDimension, LocalMetric, LocalProject};
pub use run::{DbtJob, DbtRun, DbtRunStatus, DbtRunStep};
pub use semantic::{
    AllowedSavedQuery, DbtMetricQuery, DbtMetrics, FilterProblem, SavedMetricQuery, SavedQueryDenied,
    SavedQueryRun, SemanticDimension, SemanticEntity, SemanticLayerClient, SemanticMeasure, SemanticMetric,
    check_dbt_query,
};
pub use settings::{DbtAddresses, DbtCloudSettings, DbtSettings};
pub(crate) use token_reach::token_reach;
pub use webhook::{DbtEvent, EventMemory, WebhookError};
