//! What went wrong, for people who ask: without the addresses of the servers behind this one. Whoever runs the server reads them in
//! the administrator's view, in logs, traces and tapes.
//!
//! Texts that Cardinal wrote of a failure are looked at, and nothing else: what a model wrote, and links to pages of Metabase,
//! stay as they are. Of a tape and of a draft it is every address, wherever it stands.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::addresses::NamedAddresses;
use super::event::TurnEvent;
use super::record::{AnswerBody, AnswerRecord};
use crate::agent::CallStatus;
use crate::app::App;

/// Tells things without the addresses in them.
#[derive(Debug)]
pub(super) struct AddressFilter(NamedAddresses);

impl AddressFilter {
    pub(super) fn new(app: &App) -> Self {
        Self(NamedAddresses::new(app))
    }

    /// A text without addresses.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.hidden(text)
    }

    /// An event as it is told.
    pub(super) fn event(&self, mut event: TurnEvent) -> TurnEvent {
        let words = match &mut event {
            TurnEvent::Note { text } => Some(text),
            TurnEvent::Error { detail, .. } => Some(detail),
            TurnEvent::ToolFinished {
                status: CallStatus::Failed,
                note,
                ..
            } => note.as_mut(),
            _ => None,
        };
        if let Some(words) = words {
            *words = self.text(words).into_owned();
        }
        event
    }

    /// What a model writes, while it writes it, without addresses: which of them are links of the answer is not known yet.
    pub(super) fn prose<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.places_hidden(text)
    }

    /// A tape as it is told: without addresses. Paths stay: they say what was asked.
    pub(super) fn tape(&self, tape: &[u8]) -> Vec<u8> {
        let mut told = Vec::with_capacity(tape.len());
        for line in String::from_utf8_lossy(tape).split_inclusive('\n') {
            match serde_json::from_str::<Value>(line) {
                Ok(mut value) => {
                    self.hide_places(&mut value);
                    told.extend_from_slice(value.to_string().as_bytes());
                    told.push(b'\n');
                }
                // The last line of a tape may have been cut.
                Err(_) => told.extend_from_slice(self.0.places_hidden(line).as_bytes()),
            }
        }
        told
    }

    fn hide_places(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.0.places_hidden(text) {
                    *text = hidden;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_places(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.hide_places(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A record as it is told.
    pub(super) fn record(&self, mut record: AnswerRecord) -> AnswerRecord {
        if let Some(error) = &mut record.error {
            error.detail = self.text(&error.detail).into_owned();
        }
        record.answer = record.answer.map(|answer| self.answer(answer));
        record
    }

    /// An answer as it is told.
    pub(super) fn answer(&self, mut answer: AnswerBody) -> AnswerBody {
        let calls = answer.0.get_mut("tool_calls").and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten() {
            let failed = call.get("status").is_some_and(|status| status == "failed");
            if let Some(message) = call.get("message").and_then(Value::as_str).filter(|_| failed) {
                let told = json!(self.text(message));
                if let Some(message) = call.get_mut("message") {
                    *message = told;
                }
            }
        }
        let detail = answer.text("stop_detail").to_owned();
        let told = self.text(&detail).into_owned();
        if told != detail {
            self.tell_text(&mut answer, &detail, &told);
            if let Some(kept) = answer.0.get_mut("stop_detail") {
                *kept = json!(told);
            }
        }
        answer
    }

    /// Tells the text of an answer that quotes why it failed.
    fn tell_text(&self, answer: &mut AnswerBody, detail: &str, told: &str) {
        let text = answer.text("text").to_owned();
        if let Some(at) = text.find(detail) {
            replace_in_text(&mut answer.0, &text, at, detail, told);
            return;
        }
        // Links were taken out of it there. What was found until then stands in a list, and stays as it is; the last line goes
        // first, so that the others stay where they are.
        let mut lines = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if !line.starts_with("- ") {
                lines.push((at, line));
            }
            at += line.len();
        }
        for (at, line) in lines.into_iter().rev() {
            if let Cow::Owned(new) = self.text(line)
                && new != line
            {
                let text = answer.text("text").to_owned();
                replace_in_text(&mut answer.0, &text, at, line, &new);
            }
        }
    }
}

/// Writes other words at a place of an answer's text. Figures behind it move, and those in it are gone.
fn replace_in_text(answer: &mut Value, text: &str, at: usize, old: &str, new: &str) {
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at + old.len()..).unwrap_or_default();
    let (at_char, old_chars) = (before.chars().count(), old.chars().count());
    let bytes = RewrittenSpan::new(at, old.len(), new.len());
    let chars = RewrittenSpan::new(at_char, old_chars, new.chars().count());
    if let Some(figures) = answer.get_mut("figures").and_then(Value::as_array_mut) {
        figures.retain_mut(|figure| {
            let moved =
                [("start", "end", &bytes), ("start_char", "end_char", &chars)].map(|(from, to, place)| {
                    let number = |key: &str| {
                        figure
                            .get(key)
                            .and_then(Value::as_u64)
                            .and_then(|at| usize::try_from(at).ok())
                    };
                    Some((from, to, place.moved(number(from)?..number(to)?)?))
                });
            for (from, to, range) in moved.iter().flatten() {
                for (key, value) in [(from, range.start), (to, range.end)] {
                    if let Some(place) = figure.get_mut(*key) {
                        *place = json!(value);
                    }
                }
            }
            moved.iter().all(Option::is_some)
        });
    }
    if let Some(place) = answer.get_mut("text") {
        *place = json!(format!("{before}{new}{after}"));
    }
}

/// A place that was written anew.
struct RewrittenSpan {
    at: usize,
    old: usize,
    new: usize,
}

impl RewrittenSpan {
    fn new(at: usize, old: usize, new: usize) -> Self {
        Self { at, old, new }
    }

    /// Where a range is now; `None` when it lay in the place.
    fn moved(&self, range: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
        let end = self.at + self.old;
        if range.end <= self.at {
            Some(range)
        } else if range.start >= end {
            Some(range.start - end + self.at + self.new..range.end - end + self.at + self.new)
        } else {
            None
        }
    }
}
