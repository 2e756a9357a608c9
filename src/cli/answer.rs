use std::io;

use serde::Serialize;

use super::footnotes::footnotes;
use super::table;
use super::term::{self, BOLD, DIM, WARN};
use crate::agent::{Answer, Evidence, Outcome, UsageReport};
use crate::text::escape_hidden;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The text on stdout, remarks on stderr.
    Text,
    /// The last result of a query on stdout, the text on stderr.
    Table,
    /// The whole answer as indented JSON on stdout.
    Json,
    /// The whole answer as one line of JSON on stdout.
    JsonLine,
}

/// What is said on stderr beside an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remarks {
    /// Nothing.
    None,
    /// Outcome, sources and usage.
    WithoutLinks,
    /// The same, with the pages of the sources: not for the demo, whose address is gone when the program ends.
    WithLinks,
}

/// Prints a finished answer. `streamed` is what of its text stands on stdout already.
pub(super) fn print(answer: &Answer, streamed: &str, form: Form, remarks: Remarks) -> io::Result<()> {
    match form {
        Form::Json => return json(answer),
        Form::JsonLine => {
            let line = serde_json::to_string(answer).map_err(io::Error::other)?;
            return term::out_line(escape_hidden(&line));
        }
        Form::Text => {
            text(answer, streamed)?;
            if remarks != Remarks::None {
                print_footnotes(answer)?;
            }
        }
        Form::Table => last_table(answer)?,
    }
    if remarks != Remarks::None {
        say_remarks(answer, remarks);
    }
    Ok(())
}

/// Prints any object as indented JSON.
pub(super) fn json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    term::out_line(escape_hidden(&text))
}

/// The results of an answer, one line each, for people.
pub(super) fn sources(answer: &Answer, remarks: Remarks) {
    for evidence in &answer.evidence {
        term::say(source(evidence, remarks));
    }
}

fn text(answer: &Answer, streamed: &str) -> io::Result<()> {
    if streamed.trim().is_empty() || streamed.trim() != answer.text.trim() {
        if !streamed.is_empty() && !streamed.ends_with('\n') {
            term::out("\n")?;
        }
        term::out_line(term::plain(answer.text.trim_end()))?;
    } else if !streamed.ends_with('\n') {
        term::out("\n")?;
    }
    for option in &answer.options {
        term::out_line(format_args!("  - {}", term::plain(option)))?;
    }
    Ok(())
}

/// Says where the figures come from, after a blank line.
fn print_footnotes(answer: &Answer) -> io::Result<()> {
    let notes = footnotes(answer);
    if !notes.is_empty() {
        term::out("\n")?;
    }
    for note in notes {
        term::out_line(format_args!("{DIM}{note}{DIM:#}"))?;
    }
    Ok(())
}

fn last_table(answer: &Answer) -> io::Result<()> {
    term::say(term::plain(answer.text.trim_end()));
    // The figures of a calculation stand in the text; the table is what they were worked out of.
    let queried = |evidence: &&Evidence| evidence.origin.derivations().is_empty();
    let last = answer.evidence.iter().rfind(queried);
    let Some(evidence) = last.or(answer.evidence.last()) else {
        term::warn("there is no result to print: no query brought one");
        return Ok(());
    };
    table::print(&evidence.columns, &evidence.rows)?;
    let printed = evidence.rows.len() as u64;
    if printed < evidence.rows_known {
        term::warn(format_args!(
            "the table is cut: {printed} of {} rows",
            evidence.rows_known
        ));
    }
    Ok(())
}

fn say_remarks(answer: &Answer, remarks: Remarks) {
    if answer.outcome != Outcome::Answered {
        let name = serde_json::to_value(answer.outcome).unwrap_or_default();
        let name = name.as_str().unwrap_or_default();
        term::say(format_args!(
            "{WARN}{name}:{WARN:#} {}",
            answer.outcome.sentence()
        ));
        let told = answer
            .stop_detail
            .as_deref()
            .filter(|detail| !answer.text.contains(detail));
        if let Some(detail) = told {
            term::say(format_args!("{DIM}{}{DIM:#}", term::plain(detail)));
        }
    }
    if term::out_is_terminal() {
        sources(answer, remarks);
        term::say(format_args!("{DIM}{}{DIM:#}", footer(answer)));
    }
}

fn source(evidence: &Evidence, remarks: Remarks) -> String {
    let cut = if evidence.truncated {
        format!(", {} seen by the model", evidence.rows.len())
    } else {
        String::new()
    };
    let source = evidence.origin.source();
    let link = source
        .and_then(|source| source.link.as_ref())
        .filter(|_| remarks == Remarks::WithLinks)
        .map(|link| format!(" {DIM}{link}{DIM:#}"))
        .unwrap_or_default();
    let rows = evidence.rows_known;
    let what = match (source, evidence.origin.made_from()) {
        (Some(source), made_from) => {
            let name = term::line(&source.name);
            let out_of = if made_from.is_empty() { "" } else { "from " };
            format!("{out_of}{} {} {BOLD}{name}{BOLD:#}", source.kind, source.id)
        }
        (None, _) => calculated(evidence),
    };
    let handle = evidence.result;
    let rows = match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
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
    let calls = answer.tool_calls.len();
    let calls = if calls == 1 {
        "1 tool call".to_owned()
    } else {
        format!("{calls} tool calls")
    };
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
