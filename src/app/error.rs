use crate::call_log::CallLogError;
use crate::config::ConfigError;
use crate::dbt::DbtError;
use crate::ledger::LedgerError;
use crate::metabase::MetabaseError;
use crate::model::ModelError;
use crate::prompt::PromptError;
use crate::sandbox::{ServeError, WorldError};
use crate::tapes::ReplayError;
use crate::wire::{TapeError, WireError};

/// Why a question was not answered at all. What goes wrong while one is answered is an outcome of its answer instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The demo's data could not be made.
    #[error("failed to build the demo sandbox")]
    World(#[from] WorldError),
    /// The demo could not be served.
    #[error("failed to start the demo sandbox")]
    Serve(#[from] ServeError),
    /// The demo is not what it should be.
    #[error("the demo sandbox cannot be asked: {0}")]
    Demo(String),
    /// The wire could not be set up.
    #[error("failed to set up the network")]
    Wire(#[from] WireError),
    /// Calls cannot be written down.
    #[error(transparent)]
    CallLog(#[from] CallLogError),
    /// The Metabase cannot be asked.
    #[error("failed to load the catalog from {url}")]
    Metabase { url: String, source: Box<MetabaseError> },
    /// dbt's Semantic Layer cannot be asked.
    #[error("failed to load the metrics of dbt from {url}")]
    SemanticLayer { url: String, source: Box<DbtError> },
    /// The server was read, and the rules of `[catalog]` select nothing there that the credential can read.
    #[error(
        "the catalog of {url} is empty: its rules select nothing that this credential can read{}; check `collections` \
         and `ids` under [catalog], and the credential's group with `cardinal doctor`",
        listed(warnings)
    )]
    EmptyCatalog {
        url: String,
        /// What could not be loaded, in words.
        warnings: Vec<String>,
    },
    /// The model cannot be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A run has a budget, and what its model costs is not known.
    #[error(
        "the price of the model {model} is not known, so that a budget cannot be held; set [model.prices], or ask without \
         a budget"
    )]
    Unpriced { model: String },
    /// What was used today is not known.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The prompt could not be rendered.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A setting is missing, unknown or out of its bounds; the message names it and where it was read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The turn could not be recorded.
    #[error(transparent)]
    Tape(Box<TapeError>),
    /// A recorded turn could not be continued.
    #[error(transparent)]
    Replay(Box<ReplayError>),
}

/// The first warnings of a load, in brackets.
fn listed(warnings: &[String]) -> String {
    const MOST: usize = 3;
    let first: Vec<&str> = warnings.iter().take(MOST).map(String::as_str).collect();
    if first.is_empty() {
        return String::new();
    }
    format!(" ({})", first.join("; "))
}

impl From<TapeError> for Error {
    fn from(error: TapeError) -> Self {
        Self::Tape(Box::new(error))
    }
}

impl From<ReplayError> for Error {
    fn from(error: ReplayError) -> Self {
        Self::Replay(Box::new(error))
    }
}
