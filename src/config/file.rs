use std::collections::BTreeMap;
use std::path::PathBuf;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

use super::approvals::ApprovalsConfig;
use super::dbt::DbtConfig;
use super::grants::{CallLogConfig, GrantsConfig};
use super::server::ServerConfig;
use super::store::StoreConfig;
use crate::metabase::{DatasetRoute, GenerationSetting};
use crate::model::{CacheHints, ModelDrive};

/// Settings of Cardinal (`cardinal.toml`). Everything but `version` may be left out. Secrets are never written here:
/// a setting that ends in `_env` names the environment variable that holds one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileConfig {
    /// Version of this file's format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[expect(dead_code, reason = "it is compared before the rest is read")]
    pub version: u32,
    /// The Metabase to ask, and how to sign in. Without it the embedded demo sandbox is asked.
    #[serde(default)]
    pub metabase: MetabaseConfig,
    /// dbt: an account, a local project, or both. Nothing is asked of it that `[grants]` does not allow.
    #[serde(default)]
    pub dbt: DbtConfig,
    /// What this process may ask of Metabase and dbt. Without any rule Metabase is read and dbt is off.
    #[serde(default)]
    pub grants: GrantsConfig,
    /// Approvals of calls that change code, money or access. Without a folder there are none, and such calls are refused.
    #[serde(default)]
    pub approvals: ApprovalsConfig,
    /// The log of all calls to Metabase and dbt. It is written when dbt is asked, or when a folder is named here.
    #[serde(default)]
    pub call_log: CallLogConfig,
    /// What is curated: the only content that questions can be answered from.
    #[serde(default)]
    pub catalog: CatalogConfig,
    /// The language model.
    #[serde(default)]
    pub model: ModelConfig,
    /// Budgets of a question, a conversation and a day.
    #[serde(default)]
    pub budget: BudgetConfig,
    /// When a model that goes in circles is stopped.
    #[serde(default)]
    pub guard: GuardConfig,
    /// What becomes of figures in an answer that no result bears out.
    #[serde(default)]
    pub grounding: GroundingConfig,
    /// How much of a result a model sees.
    #[serde(default)]
    pub shaping: ShapingConfig,
    /// How much of a conversation is sent to the model, and how its results are held.
    #[serde(default)]
    pub conversation: ConversationConfig,
    /// Where answers are recorded, so that they can be replayed.
    #[serde(default)]
    pub tape: TapeConfig,
    /// Serving: who may ask, and how much at once.
    #[serde(default)]
    pub server: ServerConfig,
    /// Where the server keeps sessions and answers.
    #[serde(default)]
    pub store: StoreConfig,
}

/// The ways to sign in to Metabase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthKind {
    /// An API key.
    ApiKey,
    /// A user's e-mail address and password.
    Password,
    /// A session that exists already.
    Session,
    /// JWTs signed with the secret shared with Metabase.
    Jwt,
}

/// The Metabase to ask, and how to sign in.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetabaseConfig {
    /// Address as people open it in a browser, without `/api`. METABASE_URL goes before it.
    pub url: Option<String>,
    /// How to sign in. Without it: the first of `api_key`, `session`, `jwt`, `password` whose variables are set.
    pub auth: Option<AuthKind>,
    /// Variable that holds the API key (default METABASE_API_KEY).
    pub api_key_env: Option<String>,
    /// E-mail address to sign in with. METABASE_USERNAME goes before it.
    pub username: Option<String>,
    /// Variable that holds the password (default METABASE_PASSWORD).
    pub password_env: Option<String>,
    /// Variable that holds a session id (default METABASE_SESSION).
    pub session_env: Option<String>,
    /// Variable that holds the JWT secret (default METABASE_JWT_SECRET).
    pub jwt_secret_env: Option<String>,
    /// The person JWTs name. METABASE_JWT_EMAIL goes before it.
    pub jwt_email: Option<String>,
    /// Whether a JWT is exchanged for a session; saved questions cannot be run without (default true).
    pub jwt_exchange: Option<bool>,
    /// Longest wait for one query, in seconds (default 120).
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_seconds: Option<u64>,
    /// Most bytes of one response taken into memory (default 33554432).
    #[schemars(range(min = 65536, max = 1_073_741_824))]
    pub max_response_bytes: Option<usize>,
    /// Most requests in flight at once, of all sessions together (default 8). A load of a catalog begins with four and grows
    /// up to this while Metabase keeps up.
    #[schemars(range(min = 1, max = 64))]
    pub max_concurrency: Option<usize>,
    /// Most rows fetched for one query, over all its pages (default 10000).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_rows: Option<u64>,
    /// Which generation of the Agent API is spoken: `auto`, the one that is found by asking (the default), `classic`, none,
    /// or the one of a version.
    pub generation: Option<GenerationSetting>,
    /// Whether metrics and tables may be asked over the classic route `/api/dataset` where the Agent API is missing or cannot
    /// do what is asked: `never` (the default), or `fallback`. The queries are made of curated parts, never SQL.
    pub dataset_route: Option<DatasetRoute>,
}

/// What is curated, and how it is kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogConfig {
    /// Collections whose cards and metrics are curated: short for the same list under `cards` and `metrics`.
    pub collections: Option<CollectionsConfig>,
    /// Saved questions and models.
    #[serde(default)]
    pub cards: ContentConfig,
    /// Metrics.
    #[serde(default)]
    pub metrics: ContentConfig,
    /// Tables; none unless asked for.
    #[serde(default)]
    pub tables: TableConfig,
    /// Metrics of dbt's Semantic Layer; none unless asked for. They need `[dbt]` with an environment.
    #[serde(default)]
    pub dbt_metrics: DbtMetricsConfig,
    /// Words of the business with what they mean: `GMV = "Revenue before refunds"`. The model reads them with the catalog.
    #[serde(default)]
    pub glossary: BTreeMap<String, String>,
    /// Notes on single entries: other names, what to ask first.
    #[serde(default)]
    pub notes: Vec<EntryNotesConfig>,
    /// Whether loaded catalogs are kept on disk (default true).
    pub cache: Option<bool>,
    /// Where they are kept (default: `cardinal` in the user's cache folder).
    pub cache_dir: Option<PathBuf>,
    /// How long a kept catalog is used before it is loaded again, in seconds (default 900).
    #[schemars(range(max = 604_800))]
    pub max_age_seconds: Option<u64>,
}

/// A note on one entry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryNotesConfig {
    /// The entry by kind and id, as `cardinal catalog list` shows it: `metric 12`.
    pub entry: String,
    /// Other words that people use for it.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Whether a question without a period is asked back for one (default false).
    #[serde(default)]
    pub needs_period: bool,
    /// What to ask first, because it can be meant in more than one way: `net or gross?`.
    pub ask: Option<String>,
}

/// Collections as people write them: one, or a list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "collections are written by number, name or address: [7], [\"7-finance\"] or [\"Finance\"]"
)]
pub(crate) enum CollectionsConfig {
    /// One, or several with commas between.
    One(CollectionConfig),
    Several(Vec<CollectionConfig>),
}

/// One collection as people write it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum CollectionConfig {
    /// Its number.
    Number(u32),
    /// Its name, its address in Metabase, or the end of that: `7-finance`.
    Text(String),
}

/// Selects cards or metrics: what `collections` and `ids` name, the former narrowed by the rest.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContentConfig {
    /// Everything in these collections: by number, name or address.
    pub collections: Option<CollectionsConfig>,
    /// Everything in the root collection too (default false).
    pub root_collection: Option<bool>,
    /// Whether collections inside these count (default true).
    pub recursive: Option<bool>,
    /// These, wherever they lie.
    pub ids: Option<Vec<u32>>,
    /// Of what the collections select: only names that begin so.
    pub name_prefix: Option<String>,
    /// Of what the collections select: only what Metabase marks verified (default false).
    pub verified_only: Option<bool>,
}

/// Selects tables.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableConfig {
    /// These tables.
    pub ids: Option<Vec<u32>>,
    /// Tables whose physical name begins so, in every database the credential can read.
    pub name_prefix: Option<String>,
}

/// Selects metrics of dbt: those in `names`, and all that meet every one of the other conditions, if any is set.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DbtMetricsConfig {
    /// These, by their names in dbt: `["revenue"]`.
    pub names: Option<Vec<String>>,
    /// All that there are (default false).
    pub all: Option<bool>,
    /// Only names that begin so.
    pub name_prefix: Option<String>,
    /// Only metrics whose `meta` in the dbt project has these values: `{ owner = "sales" }`.
    pub meta: Option<BTreeMap<String, String>>,
    /// Whether it is looked up which values occur in their dimensions, once for each dimension (default true). Each look is a query
    /// in the warehouse.
    pub values: Option<bool>,
}

/// The language model.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelConfig {
    /// `openai:NAME`, `anthropic:NAME` or `offline`. CARDINAL_MODEL and --model go before it. Without any: the
    /// provider whose key is in the environment, else `offline`.
    pub id: Option<String>,
    /// Address of the provider's API, such as `http://localhost:11434/v1`. OPENAI_BASE_URL or ANTHROPIC_BASE_URL goes
    /// before it.
    pub base_url: Option<String>,
    /// Variable that holds the key (default OPENAI_API_KEY or ANTHROPIC_API_KEY).
    pub api_key_env: Option<String>,
    /// Further headers of every request: name to the variable that holds the value.
    pub headers_env: Option<BTreeMap<String, String>>,
    /// Query parameters of every request, as Azure-style servers want (`api-version`). Not for secrets.
    pub query: Option<BTreeMap<String, String>>,
    /// How the model calls tools: `native`, `json_action` (for models that call tools badly) or `probe` (default
    /// `native`).
    pub drive: Option<ModelDrive>,
    /// Whether an OpenAI-compatible server is sent prompt-cache fields: `auto` (OpenAI's and Azure's own hosts only),
    /// `always` or `never` (default `auto`).
    pub cache_hints: Option<CacheHints>,
    /// Most tokens one completion may have (default 4096).
    #[schemars(range(min = 16, max = 200_000))]
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature; without it the provider decides.
    #[schemars(range(min = 0, max = 2))]
    pub temperature: Option<f32>,
    /// Longest wait for the next piece of an answer, in seconds (default 120).
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_seconds: Option<u64>,
    /// Most completions in flight at once, of all sessions together (default 1024).
    #[schemars(range(min = 1, max = 65_536))]
    pub max_concurrency: Option<usize>,
    /// Prices of a model that Cardinal does not know.
    pub prices: Option<PricesConfig>,
}

/// Prices of a model, US dollars per million tokens.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricesConfig {
    /// Input that was neither read from nor written to the provider's cache.
    #[schemars(with = "f64", range(min = 0))]
    pub input: Decimal,
    /// Output.
    #[schemars(with = "f64", range(min = 0))]
    pub output: Decimal,
    /// Input read from the cache (default: as `input`).
    #[schemars(with = "Option<f64>", range(min = 0))]
    pub cache_read: Option<Decimal>,
    /// Input written to the cache (default: as `input`).
    #[schemars(with = "Option<f64>", range(min = 0))]
    pub cache_write: Option<Decimal>,
}

/// Budgets of a question, of a conversation, and of a day. When one runs out the model answers with what there is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetConfig {
    /// Most steps: completions that may call tools (default 12).
    #[schemars(range(min = 1, max = 1000))]
    pub max_steps: Option<u32>,
    /// Most tool calls (default 20).
    #[schemars(range(min = 1, max = 10_000))]
    pub max_tool_calls: Option<u32>,
    /// Most tokens, input and output of all completions together (default 400000).
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u64>,
    /// Most money, in US dollars; without it there is no limit.
    #[schemars(with = "Option<f64>", range(min = 0))]
    pub max_cost_usd: Option<Decimal>,
    /// Whether a model of unknown price may be used although money is limited (default false).
    pub allow_unpriced: Option<bool>,
    /// Most wall time, in seconds (default 180).
    #[schemars(range(min = 1, max = 86_400))]
    pub max_seconds: Option<u64>,
    /// Most tokens of a conversation, all its questions together; without it there is no limit.
    #[schemars(range(min = 1))]
    pub session_max_tokens: Option<u64>,
    /// Most money of a conversation, in US dollars; without it there is no limit.
    #[schemars(with = "Option<f64>", range(min = 0))]
    pub session_max_cost_usd: Option<Decimal>,
    /// Most queries of a conversation that ask for rows; without it there is no limit.
    #[schemars(range(min = 1))]
    pub session_max_queries: Option<u64>,
    /// Most tokens in a day, for one credential, over all processes of this machine; without it there is no limit.
    #[schemars(range(min = 1))]
    pub day_max_tokens: Option<u64>,
    /// Most money in a day, in US dollars; without it there is no limit.
    #[schemars(with = "Option<f64>", range(min = 0))]
    pub day_max_cost_usd: Option<Decimal>,
    /// Most queries in a day that ask for rows; without it there is no limit.
    #[schemars(range(min = 1))]
    pub day_max_queries: Option<u64>,
    /// The time zone whose midnight ends the day, such as `Europe/Berlin` (default `UTC`).
    pub day_time_zone: Option<String>,
    /// Where the day's count is kept (default: `cardinal/ledger` in the user's state folder). Only touched when a day is
    /// limited.
    pub ledger_dir: Option<PathBuf>,
}

/// When a model that goes in circles is stopped.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the file")]
pub(crate) struct GuardConfig {
    /// The same call this many times ends the loop (default 4).
    #[schemars(range(min = 2, max = 1000))]
    pub max_same_call: Option<u32>,
    /// A cycle of two or three calls this many times ends the loop; of one of four or five, one time less will do
    /// (default 3).
    #[schemars(range(min = 2, max = 1000))]
    pub max_cycles: Option<u32>,
    /// Steps in a row with errors of one kind, after which the tool is closed (default 4).
    #[schemars(range(min = 1, max = 1000))]
    pub max_error_streak: Option<u32>,
    /// Steps with errors of any kind, whatever lies between, that end the loop (default 8).
    #[schemars(range(min = 1, max = 1000))]
    pub max_errors: Option<u32>,
    /// Closed tools that end the loop (default 2).
    #[schemars(range(min = 1, max = 1000))]
    pub max_closed_tools: Option<u32>,
    /// Steps in a row with empty results that end the loop (default 4).
    #[schemars(range(min = 1, max = 1000))]
    pub max_empty_results: Option<u32>,
    /// Steps in a row with results that repeat an earlier one, though the call was another, that end the loop
    /// (default 4).
    #[schemars(range(min = 1, max = 1000))]
    pub max_stale_results: Option<u32>,
    /// Steps in a row with cut results of one source that end the loop (default 4).
    #[schemars(range(min = 1, max = 1000))]
    pub max_cut_results: Option<u32>,
    /// Pages of one held result, after which no more are shown (default 6).
    #[schemars(range(min = 1, max = 1000))]
    pub max_pages: Option<u32>,
    /// Questions in a row that may be answered with a question back (default 3).
    #[schemars(range(min = 1, max = 1000))]
    pub max_clarifications: Option<u32>,
    /// Most bytes of text one completion may stream (default 65536).
    #[schemars(range(min = 1024, max = 16_777_216))]
    pub max_text_bytes: Option<usize>,
    /// Most bytes of reasoning and of calls' arguments, together, one completion may stream (default 16777216).
    #[schemars(range(min = 1024, max = 67_108_864))]
    pub max_unheard_bytes: Option<usize>,
}

/// What becomes of figures in an answer that no result bears out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroundingConfig {
    /// Whether the model is told once and asked for the answer again (default true).
    pub repair: Option<bool>,
    /// What becomes of those that stay: `mark` (default), `refuse` or `off`.
    pub on_unmatched: Option<crate::agent::OnUnmatched>,
    /// Whether the model points at figures and Cardinal writes them: `on` (default), or `off` for a model that does not take
    /// to it.
    pub references: Option<crate::agent::ReferenceMode>,
    /// How Cardinal writes these figures: `auto` (default) as the language of the answer does, or always as one does: `en`
    /// (`1,234.5`), `de`, `fr`, `es`, `it`, `pt`, `nl`, or `ch` (`1’234.5`).
    pub number_style: Option<crate::references::FigureStyle>,
}

/// How much of a result a model sees.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShapingConfig {
    /// Most rows (default 1000). Most results are cut by their bytes: a year of days takes 7 KB.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_rows: Option<usize>,
    /// Most bytes of the whole tool result (default 30000).
    #[schemars(range(min = 2000, max = 10_000_000))]
    pub max_bytes: Option<usize>,
}

/// How much of a conversation is sent to the model with each question, and how long its results are held for it to work on.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationConfig {
    /// When what was said has more bytes than this, old results keep only their totals in it (default 150000; a token is
    /// three to four bytes).
    #[schemars(range(min = 10_000, max = 100_000_000))]
    pub max_bytes: Option<u64>,
    /// Most memory for the rows of a conversation's results, in MB; the oldest go to disk beyond it (default 64).
    #[schemars(range(min = 0, max = 1_000_000))]
    pub held_memory_mb: Option<u64>,
    /// Most rows on disk, in MB; the oldest are given up beyond it (default 1024).
    #[schemars(range(min = 0, max = 1_000_000))]
    pub held_disk_mb: Option<u64>,
    /// How long the rows of a result are held, in minutes (default 720).
    #[schemars(range(min = 1, max = 525_600))]
    pub held_minutes: Option<u64>,
}

/// Where answers are recorded, so that they can be replayed. Tapes hold questions, results and answers, never a
/// credential.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TapeConfig {
    /// Folder that gets one tape for each question; without it nothing is recorded.
    pub dir: Option<PathBuf>,
    /// Most tapes kept in the folder; the oldest are removed (default 1000).
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_files: Option<usize>,
    /// How long a tape is kept, in days (default 30).
    #[schemars(range(min = 1, max = 36_500))]
    pub max_age_days: Option<u64>,
    /// Who or what answers as the model, as tapes say it (default: the model's name).
    pub answered_by: Option<String>,
}
