use serde_json::Value;

use crate::catalog::EntryKind;
use crate::text::{clean_line, cut_to_bytes, escape_json};
use crate::tools::{Refusal, RefusalClass};

/// Longest refusal, in bytes.
const MAX_BYTES: usize = 1_500;
const MAX_LINE_BYTES: usize = 420;
/// Longest piece of the model's own text that is quoted back, in characters.
const MAX_QUOTE_CHARS: usize = 60;

/// A no in the making: what is wrong, and what to do instead.
#[derive(Debug)]
pub(in crate::tools) struct No {
    class: RefusalClass,
    problem: String,
    hints: Vec<String>,
    example: Option<(&'static str, Value)>,
}

impl No {
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
    pub(in crate::tools) fn name(problem: impl Into<String>) -> Self {
        Self::new(RefusalClass::UnknownName, problem)
    }

    /// A value that does not fit.
    pub(in crate::tools) fn value(problem: impl Into<String>) -> Self {
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
        }
    }
}

/// Text of the model's or Metabase's, cleaned, capped and in quotes.
pub(in crate::tools) fn quote(text: &str) -> String {
    format!("\"{}\"", clean_line(text, MAX_QUOTE_CHARS))
}

/// Names in quotes, separated by commas.
pub(in crate::tools) fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(quote).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// The word for a kind of entry in arguments and sentences.
pub(in crate::tools) fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Card => "card",
        EntryKind::Metric => "metric",
        EntryKind::Table => "table",
    }
}
