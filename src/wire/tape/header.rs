use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a turn was recorded under: the first line of its tape. Whoever replays the turn sets all of this up again;
/// whoever compares it with today's knows what became stale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The question, as asked.
    pub question: String,
    pub conversation: String,
    /// The turn within it, counted from 1.
    pub turn: u32,
    /// File name of the tape of the turn before, in the same folder; `None` for a first turn.
    pub previous: Option<String>,
    /// Of a first turn: what was said before it, where no tape of that is left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said_before: Vec<SaidBefore>,
    /// Of a first turn: what the conversation had used before it; null where that is nothing, or not known.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub spent_before: Value,
    /// Whose credential was used.
    pub principal: String,
    /// Who asked, as the model was told.
    pub asker: Option<String>,
    /// The day the question meant by "today".
    pub today: Date,
    pub started_at: Timestamp,
    /// The time zone of the process, IANA name.
    pub time_zone: String,
    /// The seed of everything random in the turn (jitter of retries).
    pub seed: u64,
    /// The model, `provider:name`.
    pub model: String,
    /// Who or what answered as that model.
    pub answered_by: String,
    pub prompt: PromptNote,
    /// The catalog; its text is kept beside the tape.
    pub catalog: CatalogNote,
    pub metabase: MetabaseNote,
    /// Version of the program that recorded.
    pub code: String,
    /// Settings that shape requests and answers; whoever records knows how to read them.
    pub setup: Value,
}

/// A question and its answer, without what was done for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidBefore {
    pub question: String,
    /// The day the question meant by "today".
    pub today: Date,
    pub answer: String,
}

/// Hashes of what the model was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptNote {
    /// Of the whole prefix.
    pub hash: String,
    /// Of each segment, by name; `tools` is the hash of the tool schemas.
    pub segments: BTreeMap<String, String>,
    /// Of all texts that a model can be sent at any time, met or not; `None` on tapes that were recorded before texts
    /// were hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<String>,
    /// Of all words of the program itself that a model can be sent: refusals, hints, headings of results; `None` on tapes that
    /// were recorded before these were hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogNote {
    pub fingerprint: String,
    /// How many entries it has.
    pub entries: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetabaseNote {
    /// Its address, without credentials.
    pub url: String,
    /// What was known of it when the turn began, so that a replay need not ask; `None` when nothing was.
    pub server: Option<Value>,
}

impl Header {
    /// The command that records this turn again.
    pub fn command(&self) -> String {
        let (today, model) = (self.today, &self.model);
        if self.turn > 1 {
            return format!("cardinal chat --tape DIR --today {today} --model {model}");
        }
        let question = self.question.replace('\'', r"'\''");
        format!("cardinal ask '{question}' --tape FILE --today {today} --model {model}")
    }
}
