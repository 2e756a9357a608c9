//! Thoughts that a model writes into its text because its server does not keep them apart, and marks around what it says.

use std::borrow::Cow;

use super::plain::BOXES;

/// The marks that such thoughts stand between.
const MARKS: [ThoughtMarks; 13] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("Here is my thought process:", "Here is my response:"),
];
/// What some models put around what they say behind them.
const ANSWERS: [ThoughtMarks; 2] = [("<answer>", "</answer>"), ("<response>", "</response>")];
/// What the answer begins with where a model's channels were not read.
const FINAL: &str = "<|channel|>final<|message|>";
/// What thoughts begin with there, and what may stand before it.
const ANALYSIS: &str = "<|channel|>analysis<|message|>";
const START: &str = "<|start|>assistant";
/// The same with its marks taken off, and what stands before it then.
const FINAL_WORD: &str = "assistantfinal";
const ANALYSIS_WORD: &str = "analysis";
/// What a text begins with whose channels were not read: only its end tells what of it was said.
const CHANNELS: [&str; 4] = ["analysis", "assistant", "<|channel|>", "<|start|>assistant"];
/// Most of such a text that is kept back, in bytes.
const MOST_HELD: usize = 64 << 10;
/// What such an answer may end with.
const ENDS: [&str; 2] = ["<|return|>", "<|end|>"];
/// Longest closing mark that is looked for, in bytes.
const LONGEST: usize = 24;

/// The opening and the closing mark.
type ThoughtMarks = (&'static str, &'static str);

/// What is said behind the thoughts that a text begins with. Thoughts that never end leave nothing. Where thoughts came apart from
/// the text, a closing mark alone in it closes none.
pub(in crate::model) fn without_thoughts(text: &str, came_apart: bool) -> &str {
    if let Some((_, said)) = text.rsplit_once(FINAL) {
        let said = said.trim_end();
        return ENDS.iter().find_map(|end| said.strip_suffix(end)).unwrap_or(said);
    }
    if let Some((before, said)) = text.rsplit_once(FINAL_WORD)
        && (before.trim().is_empty() || before.trim_start().starts_with(ANALYSIS_WORD))
    {
        return said.trim();
    }
    if let Some((_, thoughts)) = text
        .split_once(ANALYSIS)
        .filter(|(before, _)| before.trim().is_empty() || before.trim() == START)
    {
        return thoughts
            .split_once("<|end|>")
            .map_or("", |(_, said)| said.trim_start());
    }
    // Some servers put the opening mark into the prompt, so that only the closing one is seen.
    let unopened = MARKS.iter().find_map(|(open, close)| {
        let mut closings = text.match_indices(close);
        let (thoughts, said) = closings.find_map(|(at, _)| {
            let (thoughts, said) = text.split_at_checked(at)?;
            closes_thoughts(thoughts).then(|| Some((thoughts, said.strip_prefix(close)?)))?
        })?;
        (!thoughts.contains(open)).then_some(said)
    });
    let mut rest = unopened.filter(|_| !came_apart).unwrap_or(text);
    while let Some(((_, close), inside)) = opened(rest) {
        rest = inside.split_once(close).map_or("", |(_, said)| said);
    }
    if let Some((close, said)) = answered(rest) {
        let said = said.trim();
        return said.strip_suffix(close).unwrap_or(said).trim_end();
    }
    if rest.len() < text.len() {
        rest.trim_start()
    } else {
        rest
    }
}

/// Whether a closing mark that no opening one stands before ends what is before it, as models write it: at the beginning of a line,
/// or behind a word without a space. An answer that speaks of the mark puts it into its sentence, or into code.
fn closes_thoughts(before: &str) -> bool {
    let is_in_fence = before.matches("```").count() % 2 == 1;
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_in_line = line.ends_with(|c: char| c.is_whitespace() || "`'\"“”‘’«(*".contains(c));
    !is_in_fence && (line.trim().is_empty() || !is_in_line)
}

/// The marks of the thoughts that a text begins with, and what stands behind the first of them.
fn opened(text: &str) -> Option<(ThoughtMarks, &str)> {
    let begun = text.trim_start();
    MARKS
        .iter()
        .find_map(|marks| Some((*marks, begun.strip_prefix(marks.0)?)))
}

/// What closes the answer that a text is marked as, and the text behind its opening mark.
fn answered(text: &str) -> Option<(&'static str, &str)> {
    let begun = text.trim_start();
    ANSWERS
        .iter()
        .find_map(|(open, close)| Some((*close, begun.strip_prefix(open)?)))
}

/// Lets text through but for the thoughts that it begins with.
#[derive(Debug, Default)]
pub(super) struct ThoughtFilter {
    held: String,
    state: ThoughtState,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum ThoughtState {
    /// Thoughts may begin here.
    #[default]
    Open,
    /// Inside thoughts that this mark closes.
    Thinking(&'static str),
    Speaking,
}

impl ThoughtFilter {
    /// Takes in text and gives out what is none of the thoughts.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.state == ThoughtState::Speaking {
            return text.to_owned();
        }
        self.held += text;
        loop {
            match self.state {
                ThoughtState::Speaking => return std::mem::take(&mut self.held),
                ThoughtState::Open => {
                    if let Some(((_, close), inside)) = opened(&self.held) {
                        self.held = inside.to_owned();
                        self.state = ThoughtState::Thinking(close);
                    } else if let Some((_, said)) = answered(&self.held) {
                        self.held = said.trim_start().to_owned();
                        self.state = ThoughtState::Speaking;
                    } else if may_open(&self.held)
                        || (in_channels(&self.held) && self.held.len() <= MOST_HELD)
                    {
                        return String::new();
                    } else {
                        self.state = ThoughtState::Speaking;
                    }
                }
                ThoughtState::Thinking(close) => {
                    let Some((_, said)) = self.held.split_once(close) else {
                        self.forget();
                        return String::new();
                    };
                    self.held = said.trim_start().to_owned();
                    self.state = ThoughtState::Open;
                }
            }
        }
    }

    /// What is still held back once the text has ended: it was no thought.
    pub(super) fn rest(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        match self.state {
            ThoughtState::Thinking(_) => String::new(),
            ThoughtState::Open if in_channels(&held) => without_thoughts(&held, true).to_owned(),
            _ => held,
        }
    }

    /// Keeps of the thoughts only as much as may be the beginning of their end.
    fn forget(&mut self) {
        let from = self.held.len().saturating_sub(LONGEST);
        let from = (from..=self.held.len()).find(|at| self.held.is_char_boundary(*at));
        self.held = self.held.split_off(from.unwrap_or_default());
    }
}

/// Whether a text begins as one does whose channels were not read, or may go on so.
fn in_channels(text: &str) -> bool {
    let start = text.trim_start();
    CHANNELS
        .iter()
        .any(|channel| start.starts_with(channel) || channel.starts_with(start))
}

/// Whether a text is too short to tell whether it begins with thoughts.
fn may_open(text: &str) -> bool {
    let start = text.trim_start();
    let mut marks = MARKS.iter().chain(&ANSWERS);
    start.is_empty() || marks.any(|(open, _)| open.starts_with(start))
}

/// A text without the marks of a box, and what is left of it while it is streamed.
#[derive(Debug, Default)]
pub(super) struct BoxFilter {
    held: String,
}

impl BoxFilter {
    /// Takes in text and gives out what is no mark.
    pub(super) fn push(&mut self, text: &str) -> String {
        self.held += text;
        let unboxed = without_boxes(&self.held).into_owned();
        let begins = |at: &usize| {
            let tail = unboxed.get(*at..).unwrap_or_default();
            BOXES.iter().any(|mark| mark.starts_with(tail))
        };
        let from = unboxed.rfind('<').filter(begins).unwrap_or(unboxed.len());
        let (clear, held) = unboxed.split_at(from);
        held.clone_into(&mut self.held);
        clear.to_owned()
    }

    /// What is still held back once the text has ended: it was no mark.
    pub(super) fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// A text without the marks of a box that some models put around what they mean.
pub(in crate::model) fn without_boxes(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for mark in BOXES {
        if text.contains(mark) {
            text = Cow::Owned(text.replace(mark, ""));
        }
    }
    text
}
