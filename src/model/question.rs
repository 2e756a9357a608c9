use jiff::civil::Date;

use crate::text::{defuse as clean, visible};

/// What stands around a question, with and without the name of who asks.
const PLAIN: &str = include_str!("../../prompts/model/question.md");
const WITH_ASKER: &str = include_str!("../../prompts/model/question_with_asker.md");
/// Where the question stands in them.
const QUESTION: &str = "{question}";
/// Longest name of an asker.
const ASKER_CHARS: usize = 120;

/// What a person asks: the question, the day it is asked on and who asks.
///
/// Day and asker are told to a model in the user's turn, never in the system prompt, so that the cached prefix keeps
/// its bytes from day to day. [`UserQuestion::turn`] puts them into words; until then they stay apart, so that nobody has to
/// read them out of a text again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserQuestion {
    text: String,
    today: Date,
    asker: Option<String>,
}

impl UserQuestion {
    /// A question as it was typed. Characters that a person does not see become visible (`[U+202E]`), because a text
    /// that was pasted may carry words that only a model reads; the asker's name becomes one line.
    pub fn new(text: &str, today: Date, asker: Option<&str>) -> Self {
        let asker = asker.map(|asker| clean(asker, ASKER_CHARS));
        Self {
            text: visible(text.trim()),
            today,
            asker: asker.filter(|asker| !asker.is_empty()),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The day that it means by "today".
    pub(crate) fn day(&self) -> Date {
        self.today
    }

    /// The user's turn, as a model reads it.
    pub fn turn(&self) -> String {
        let template = if self.asker.is_some() { WITH_ASKER } else { PLAIN };
        let (preamble, after) = template.split_once(QUESTION).unwrap_or((template, ""));
        let preamble = preamble
            .replace("{today}", &self.today.to_string())
            .replace("{asker}", self.asker.as_deref().unwrap_or_default());
        format!("{preamble}{}{}", self.text, after.trim_end())
    }
}
