//! The answer object: everything that a turn came to, in a versioned format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer_form::{EvidenceForm, known_version};
use super::clock::TimeoutMarks;
use super::{CitedFigure, CitedResult, Denial, EvidenceHealth, EvidenceRows, Outcome, StopReason};
use crate::grounding::Notation;
use crate::references::RequestedChart;
use crate::result::{Extent, Handle, ResultOrigin};
use crate::wire::ServedBy;

/// Version of the answer object's format.
///
/// - 4: evidence may have `health`, and may come from dbt (`lookup`).
/// - 3: a figure may be `referenced`, and there are `charts`.
/// - 2: what a result is of stands once, in `evidence` or in `earlier_results`. Before, each source of each figure repeated
///   it in `of`.
pub const ANSWER_VERSION: u32 = 4;

/// Everything a turn came to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Answer {
    /// Version of this format: [`ANSWER_VERSION`].
    #[serde(deserialize_with = "known_version")]
    pub version: u32,
    /// The question in the words of the person who asked it.
    pub question: String,
    /// How the turn ended. Look here first: only `answered` is a whole answer.
    pub outcome: Outcome,
    /// What ended the turn. The outcome follows from it and from what the tool calls brought.
    pub stop_reason: StopReason,
    /// For a reason that has more to say: which budget, how much of it is used, when it is free again; or what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_detail: Option<String>,
    /// The answer for people, as Markdown. Never empty: a turn that found nothing says so here.
    pub text: String,
    /// Answers to choose from, when the outcome is a question back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Charts that the text asks for. In their place it has the table, for surfaces that cannot draw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<RequestedChart>,
    /// How Cardinal wrote the figures of the text, where it did and that is not as English does: `de` for `1.234,5`.
    #[serde(default, skip_serializing_if = "Notation::is_english")]
    pub number_style: Notation,
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
    /// Tokens and money of all completions of the turn.
    pub usage: UsageReport,
    /// Where the turn's time went, in milliseconds.
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
    pub(crate) fn without_source(question: &str, model: String, detail: &str) -> Self {
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
            number_style: Notation::English,
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
#[non_exhaustive]
pub struct Evidence {
    /// The handle that figures and later questions name it by: `r1`, `r2`, …
    pub result: Handle,
    /// Number of the tool call it came from, counted from 1.
    pub call: u32,
    /// What it is the result of, as the model read it.
    pub title: String,
    /// The query it came from, with arguments and link; for what was made from other results, these and how.
    pub origin: ResultOrigin,
    /// Names of its columns, in the order of the cells of `rows`.
    pub columns: Vec<String>,
    /// Its rows as the model saw them, at most the shaped ones.
    pub rows: EvidenceRows,
    /// How many rows were fetched. `rows` may hold fewer, and `extent` says whether the server has more.
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
#[non_exhaustive]
pub enum CallStatus {
    /// It ran, and its result came.
    Ok,
    /// The gate or the guard refused it; nothing was sent.
    Refused,
    /// It was sent and failed, or its answer could not be used; `message` says why.
    Failed,
    /// The turn had its result already; nothing was sent.
    ServedFromTurn,
}

/// A tool call that the model asked for, whether or not it was run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct CallRecord {
    /// The tool that the model named, also where there is no such tool.
    pub name: String,
    /// Its arguments: validated, or as the model wrote them when it was refused.
    pub arguments: Value,
    /// Whether it ran.
    pub status: CallStatus,
    /// How many rows its result has; null where it has no table.
    pub rows: Option<u64>,
    /// Bytes the model saw of it.
    pub bytes: u64,
    /// Bytes of the response bodies that were received for it.
    pub bytes_received: u64,
    /// Whether the result was cut, by us or before us.
    pub truncated: bool,
    /// What served it; null when nothing was sent.
    pub served_by: Option<ServedBy>,
    /// For a refusal or failure: the message the model got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How long it took, in milliseconds, with everything that was waited for.
    pub duration_ms: u64,
}

/// What the models of a turn used.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct UsageReport {
    /// Prompt tokens of all completions, cached ones included.
    pub input_tokens: u64,
    /// Of these, read from the provider's cache.
    pub cached_tokens: u64,
    /// Tokens that the models wrote, reasoning included.
    pub output_tokens: u64,
    /// `cached_tokens / input_tokens`, between 0 and 1; null without input.
    pub cached_share: Option<f64>,
    /// US dollars; null when a price is unknown, never a guess.
    pub cost_usd: Option<f64>,
    /// Completions that reported no usage: when not 0 the counts above are too low.
    pub unreported: u32,
    /// How many completions were asked for.
    pub steps: u32,
}

/// Where a turn's time went, in milliseconds. Model and tools may overlap with other work, so the parts need not add up.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Timings {
    /// From the question to the finished answer.
    pub total_ms: u64,
    /// Spent on waiting for completions.
    pub model_ms: u64,
    /// Spent in tool calls.
    pub tools_ms: u64,
    /// Until the first byte of text that a person saw; null when none was streamed.
    pub first_text_ms: Option<u64>,
}

/// The catalog an answer was asked over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CatalogReport {
    /// Hash of its entries: equal for two answers over the same catalog, empty where none was loaded.
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
