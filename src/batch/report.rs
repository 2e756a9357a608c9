use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde::Deserialize;

use super::answers::AnswersFile;
use super::error::BatchError;
use super::metadata::{RowMetadata, shown};
use super::summary::BatchSummary;
use crate::text::{escape_html, is_web_address, markdown_to_html};

const STYLE: &str = include_str!("report.css");

/// What the page shows of an answer.
#[derive(Debug, Deserialize)]
struct ReportedAnswer {
    id: String,
    question: String,
    outcome: String,
    text: String,
    #[serde(default)]
    figures: Vec<ReportedFigure>,
    #[serde(default)]
    evidence: Vec<ReportedResult>,
    #[serde(default)]
    metadata: RowMetadata,
}

#[derive(Debug, Deserialize)]
struct ReportedFigure {
    text: String,
    status: String,
}

#[derive(Debug, Deserialize)]
struct ReportedResult {
    result: String,
    name: Option<String>,
    link: Option<String>,
    rows_known: u64,
}

/// Writes one page with the summary and all answers, for people: no script, no network, readable in the dark. Waits for the
/// disk.
pub(crate) fn write_report(
    answers: &mut AnswersFile,
    summary: &BatchSummary,
    path: &Path,
) -> Result<(), BatchError> {
    let failed = |source: io::Error| BatchError::write(path, source);
    let mut page = BufWriter::new(File::create(path).map_err(failed)?);
    page.write_all(head(summary).as_bytes()).map_err(failed)?;
    answers.each_line(|line| {
        let Ok(answer) = serde_json::from_slice::<ReportedAnswer>(line) else {
            return Ok(());
        };
        page.write_all(section(&answer).as_bytes()).map_err(failed)
    })?;
    page.write_all(b"</main>\n</body>\n</html>\n").map_err(failed)?;
    page.flush().map_err(failed)
}

fn head(summary: &BatchSummary) -> String {
    let title = format!("{} of {} questions answered", summary.answered, summary.questions);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<dl>\n"
    );
    for (name, value) in facts(summary) {
        let _ = writeln!(
            text,
            "<dt>{}</dt><dd>{}</dd>",
            escape_html(&name),
            escape_html(&value)
        );
    }
    text.push_str("</dl>\n");
    if !summary.not_asked.first.is_empty() {
        text.push_str("<h2>Could not be asked</h2>\n<ul>\n");
        for row in &summary.not_asked.first {
            let _ = writeln!(
                text,
                "<li><b>{}</b>: {}</li>",
                escape_html(&row.id),
                escape_html(&row.reason)
            );
        }
        text.push_str("</ul>\n");
    }
    text.push_str("<main>\n");
    text
}

fn facts(summary: &BatchSummary) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let outcomes = summary.outcomes.iter();
    let mut facts: Vec<(String, String)> = outcomes
        .map(|(outcome, count)| (outcome.replace('_', " "), count.to_string()))
        .collect();
    let (figures, usage, queries) = (summary.figures, summary.usage, summary.queries);
    facts.push(fact(
        "figures",
        format!(
            "{} referenced, {} matched, {} without a source",
            figures.referenced, figures.matched, figures.unmatched
        ),
    ));
    let unknown = match usage.cost_unknown {
        0 => String::new(),
        unknown => format!(", and {unknown} answers of unknown cost"),
    };
    facts.push(fact("cost", format!("{:.4} US dollars{unknown}", usage.cost_usd)));
    if let Some(share) = usage.cached_share {
        facts.push(fact(
            "prompt from the provider's cache",
            format!("{:.0} %", share * 100.0),
        ));
    }
    facts.push(fact(
        "queries",
        format!("{} sent, {} saved by the cache", queries.sent, queries.from_cache),
    ));
    facts
}

fn section(answer: &ReportedAnswer) -> String {
    let mut text = format!(
        "<section class=\"{}\">\n<h2>{}</h2>\n<p class=\"about\">{} · {}",
        escape_html(&answer.outcome),
        escape_html(&answer.question),
        escape_html(&answer.id),
        escape_html(&answer.outcome.replace('_', " "))
    );
    for (name, value) in &answer.metadata {
        let _ = write!(text, " · {}: {}", escape_html(name), escape_html(&shown(value)));
    }
    let _ = writeln!(text, "</p>\n{}", markdown_to_html(&answer.text));
    let unmatched = answer
        .figures
        .iter()
        .filter(|figure| figure.status == "unmatched");
    let unmatched: Vec<String> = unmatched.map(|figure| escape_html(&figure.text)).collect();
    if !unmatched.is_empty() {
        let _ = writeln!(
            text,
            "<p class=\"warning\">Without a source: {}</p>",
            unmatched.join(", ")
        );
    }
    if !answer.evidence.is_empty() {
        text.push_str("<ul>\n");
        for result in &answer.evidence {
            let name = escape_html(result.name.as_deref().unwrap_or("a calculation"));
            let link = result.link.as_deref().filter(|link| is_web_address(link));
            let name = link.map_or(name.clone(), |link| {
                format!("<a href=\"{}\">{name}</a>", escape_html(link))
            });
            let (handle, rows) = (escape_html(&result.result), result.rows_known);
            let _ = writeln!(text, "<li>{handle}: {name}, {rows} rows</li>");
        }
        text.push_str("</ul>\n");
    }
    text.push_str("</section>\n");
    text
}
