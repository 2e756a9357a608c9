//! The answer object: everything that a turn came to, in a versioned format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer_form::{EvidenceForm, known_version};
use super::clock::TimeoutMarks;
use super::{CitedFigure, CitedResult, Denial, EvidenceHealth, EvidenceRows, Outcome, StopReason};
use crate::references::RequestedChart;
use crate::result::{Extent, Handle, ResultOrigin};
use crate::wire::ServedBy;

/// Version of the answer object's format. Since 4, evidence may have `health`, and may come from dbt (`lookup`). Since 3, a figure may be `referenced`, and there are `charts`. Since 2, what a result is of stands once: in `evidence`, or in
/// `earlier_results`; before, each source of each figure repeated it in `of`. Everything else is as in 1.
pub const ANSWER_VERSION: u32 = 4;

/// Everything a turn came to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// Version of this format: [`ANSWER_VERSION`].
    #[serde(deserialize_with = "known_version")]
    pub version: u32,
    /// The question, as asked.
    pub question: String,
    /// How the turn ended.
    pub outcome: Outcome,
    /// Why the loop ended.
    pub stop_reason: StopReason,
    /// For a reason that has more to say: which budget, how much of it is used, when it is free again; or what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_detail: Option<String>,
    /// What the person reads.
    pub text: String,
    /// Answers to choose from, when the outcome is a question back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Charts that the text asks for. In their place it has the table, for surfaces that cannot draw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<RequestedChart>,
    /// What the day's ledger denied, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denials: Vec<Denial>,
    /// The figures of its text, in order, each with where it comes from.
    pub figures: Vec<CitedFigure>,
    /// The results of earlier questions of the conversation that its figures come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_results: Vec<CitedResult>,
    /// Links and images that were taken out of what the model wrote: only pages of the configured Metabase may stay.
    pub links_removed: u32,
    /// The results it rests on, in the order they came.
    pub evidence: Vec<Evidence>,
    /// Every tool call, in order.
    pub tool_calls: Vec<CallRecord>,
    /// What the models used.
    pub usage: UsageReport,
    /// Where the time went.
    pub timings: Timings,
    /// The catalog it was asked over.
    pub catalog: CatalogReport,
    /// The prompt it was asked with.
    pub prompt: PromptReport,
    /// The model that was asked, `provider:name`.
    pub model: String,
    /// The file the turn was recorded in, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tape: Option<std::path::PathBuf>,
    /// When its turn's time ran out, for its tape.
    #[serde(skip)]
    pub(crate) late: TimeoutMarks,
}

impl Answer {
    /// The answer to a question that could not be put to a model, because the data source failed before its catalog
    /// was loaded. There is no catalog and no prompt: their hashes are empty.
    pub fn without_source(question: &str, model: String, detail: &str) -> Self {
        let stop_reason = StopReason::DataFailed;
        Self {
            version: ANSWER_VERSION,
            question: question.to_owned(),
            outcome: stop_reason.outcome(),
            stop_reason,
            stop_detail: Some(detail.to_owned()),
            text: super::fallback::why(stop_reason, Some(detail)),
            options: Vec::new(),
            charts: Vec::new(),
            denials: Vec::new(),
            figures: Vec::new(),
            earlier_results: Vec::new(),
            links_removed: 0,
            evidence: Vec::new(),
            tool_calls: Vec::new(),
            usage: UsageReport {
                cost_usd: Some(0.0),
                ..UsageReport::default()
            },
            timings: Timings::default(),
            catalog: CatalogReport {
                fingerprint: String::new(),
                entries: 0,
            },
            prompt: PromptReport { hash: String::new() },
            model,
            tape: None,
            late: TimeoutMarks::default(),
        }
    }
}

/// A result that an answer rests on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "EvidenceForm", into = "EvidenceForm")]
pub struct Evidence {
    /// Its name in the conversation.
    pub result: Handle,
    /// Number of the tool call it came from, counted from 1.
    pub call: u32,
    /// What it is the result of, as the model read it.
    pub title: String,
    /// The query it came from, with arguments and link; for what was made from other results, these and how.
    pub origin: ResultOrigin,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows as the model saw them, at most the shaped ones.
    pub rows: EvidenceRows,
    /// Rows we had.
    pub rows_known: u64,
    /// Whether these were all rows there are.
    pub extent: Extent,
    /// Whether our own cut left rows out of what the model saw.
    pub truncated: bool,
    /// Whether its data can be believed, by what dbt knows of it. `None` where nothing is known, or was not in time.
    pub health: Option<EvidenceHealth>,
}

/// How a tool call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// It ran.
    Ok,
    /// The gate or the guard refused it; nothing was sent.
    Refused,
    /// It ran and failed.
    Failed,
    /// The turn had its result already; nothing was sent.
    ServedFromTurn,
}

/// One tool call.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CallRecord {
    /// The tool it named.
    pub name: String,
    /// Its arguments: validated, or as the model wrote them when it was refused.
    pub arguments: Value,
    /// How it went.
    pub status: CallStatus,
    /// Rows of its result.
    pub rows: Option<u64>,
    /// Bytes the model saw of it.
    pub bytes: u64,
    /// Bytes received for it.
    pub bytes_received: u64,
    /// Whether the result was cut, by us or before us.
    pub truncated: bool,
    /// What served it; null when nothing was sent.
    pub served_by: Option<ServedBy>,
    /// For a refusal or failure: the message the model got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Milliseconds it took.
    pub duration_ms: u64,
}

/// What the models of a turn used.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct UsageReport {
    /// Prompt tokens of all completions, cached ones included.
    pub input_tokens: u64,
    /// Of these, read from the provider's cache.
    pub cached_tokens: u64,
    /// Completion tokens.
    pub output_tokens: u64,
    /// `cached_tokens / input_tokens`, between 0 and 1; null without input.
    pub cached_share: Option<f64>,
    /// US dollars; null when a price is unknown, never a guess.
    pub cost_usd: Option<f64>,
    /// Completions that reported no usage: when not 0 the counts above are too low.
    pub unreported: u32,
    /// Completions asked for.
    pub steps: u32,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// The whole turn.
    pub total_ms: u64,
    /// Waiting for models.
    pub model_ms: u64,
    /// Running tools.
    pub tools_ms: u64,
    /// To the first byte of text that a person saw.
    pub first_text_ms: Option<u64>,
}

/// The catalog an answer was asked over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CatalogReport {
    /// Its fingerprint.
    pub fingerprint: String,
    /// How many entries it has.
    pub entries: usize,
}

/// The prompt an answer was asked with.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PromptReport {
    /// Hash of tools and system prompt.
    pub hash: String,
}
