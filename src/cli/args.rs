//! The command line as it is written. Nothing is resolved here: settings come from [`config::load`](crate::config).

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

/// Answers business questions over Metabase with a language model that can only touch what an analyst curated.
#[derive(Debug, Parser)]
#[command(
    name = "cardinal",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "`cardinal --help` also lists environment variables and exit codes.",
    after_long_help = long_help()
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// Settings file [default: cardinal.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    pub(super) config: Option<PathBuf>,
    /// Language model: openai:NAME, openai-responses:NAME, anthropic:NAME or offline
    // A string on purpose: `sandbox serve` has a `--model` of its own, and clap wants one type for one name.
    #[arg(long, global = true, value_name = "MODEL", display_order = 901)]
    pub(super) model: Option<String>,
    /// Print JSON for programs on stdout
    // A string on purpose: `eval run` has a `--json FILE`, and clap wants one type for one name.
    #[arg(
        long,
        global = true,
        num_args = 0,
        default_missing_value = "-",
        display_order = 902
    )]
    json: Option<String>,
    /// Log more to stderr (-vv, -vvv: even more)
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 903)]
    pub(super) verbose: u8,
    /// Log as JSON, one object per line
    #[arg(long, global = true, display_order = 904)]
    pub(super) log_json: bool,
}

impl GlobalArgs {
    /// Whether stdout is for programs.
    pub(super) fn json(&self) -> bool {
        self.json.is_some()
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Answer one question
    Ask(AskArgs),
    /// Answer questions in a conversation
    Chat(ChatArgs),
    /// Answer many questions of a file, and go on where a run was stopped or killed
    Batch(Box<super::batch::args::BatchArgs>),
    /// Answer questions over HTTP, for people on its page and for programs
    Serve(ServerArgs),
    /// Manage the tokens that people and programs ask the server with
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look at recorded answers, compare and replay them
    #[command(subcommand)]
    Tape(TapeCommand),
    /// Look at the curated content that questions are answered from
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Look at dbt: what ran, and whether the data behind an entry can be believed
    #[command(subcommand)]
    Dbt(DbtCommand),
    /// Show what may be asked of Metabase and dbt, by which rule
    Grants(GrantsArgs),
    /// Look at requests that wait for a person's approval, and decide on them
    #[command(subcommand)]
    Approvals(ApprovalsCommand),
    /// Look at the log of calls to Metabase and dbt, and check that nobody changed it
    #[command(subcommand)]
    Log(LogCommand),
    /// Run the embedded Metabase stand-in
    #[command(subcommand)]
    Sandbox(super::sandbox::args::SandboxCommand),
    /// Run suites of questions with known answers, and hold runs against each other
    #[command(subcommand)]
    Eval(super::eval::args::EvalCommand),
    /// Check settings, Metabase, catalog and model, and say how to fix what is wrong
    Doctor,
    /// Write a commented cardinal.toml
    Init(InitArgs),
    /// Print a script that completes commands and flags in your shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write the pages of all commands
    Man {
        /// Write a page for each command into this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// Flags of commands that answer questions.
#[derive(Debug, Clone, Args)]
pub(super) struct TurnArgs {
    /// Take this day as today (YYYY-MM-DD) [default: the real one; on the demo sandbox, the last day of its data]
    #[arg(long, value_name = "DATE", env = "CARDINAL_TODAY", hide_env_values = true)]
    pub(super) today: Option<Date>,
    /// Load the catalog anew instead of using the kept one
    #[arg(long)]
    pub(super) refresh: bool,
    /// Print answers only, no steps and remarks
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// `cardinal ask`.
#[derive(Debug, Args)]
pub(super) struct AskArgs {
    /// The question; `-` reads it from stdin
    pub(super) question: String,
    /// Print the last result as a table (tab-separated when piped); the answer's text goes to stderr
    #[arg(long, conflicts_with = "json")]
    pub(super) table: bool,
    /// Record how it was answered in this new file, for `cardinal tape`
    #[arg(long, value_name = "FILE")]
    pub(super) tape: Option<PathBuf>,
    /// Go on with the recording in --tape FILE that was broken off; the question is the recorded one
    #[arg(long, requires = "tape")]
    pub(super) resume: bool,
    #[command(flatten)]
    pub(super) turn: TurnArgs,
}

/// `cardinal chat`.
#[derive(Debug, Args)]
pub(super) struct ChatArgs {
    /// Record how each question was answered, in new files in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) tape: Option<PathBuf>,
    #[command(flatten)]
    pub(super) turn: TurnArgs,
}

/// Flags of commands that ask many questions.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct LimitArgs {
    /// Most completions at once [default: model.max_concurrency]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    model_limit: Option<u16>,
    /// Most requests to the data source at once [default: metabase.max_concurrency]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    data_limit: Option<u16>,
}

impl LimitArgs {
    /// For models and for data.
    pub(super) fn numbers(self) -> (Option<usize>, Option<usize>) {
        (
            self.model_limit.map(usize::from),
            self.data_limit.map(usize::from),
        )
    }
}

/// `cardinal serve`.
#[derive(Debug, Args)]
pub(super) struct ServerArgs {
    /// Where to listen; port 0 takes a free one. Beyond loopback nobody may ask without a credential
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8600", value_parser = super::listen::address)]
    pub(super) listen: std::net::SocketAddr,
    #[command(flatten)]
    pub(super) turn: TurnArgs,
}

/// `cardinal token`.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token. It is shown once
    Create {
        /// What it is called in lists
        #[arg(long, value_parser = super::token::name)]
        name: String,
        /// Who asks with it [default: its name]
        #[arg(long, value_parser = super::token::name)]
        principal: Option<String>,
        /// After which time it ends, such as 12h or 30d [default: never]
        #[arg(long, value_name = "TIME", value_parser = super::token::duration)]
        expires: Option<std::time::Duration>,
        /// What it may do beside asking
        #[arg(long, value_enum)]
        scope: Vec<ScopeArg>,
    },
    /// List all tokens
    List,
    /// End a token
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
    },
}

/// What a token may do beside asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ScopeArg {
    /// See what others asked
    Admin,
}

/// `cardinal tape`.
#[derive(Debug, Subcommand)]
pub(super) enum TapeCommand {
    /// Show a recorded answer: what was asked, which tools with which arguments, results, answer
    Show {
        /// The tape
        file: PathBuf,
        /// Write Markdown
        #[arg(long)]
        markdown: bool,
    },
    /// Say where two recorded answers part (exit code 1 if they do)
    Diff {
        /// One of the two tapes
        left: PathBuf,
        /// The tape to compare it with
        right: PathBuf,
    },
    /// Answer again from the tape alone, without a key or a network (exit code 1 if the answer is not the recorded one)
    Replay {
        /// The tape
        file: PathBuf,
    },
}

/// `cardinal catalog`.
#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// List all entries
    List(CatalogArgs),
    /// Show one entry as the model sees it
    Show {
        /// Its id or name: `7`, `card 7`, `metric 3`, "Monthly revenue"
        entry: String,
        #[command(flatten)]
        catalog: CatalogArgs,
    },
    /// Load the catalog and report what changed and what cannot be read (exit code 1 if anything did)
    Check(CatalogArgs),
    /// Bring the kept catalog up to date: read what was edited since, and say how many entries that were
    Refresh {
        /// Read every entry, whether it was edited or not
        #[arg(long)]
        all: bool,
    },
}

/// Flags of commands that read the catalog.
#[derive(Debug, Args)]
pub(super) struct CatalogArgs {
    /// Load the catalog anew instead of using the kept one
    #[arg(long)]
    pub(super) refresh: bool,
}

/// `cardinal dbt`.
#[derive(Debug, Subcommand)]
pub(super) enum DbtCommand {
    /// List runs of the account, the newest first
    Runs {
        /// Only of this job
        #[arg(long, value_name = "ID")]
        job: Option<u64>,
        /// Only runs with this status
        #[arg(long, value_enum)]
        status: Option<RunStatusArg>,
        /// How many runs
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        last: usize,
    },
    /// List jobs of the account, each with its last run
    Jobs,
    /// Cancel a run that waits or goes on. It writes, so dbt.runs has to be granted in full
    Cancel {
        /// The run, by its id
        #[arg(value_name = "RUN")]
        run: u64,
    },
    /// Start a job again from the step that failed last; where none failed, as a new run. It writes, so dbt.runs has to be
    /// granted in full
    Rerun {
        /// The job, by its id
        #[arg(value_name = "JOB")]
        job: u64,
    },
    /// List the saved queries of the Semantic Layer, or ask one whose metrics are all curated
    Saved {
        /// The query to ask; without one all are listed
        name: Option<String>,
        /// At most this many rows
        #[arg(long, value_name = "ROWS", requires = "name")]
        limit: Option<u32>,
    },
    /// Take deliveries of dbt's webhooks, and print each new event as one JSON line. The secret of the subscription stands in
    /// DBT_WEBHOOK_SECRET; `cardinal serve` takes deliveries by itself
    Webhook {
        /// Where to listen
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8788", value_parser = super::listen::address)]
        listen: std::net::SocketAddr,
    },
    /// Say whether an entry and everything it is made from ran, passed its tests and is fresh (exit code 1 if something
    /// failed)
    Health {
        /// A model, source, metric or exposure of dbt by name or id, or an entry of Metabase: `card 7`, `Average rating`
        entry: String,
        /// Where to look [default: the account where it names an environment, else the local project]
        #[arg(long, value_enum)]
        from: Option<HealthFrom>,
    },
}

/// Where the state of data is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum HealthFrom {
    /// In the account's Discovery API
    Discovery,
    /// In the artifacts of the local project
    Local,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RunStatusArg {
    Queued,
    Starting,
    Running,
    Success,
    Error,
    Cancelled,
}

/// `cardinal grants`.
#[derive(Debug, Args)]
pub(super) struct GrantsArgs {
    /// List every operation with what is decided on it
    #[arg(long)]
    pub(super) operations: bool,
}

/// `cardinal approvals`.
#[derive(Debug, Subcommand)]
pub(super) enum ApprovalsCommand {
    /// List what waits, and what was granted and not used yet
    List {
        /// Those that are used, denied or expired too
        #[arg(long)]
        all: bool,
    },
    /// Show one with what would be sent
    Show {
        /// The approval's id, as `approvals list` shows it
        id: String,
    },
    /// Let one request through, once. Your key stands in CARDINAL_APPROVER_KEY
    Grant {
        /// The approval's id, as `approvals list` shows it
        id: String,
    },
    /// Refuse it. Your key stands in CARDINAL_APPROVER_KEY
    Deny {
        /// The approval's id, as `approvals list` shows it
        id: String,
    },
}

/// `cardinal log`.
#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Show the last calls
    Show {
        /// How many calls
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        last: usize,
        /// Only calls that were not allowed
        #[arg(long)]
        refused: bool,
    },
    /// Check that no record was changed, moved or taken out (exit code 1 if one was)
    Verify {
        /// A head that was kept elsewhere, NUMBER:HASH as an earlier check printed it
        #[arg(long, value_name = "ANCHOR")]
        anchor: Vec<crate::call_log::Anchor>,
        /// A file of such heads, one on each line
        #[arg(long, value_name = "FILE")]
        anchors: Option<PathBuf>,
    },
    /// Print all records, one JSON object on each line
    Export {
        /// Print a table of comma-separated values instead
        #[arg(long)]
        csv: bool,
    },
}

/// `cardinal init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Replace a file that is there
    #[arg(long)]
    pub(super) force: bool,
    /// Print the JSON schema of the file instead of writing one
    #[arg(long)]
    pub(super) schema: bool,
}

fn long_help() -> String {
    format!(
        "Environment:\n  \
         METABASE_URL, METABASE_API_KEY           the Metabase to ask; without a URL: the demo sandbox\n  \
         METABASE_SESSION                         instead of a key: a session\n  \
         METABASE_USERNAME, METABASE_PASSWORD     instead of a key: a person\n  \
         METABASE_JWT_SECRET, METABASE_JWT_EMAIL  instead of a key: signed tokens\n  \
         DBT_HOST, DBT_ACCOUNT_ID, DBT_TOKEN      a dbt account\n  \
         DBT_PROD_ENV_ID                          its production environment\n  \
         MULTICELL_ACCOUNT_PREFIX                 what stands before DBT_HOST, if it is shared\n  \
         DBT_PROJECT_DIR                          a local dbt project\n  \
         DBT_WEBHOOK_SECRET                       the secret of a webhook subscription\n  \
         OPENAI_API_KEY, OPENAI_BASE_URL          models openai:NAME\n  \
         ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL    models anthropic:NAME\n  \
         CARDINAL_CONFIG                          like --config\n  \
         CARDINAL_MODEL                           like --model\n  \
         CARDINAL_TODAY                           like --today\n  \
         CARDINAL_APPROVER_KEY                    who decides in `cardinal approvals`\n  \
         CARDINAL_LOG                             log filter, such as cardinal=debug\n  \
         CARDINAL_<SECTION>_<KEY>                 any setting of cardinal.toml\n\n{}",
        super::exit::help()
    )
}
