//! What happens in a turn, as clients are told it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::chart::Chart;
use super::record::{AnswerRecord, AnswerStatus};
use super::table_view::{EntryLink, TableView};
use crate::agent::CallStatus;
use crate::wire::ServedBy;

/// One event of a turn. Its name is `type`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum TurnEvent {
    /// The question was taken.
    Started {
        /// The answer's id.
        answer: String,
        /// Its session.
        session: String,
        /// Which turn of the session it is, from 1.
        turn: u32,
        /// The question.
        question: String,
        /// The model that answers.
        model: String,
        /// Whether the session began with it.
        new_session: bool,
        /// The session's title.
        title: String,
    },
    /// It waits for others of its session.
    Queued {
        /// How many.
        ahead: u32,
    },
    /// A completion is asked for.
    Step {
        /// From 1.
        step: u32,
    },
    /// More text.
    Text {
        /// To be appended to the draft.
        delta: String,
    },
    /// The text so far is not the answer.
    TextDiscarded {},
    /// A tool call runs.
    ToolStarted(Box<ToolStart>),
    /// A tool call is over.
    ToolFinished {
        /// The number of its start.
        call: u32,
        tool: String,
        status: CallStatus,
        /// Rows of its result.
        rows: Option<u64>,
        served_by: Option<ServedBy>,
        /// For a refusal or failure: one line for people.
        note: Option<String>,
    },
    /// The guard did something.
    Note {
        /// One line for people.
        text: String,
    },
    /// A result that the answer rests on.
    Table(Box<TableView>),
    /// How a table is drawn.
    Chart(Box<Chart>),
    /// The answer: it alone counts.
    Answer(Box<AnswerRecord>),
    /// The turn could not be carried on.
    Error {
        /// For programs.
        code: String,
        /// For people.
        detail: String,
    },
    Done {
        /// What became of the answer.
        status: AnswerStatus,
    },
}

/// What a tool is asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ToolStart {
    /// Counted from 1 within the turn.
    pub(super) call: u32,
    /// The tool.
    pub(super) tool: String,
    /// One line for people.
    pub(super) summary: String,
    /// The entry that it asks.
    pub(super) entry: Option<EntryLink>,
    /// Values of a card's parameters.
    pub(super) parameters: Map<String, Value>,
    /// Conditions on rows.
    pub(super) filters: Vec<Value>,
    /// What rows are grouped by.
    pub(super) group_by: Vec<Value>,
    /// All of it.
    pub(super) arguments: Value,
}

impl TurnEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Queued { .. } => "queued",
            Self::Step { .. } => "step",
            Self::Text { .. } => "text",
            Self::TextDiscarded {} => "text_discarded",
            Self::ToolStarted(_) => "tool_started",
            Self::ToolFinished { .. } => "tool_finished",
            Self::Note { .. } => "note",
            Self::Table(_) => "table",
            Self::Chart(_) => "chart",
            Self::Answer(_) => "answer",
            Self::Error { .. } => "error",
            Self::Done { .. } => "done",
        }
    }

    /// Writes it as JSON on one line.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        // A tree of plain values always serialises.
        let _ = serde_json::to_writer(out, self);
    }
}
