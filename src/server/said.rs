//! What was said on a wire whose clients send all messages, as it is compared: a client sends back what it was told, and not to the
//! letter. Front ends put what they showed folded before the words or between them, trim, and write other blanks and line ends. None
//! of that makes another conversation.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::model::{MarkMatch, THOUGHT_MARKS, ThoughtMarks, match_mark};
use crate::text::is_hidden;
use crate::wire::SaidBefore;

/// Marks that front ends have beside those of models.
const FOLDED: [ThoughtMarks; 4] = [
    ("<reason>", "</reason>"),
    ("<antThinking>", "</antThinking>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
    (":::thinking", ":::"),
];
/// What a page folds, whatever its attributes are, if one of them is its type: reasoning, calls, code that ran.
const DETAILS: ThoughtMarks = ("<details", "</details>");
/// So many thoughts that never end are looked for their end: each costs a look at the whole rest of the text.
const MOST_ENDLESS: usize = 4;

/// What stands for an answer that never came.
const UNANSWERED: &str = "(not answered)";

/// The hash of a conversation in which nothing was said.
pub(super) fn nothing_said() -> blake3::Hash {
    blake3::hash(b"cardinal: a conversation")
}

/// The hash of a conversation with one message more.
pub(super) fn message_hash(before: blake3::Hash, role: &str, text: &str) -> blake3::Hash {
    let said = if role == "assistant" {
        without_thoughts(text)
    } else {
        Cow::Borrowed(text)
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(role.as_bytes());
    for word in said.split_whitespace() {
        let seen: String = word.chars().filter(|c| !is_hidden(*c)).collect();
        if !seen.is_empty() {
            hasher.update(&[0]);
            hasher.update(seen.as_bytes());
        }
    }
    hasher.finalize()
}

/// What an assistant said, without thoughts and calls that a front end or a model put before the words or between them. What is
/// begun and never ends is kept: nobody can say where the words begin.
pub(super) fn without_thoughts(text: &str) -> Cow<'_, str> {
    let (mut kept, mut rest, mut endless) = (String::new(), text, 0);
    while let Some(at) = rest.find(begins_mark).filter(|_| endless < MOST_ENDLESS) {
        let (before, begun) = rest.split_at(at);
        kept.push_str(before);
        let thoughts = opened(begun);
        let behind = thoughts.and_then(|(marks, inside)| closed(inside, marks));
        rest = behind.unwrap_or_else(|| {
            endless += usize::from(thoughts.is_some());
            let mut chars = begun.chars();
            kept.extend(chars.next());
            chars.as_str()
        });
    }
    if kept.is_empty() && rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

fn begins_mark(c: char) -> bool {
    matches!(c, '<' | '＜' | '[' | '◁' | ':')
}

/// The marks of the thoughts that a text begins with, and what stands behind the first of them.
fn opened(text: &str) -> Option<(ThoughtMarks, &str)> {
    if let Some(inside) = folded(text) {
        return Some((DETAILS, inside));
    }
    let mut marks = THOUGHT_MARKS.iter().chain(&FOLDED);
    marks.find_map(|marks| Some((*marks, behind(text, marks.0)?)))
}

/// What stands behind the opening tag of something folded that has a type.
fn folded(text: &str) -> Option<&str> {
    let tag = behind(text, DETAILS.0).filter(|tag| tag.starts_with(char::is_whitespace))?;
    let (attributes, inside) = tag.split_once('>')?;
    let mut names = attributes
        .split_whitespace()
        .map(|attribute| attribute.split('=').next());
    names
        .any(|name| name.is_some_and(|name| name.eq_ignore_ascii_case("type")))
        .then_some(inside)
}

fn behind<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    match match_mark(text, mark) {
        MarkMatch::Behind(behind) => Some(behind),
        MarkMatch::Begun | MarkMatch::Other => None,
    }
}

/// What stands behind thoughts whose opening mark is off, and behind those within them.
fn closed(inside: &str, (open, close): ThoughtMarks) -> Option<&str> {
    let mut depth = 1_usize;
    let mut at = 0;
    while let Some(next) = inside.get(at..).and_then(|rest| rest.find(begins_mark)) {
        at += next;
        let rest = inside.get(at..).unwrap_or_default();
        if let Some(behind) = behind(rest, close) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(behind);
            }
        } else if behind(rest, open).is_some() {
            depth = depth.saturating_add(1);
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// Questions and answers of a conversation that was held elsewhere, as its client tells it. What was not answered says so; what an
/// assistant said before anybody asked is left out. Nobody knows the day of each, so that all are of this one.
pub(super) fn said_before(messages: impl Iterator<Item = (bool, String)>, today: Date) -> Vec<SaidBefore> {
    let mut said: Vec<SaidBefore> = Vec::new();
    for (is_answer, text) in messages {
        let last = said.last_mut().filter(|_| is_answer);
        if let Some(last) = last {
            let text = without_thoughts(&text);
            if last.answer == UNANSWERED {
                last.answer.clear();
            } else {
                last.answer.push_str("\n\n");
            }
            last.answer.push_str(text.trim());
        } else if !is_answer && !text.trim().is_empty() {
            said.push(SaidBefore {
                question: text.trim().to_owned(),
                today,
                answer: UNANSWERED.to_owned(),
            });
        }
    }
    for said in said.iter_mut().filter(|said| said.answer.trim().is_empty()) {
        UNANSWERED.clone_into(&mut said.answer);
    }
    said
}
