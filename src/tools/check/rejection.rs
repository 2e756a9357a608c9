//! A call that is not let through.
//!
//! A [`Rejection`] is built up where the problem is found and passed outwards: each level adds where in the arguments it
//! is ([`Rejection::at`]), what to do instead ([`Rejection::hint`]) and a right call ([`Rejection::example`]). The gate
//! makes a [`Refusal`] of it, which is the tool result that the model reads:
//!
//! ```text
//! refused, nothing was sent: filters[0]: metric 12 "Revenue" has no dimension "stat"
//! its nearest: "User.state", "created_at"
//! a right call: query_metric {"group_by":[…],"metric_id":12}
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::{cut_to_bytes, escape_json};

/// Longest refusal, in bytes.
const MAX_BYTES: usize = 1_500;
const MAX_LINE_BYTES: usize = 420;

/// What is wrong with a refused call. The guard counts each class apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalClass {
    /// The tool does not exist, or is not offered here.
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

/// A refused call, as the model is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub class: RefusalClass,
    /// What was wrong, the nearest allowed names, what to do instead. Written for the model.
    pub message: String,
    /// Whether it is about the catalog, and not about results that are held.
    pub(crate) about_catalog: bool,
    /// Whether rows were asked for.
    pub(crate) of_query: bool,
}

/// Why a call is not let through, before it is put into words: what is wrong, and what to do instead.
#[derive(Debug)]
pub(in crate::tools) struct Rejection {
    class: RefusalClass,
    problem: String,
    hints: Vec<String>,
    /// A right call: tool and arguments.
    example: Option<(&'static str, Value)>,
}

impl Rejection {
    pub(in crate::tools) fn new(class: RefusalClass, problem: impl Into<String>) -> Self {
        Self {
            class,
            problem: problem.into(),
            hints: Vec::new(),
            example: None,
        }
    }

    /// A key that is unknown, missing or of the wrong type.
    pub(in crate::tools) fn schema(problem: impl Into<String>) -> Self {
        Self::new(RefusalClass::Schema, problem)
    }

    /// A name that is not one of the entry's.
    pub(in crate::tools) fn unknown_name(problem: impl Into<String>) -> Self {
        Self::new(RefusalClass::UnknownName, problem)
    }

    /// A value that does not fit.
    pub(in crate::tools) fn bad_value(problem: impl Into<String>) -> Self {
        Self::new(RefusalClass::BadValue, problem)
    }

    /// Adds a line of advice.
    pub(in crate::tools) fn hint(mut self, line: impl Into<String>) -> Self {
        self.hints.push(line.into());
        self
    }

    /// Says where in the arguments it is.
    pub(in crate::tools) fn at(mut self, place: &str) -> Self {
        self.problem = format!("{place}: {}", self.problem);
        self
    }

    /// Sets the right call to show, unless one nearer to the problem is set already.
    pub(in crate::tools) fn example(mut self, tool: &'static str, arguments: Value) -> Self {
        self.example.get_or_insert((tool, arguments));
        self
    }

    /// The refusal; `fallback` is shown as the right call when there is no better one.
    pub(in crate::tools) fn refusal(self, fallback: Option<(&str, &Value)>) -> Refusal {
        let mut message = cut_to_bytes(
            format!("refused, nothing was sent: {}", self.problem),
            MAX_LINE_BYTES,
        );
        let example = self.example.as_ref().map(|(tool, arguments)| (*tool, arguments));
        let example = example
            .or(fallback)
            .map(|(tool, arguments)| format!("a right call: {tool} {}", escape_json(arguments)));
        let hints = self
            .hints
            .into_iter()
            .map(|hint| cut_to_bytes(hint, MAX_LINE_BYTES));
        // A call cut in the middle would teach a wrong one.
        let example = example.filter(|line| line.len() <= MAX_LINE_BYTES);
        for line in hints.chain(example) {
            if message.len() + 1 + line.len() <= MAX_BYTES {
                message.push('\n');
                message.push_str(&line);
            }
        }
        Refusal {
            class: self.class,
            message,
            about_catalog: true,
            of_query: false,
        }
    }
}
