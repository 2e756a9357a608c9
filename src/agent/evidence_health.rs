//! Whether the data behind a result can be believed, as an answer says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dbt::{AssessedNode, DataHealth, DataHealthReport};

/// Most reasons that are told.
const MOST_REASONS: usize = 3;

/// Whether the data behind a result can be believed, by dbt's runs, tests and freshness of everything it is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceHealth {
    /// The verdict.
    pub status: DataHealth,
    /// The verdict in one sentence.
    pub detail: String,
    /// Why it is not healthy, the worst first; at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// When the newest run ended that it is judged by, as dbt writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Where it was looked up: `discovery` or `local_artifacts`.
    pub from: String,
}

impl EvidenceHealth {
    /// What an answer says of a report.
    pub fn of(report: &DataHealthReport) -> Self {
        let more = report.reasons.len().saturating_sub(MOST_REASONS);
        let mut reasons: Vec<String> = report.reasons.iter().take(MOST_REASONS).cloned().collect();
        if more > 0 {
            reasons.push(format!("and {more} more reasons"));
        }
        Self {
            status: report.health,
            detail: detail(report),
            reasons,
            as_of: report.as_of.clone(),
            from: report.from.to_owned(),
        }
    }
}

fn detail(report: &DataHealthReport) -> String {
    let as_of = report
        .as_of
        .as_deref()
        .map(|at| format!(" (last run {})", short_moment(at)))
        .unwrap_or_default();
    match report.health {
        DataHealth::Healthy => format!("everything it is made from ran and passed its tests{as_of}"),
        DataHealth::Questionable => {
            let reason = report
                .reasons
                .first()
                .map_or("nothing is known of it", String::as_str);
            format!("{reason}{as_of}")
        }
        DataHealth::Unhealthy => match report.nodes.iter().find(|node| failed_to_build(node)) {
            Some(node) => {
                let at = node.at.as_deref().map(|at| format!(" at {}", short_moment(at)));
                let failed = if node.status.as_deref() == Some("skipped") {
                    "was skipped".to_owned()
                } else {
                    format!("failed{}", at.unwrap_or_default())
                };
                format!(
                    "the {} {} behind this {failed}; figures are of the last run before that which succeeded",
                    node.kind, node.name
                )
            }
            None => format!(
                "{}{as_of}",
                report
                    .reasons
                    .first()
                    .map_or("something behind this failed", String::as_str)
            ),
        },
    }
}

/// Whether the rows of a node are older than its last run, because that failed. What was skipped was so because something
/// else failed, which comes first if it is near.
fn failed_to_build(node: &AssessedNode) -> bool {
    let failed = ["error", "fail", "runtime error", "cancelled"];
    let status = node.status.as_deref().map(str::to_lowercase);
    status.is_some_and(|status| failed.contains(&status.as_str()))
}

/// `2026-07-01 02:10 UTC` of a moment as dbt writes it; what is not a moment stays as it is.
fn short_moment(text: &str) -> String {
    let parsed: Result<jiff::Timestamp, _> = text.replacen(' ', "T", 1).parse();
    parsed.map_or_else(
        |_| crate::text::one_line(text, 40),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
