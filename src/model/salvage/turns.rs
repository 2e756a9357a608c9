//! Marks that models put around a message, where a server leaves them in the text: those of a box, those that end the message, and
//! those that begin one of another, which the model made up.

use std::borrow::Cow;

use super::plain::BOXES;

/// What may stand behind all that was said.
const ENDINGS: [&str; 13] = [
    "</s>",
    "[EOS]",
    "<｜end▁of▁sentence｜>",
    "[|endofturn|]",
    "<|end_of_text|>",
    "<|eom_id|>",
    "<|eos|>",
    "<|end|>",
    "<|return|>",
    "<|eot|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|im_start|>assistant",
];
/// How the message itself begins.
const OPENINGS: [&str; 8] = [
    "[|assistant|]",
    "<|assistant|>",
    "<|im_start|>assistant",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<start_of_turn>model",
    "<｜Assistant｜>",
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
    "<|im_assistant|>assistant<|im_middle|>",
];
/// How a message of another begins.
const TURNS: [&str; 10] = [
    "<|im_start|>user",
    "<|im_start|>system",
    "<|im_start|>tool",
    "<|start_header_id|>user",
    "<|start_header_id|>ipython",
    "<start_of_turn>user",
    "<|user|>",
    "<|observation|>",
    "<｜User｜>",
    "[|user|]",
];

/// A text without such marks, while it is streamed.
#[derive(Debug, Default)]
pub(super) struct BoxFilter {
    /// What was given out.
    clear: String,
    held: String,
    has_ended: bool,
}

impl BoxFilter {
    /// Takes in text and gives out what is no mark.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.has_ended {
            return String::new();
        }
        self.held += text;
        let given = self.clear.len();
        let mut all = std::mem::take(&mut self.clear);
        all += &unboxed(&self.held);
        if given == 0 {
            let opened = all.len().saturating_sub(without_opening(&all).len());
            all.drain(..opened);
        }
        if let Some(at) = turn_at(&all, given) {
            self.has_ended = true;
            all.truncate(at);
        }
        let begins = |at: &usize| {
            let tail = all.get(*at..).unwrap_or_default().trim_end();
            let is_first = all.get(..*at).is_some_and(|before| before.trim().is_empty());
            let mut marks = BOXES.iter().chain(&ENDINGS).chain(&TURNS);
            marks.any(|mark| mark.starts_with(tail))
                || (is_first && OPENINGS.iter().any(|mark| mark.starts_with(tail)))
        };
        let marks = all.get(given..).unwrap_or_default().match_indices(['<', '[']);
        let from = marks.map(|(at, _)| given.saturating_add(at)).find(begins);
        self.held = all.split_off(from.unwrap_or(all.len()));
        let clear = all.get(given..).unwrap_or_default().to_owned();
        self.clear = all;
        clear
    }

    /// What is still held back once the text has ended, if it was no mark.
    pub(super) fn rest(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let is_turn = turn_at(&format!("{}{held}", self.clear), self.clear.len()).is_some();
        if is_turn || ENDINGS.contains(&held.trim_end()) {
            return String::new();
        }
        held
    }
}

/// A text without such marks, and without what a model made up behind them.
pub(in crate::model) fn without_boxes(text: &str) -> Cow<'_, str> {
    let mut text = unboxed(text);
    let said = without_opening(&text);
    if said.len() < text.len() {
        text = Cow::Owned(said.to_owned());
    }
    if let Some(at) = turn_at(&text, 0) {
        let mut own = text.into_owned();
        own.truncate(at);
        text = Cow::Owned(own);
    }
    while let Some(said) = ENDINGS.iter().find_map(|end| text.trim_end().strip_suffix(end)) {
        text = Cow::Owned(said.to_owned());
    }
    text
}

/// What stands behind the mark that a message begins with.
fn without_opening(text: &str) -> &str {
    let begun = text.trim_start();
    let said = OPENINGS.iter().find_map(|mark| begun.strip_prefix(mark));
    said.map_or(text, str::trim_start)
}

fn unboxed(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for mark in BOXES {
        if text.contains(mark) {
            text = Cow::Owned(text.replace(mark, ""));
        }
    }
    text
}

/// Where the message of another begins. An answer that speaks of such a mark has it within a sentence, or in code: one that is meant
/// stands without a space behind what was said, or on a line of its own.
fn turn_at(text: &str, from: usize) -> Option<usize> {
    let begins = |mark: &str| {
        let tail = text.get(from..)?;
        tail.match_indices(mark).find_map(|(at, _)| {
            let at = from.saturating_add(at);
            let (before, turn) = text.split_at_checked(at)?;
            let behind = turn.strip_prefix(mark)?;
            let is_line = behind.trim_matches(' ').is_empty() || behind.starts_with(['\n', '\r', '<']);
            let is_turn = match before.chars().next_back()? {
                '\n' => is_line,
                c => !c.is_whitespace() && !"`'\"“”‘’«(*".contains(c),
            };
            (is_turn && before.matches("```").count() % 2 == 0).then_some(at)
        })
    };
    TURNS.iter().filter_map(|mark| begins(mark)).min()
}
