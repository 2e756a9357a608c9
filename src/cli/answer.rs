use std::io;

use serde::Serialize;

use super::sources::SourceList;
use super::term::{self, BAD, BOLD, DIM, WARN};
use super::{render, table};
use crate::agent::{Answer, Evidence, EvidenceHealth, Outcome, UsageReport};
use crate::dbt::DataHealth;
use crate::text::escape_hidden;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputFormat {
    /// The text on stdout, remarks on stderr.
    Text,
    /// The last result of a query on stdout, the text on stderr.
    Table,
    /// The whole answer as indented JSON on stdout.
    Json,
    /// The whole answer as one line of JSON on stdout.
    JsonLine,
}

/// How much is said of where figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceDetail {
    None,
    /// One line for each source.
    Short,
    /// Each figure with its place in its source, and the results.
    Full,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnswerDisplay {
    pub(super) format: OutputFormat,
    /// What is said of sources.
    pub(super) sources: SourceDetail,
    /// Whether outcome and usage are said on stderr.
    pub(super) remarks: bool,
    /// Whether results are listed with their pages: not for the demo, whose address is gone when the program ends.
    pub(super) links: bool,
}

pub(super) fn print(answer: &Answer, view: AnswerDisplay) -> io::Result<()> {
    match view.format {
        OutputFormat::Json => return json(answer),
        OutputFormat::JsonLine => {
            let line = serde_json::to_string(answer).map_err(io::Error::other)?;
            return term::out_line(escape_hidden(&line));
        }
        OutputFormat::Text => text(answer, view.sources)?,
        OutputFormat::Table => last_table(answer)?,
    }
    if view.remarks {
        say_outcome(answer);
        if view.sources == SourceDetail::Full {
            say_results(answer, view.links);
        }
        if term::out_is_terminal() {
            term::say(format_args!("{DIM}{}{DIM:#}", footer(answer)));
        }
    }
    Ok(())
}

/// Prints any object as indented JSON.
pub(super) fn json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    term::out_line(escape_hidden(&text))
}

/// All that is known of where an answer's figures come from, on stderr.
pub(super) fn say_sources(answer: &Answer, links: bool) {
    for line in SourceList::of(answer).full() {
        term::say(line);
    }
    say_results(answer, links);
}

/// The results an answer rests on, one line each, on stderr.
fn say_results(answer: &Answer, links: bool) {
    for evidence in &answer.evidence {
        term::say(result(evidence, links));
    }
}

/// The text with what a person chooses from and where its figures come from.
fn text(answer: &Answer, detail: SourceDetail) -> io::Result<()> {
    let sources = (detail != SourceDetail::None).then(|| SourceList::of(answer));
    let mut lines = render::answer_lines(answer, sources.as_ref(), term::text_width());
    for option in &answer.options {
        lines.push(render::wrapped(
            &format!("  - {}", term::plain(option)),
            term::text_width(),
            "    ",
        ));
    }
    let notes = match detail {
        SourceDetail::None => Vec::new(),
        SourceDetail::Short => sources.map(|sources| sources.short()).unwrap_or_default(),
        SourceDetail::Full => sources.map(|sources| sources.full()).unwrap_or_default(),
    };
    if !notes.is_empty() {
        lines.push(String::new());
    }
    for note in notes {
        let note = match term::text_width() {
            Some(width) if detail == SourceDetail::Short => term::cut(&note, width),
            _ => note,
        };
        lines.push(format!("{DIM}{note}{DIM:#}"));
    }
    if detail != SourceDetail::None {
        let health = health(answer);
        if !health.is_empty() {
            lines.push(String::new());
            lines.extend(health);
        }
    }
    term::out_line(lines.join("\n"))
}

/// What is known of the data behind the answer, one line for each verdict that is not the best; one for all where it is.
fn health(answer: &Answer) -> Vec<String> {
    let known: Vec<&EvidenceHealth> = answer
        .evidence
        .iter()
        .filter_map(|item| item.health.as_ref())
        .collect();
    if known.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<String> = Vec::new();
    for item in &answer.evidence {
        let Some(health) = item
            .health
            .as_ref()
            .filter(|health| health.status != DataHealth::Healthy)
        else {
            continue;
        };
        let style = if health.status == DataHealth::Unhealthy {
            BAD
        } else {
            WARN
        };
        let name = item.origin.source().map_or("", |source| source.name.as_str());
        let text = format!("{}: {}", term::line(name), term::line(&health.detail));
        let line = format!("{style}data health{style:#} {text}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        let detail = known.first().map_or("", |health| health.detail.as_str());
        lines.push(format!("{DIM}data health: {}{DIM:#}", term::line(detail)));
    }
    let wrap = |line: &String| render::wrapped(line, term::text_width(), "  ");
    lines.iter().map(wrap).collect()
}

fn last_table(answer: &Answer) -> io::Result<()> {
    for line in render::answer_lines(answer, None, term::err_width()) {
        term::say(line);
    }
    // The figures of a calculation stand in the text; the table is what they were worked out of.
    let queried = |evidence: &&Evidence| evidence.origin.derivations().is_empty();
    let last = answer.evidence.iter().rfind(queried);
    let Some(evidence) = last.or(answer.evidence.last()) else {
        term::warn("there is no result to print: no query brought one");
        return Ok(());
    };
    table::print(&evidence.columns, &evidence.rows.to_values())?;
    let printed = evidence.rows.len() as u64;
    if printed < evidence.rows_known {
        term::warn(format_args!(
            "the table is cut: {printed} of {} are here; `cardinal ask` has no more of them, so ask for fewer rows",
            term::count(evidence.rows_known, "row")
        ));
    }
    Ok(())
}

/// Why the answer is not a whole one.
fn say_outcome(answer: &Answer) {
    if answer.outcome == Outcome::Answered {
        return;
    }
    let name = serde_json::to_value(answer.outcome).unwrap_or_default();
    let name = name.as_str().unwrap_or_default().replace('_', " ");
    let reasons = answer.partial_reasons();
    let why = if reasons.is_empty() {
        answer.outcome.sentence().to_owned()
    } else {
        term::line(&reasons.join(" "))
    };
    let said = render::wrapped(&format!("{name}: {why}"), term::err_width(), "  ");
    let said = said.strip_prefix(&name).unwrap_or_default().to_owned();
    term::say(format_args!("{WARN}{name}{WARN:#}{said}"));
    let told = answer
        .stop_detail
        .as_deref()
        .filter(|detail| !answer.text.contains(detail));
    if let Some(detail) = told {
        term::say(format_args!("{DIM}{}{DIM:#}", term::plain(detail)));
    }
}

fn result(evidence: &Evidence, links: bool) -> String {
    let cut = if evidence.truncated {
        format!(", {} seen by the model", evidence.rows.len())
    } else {
        String::new()
    };
    let source = evidence.origin.source();
    let link = source
        .and_then(|source| source.link.as_ref())
        .filter(|_| links)
        .map(|link| format!(" {DIM}{link}{DIM:#}"))
        .unwrap_or_default();
    let rows = evidence.rows_known;
    let what = match (source, evidence.origin.made_from()) {
        (None, _) if evidence.origin.lookup().is_some() => {
            let lookup = evidence.origin.lookup().map_or("", |lookup| lookup.name.as_str());
            format!("dbt, {BOLD}{}{BOLD:#}", term::line(lookup))
        }
        (Some(source), made_from) => {
            let name = term::line(&source.name);
            let out_of = if made_from.is_empty() { "" } else { "from " };
            match &source.dbt_metric {
                Some(dbt) => format!(
                    "{out_of}{} {} {BOLD}{name}{BOLD:#}",
                    source.kind_words(),
                    term::plain(dbt)
                ),
                None => format!("{out_of}{} {} {BOLD}{name}{BOLD:#}", source.kind, source.id),
            }
        }
        (None, _) => calculated(evidence),
    };
    let handle = evidence.result;
    let rows = term::count(rows, "row");
    format!("{DIM}{handle}{DIM:#} {what}, {rows}{cut}{link}")
}

/// What a calculation worked out: the first formula, and how many there are besides.
fn calculated(evidence: &Evidence) -> String {
    let derivations = evidence.origin.derivations();
    let Some(first) = derivations.first() else {
        return term::line(&evidence.title);
    };
    let more = match derivations.len() - 1 {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let formula = format!(
        "{BOLD}{}{BOLD:#}: {}{more}",
        term::line(&first.name),
        term::line(&first.to_string())
    );
    format!("{} {formula}", evidence.title)
}

fn footer(answer: &Answer) -> String {
    let seconds = std::time::Duration::from_millis(answer.timings.total_ms).as_secs_f64();
    let calls = term::count(answer.tool_calls.len() as u64, "tool call");
    format!(
        "{} · {calls} · {seconds:.1} s{}",
        answer.model,
        usage(&answer.usage)
    )
}

fn usage(usage: &UsageReport) -> String {
    let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
    if tokens == 0 {
        return String::new();
    }
    let cached = match usage.cached_share {
        Some(share) if share > 0.0 => format!(" ({:.0} % of input cached)", share * 100.0),
        _ => String::new(),
    };
    let cost = usage
        .cost_usd
        .map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost:.4}"));
    format!(" · {tokens} tokens{cached} · {cost}")
}
