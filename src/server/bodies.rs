//! What native routes answer with, beside records.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::record::{AnswerRecord, AnswerRow, DayReport, SessionRecord};
use super::suggest::Suggestion;
use super::table_view::TableView;
use crate::approvals::Approval;

/// A page of sessions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionPage {
    /// The one that was asked last first.
    pub(super) sessions: Vec<SessionRecord>,
    /// What `before` takes for the next page.
    pub(super) next: Option<String>,
}

/// A session with its answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WholeSession {
    /// The session.
    #[serde(flatten)]
    pub(super) session: SessionRecord,
    /// Oldest first.
    pub(super) answers: Vec<AnswerRecord>,
}

/// What an answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EvidenceBody {
    /// As in the answer.
    pub(super) evidence: Value,
    /// The same results as typed tables.
    pub(super) tables: Vec<TableView>,
}

/// Approvals, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ApprovalsBody {
    pub(super) approvals: Vec<Approval>,
}

/// The catalog as a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CatalogBody {
    /// Changes when anything in it does.
    pub(super) fingerprint: String,
    /// When it was loaded from Metabase.
    #[schemars(with = "String")]
    pub(super) loaded_at: Timestamp,
    /// Its entries: `kind`, `id`, `name`, `collection`, `verified`, `takes`, `description`, `link`.
    pub(super) entries: Vec<Value>,
    /// What was selected but could not be read.
    pub(super) unreadable: Vec<String>,
}

/// Questions that the catalog can answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SuggestionsBody {
    /// For an empty page.
    pub(super) suggestions: Vec<Suggestion>,
}

/// Who asks, and what answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MeBody {
    /// Whose sessions are shown.
    pub(super) principal: String,
    /// What they are called.
    pub(super) name: String,
    /// What they may do.
    pub(super) scopes: Vec<String>,
    /// How that is known: `open`, `token`, `jwt` or `proxy`.
    pub(super) auth: String,
    /// The program's version.
    pub(super) version: String,
    /// The model that answers.
    pub(super) model: String,
    /// The day that questions mean by "today".
    #[schemars(with = "String")]
    pub(super) today: jiff::civil::Date,
    /// Whether it is the demo.
    pub(super) demo: bool,
    /// The Metabase's address.
    pub(super) metabase: Option<String>,
}

/// A page of answers of all principals.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AnswerPage {
    /// Newest first.
    pub(super) answers: Vec<AnswerRow>,
    /// What `before` takes for the next page.
    pub(super) next: Option<String>,
}

/// Use by day.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UsageBody {
    /// The latest day first.
    pub(super) days: Vec<DayReport>,
}

/// How the server is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct HealthBody {
    /// `ok` or `unavailable`.
    pub(super) status: String,
    /// What was looked at: `ok`, or what is wrong.
    pub(super) checks: std::collections::BTreeMap<String, String>,
    /// What is not as it should be, though the server can answer.
    pub(super) remarks: std::collections::BTreeMap<String, String>,
}
