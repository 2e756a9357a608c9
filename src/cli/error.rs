use std::io;
use std::path::PathBuf;

use crate::app::Error as AppError;
use crate::approvals::ApprovalError;
use crate::batch::BatchError;
use crate::call_log::CallLogError;
use crate::catalog::NoSuchEntry;
use crate::config::ConfigError;
use crate::dbt::{DbtError, DbtNameError, EntryHealthError, SavedQueryDenied};
use crate::dbt_sandbox::{DbtProjectError, DbtServeError};
use crate::prompt::PromptError;
use crate::sandbox::faults::FaultSyntaxError;
use crate::sandbox::{ServeError, WorldError};
use crate::server::{SessionStoreError, StartError};
use crate::tapes::ReplayError;
use crate::wire::TapeError;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The command line is wrong, or asks for help.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing could be assembled from the settings.
    #[error(transparent)]
    App(#[from] AppError),
    /// Fault rules cannot be read.
    #[error(transparent)]
    Faults(#[from] FaultSyntaxError),
    #[error(transparent)]
    Dbt(#[from] DbtError),
    /// dbt has nothing, or more than one thing, of that name.
    #[error(transparent)]
    DbtName(#[from] DbtNameError),
    /// Nothing is known of an entry of Metabase.
    #[error(transparent)]
    EntryHealth(#[from] EntryHealthError),
    /// A saved query may not be asked.
    #[error(transparent)]
    SavedQuery(#[from] SavedQueryDenied),
    /// There is no saved query of that name.
    #[error(
        "there is no saved query {name} in dbt{}; `cardinal dbt saved` lists those there are",
        if near.is_empty() { String::new() } else { format!("; near it: {near}") }
    )]
    NoSavedQuery { name: String, near: String },
    /// Approvals could not be read or given.
    #[error(transparent)]
    Approvals(#[from] ApprovalError),
    /// There is no place for approvals.
    #[error("no approvals are kept: set `dir` under [approvals], or CARDINAL_APPROVALS_DIR")]
    NoApprovals,
    /// Whoever decides has to show who they are.
    #[error(
        "who decides? Put your own key into CARDINAL_APPROVER_KEY; its SHA-256 has to stand under [[approvals.approvers]]"
    )]
    NoApproverKey,
    /// Deliveries cannot be told from forged ones.
    #[error("no secret of a webhook subscription is known: set DBT_WEBHOOK_SECRET")]
    NoWebhookSecret,
    /// There is no account to ask.
    #[error("no dbt account is configured: set DBT_HOST, DBT_ACCOUNT_ID and DBT_TOKEN")]
    NoDbtAccount,
    /// There is no project to read.
    #[error("no local dbt project is configured: set DBT_PROJECT_DIR to its folder")]
    NoDbtProject,
    /// The call log cannot be read.
    #[error(transparent)]
    CallLog(#[from] CallLogError),
    /// No call log is kept.
    #[error(
        "no call log is kept: it is written when a dbt account is asked, or when call_log.dir (CARDINAL_CALL_LOG_DIR) \
         names a folder"
    )]
    NoCallLog,
    /// A line of the call log is not what was written.
    #[error("the call log cannot be read further: {0}; `cardinal log verify` says more")]
    BadCallLog(String),
    /// The sandbox's data cannot be read.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The sandbox cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The sandbox of dbt cannot be served.
    #[error(transparent)]
    DbtServe(#[from] DbtServeError),
    /// The dbt project to be served cannot be read.
    #[error(transparent)]
    DbtProject(#[from] DbtProjectError),
    #[error(transparent)]
    Server(#[from] StartError),
    /// The server's store cannot be used.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
    #[error("there is no token {id}; `cardinal token list` lists them")]
    NoSuchToken { id: String },
    /// The store has no such answer that could be made a case.
    #[error(
        "the store {store} has no finished answer {id} with a tape; name its store with CARDINAL_DATABASE_URL or `url` under \
         [store], or name the file of a tape"
    )]
    NoSuchAnswer {
        id: String,
        /// The store, without a password.
        store: String,
    },
    /// A prompt cannot be rendered.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A tape cannot be written or read.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// A recorded answer could not be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Nothing in the catalog has that name.
    #[error(transparent)]
    NoSuchEntry(#[from] NoSuchEntry),
    /// Data could not be written to stdout.
    #[error("failed to write to standard output: {0}")]
    Output(#[source] io::Error),
    /// The question or conversation could not be read from stdin.
    #[error("failed to read standard input: {0}")]
    Input(#[source] io::Error),
    /// A file could not be read.
    #[error("failed to read {path}: {source}", path = .path.display())]
    ReadFile { path: PathBuf, source: io::Error },
    /// A file could not be written.
    #[error("failed to write {path}: {source}", path = .path.display())]
    WriteFile { path: PathBuf, source: io::Error },
    /// A file is there already and was not asked to be replaced.
    #[error("{path} exists already; `cardinal init --force` replaces it", path = .path.display())]
    FileExists { path: PathBuf },
    /// A semantic model is there already and was not asked to be replaced.
    #[error("{path} exists already; name another file with --out, or replace it with --force", path = .path.display())]
    ModelExists { path: PathBuf },
    /// A suite is there already.
    #[error("{path} exists already; name another folder", path = .path.display())]
    SuiteExists { path: PathBuf },
    /// A run of many questions could not begin or go on.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// An eval came to nothing.
    #[error(transparent)]
    Eval(#[from] super::eval::EvalError),
    /// The folder that --csv names is not there, or is a file.
    #[error("--csv {path}: there is no such folder; name one that holds .csv files", path = .path.display())]
    NoDataFolder { path: PathBuf },
    /// The manual page cannot be made.
    #[error("failed to write the manual page: {0}")]
    Man(#[source] io::Error),
    /// The system gave no runtime or no working directory.
    #[error("failed to start: {0}")]
    Start(#[source] io::Error),
}

impl CliError {
    /// What to do about it, where the error itself cannot know that.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tape(TapeError::Read { .. } | TapeError::Damaged { .. })
            | Self::Replay(ReplayError::Tape(TapeError::Read { .. } | TapeError::Damaged { .. })) => Some(
                "name a tape: a file that `cardinal ask … --tape FILE` or `cardinal chat --tape DIR` wrote",
            ),
            Self::Eval(error) => error.hint(),
            Self::Batch(BatchError::Write { .. } | BatchError::Unrecorded(_)) => Some(
                "see that the folder is there and has room; the same command then goes on where the run stands",
            ),
            Self::WriteFile { .. } => Some("see that the folder is there and has room, or name another file"),
            _ => None,
        }
    }

    /// The command line is wrong in a way that only shows later.
    pub(super) fn usage(problem: impl std::fmt::Display) -> Self {
        use clap::CommandFactory as _;
        super::args::Cli::command()
            .error(clap::error::ErrorKind::ValueValidation, problem)
            .into()
    }
}
