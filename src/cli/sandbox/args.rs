//! The command line of `cardinal sandbox`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use crate::sandbox::ServedGeneration;

/// `cardinal sandbox`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SandboxCommand {
    /// Serve it until Ctrl-C; prints one JSON line (url, api_key, user, password, jwt_secret,
    /// curated_collection_id) once it listens
    Serve(Box<ServeArgs>),
    /// Write a first semantic model for your own data, with comments, to complete by hand
    Init(SandboxInitArgs),
    /// Run every card and metric of a semantic model once, and name each fault with its file and line
    Check(SandboxCheckArgs),
}

/// The data that a sandbox serves.
#[derive(Debug, Args)]
pub(in crate::cli) struct DatasetArgs {
    /// Use this SQLite file instead of the demo data
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    pub(super) db: Option<PathBuf>,
    /// Use the CSV files of this folder instead of the demo data
    #[arg(long, value_name = "DIR")]
    pub(super) csv: Option<PathBuf>,
}

/// `cardinal sandbox init`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SandboxInitArgs {
    #[command(flatten)]
    pub(super) data: DatasetArgs,
    /// Where to write it
    #[arg(long, value_name = "FILE.yaml", default_value = "sandbox-model.yaml")]
    pub(super) out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub(super) force: bool,
    /// Print the JSON schema of a semantic model instead of writing one
    #[arg(long)]
    pub(super) schema: bool,
}

/// `cardinal sandbox check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SandboxCheckArgs {
    #[command(flatten)]
    pub(super) data: DatasetArgs,
    /// The semantic model to check
    // The same name as the global flag, so that it replaces it here.
    #[arg(long = "model", id = "model", value_name = "FILE.yaml")]
    pub(super) semantic_model: Option<String>,
}

/// `cardinal sandbox serve`.
#[derive(Debug, Args)]
#[command(after_long_help = SERVE_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::cli) struct ServeArgs {
    /// Port on the loopback interface; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    pub(super) port: u16,
    #[command(flatten)]
    pub(super) data: DatasetArgs,
    /// Semantic model of --db or --csv (YAML): cards, metrics, segments, measures, permissions
    // The same name as the global flag, so that it replaces it here.
    #[arg(long = "model", id = "model", value_name = "FILE.yaml")]
    pub(super) semantic_model: Option<String>,
    /// Faults to inject, such as `POST /api/card/*/query=429:2,retry-after=1`; separate several with `;` (kinds: see
    /// below)
    #[arg(long, value_name = "RULES")]
    pub(super) faults: Option<String>,
    /// Which Metabase it is: its routes, its forms and its refusals
    #[arg(long, value_parser = generation(), default_value = ServedGeneration::default().name())]
    pub(super) generation: ServedGeneration,
    /// Who built it and what it is licensed for
    #[arg(long, value_enum, default_value_t = EditionArg::Pro)]
    pub(super) edition: EditionArg,
    /// Version to report instead of its own, such as v0.63.2; what is served stays the same
    #[arg(long, value_name = "TEXT")]
    pub(super) claim_version: Option<String>,
    /// The most that any credential may do on the Agent API, such as "agent:search agent:query" [default: everything]
    #[arg(long, value_name = "SCOPES")]
    pub(super) scopes: Option<String>,
    /// Running SQL through the Agent API is switched off, as with Metabase's `mcp-execute-sql-enabled`
    #[arg(long)]
    pub(super) without_execute_sql: bool,
    /// API key to accept, beginning with `mb_` [default: the semantic model's]
    #[arg(long, value_name = "KEY")]
    pub(super) api_key: Option<String>,
    /// Exceptions say only that something went wrong, as with Metabase's `hide-stacktraces`
    #[arg(long)]
    pub(super) hide_stacktraces: bool,
    /// Queries that fail are answered with 202, as always before v0.59
    #[arg(long)]
    pub(super) legacy_failures: bool,
    /// No shared secret for JWTs is configured
    #[arg(long)]
    pub(super) without_jwt: bool,
    #[command(flatten)]
    pub(super) dbt: DbtServeArgs,
}

/// What `cardinal sandbox serve` is told about dbt.
#[derive(Debug, Args)]
pub(in crate::cli) struct DbtServeArgs {
    /// Serve dbt's APIs beside Metabase's, over the same data; the line has dbt_url, dbt_token, dbt_account_id,
    /// dbt_environment_id and dbt_webhook_secret as well
    #[arg(long)]
    pub(super) dbt: bool,
    /// Port for dbt's APIs; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, requires = "dbt")]
    pub(super) dbt_port: u16,
    /// Serve this dbt project, with its artifacts in target/, instead of the built-in one
    #[arg(long, value_name = "DIR", requires = "dbt")]
    pub(super) dbt_project: Option<PathBuf>,
    /// Token to accept for everything [default: one made up at start]
    #[arg(long, value_name = "TOKEN", requires = "dbt")]
    pub(super) dbt_token: Option<String>,
    /// Faults of dbt's APIs, in the same form: a status, latency, cut
    #[arg(long, value_name = "RULES", requires = "dbt")]
    pub(super) dbt_faults: Option<String>,
}

/// What the options of `sandbox serve` take, and who can sign in.
const SERVE_HELP: &str = "\
Faults: METHOD PATH=KIND[,OPTION...]. METHOD may be *. In PATH, * stands for one
segment, a last ** for the rest.
  429, 503, ...         a plain error status; 429:2 hits two requests only
  latency:500ms         the whole answer comes later
  slow-first-byte:2s    the headers come at once, the body later
  failed                202 with a failed query in the body
  cut:64kb              the connection breaks after so much of the body
  glue:64kb             an error object follows so much of the body (before v0.62)
  huge:200mb            a valid result of this size
  expired-jwt           401 as for a token that is too old
  Options: count=N (hit N requests), skip=N (let N pass first),
  retry-after=SECONDS (with a status). Example, with a delay for each card:
  --faults 'POST /api/card/*/query=429:2,retry-after=1; GET /api/card/*=latency:1s'

Users, when the semantic model names no others (e-mail, password, rights):
  admin@example.com     sandbox-admin      everything
  analyst@example.com   sandbox-analyst    all but \"Finance (restricted)\", and SQL
  viewer@example.com    sandbox-viewer     the curated collection, no table
  former@example.com    sandbox-former     cannot sign in any more

API keys: the one that is printed has the rights of an analyst.
  administrator         mb_c2FuZGJveC1hZG1pbi1rZXktLW5vdC1hLXNlY3JldC0=
  viewer                mb_c2FuZGJveC12aWV3ZXIta2V5LW5vdC1hLXNlY3JldC0=";

/// Editions of Metabase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EditionArg {
    /// The open source build
    Oss,
    /// The commercial build without a licence
    Unlicensed,
    /// The commercial build with a licence
    Pro,
}

/// The names of all generations.
pub(in crate::cli) fn generation() -> impl TypedValueParser<Value = ServedGeneration> {
    let names = ServedGeneration::all().map(ServedGeneration::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<ServedGeneration>())
}
