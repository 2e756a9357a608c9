use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{BudgetSettings, DaySettings};
use crate::catalog::{CardId, CollectionId, MetricId, TableId};
use crate::model::ModelId;

/// Everything the program is told, validated. Secrets are never printed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The Metabase to ask; `None` runs on the embedded sandbox.
    pub metabase: Option<MetabaseSettings>,
    /// What is curated.
    pub catalog: CatalogSettings,
    /// The model.
    pub model: ModelSettings,
    /// Budgets of a turn and of a conversation.
    pub budget: BudgetSettings,
    /// What may be used in a day.
    pub day: DaySettings,
    /// When the guard steps in.
    pub guard: GuardSettings,
    /// What becomes of figures without a source.
    pub grounding: GroundingSettings,
    /// What a model sees of a result.
    pub shaping: ShapingSettings,
    /// How much of a conversation is sent and held.
    pub conversation: ConversationSettings,
    /// Where turns are recorded.
    pub tape: TapeSettings,
}

/// A Metabase and how to sign in.
#[derive(Debug, Clone)]
pub struct MetabaseSettings {
    /// Its address, without `/api`.
    pub url: Url,
    /// How to sign in.
    pub auth: AuthSettings,
    /// Longest wait for one query.
    pub timeout: Duration,
    /// Most bytes of one response taken into memory.
    pub max_response_bytes: usize,
    /// Most requests in flight at once.
    pub max_concurrency: usize,
    /// Most rows fetched for one query, over all its pages.
    pub max_rows: u64,
}

impl MetabaseSettings {
    /// This server, with the usual limits.
    pub fn new(url: Url, auth: AuthSettings) -> Self {
        Self {
            url,
            auth,
            timeout: Duration::from_secs(120),
            max_response_bytes: 32 * 1024 * 1024,
            max_concurrency: 4,
            max_rows: 10_000,
        }
    }
}

/// How to sign in to Metabase.
#[derive(Debug, Clone)]
pub enum AuthSettings {
    /// `X-API-Key`.
    ApiKey(SecretString),
    /// A user's name and password, exchanged for a session.
    Password {
        /// E-mail.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// A session that exists already: `X-Metabase-Session`.
    Session(SecretString),
    /// JWTs signed with the shared secret, sent as bearer tokens to the Agent API.
    Jwt {
        /// The shared secret.
        secret: SecretString,
        /// The person the token names.
        email: String,
        /// Exchange the token for a session (needed for the classic card API).
        exchange: bool,
    },
}

/// What is curated, and how it is kept.
#[derive(Debug, Clone, Default)]
pub struct CatalogSettings {
    /// Which cards (questions and models).
    pub cards: ContentRule<CardId>,
    /// Which metrics.
    pub metrics: ContentRule<MetricId>,
    /// Which tables; none unless asked for.
    pub tables: TableRule,
    /// Where loaded catalogs are kept; `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// How long a kept catalog is used before it is loaded again.
    pub max_age: Duration,
}

/// Selects cards or metrics: the union of what `collections` and `ids` name, narrowed by the rest.
#[derive(Debug, Clone)]
pub struct ContentRule<Id> {
    /// Everything in these collections.
    pub collections: Vec<CollectionId>,
    /// Everything in the root collection too.
    pub root_collection: bool,
    /// Whether collections inside these count.
    pub recursive: bool,
    /// These, wherever they lie.
    pub ids: Vec<Id>,
    /// Only names that begin so (applies to what collections select).
    pub name_prefix: Option<String>,
    /// Only what Metabase marks verified (applies to what collections select).
    pub verified_only: bool,
}

impl<Id> Default for ContentRule<Id> {
    fn default() -> Self {
        Self {
            collections: Vec::new(),
            root_collection: false,
            recursive: true,
            ids: Vec::new(),
            name_prefix: None,
            verified_only: false,
        }
    }
}

/// Selects tables.
#[derive(Debug, Clone, Default)]
pub struct TableRule {
    /// These tables.
    pub ids: Vec<TableId>,
    /// Tables whose physical name begins so, in every database the credential can read.
    pub name_prefix: Option<String>,
}

/// How the model is driven.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ModelDrive {
    /// The provider's own tool calls.
    #[default]
    Native,
    /// One JSON object per step under a JSON schema, for models that call tools badly.
    JsonAction,
    /// Tries native tool calls once and falls back to `json_action` when they do not come.
    Probe,
}

/// Whether an OpenAI-compatible endpoint is sent `prompt_cache_key` and cache breakpoints, which servers that do
/// not know them may refuse. Anthropic's breakpoints are part of its protocol and always sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CacheHints {
    /// To OpenAI's and Azure's own hosts only.
    #[default]
    Auto,
    /// To this endpoint, whatever its host: for a proxy in front of OpenAI.
    Always,
    /// Never.
    Never,
}

/// The model.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Which.
    pub id: ModelId,
    /// Where; `None` for the provider's own address.
    pub base_url: Option<Url>,
    /// The key; local servers need none.
    pub api_key: Option<SecretString>,
    /// Further headers (`api-key` and `api-version` of Azure-style servers, tenant headers); values are secret.
    pub headers: Vec<(String, SecretString)>,
    /// Query parameters added to every request, as Azure-style servers want (`api-version`).
    pub query: Vec<(String, String)>,
    /// How it is driven.
    pub drive: ModelDrive,
    /// Whether prompt-cache fields are sent to an OpenAI-compatible endpoint.
    pub cache_hints: CacheHints,
    /// Most tokens one completion may have.
    pub max_output_tokens: u32,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// Longest wait for the next piece of a stream.
    pub timeout: Duration,
    /// Prices of a model the built-in table does not know, USD per million tokens.
    pub prices: Option<crate::model::Prices>,
}

/// When the guard steps in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct GuardSettings {
    /// The same call this many times ends the loop; from the second on it is served from the turn's own results.
    pub max_same_call: u32,
    /// A cycle of two or three calls this many times ends the loop; of one of four or five, one time less will do.
    pub max_cycles: u32,
    /// Completions in a row with errors of one class, after which the tool is closed.
    pub max_error_streak: u32,
    /// Completions with errors of any class, whatever lies between, that end the loop.
    pub max_errors: u32,
    /// Tools closed that end the loop.
    pub max_closed_tools: u32,
    /// Completions in a row with empty results that end the loop.
    pub max_empty_results: u32,
    /// Completions in a row with results that repeat the content of an earlier one, though the call was another, that
    /// end the loop.
    pub max_stale_results: u32,
    /// Completions in a row with cut results of one source that end the loop.
    pub max_cut_results: u32,
    /// Pages of one held result, after which no more are shown.
    pub max_pages: u32,
    /// Turns in a row that may end with a question back to the person.
    pub max_clarifications: u32,
    /// Most bytes of text one completion may stream.
    pub max_text_bytes: usize,
    /// Most bytes of reasoning and of calls' arguments, together, one completion may stream.
    pub max_unheard_bytes: usize,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            max_same_call: 4,
            max_cycles: 3,
            max_error_streak: 4,
            max_errors: 8,
            max_closed_tools: 2,
            max_empty_results: 4,
            max_stale_results: 4,
            max_cut_results: 4,
            max_pages: 6,
            max_clarifications: 3,
            max_text_bytes: 64 * 1024,
            max_unheard_bytes: 16 * 1024 * 1024,
        }
    }
}

/// What becomes of an answer's figures that have no source in any result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroundingSettings {
    /// Whether the model is told once, and asked for the answer again.
    pub repair: bool,
    /// What becomes of those that stay.
    pub on_unmatched: OnUnmatched,
}

impl Default for GroundingSettings {
    fn default() -> Self {
        Self {
            repair: true,
            on_unmatched: OnUnmatched::Mark,
        }
    }
}

/// What becomes of an answer with figures that have no source.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OnUnmatched {
    /// It goes out with a mark, as a partial answer.
    #[default]
    Mark,
    /// It is withheld.
    Refuse,
    /// Nothing: figures are looked up for the evidence alone.
    Off,
}

/// What a model sees of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShapingSettings {
    /// Most rows.
    pub max_rows: usize,
    /// Most bytes of the whole tool result.
    pub max_bytes: usize,
}

impl Default for ShapingSettings {
    fn default() -> Self {
        Self {
            max_rows: 200,
            max_bytes: 30_000,
        }
    }
}

/// How much of a conversation is sent to a model with each question, and how its results are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConversationSettings {
    /// When what was said has more bytes than this, old results lose their rows, at the beginning of a turn.
    pub max_bytes: u64,
    /// Most memory for the rows of results, in bytes; the oldest go to disk beyond it.
    pub held_memory_bytes: u64,
    /// Most of the rows on disk, in bytes of memory they would take; the oldest go for good beyond it.
    pub held_disk_bytes: u64,
    /// How long the rows of a result are held.
    pub held_for: Duration,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self {
            max_bytes: 150_000,
            held_memory_bytes: 64 * 1024 * 1024,
            held_disk_bytes: 1024 * 1024 * 1024,
            held_for: Duration::from_secs(12 * 60 * 60),
        }
    }
}

/// Where turns are recorded, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapeSettings {
    /// The folder; `None` records nothing.
    pub dir: Option<PathBuf>,
    /// Most tapes kept in it.
    pub max_files: usize,
    /// How long one is kept.
    pub max_age: Duration,
    /// Who or what answers as the model, for the tapes' headers; `None`: the model itself.
    pub answered_by: Option<String>,
}
