use std::fmt::Write as _;
use std::time::Duration;

use crate::batch::{AbandonedBatch, BatchSummary, RoundEvent, RoundPlan};
use crate::cli::term::{self, BOLD, DIM, WARN};

/// The summary for people, on stderr.
pub(super) fn say(summary: &BatchSummary) {
    let outcomes = summary.outcomes.iter();
    let outcomes: Vec<String> = outcomes
        .map(|(outcome, count)| format!("{count} {}", outcome.replace('_', " ")))
        .collect();
    let (answered, questions) = (
        summary.answered,
        term::count(summary.questions as u64, "question"),
    );
    let outcomes = match outcomes.as_slice() {
        [] => String::new(),
        outcomes => format!(": {}", outcomes.join(", ")),
    };
    term::say(format_args!(
        "{BOLD}{answered} of {questions} answered{BOLD:#}{outcomes}"
    ));
    let not_asked = summary.not_asked.count;
    if not_asked > 0 {
        term::say(format_args!("{WARN}{not_asked} could not be asked{WARN:#}"));
    }
    let failed = summary
        .outcomes
        .get("upstream_failed")
        .copied()
        .unwrap_or_default();
    if failed > 0 {
        term::say(format_args!(
            "{WARN}{failed} came to nothing because the model or the data source failed{WARN:#}; --retry-failed asks again"
        ));
    }
    let figures = summary.figures;
    line(
        "figures",
        &format!(
            "{} referenced, {} matched, {} without a source",
            figures.referenced, figures.matched, figures.unmatched
        ),
    );
    line("cost", &cost(summary));
    let queries = summary.queries;
    line(
        "queries",
        &format!("{} sent, {} saved by the cache", queries.sent, queries.from_cache),
    );
    line("time", &time(Duration::from_millis(summary.time_ms.this_start)));
    let start = summary.this_start;
    if start.resumed + start.recovered > 0 {
        line(
            "this start",
            &format!(
                "{} asked, {} gone on with, {} found whole on their tapes",
                start.asked, start.resumed, start.recovered
            ),
        );
    }
    line("answers", &summary.output.display().to_string());
    match summary.ended {
        "stopped" if start.provider_batches > 0 => {
            term::say("stopped; what the provider has goes on there, and the same command collects it");
        }
        "stopped" => term::say("stopped; the same command goes on"),
        "rounds" => term::say(
            "the rounds are used up; the same command with more --max-rounds, or with --live-stragglers, goes on",
        ),
        "budget" => term::say("the budget is used up; the same command with more money goes on"),
        _ => {}
    }
}

/// What a run in rounds can be expected to take.
pub(super) fn plan(plan: &RoundPlan) {
    let RoundPlan {
        provider,
        questions,
        rounds: (few, many),
        most,
        cost_usd,
    } = plan;
    let questions = term::count(*questions as u64, "question");
    term::say(format_args!(
        "{questions} by the batch API of {provider}: {few} to {many} rounds are usual, and there are {most} at most. A round \
         mostly takes less than an hour, and a day at most"
    ));
    line(
        "expected cost",
        &match cost_usd {
            Some((low, high)) => format!("${low:.2} to ${high:.2}, at half the price"),
            None => "unknown, at half the price; [model.prices] sets what the model costs".to_owned(),
        },
    );
}

/// What happened to a round.
pub(super) fn round(event: &RoundEvent) {
    match event {
        RoundEvent::Sent {
            round,
            completions,
            batch,
            found,
        } => {
            let completions = term::count(*completions, "completion");
            let how = if *found {
                "were handed over before, as"
            } else {
                "went up as"
            };
            term::say(format_args!(
                "round {round}: {completions} {how} {}",
                term::line(batch)
            ));
        }
        RoundEvent::Working { batch, done, total } => {
            term::say(format_args!("{}: {done} of {total} done", term::line(batch)));
        }
        RoundEvent::Ended {
            batch,
            answered,
            again: 0,
        } => term::say(format_args!("{}: {answered} came back", term::line(batch))),
        RoundEvent::Ended {
            batch,
            answered,
            again,
        } => term::say(format_args!(
            "{}: {answered} came back, {again} failed and go up again",
            term::line(batch)
        )),
        RoundEvent::Live(count) => {
            let completions = term::count(*count, "completion");
            term::say(format_args!(
                "{completions} left: asked at once, at the full price"
            ));
        }
        RoundEvent::GivenUp {
            batch,
            completions,
            cost_usd,
            came_to,
        } => given_up(batch.as_deref(), *completions, *cost_usd, came_to),
        RoundEvent::Trouble(words) => term::warn(term::plain(words)),
    }
}

/// What became of a batch of the run before.
fn given_up(batch: Option<&str>, completions: u64, cost_usd: Option<f64>, came_to: &AbandonedBatch) {
    let batch = batch.map_or_else(|| "a provider batch".to_owned(), term::line);
    let completions = term::count(completions, "completion");
    let cost = cost_usd.map_or_else(
        || "of unknown price; [model.prices] sets what the model costs".to_owned(),
        |cost| format!("about ${cost:.2} together"),
    );
    match came_to {
        AbandonedBatch::Cancelled => term::say(format_args!(
            "{batch} of the run before is cancelled: of its {completions} ({cost}), what was answered by then is paid for"
        )),
        AbandonedBatch::Ended => term::say(format_args!(
            "{batch} of the run before had ended: its {completions} ({cost}) are paid for and thrown away"
        )),
        AbandonedBatch::LeftRunning(reason) => term::warn(term::plain(&format!(
            "{batch} of the run before is left running, with {completions} ({cost}): {reason}"
        ))),
    }
}

fn line(name: &str, value: &str) {
    term::say(format_args!("{DIM}{name}:{DIM:#} {value}"));
}

fn cost(summary: &BatchSummary) -> String {
    let usage = summary.usage;
    if summary.answered > 0 && usage.cost_unknown == summary.answered as u64 {
        return "unknown; [model.prices] sets what the model costs".to_owned();
    }
    let mut text = format!("${:.4}", usage.cost_usd);
    if usage.cost_unknown > 0 {
        let unknown = term::count(usage.cost_unknown, "answer");
        let _ = write!(text, " and {unknown} of unknown cost");
    }
    if let Some(share) = usage.cached_share.filter(|share| *share > 0.0) {
        let share = share * 100.0;
        let _ = write!(
            text,
            "; {share:.0} % of the prompts came from the provider's cache"
        );
    }
    text
}

fn time(took: Duration) -> String {
    let seconds = took.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{:.1} s", took.as_secs_f64()),
        (0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
