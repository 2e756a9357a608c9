//! What went wrong, for people who ask: without the addresses of the servers behind this one. Whoever runs the server reads them in
//! the administrator's view, in logs, traces and tapes.
//!
//! Texts that Cardinal wrote of a failure are looked at, and nothing else: what a model wrote, and links to pages of Metabase,
//! stay as they are.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Value, json};
use url::Url;

use super::event::TurnEvent;
use super::record::{AnswerBody, AnswerRecord};
use crate::agent::CallStatus;
use crate::app::App;
use crate::text::built_in_pattern;

/// What an address is called that is none of the settings.
const ANY: &str = "an address that is not shown";

/// Addresses as they stand in words: with a scheme, as numbers, as a name with a port.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(concat!(
        r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s"'`<>()\\]*[^\s"'`<>()\\.,;:!?]"#,
        r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/[^\s,;:)]*)?",
        r"|\[[0-9a-fA-F]*:[0-9a-fA-F:.]+\](?::\d+)?(?:/[^\s,;:)]*)?",
        r"|\b[A-Za-z][A-Za-z0-9.-]*:\d{2,5}\b(?:/[^\s,;:)]*)?",
    ))
});

/// Paths of at least two parts, and what stands before them.
static PATH: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r#"(^|[\s("'`])(?:/[\w.~%-]+){2,}/?"#));

/// The addresses that the settings name.
#[derive(Debug, Default)]
pub(super) struct AddressFilter {
    /// Hosts, with and without their port, in lower case, and what each is called.
    known: Vec<(String, &'static str)>,
    /// The known ones as they stand in words, where they have no port and no scheme.
    bare: Option<Regex>,
}

impl AddressFilter {
    pub(super) fn new(app: &App) -> Self {
        let settings = app.settings();
        let mut known = Vec::new();
        let mut add = |url: &Url, name: &'static str| {
            let Some(host) = url.host_str().map(str::to_ascii_lowercase) else {
                return;
            };
            if let Some(port) = url.port_or_known_default() {
                known.push((format!("{host}:{port}"), name));
            }
            known.push((host, name));
        };
        if let Some(url) = &settings.model.base_url {
            add(url, "the model's server");
        }
        add(&app.server().metabase.url, "Metabase");
        for dbt in [&settings.dbt.cloud, &app.server().dbt].into_iter().flatten() {
            for url in [
                &dbt.addresses.administrative,
                &dbt.addresses.discovery,
                &dbt.addresses.semantic_layer,
            ] {
                add(url, "dbt");
            }
        }
        // Names of domains alone: a number is found as an address, and one word may be a word.
        let names = known.iter().filter(|(host, _)| {
            host.contains('.') && host.contains(char::is_alphabetic) && !host.contains(':')
        });
        let names: Vec<String> = names.map(|(host, _)| regex::escape(host)).collect();
        let bare =
            (!names.is_empty()).then(|| built_in_pattern(&format!(r"(?i)\b(?:{})\b", names.join("|"))));
        Self { known, bare }
    }

    /// What an address is called; itself, if it is none after all: `id:1234` is one word with a number.
    fn name_of<'a>(&self, written: &'a str) -> &'a str {
        let address = written.split_once("://").map_or(written, |(_, rest)| rest);
        let authority = address
            .split(['/', '?', '#'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let host = authority
            .rsplit_once('@')
            .map_or(authority.as_str(), |(_, host)| host);
        let names: Vec<&'static str> = self
            .known
            .iter()
            .filter(|(known, _)| known == host)
            .map(|(_, name)| *name)
            .collect();
        match names.as_slice() {
            [name, rest @ ..] if rest.iter().all(|other| other == name) => name,
            // Several servers are at the same place.
            [_, ..] => ANY,
            [] if written.contains("://") || host.contains(['.', '[']) || host.starts_with("localhost:") => {
                ANY
            }
            [] => written,
        }
    }

    /// A text without addresses.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let named = ADDRESS.replace_all(text, |found: &Captures<'_>| {
            self.name_of(part(found, 0)).to_owned()
        });
        let named = match &self.bare {
            Some(bare) => replaced(named, bare, |found| self.name_of(part(found, 0)).to_owned()),
            None => named,
        };
        replaced(named, &PATH, |found| format!("{}…", part(found, 1)))
    }

    /// An event as it is told.
    pub(super) fn event(&self, event: TurnEvent) -> TurnEvent {
        match event {
            TurnEvent::Note { text } => TurnEvent::Note {
                text: self.text(&text).into_owned(),
            },
            TurnEvent::ToolFinished {
                call,
                tool,
                status,
                rows,
                served_by,
                note,
            } => TurnEvent::ToolFinished {
                call,
                tool,
                status,
                rows,
                served_by,
                note: match status {
                    CallStatus::Failed => note.map(|note| self.text(&note).into_owned()),
                    _ => note,
                },
            },
            TurnEvent::Error { code, detail } => TurnEvent::Error {
                code,
                detail: self.text(&detail).into_owned(),
            },
            other => other,
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

fn part<'a>(found: &'a Captures<'_>, at: usize) -> &'a str {
    found.get(at).map_or("", |part| part.as_str())
}

fn replaced<'a>(text: Cow<'a, str>, pattern: &Regex, new: impl Fn(&Captures<'_>) -> String) -> Cow<'a, str> {
    let Cow::Owned(changed) = pattern.replace_all(&text, new) else {
        return text;
    };
    Cow::Owned(changed)
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
