use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::metadata::RowMetadata;
use super::question::BatchQuestion;
use crate::agent::{Answer, Outcome, StopReason};
use crate::text::escape_hidden;

/// One line of the answers: the answer object, with what its row says beside the question.
#[derive(Debug, Serialize)]
pub(crate) struct AnswerLine<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    metadata: &'a RowMetadata,
    answered_at: Timestamp,
    #[serde(flatten)]
    answer: &'a Answer,
}

impl<'a> AnswerLine<'a> {
    /// The line of a question that is answered now.
    pub(super) fn of(question: &'a BatchQuestion, answer: &'a Answer) -> Self {
        Self {
            id: &question.id,
            session: question.session.as_deref(),
            principal: question.principal.as_deref(),
            metadata: &question.metadata,
            answered_at: Timestamp::now(),
            answer,
        }
    }

    /// As it stands in the file, with its end.
    pub(super) fn text(&self) -> serde_json::Result<String> {
        let mut line = escape_hidden(&serde_json::to_string(self)?);
        line.push('\n');
        Ok(line)
    }
}

/// What a run wants to know of an answer that is there.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AnswerHead {
    pub id: String,
    pub outcome: Outcome,
    pub stop_reason: StopReason,
    pub answered_at: Timestamp,
}

impl AnswerHead {
    /// Whether it came to nothing for a reason that may be gone: the model or the data source failed, or a day was over.
    pub(crate) fn failed(&self) -> bool {
        let day_is_over = matches!(
            self.stop_reason,
            StopReason::DayTokens | StopReason::DayCost | StopReason::DayQueries | StopReason::LedgerFailed
        );
        day_is_over || matches!(self.outcome, Outcome::UpstreamFailed | Outcome::Cancelled)
    }
}
