//! What happens during a turn, for whoever watches it.

use serde_json::Value;

use super::Answer;
use crate::references::RequestedChart;
use crate::wire::ServedBy;

/// What happens in a turn, in order, for whoever watches. Watching changes nothing. The last event is always
/// [`Event::Finished`].
#[derive(Debug, Clone)]
#[non_exhaustive]
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
        /// A name from the table of tools, such as `query_metric`.
        tool: String,
        /// One line for people: what is asked of which entry.
        summary: String,
        /// As they passed the gate.
        arguments: Value,
    },
    /// A tool call is over.
    ToolFinished {
        /// The same number. Calls that were refused or served from the turn have no start.
        call: u32,
        /// What the model named, also where there is no such tool.
        tool: String,
        status: super::CallStatus,
        /// How many rows the result has; `None` where it has no table.
        rows: Option<u64>,
        /// The network, a cache or a tape; `None` when nothing was sent.
        served_by: Option<ServedBy>,
        /// For a refusal or failure: one line for people.
        note: Option<String>,
    },
    /// The guard did something: a note to the model, a tool closed, a last completion.
    Guard {
        /// One line for people.
        note: String,
    },
    /// The turn waits for something that passes by itself: a server that is still loading its model.
    Waiting {
        /// One line for people.
        note: String,
    },
    /// The turn is over, and this is its answer.
    Finished(Box<Answer>),
}
