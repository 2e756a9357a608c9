use jiff::civil::Date;
use serde::Serialize;

use super::PromptError;
use super::templates::{self, Templates};
use crate::text::{defuse as clean, visible};

/// How a user's turn begins. Only such a turn has a preamble, which ends at its first empty line.
const OPENING: &str = "Today is ";
/// What parts the preamble from the question.
const EMPTY_LINE: &str = "\n\n";
/// Longest name of an asker.
const ASKER_CHARS: usize = 120;

#[derive(Serialize)]
struct TurnValues<'a> {
    today: String,
    asker: String,
    question: &'a str,
}

/// The user's turn: the question with today's date (day grain) and, if known, who asks. Kept out of the prefix so
/// that it stays the same bytes from day to day. What the person cannot see in the question becomes visible: a text
/// that was pasted may carry words in characters that only a model reads.
pub fn user_turn(question: &str, today: Date, asker: Option<&str>) -> Result<String, PromptError> {
    let asker = asker.map(|asker| clean(asker, ASKER_CHARS)).unwrap_or_default();
    let today = today.to_string();
    let question = visible(question.trim());
    Templates::get()?.render(
        templates::USER_TURN,
        &TurnValues {
            today,
            asker,
            question: &question,
        },
    )
}

/// The question inside a turn made by [`user_turn`]; `None` when the text is not one (a note of the program, for
/// instance).
pub fn question_of(turn: &str) -> Option<&str> {
    let (preamble, question) = turn.split_once(EMPTY_LINE)?;
    preamble.starts_with(OPENING).then_some(question)
}
