//! What the gate makes of a tool call, and what running it comes to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::metabase::{CardRun, FailureClass, MetabaseError, MetricQuery, TableQuery};
use crate::result::Brought;
use crate::wire::ServedBy;

use super::calculate::CalculateCall;
use super::describe::DescribeCall;
use super::field_values::FieldValuesCall;
use super::more_rows::MoreRowsCall;

/// A call the gate let through.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCall {
    /// The tool's name.
    pub tool: &'static str,
    /// The arguments after validation: keys sorted, names and values as the catalog writes them, filters and
    /// alternatives in a fixed order, what is empty or the default anyway left out. Two calls that mean the same
    /// have the same bytes here.
    pub arguments: Value,
    /// What will be done.
    pub plan: Plan,
}

/// What a call does.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Runs a card.
    RunCard(CardRun),
    /// Queries a metric.
    QueryMetric(MetricQuery),
    /// Queries a table.
    QueryTable(TableQuery),
    /// Shows an entry of the catalog in full; no request.
    Describe(DescribeCall),
    /// Lists values of a parameter or dimension.
    FieldValues(FieldValuesCall),
    /// Works on a held result; no request.
    MoreRows(MoreRowsCall),
    /// Works out figures from held results; no request.
    Calculate(CalculateCall),
    /// Ends the turn with a question to the person.
    AskUser {
        /// The question.
        question: String,
        /// Answers to choose from, possibly none.
        options: Vec<String>,
    },
    /// Ends the turn: the catalog does not hold the answer.
    CannotAnswer {
        /// Why, for the person.
        reason: String,
        /// Names of the nearest entries, possibly none.
        nearest: Vec<String>,
    },
}

impl Plan {
    /// Whether running it asks Metabase for rows.
    pub fn asks_for_rows(&self) -> bool {
        matches!(
            self,
            Self::RunCard(_) | Self::QueryMetric(_) | Self::QueryTable(_)
        )
    }
}

/// What is wrong with a refused call. Classes are counted apart by the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalClass {
    /// No such tool.
    UnknownTool,
    /// The arguments are not a JSON object, too long or too deep.
    Malformed,
    /// A key is unknown, missing or of the wrong type.
    Schema,
    /// The entry is not in the catalog.
    NotInCatalog,
    /// The parameter, dimension, segment or measure is not one of the entry's.
    UnknownName,
    /// The value does not fit: type, range, enum, operator, granularity.
    BadValue,
    /// The guard has closed the tool for this turn.
    Closed,
}

/// The gate's no: a tool result that teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class.
    pub class: RefusalClass,
    /// What was wrong, the nearest allowed names, what to do instead. Written for the model.
    pub message: String,
}

/// What a call that ran came to.
#[derive(Debug, Clone)]
pub struct ToolOutput {
    /// What the model reads.
    pub content: String,
    /// The result behind it, for a tool that brings one.
    pub brought: Option<Brought>,
    /// What served it; `None` when no request was needed.
    pub served_by: Option<ServedBy>,
    /// Bytes received for it.
    pub bytes_received: u64,
}

impl ToolOutput {
    /// Text and nothing behind it.
    pub(super) fn text(content: String) -> Self {
        Self {
            content,
            brought: None,
            served_by: None,
            bytes_received: 0,
        }
    }
}

/// Why a call that was let through came to nothing. Two kinds only.
#[derive(Debug)]
pub enum ToolError {
    /// The model can do something about it.
    TellModel {
        /// The class, counted by the guard.
        class: FailureClass,
        /// What happened and what to do instead. Written for the model.
        message: String,
    },
    /// It cannot: the turn ends.
    Fatal(MetabaseError),
}
