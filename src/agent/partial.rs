//! Why an answer is not a whole one, in words: what of it rests on what.

use super::{Answer, CallStatus, Evidence, Outcome, StopReason};
use crate::result::Extent;

/// Most figures that are named.
const MOST_NAMED: usize = 5;

impl Answer {
    /// What makes the answer [partial](Outcome::Partial), one sentence each; nothing for any other outcome.
    pub(crate) fn partial_reasons(&self) -> Vec<String> {
        if self.outcome != Outcome::Partial {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        if self.stop_reason != StopReason::FinalAnswer {
            reasons.push(self.stop_reason.sentence().to_owned());
        }
        reasons.extend(self.unmatched());
        reasons.extend(self.evidence.iter().filter_map(cut));
        let any_failed = self
            .tool_calls
            .iter()
            .any(|call| call.status == CallStatus::Failed);
        if reasons.is_empty() && any_failed {
            reasons
                .push("A query failed, and the answer does without what it would have brought.".to_owned());
        }
        reasons
    }

    /// The figures that no result bears out.
    fn unmatched(&self) -> Option<String> {
        let figures = self.figures.iter().map(|cited| &cited.figure);
        let written: Vec<&str> = figures
            .filter(|figure| figure.is_unmatched())
            .map(|figure| figure.text.as_str())
            .collect();
        let named: Vec<String> = written
            .iter()
            .take(MOST_NAMED)
            .map(|text| format!("\"{text}\""))
            .collect();
        let more = written.len().saturating_sub(named.len());
        let named = named.join(", ");
        match (written.len(), more) {
            (0, _) => None,
            (1, _) => Some(format!("No result bears out the figure {named}.")),
            (_, 0) => Some(format!("No result bears out the figures {named}.")),
            _ => Some(format!(
                "No result bears out the figures {named} and {more} more."
            )),
        }
    }
}

/// Why a result is not whole.
fn cut(item: &Evidence) -> Option<String> {
    let rows = item.rows_known;
    let why = match item.extent {
        Extent::ServerLimit { limit } => format!("Metabase stopped at its limit of {limit} rows"),
        Extent::RowBudget { budget } => {
            format!("only the first {budget} rows were fetched (`max_rows` under [metabase])")
        }
        Extent::PageFailed { page } => {
            format!("page {page} of it could not be fetched, so it ends after {rows} rows")
        }
        Extent::AskedLimit {
            limit,
            of,
            ordered: false,
        } => match of {
            Some(of) => format!("the model asked for any {limit} of its {of} rows, in no order"),
            None => format!("the model asked for any {limit} of its rows, in no order"),
        },
        _ if item.truncated => format!("the model was shown {} of its {rows} rows", item.rows.len()),
        _ => return None,
    };
    let source = item.origin.source();
    let name = source
        .map(|source| format!(" ({} \"{}\")", source.kind_words(), source.name))
        .unwrap_or_default();
    Some(format!("Result {}{name} is not whole: {why}.", item.result))
}
