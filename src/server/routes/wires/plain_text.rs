//! An answer for clients that show a text and nothing else.

use serde_json::{Map, Value, json};

use crate::server::event::TurnEvent;
use crate::server::record::{AnswerBody, AnswerRecord};
use crate::text::{markdown_inline, markdown_literal};

/// Keys that are lists, also where there is nothing.
const LISTS: [&str; 4] = ["options", "figures", "evidence", "earlier_results"];

/// What stands in the extra key `cardinal`.
pub(super) fn extra(record: &AnswerRecord) -> Value {
    let mut extra = Map::new();
    for key in [
        "outcome",
        "stop_reason",
        "stop_detail",
        "options",
        "figures",
        "evidence",
        "earlier_results",
        "usage",
        "timings",
    ] {
        let value = record.answer.as_ref().and_then(|answer| answer.0.get(key));
        let value = value.filter(|value| !value.is_null()).cloned();
        let nothing = if LISTS.contains(&key) {
            json!([])
        } else {
            Value::Null
        };
        extra.insert(key.to_owned(), value.unwrap_or(nothing));
    }
    extra.insert("answer".to_owned(), json!(record.id));
    extra.insert("session".to_owned(), json!(record.session));
    extra.insert("turn".to_owned(), json!(record.turn));
    extra.insert("tables".to_owned(), json!(record.tables));
    extra.insert("charts".to_owned(), json!(record.charts));
    extra.insert("follow_ups".to_owned(), json!(record.follow_ups));
    Value::Object(extra)
}

/// How an answer ended, in the words that the protocols of others have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerEnding {
    /// It says all that there is to say.
    Whole,
    /// A limit, a guard or a person ended it before that.
    Cut,
    Withheld,
    /// The model or the data source failed.
    Failed,
}

impl AnswerEnding {
    pub(super) fn of(answer: &AnswerBody) -> Self {
        match (answer.text("outcome"), answer.text("stop_reason")) {
            (_, "output_limit") | ("budget_exhausted" | "loop_stopped" | "cancelled", _) => Self::Cut,
            (_, "model_refused" | "ungrounded") => Self::Withheld,
            ("upstream_failed", _) => Self::Failed,
            _ => Self::Whole,
        }
    }
}

/// The pages behind an answer, each once: address and name.
pub(super) fn sources(record: &AnswerRecord) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for table in &record.tables {
        if let Some(entry) = &table.entry
            && let Some(link) = &entry.link
            && found.iter().all(|(known, _)| known != link)
        {
            found.push((link.clone(), entry.name.clone()));
        }
    }
    found
}

/// A step in words; `None` for what is not one.
pub(super) fn step_in_words(event: &TurnEvent) -> Option<String> {
    match event {
        TurnEvent::Queued { ahead } => {
            Some(format!("waiting for {ahead} earlier questions of this session\n"))
        }
        TurnEvent::ToolStarted(start) => Some(format!("{}\n", start.summary)),
        TurnEvent::ToolFinished { rows, note, .. } => match (note, rows) {
            (Some(note), _) => Some(format!("→ {note}\n")),
            (None, Some(1)) => Some("→ 1 row\n".to_owned()),
            (None, Some(rows)) => Some(format!("→ {rows} rows\n")),
            (None, None) => None,
        },
        TurnEvent::Note { text } => Some(format!("{text}\n")),
        _ => None,
    }
}

/// The same for clients that show it as Markdown: names in it are no markup.
pub(super) fn step_in_markdown(event: &TurnEvent) -> Option<String> {
    step_in_words(event).map(|step| format!("{}\n", inert(step.trim_end())))
}

/// A name in Markdown, such as a title's: nothing in it is a link, an image or HTML.
pub(super) fn inert(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if lower.contains("://") || lower.contains("www.") {
        // An address by itself becomes a link.
        markdown_literal(name)
    } else {
        markdown_inline(name)
    }
}

/// Tokens as OpenAI counts them: of prompts, of them cached, of completions.
pub(super) fn tokens(answer: &AnswerBody) -> (u64, u64, u64) {
    let count = |pointer: &str| {
        answer
            .0
            .pointer(pointer)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    (
        count("/usage/input_tokens"),
        count("/usage/cached_tokens"),
        count("/usage/output_tokens"),
    )
}

/// Why an answer is not there, in one sentence.
pub(super) fn why_not(record: &AnswerRecord) -> String {
    record.error.as_ref().map_or_else(
        || format!("the question could not be answered: {}", record.status.word()),
        |error| error.detail.clone(),
    )
}
