//! What happens during a turn, for whoever watches it.

use serde_json::Value;

use super::Answer;
use crate::references::RequestedChart;
use crate::wire::ServedBy;

/// What happens in a turn, for whoever watches. Watching changes nothing.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step begins: a completion is asked for.
    StepStarted {
        /// Counted from 1.
        step: u32,
    },
    /// More text of the answer, as it is written. Text of a step that goes on to call tools is talk, not answer.
    Text(String),
    /// The text asks for a chart. The table that stands for it comes next, as text, for whoever cannot draw.
    Chart(RequestedChart),
    /// The text streamed in this step was not the answer: the step goes on with tools, or its text was dropped.
    TextDiscarded,
    /// A tool call is about to run.
    ToolStarted {
        /// Counted from 1 within the turn.
        call: u32,
        tool: String,
        /// One line for people: what is asked of which entry.
        summary: String,
        arguments: Value,
    },
    /// A tool call is over.
    ToolFinished {
        /// The same number. Calls that were refused or served from the turn have no start.
        call: u32,
        /// The tool it named.
        tool: String,
        status: super::CallStatus,
        /// Rows of the result.
        rows: Option<u64>,
        served_by: Option<ServedBy>,
        /// For a refusal or failure: one line for people.
        note: Option<String>,
    },
    /// The guard did something: a note to the model, a tool closed, a last completion.
    Guard {
        /// One line for people.
        note: String,
    },
    /// The turn is over.
    Finished(Box<Answer>),
}
