//! What the server says of sessions and answers.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chart::Chart;
use super::suggest::Suggestion;
use super::table_view::TableView;
use crate::agent::{Answer, Outcome, StopReason};

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerStatus {
    /// It waits for others of its session.
    Queued,
    /// Its turn runs.
    Running,
    /// Its turn came to its end.
    Finished,
    /// Its process ended, and it could not be resumed.
    Interrupted,
    /// Its turn could not begin.
    Failed,
}

impl AnswerStatus {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "finished" => Self::Finished,
            "failed" => Self::Failed,
            _ => Self::Interrupted,
        }
    }

    /// Whether nothing more happens to it.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Interrupted | Self::Failed)
    }
}

/// One question and all that came of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct AnswerRecord {
    /// Its id.
    pub(super) id: String,
    /// Its session.
    pub(super) session: String,
    /// Which turn of the session it is, from 1.
    pub(super) turn: u32,
    /// What became of it.
    pub(super) status: AnswerStatus,
    /// What was asked.
    pub(super) question: String,
    /// When.
    pub(super) created_at: String,
    /// When its turn ended.
    pub(super) finished_at: Option<String>,
    /// Who asked.
    pub(super) asked_by: String,
    /// The number of the last event of the run that answered.
    #[serde(skip)]
    pub(super) last_event: Option<u64>,
    /// What `cardinal ask --json` prints.
    pub(super) answer: Option<AnswerBody>,
    /// The tables it rests on.
    pub(super) tables: Vec<TableView>,
    /// How they are drawn.
    pub(super) charts: Vec<Chart>,
    /// Further questions that the catalog can answer.
    pub(super) follow_ups: Vec<Suggestion>,
    /// What the person thought of it.
    pub(super) feedback: Option<Feedback>,
    /// Why there is no answer.
    pub(super) error: Option<RecordError>,
}

impl AnswerRecord {
    /// The answer, if its turn came to its end.
    pub(super) fn finished(&self) -> Option<&AnswerBody> {
        let finished = self.status == AnswerStatus::Finished;
        self.answer.as_ref().filter(|_| finished)
    }
}

/// An answer as JSON: read back from the store it need not be taken apart.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct AnswerBody(#[schemars(with = "Answer")] pub(super) Value);

impl AnswerBody {
    /// What clients are told of an answer: all but where its tape lies on this machine, and pages that nobody can open.
    pub(super) fn of(answer: &Answer, has_pages: bool) -> Self {
        let mut value = serde_json::to_value(answer).unwrap_or_default();
        if let Some(map) = value.as_object_mut() {
            map.remove("tape");
        }
        if !has_pages {
            for list in ["evidence", "earlier_results"] {
                let items = value.get_mut(list).and_then(Value::as_array_mut);
                for link in items
                    .into_iter()
                    .flatten()
                    .filter_map(|item| item.get_mut("link"))
                {
                    *link = Value::Null;
                }
            }
        }
        Self(value)
    }

    /// Answers to choose from that its text does not name.
    pub(super) fn further_options(&self) -> impl Iterator<Item = &str> {
        let options = self.0.get("options").and_then(Value::as_array);
        let options = options.into_iter().flatten().filter_map(Value::as_str);
        options.filter(|option| !self.text("text").contains(*option))
    }

    /// A text at this key.
    pub(super) fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// An answer for clients that show a text and nothing else: with its choices, and with what it lacks.
pub(super) fn spoken_text(answer: &AnswerBody) -> String {
    let mut text = answer.text("text").trim().to_owned();
    let lines: Vec<String> = answer
        .further_options()
        .map(|option| format!("- {option}"))
        .collect();
    if !lines.is_empty() {
        text = format!("{text}\n\n{}", lines.join("\n"));
    }
    if let Some(remark) = remark(answer, &text) {
        text = format!("{text}\n\n*{remark}*");
    }
    text
}

/// What no query brought.
const NO_RESULT: &str = "No query brought a result, so nothing that is said here rests on data.";

/// What a text has to say of an answer that is not whole, where it does not say it: these are the words of a model that knows, or
/// admits, less of it.
fn remark(answer: &AnswerBody, text: &str) -> Option<&'static str> {
    let read = |key: &str| answer.0.get(key).cloned();
    let outcome: Outcome = serde_json::from_value(read("outcome")?).ok()?;
    let reason: StopReason = serde_json::from_value(read("stop_reason")?).ok()?;
    match outcome {
        Outcome::Partial => Some(outcome.sentence()),
        // A reason that has another outcome: what the calls brought decided.
        Outcome::UpstreamFailed | Outcome::NotInCatalog if reason.outcome() != outcome => Some(NO_RESULT),
        // What Cardinal says itself begins with the reason.
        Outcome::BudgetExhausted | Outcome::LoopStopped | Outcome::UpstreamFailed
            if !text.contains(reason.sentence()) =>
        {
            Some(reason.sentence())
        }
        _ => None,
    }
}

/// What is stored of an answer beside its row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct AnswerContent {
    pub(super) answer: Option<AnswerBody>,
    pub(super) tables: Vec<TableView>,
    pub(super) charts: Vec<Chart>,
    pub(super) follow_ups: Vec<Suggestion>,
    /// The number of the last event of the run that answered.
    #[serde(default)]
    pub(super) last_event: Option<u64>,
    /// The day that the question meant by "today".
    #[serde(default)]
    pub(super) today: Option<Date>,
}

/// Whether an answer was liked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rating {
    /// It was.
    Up,
    /// It was not.
    Down,
}

impl Rating {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// What a person thought of an answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Feedback {
    /// Whether they liked it.
    pub(super) rating: String,
    /// In their words.
    pub(super) comment: Option<String>,
    /// When they said so.
    pub(super) at: String,
}

/// Why an answer has none.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct RecordError {
    /// For programs.
    pub(super) code: String,
    /// For people.
    pub(super) detail: String,
}

/// A session in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct SessionRecord {
    /// Its id.
    pub(super) id: String,
    /// What it is kept under.
    #[serde(skip)]
    pub(super) key: String,
    /// Its first question, or the name it was given.
    pub(super) title: String,
    /// When it began.
    pub(super) created_at: String,
    /// When it was last asked.
    pub(super) updated_at: String,
    /// How many questions it has.
    pub(super) turns: u32,
    /// The answer that is being worked out.
    pub(super) running: Option<String>,
    /// Whose it is.
    pub(super) asked_by: String,
}

/// An answer in the administrators' list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct AnswerRow {
    /// Its id.
    pub(super) id: String,
    /// Its session.
    pub(super) session: String,
    /// Who asked.
    pub(super) asked_by: String,
    /// What was asked.
    pub(super) question: String,
    /// What became of it.
    pub(super) status: AnswerStatus,
    /// How it ended.
    pub(super) outcome: Option<String>,
    /// Why.
    pub(super) stop_reason: Option<String>,
    /// When it was asked.
    pub(super) created_at: String,
    /// How long it took.
    pub(super) total_ms: Option<u64>,
    /// What it cost.
    pub(super) cost_usd: Option<f64>,
    /// Whether it was liked.
    pub(super) rating: Option<String>,
    /// What was said of it.
    pub(super) comment: Option<String>,
}

/// One day in the administrators' report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct DayReport {
    /// The day, in UTC.
    pub(super) day: String,
    /// Questions asked.
    pub(super) answers: u64,
    /// Of these, answered in full.
    pub(super) answered: u64,
    /// What they cost; null where the price of one of them is not known.
    pub(super) cost_usd: Option<f64>,
    /// Tokens read.
    pub(super) input_tokens: u64,
    /// Tokens written.
    pub(super) output_tokens: u64,
    /// Answers that were liked.
    pub(super) up: u64,
    /// Answers that were not.
    pub(super) down: u64,
}

/// Milliseconds since 1970 as clients read a time.
pub(super) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| at.to_string())
}

/// Now, in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
