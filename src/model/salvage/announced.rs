//! A text that only says what the model is going to do. Models that call tools badly, and servers that lose calls, leave that
//! in place of the call: it is no answer.

use std::sync::LazyLock;

use regex::Regex;

use super::plain::compiled;

/// One sentence that announces a look at the data, and nothing behind it.
const ANNOUNCEMENT: &str = r"(?ix)^\s*
    (?:(?:ok|okay|sure|certainly|of\ course|great|alright|all\ right|no\ problem|got\ it|absolutely|understood)\b[,.!]*\s*)*
    (?:(?:first|now|next|to\ answer\ (?:this|that|it|your\ question)),?\s+)?
    (?:let\ me|let['’]s|i\ will|i['’]ll|i\ am\ going\ to|i['’]m\ going\ to|i\ need\ to|i\ have\ to|i\ should|allow\ me\ to)\s+
    (?:first\s+|now\s+|quickly\s+|then\s+)?
    (?:look|check|query|fetch|get|retrieve|find|search|pull|compute|calculate|run|call|gather|analy[sz]e|examine|explore|
       take\ a\ look|begin|start|load|describe)\b
    [^.!?:\n]*(?:\.{1,3}|:|…)?\s*$";

static ANNOUNCEMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ANNOUNCEMENT));

/// Whether a text is an announcement and nothing else.
pub(in crate::model) fn is_announcement(text: &str) -> bool {
    const LONGEST: usize = 300;
    let is_one = |announcement: &Regex| announcement.is_match(text);
    text.len() <= LONGEST && ANNOUNCEMENTS.as_ref().is_some_and(is_one)
}
