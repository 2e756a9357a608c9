use std::fmt::Write as _;

use crate::eval::compare::RunComparison;
use crate::eval::opinion::Opinions;
use crate::eval::record::TrialRecord;
use crate::eval::summary::{PassRate, RunSummary};
use crate::text::markdown_literal;

/// Most bytes of the whole: what CI systems take as the summary of a step, with room to spare.
const MAX_BYTES: usize = 60_000;

const MOST_TAGS: usize = 100;

/// A summary in Markdown, under 65 KB: figures, what changed, and why cases failed, without any answer's text.
pub fn markdown(summary: &RunSummary, records: &[TrialRecord]) -> String {
    let mut text = String::new();
    let reason = markdown_literal(&clip(&summary.exit.reason, 2000));
    let _ = writeln!(text, "# {}\n\n{reason}.\n", summary.closing_line());
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in figures(summary) {
        let _ = writeln!(text, "| {name} | {} |", markdown_literal(&clip(&value, 2000)));
    }
    if let Some(comparison) = &summary.comparison {
        changes(&mut text, comparison);
    }
    if !summary.by_tag.is_empty() {
        text.push_str("\n## By tag\n\n| tag | cases | passed | 95 % |\n|---|---|---|---|\n");
        for (tag, standing) in summary.by_tag.iter().take(MOST_TAGS) {
            let interval = standing
                .interval
                .map_or_else(|| "–".to_owned(), |interval| interval.percent());
            let (cases, share) = (standing.cases, standing.share * 100.0);
            let _ = writeln!(
                text,
                "| {} | {cases} | {share:.1} % | {interval} |",
                markdown_literal(&clip(tag, 100))
            );
        }
        if summary.by_tag.len() > MOST_TAGS {
            let _ = writeln!(
                text,
                "\n{} more tags are in the summary.",
                summary.by_tag.len() - MOST_TAGS
            );
        }
    }
    disagreements(&mut text, records);
    failures(&mut text, records);
    let _ = writeln!(text, "\n{}", summary.closing_line());
    text
}

/// Trials on which a judge that was asked is of another mind than the graders, without its words, which quote answers.
fn disagreements(text: &mut String, records: &[TrialRecord]) {
    let apart = |record: &&TrialRecord| {
        let first = record.judge.as_ref().and_then(Opinions::first);
        first.is_some_and(|right| right != record.verdict.passed())
    };
    let apart: Vec<&TrialRecord> = records.iter().filter(apart).collect();
    if apart.is_empty() {
        return;
    }
    text.push_str("\n## Judge (diagnostic)\n\nOf another mind than the graders, whose word counts:\n\n");
    for record in apart.iter().take(MOST_TAGS) {
        let (case, verdict) = (
            record.case_key().to_string(),
            clip(&record.verdict.to_string(), 100),
        );
        let _ = writeln!(
            text,
            "- {} trial {}: {}",
            markdown_literal(&clip(&case, 100)),
            record.trial,
            markdown_literal(&verdict)
        );
    }
    if apart.len() > MOST_TAGS {
        let _ = writeln!(text, "- {} more", apart.len() - MOST_TAGS);
    }
}

/// The figures of a run, each with its name, in the order in which they matter.
pub(crate) fn figures(summary: &RunSummary) -> Vec<(&'static str, String)> {
    let join = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let suites: Vec<String> = summary.ran.suites.keys().cloned().collect();
    let counts = &summary.counts;
    let mut figures = vec![
        ("suites", suites.join(", ")),
        ("model", join(&summary.ran.models)),
        ("mode", join(&summary.ran.modes)),
        (
            "trials",
            format!(
                "{}: {} passed, {} failed by graders, {} diverged, {} stale, {} not run to their end, {} not begun",
                counts.trials,
                counts.passed,
                counts.regressed,
                counts.diverged,
                counts.stale,
                counts.errored,
                counts.not_run
            ),
        ),
    ];
    if let Some(accuracy) = &summary.accuracy {
        figures.push(("accuracy", standing(accuracy)));
    }
    if let Some(accuracy) = summary
        .accuracy_without_errors
        .as_ref()
        .filter(|_| counts.errored + counts.not_run > 0)
    {
        figures.push(("accuracy without errors", standing(accuracy)));
    }
    if !summary.reliability.is_empty() {
        let powers = summary.reliability.iter();
        let powers: Vec<String> = powers
            .map(|power| format!("pass^{} {:.1} %", power.k, power.value * 100.0))
            .collect();
        figures.push(("all of k trials pass", powers.join(", ")));
    }
    figures.extend(summary.traced.map(|traced| ("figures traced", traced.sentence())));
    figures.extend(efficiency(summary));
    if let Some(judge) = &summary.judge {
        figures.push(("judge (diagnostic)", judge.sentence()));
    }
    let points = |share: Option<f64>| {
        share.map_or_else(
            || "none".to_owned(),
            |share| format!("{:.1} points", share * 100.0),
        )
    };
    figures.push((
        "smallest change it could show",
        format!(
            "{}; {} with 80 % power",
            points(summary.power.smallest_visible),
            points(summary.power.detectable)
        ),
    ));
    figures
}

/// What it cost and how long it took.
fn efficiency(summary: &RunSummary) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    let spent = &summary.efficiency;
    let dollars = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.4}"));
    figures.push(("cost", dollars(spent.cost_usd)));
    if summary.counts.passed > 0 {
        figures.push(("cost per right answer", dollars(spent.cost_per_right_usd)));
    }
    if let Some(calls) = spent.tool_calls_per_question {
        figures.push(("tool calls per question", format!("{calls:.2}")));
    }
    if let Some(share) = spent.cached_share {
        figures.push(("input read from cache", format!("{:.1} %", share * 100.0)));
    }
    if let Some(latency) = &summary.latency {
        figures.push((
            "latency",
            format!(
                "p50 {:.2} s, p95 {:.2} s over {} trials",
                latency.p50_ms / 1000.0,
                latency.p95_ms / 1000.0,
                latency.trials
            ),
        ));
    }
    figures
}

/// One line: what changed against the earlier run.
pub(crate) fn effect(comparison: &RunComparison) -> Option<String> {
    let effect = comparison.effect?;
    let interval = effect.interval.map_or_else(String::new, |interval| {
        format!(
            " (95 % {:+.1} to {:+.1})",
            interval.low * 100.0,
            interval.high * 100.0
        )
    });
    let (change, p) = (effect.change * 100.0, effect.p);
    let cases = comparison.compared;
    Some(format!(
        "{change:+.1} points{interval}, p = {p:.3}, over {cases} cases"
    ))
}

fn standing(standing: &PassRate) -> String {
    let interval = standing.interval.map_or_else(
        || "no interval can be given".to_owned(),
        |interval| format!("95 %: {}", interval.percent()),
    );
    format!(
        "{:.1} % ({interval}, {} cases)",
        standing.share * 100.0,
        standing.cases
    )
}

fn changes(text: &mut String, comparison: &RunComparison) {
    text.push_str("\n## Against the baseline\n\n");
    if let Some(effect) = effect(comparison) {
        let _ = writeln!(text, "{effect}\n");
    }
    for difference in &comparison.differences {
        let allowed = if difference.allowed {
            " (allowed)"
        } else {
            ", so it is not comparable"
        };
        let _ = writeln!(text, "- The {} differs{allowed}.", difference.key.name());
    }
    for (name, cases) in [
        ("fails now", &comparison.lost),
        (
            "is flaky (unconfirmed): it failed, and passed when it was asked once more",
            &comparison.flaky,
        ),
        ("passes now", &comparison.won),
        ("is new", &comparison.new),
        ("did not run", &comparison.gone),
    ] {
        for case in cases.iter().take(50) {
            let _ = writeln!(
                text,
                "- {} {name}.",
                markdown_literal(&clip(&case.to_string(), 200))
            );
        }
        if cases.len() > 50 {
            let _ = writeln!(text, "- {} more: {name}.", cases.len() - 50);
        }
    }
}

fn failures(text: &mut String, records: &[TrialRecord]) {
    let failed: Vec<&TrialRecord> = records.iter().filter(|record| !record.verdict.passed()).collect();
    if failed.is_empty() {
        return;
    }
    text.push_str("\n## Failures\n\n");
    for (at, record) in failed.iter().enumerate() {
        let mut entry = format!(
            "- **{}** (trial {}): {}\n",
            markdown_literal(&record.case_key().to_string()),
            record.trial,
            markdown_literal(&clip(&record.verdict.to_string(), 400))
        );
        for grade in record.grades.iter().filter(|grade| !grade.passed) {
            let _ = writeln!(
                entry,
                "  - {}: {}",
                markdown_literal(&grade.grader),
                markdown_literal(&clip(&grade.reason, 400))
            );
        }
        if text.len() + entry.len() > MAX_BYTES {
            let _ = writeln!(text, "- {} more are in the results.", failed.len() - at);
            return;
        }
        text.push_str(&entry);
    }
}

/// At most so many characters.
pub(super) fn clip(text: &str, most: usize) -> String {
    let mut clipped: String = text.chars().take(most).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}
