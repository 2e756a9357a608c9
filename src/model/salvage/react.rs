//! Answers in the form of ReAct, in which some models were trained to speak: thoughts first, and the answer behind `Final Answer:`.
//! Calls in that form (`Action:`, `Action Input:`) are written calls like others.

use std::sync::LazyLock;

use regex::Regex;

use super::plain::compiled;

/// The words before the answer, where nothing but thoughts stands before them.
const LEAD: &str = r"(?ix) \A \s* (?: [*_\#]{0,3} (?: question | thought | thoughts ) [*_]{0,3} \s* : (?s: .*? ) \n \s* )?
    (?: [*_\#]{0,3} action [*_]{0,3} \s* : \s* [*_`]{0,3} final\ answer [*_`]{0,3} \s* \n \s* [*_\#]{0,3} (?: action\ )? input | [*_\#]{0,3}\ ? final\ answer ) [*_]{0,3} \s* : [*_]{0,3} \s*";
/// A text that begins with thoughts.
const THOUGHT: &str = r"(?i)\A\s*[*_#]{0,3}thoughts?[*_]{0,3}\s*:[*_]{0,3}\s*";

static LEADS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(LEAD));
static THOUGHTS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(THOUGHT));

/// The answer behind the words that lead in to it.
pub(super) fn final_answer(text: &str) -> Option<&str> {
    let lead = LEADS.as_ref()?.find(text)?;
    let answer = text.get(lead.end()..)?.trim_end();
    (!answer.is_empty()).then_some(answer)
}

/// A text without the word before thoughts that it begins with.
pub(super) fn without_label(text: &str) -> &str {
    let label = THOUGHTS.as_ref().and_then(|thoughts| thoughts.find(text));
    label.and_then(|label| text.get(label.end()..)).unwrap_or(text)
}
