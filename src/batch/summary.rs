use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::answers::AnswersFile;
use super::error::BatchError;
use crate::agent::{CallStatus, UsageReport};
use crate::wire::ServedBy;

/// Version of the summary's format.
pub(super) const SUMMARY_VERSION: u32 = 1;
/// Questions that could not be asked which are named.
const MOST_NAMED: usize = 100;

/// What a run came to, over all its answers, whichever start brought them.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct BatchSummary {
    /// Version of this format, 1 today.
    pub version: u32,
    /// How it ended: `done`, `stopped`, `budget` or `rounds`.
    pub ended: &'static str,
    pub questions: usize,
    /// Questions that have an answer, whatever its outcome.
    pub answered: usize,
    /// How many answers have each outcome.
    pub outcomes: BTreeMap<String, u64>,
    pub not_asked: NotAsked,
    /// How the figures of all answers were established.
    pub figures: FigureCounts,
    pub usage: BatchUsage,
    pub queries: QueryCounts,
    pub time_ms: BatchTime,
    pub this_start: StartCounts,
    pub output: PathBuf,
}

/// Questions that could not be asked in this start.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct NotAsked {
    pub count: u64,
    /// The first of them, with the reasons.
    pub first: Vec<NotAskedRow>,
}

/// A question that could not be asked.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NotAskedRow {
    pub id: String,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct FigureCounts {
    /// Written in place of a reference.
    pub referenced: u64,
    /// The model's digits, with a source.
    pub matched: u64,
    /// In need of no source.
    pub exempt: u64,
    pub unmatched: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct BatchUsage {
    /// Prompt tokens, cached ones included.
    pub input_tokens: u64,
    pub cached_tokens: u64,
    /// `cached_tokens / input_tokens`; null without input.
    pub cached_share: Option<f64>,
    pub output_tokens: u64,
    /// US dollars of all answers that know it.
    pub cost_usd: f64,
    /// Answers that do not know what they cost.
    pub cost_unknown: u64,
    pub steps: u64,
}

/// Calls of tools that ask for rows.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct QueryCounts {
    /// Sent to the data source.
    pub sent: u64,
    /// Answered from the cache: asked a moment before, for another question or by the same.
    pub from_cache: u64,
    /// Answered from a tape, when a question was gone on with.
    pub from_tape: u64,
    /// Answered from what the question knew already.
    pub from_turn: u64,
}

/// Where the time went, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct BatchTime {
    /// This start, from its beginning to its end.
    pub this_start: u64,
    pub turns: u64,
    pub longest_turn: u64,
}

/// What this start did.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct StartCounts {
    pub asked: u64,
    /// Gone on with from their tapes.
    pub resumed: u64,
    /// Found whole on their tapes.
    pub recovered: u64,
    /// Batches that the provider was handed.
    #[serde(skip_serializing_if = "is_zero")]
    pub provider_batches: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Debug, Deserialize)]
struct CountedAnswer {
    outcome: String,
    #[serde(default)]
    figures: Vec<CountedFigure>,
    #[serde(default)]
    tool_calls: Vec<CountedCall>,
    usage: UsageReport,
    timings: CountedTime,
}

#[derive(Debug, Deserialize)]
struct CountedFigure {
    status: String,
}

#[derive(Debug, Deserialize)]
struct CountedCall {
    status: CallStatus,
    served_by: Option<ServedBy>,
}

#[derive(Debug, Deserialize)]
struct CountedTime {
    total_ms: u64,
}

impl BatchSummary {
    /// Counts all answers. Waits for the disk.
    pub(crate) fn of(answers: &mut AnswersFile, questions: usize) -> Result<Self, BatchError> {
        let mut summary = Self {
            version: SUMMARY_VERSION,
            questions,
            ..Self::default()
        };
        answers.each_line(|line| {
            // What a run wrote can be read, and what it read when it began.
            if let Ok(answer) = serde_json::from_slice::<CountedAnswer>(line) {
                summary.count(answer);
            }
            Ok(())
        })?;
        let usage = &mut summary.usage;
        if usage.input_tokens > 0 {
            let [cached, input] = [usage.cached_tokens, usage.input_tokens].map(as_float);
            usage.cached_share = Some(cached / input);
        }
        Ok(summary)
    }

    fn count(&mut self, answer: CountedAnswer) {
        self.answered += 1;
        *self.outcomes.entry(answer.outcome).or_default() += 1;
        for figure in answer.figures {
            let figures = &mut self.figures;
            match figure.status.as_str() {
                "referenced" => figures.referenced += 1,
                "matched" => figures.matched += 1,
                "exempt" => figures.exempt += 1,
                _ => figures.unmatched += 1,
            }
        }
        for call in answer.tool_calls {
            let queries = &mut self.queries;
            match (call.status, call.served_by) {
                (CallStatus::ServedFromTurn, _) => queries.from_turn += 1,
                (_, Some(ServedBy::Live)) => queries.sent += 1,
                (_, Some(ServedBy::Cache)) => queries.from_cache += 1,
                (_, Some(ServedBy::Tape)) => queries.from_tape += 1,
                (_, None) => {}
            }
        }
        let (usage, used) = (&mut self.usage, answer.usage);
        usage.input_tokens += used.input_tokens;
        usage.cached_tokens += used.cached_tokens;
        usage.output_tokens += used.output_tokens;
        usage.steps += u64::from(used.steps);
        match used.cost_usd {
            Some(cost) => usage.cost_usd += cost,
            None => usage.cost_unknown += 1,
        }
        let time = &mut self.time_ms;
        time.turns += answer.timings.total_ms;
        time.longest_turn = time.longest_turn.max(answer.timings.total_ms);
    }
}

impl NotAsked {
    /// Adds one; of many the first are named.
    pub(crate) fn add(&mut self, id: String, reason: String) {
        self.count += 1;
        if self.first.len() < MOST_NAMED {
            self.first.push(NotAskedRow { id, reason });
        }
    }
}

fn as_float(number: u64) -> f64 {
    use rust_decimal::prelude::ToPrimitive as _;
    number.to_f64().unwrap_or(0.0)
}
