use serde::Serialize;
use serde_json::Value;

use super::count;
use crate::eval::record::TrialRecord;

/// How many of the figures that answers state were traced to results. Figures that need no source (years, ranks,
/// what the question said) are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TracedFigures {
    /// Figures with a source, whether the program wrote them or their digits were matched.
    pub matched: u32,
    /// Those of them that the program wrote in place of a reference.
    pub referenced: u32,
    /// Figures that need one.
    pub stated: u32,
    /// The former's share of the latter, from 0 to 1.
    pub share: f64,
}

impl TracedFigures {
    /// Over the answers of all trials; `None` when they state no figure that needs a source.
    pub(super) fn of(records: &[TrialRecord]) -> Option<Self> {
        let answers = records.iter().flat_map(|record| &record.answers);
        let figures = answers.filter_map(|answer| answer.get("figures")?.as_array());
        let status = |figure: &Value| figure.get("status").and_then(Value::as_str).map(str::to_owned);
        let statuses: Vec<String> = figures.flatten().filter_map(status).collect();
        let with = |wanted: &str| count(statuses.iter().filter(|status| *status == wanted).count());
        let referenced = with("referenced");
        let matched = referenced.saturating_add(with("matched"));
        let unmatched = with("unmatched");
        let stated = matched.saturating_add(unmatched);
        (stated > 0).then(|| Self {
            matched,
            referenced,
            stated,
            share: f64::from(matched) / f64::from(stated),
        })
    }

    /// `412 of 415 (99.3 %), 380 by reference`.
    pub fn sentence(&self) -> String {
        // Short of all of them it is never rounded up to all of them.
        let percent = (self.share * 1000.0).floor() / 10.0;
        let by_reference = match self.referenced {
            0 => String::new(),
            referenced => format!(", {referenced} by reference"),
        };
        format!(
            "{} of {} ({percent:.1} %){by_reference}",
            self.matched, self.stated
        )
    }
}
