//! A conversation as a text that can be kept: questions, answers, and the evidence they rest on. Headings are Cardinal's alone:
//! what a model wrote stands in quotations.

use std::fmt::Write as _;

use serde_json::Value;

use super::inert::{inert_line, quotation};
use super::record::{AnswerRecord, SessionRecord};
use super::table_view::TableView;
use crate::result::call_for_people;
use crate::text::{escape_html, markdown_to_html};

/// Rows of a table that are written.
const MAX_ROWS: usize = 50;

pub(super) fn markdown(session: &SessionRecord, answers: &[AnswerRecord]) -> String {
    let mut text = format!("# {}\n", inert_line(&session.title));
    for record in answers {
        // Writing to a string does not fail.
        let _ = write!(text, "\n## {}\n\n", inert_line(&record.question));
        let Some(answer) = &record.answer else {
            let error = record.error.as_ref().map(|error| inert_line(&error.detail));
            let _ = writeln!(text, "*{}*", error.as_deref().unwrap_or(record.status.word()));
            continue;
        };
        let _ = writeln!(text, "{}", quotation(answer.text("text")));
        for option in answer.further_options() {
            let _ = writeln!(text, "- {}", inert_line(option));
        }
        if answer.further_options().next().is_some() {
            text.push('\n');
        }
        let outcome = answer.text("outcome");
        if outcome != "answered" {
            let _ = writeln!(text, "*Outcome: {}.*\n", outcome.replace('_', " "));
        }
        let evidence = answer.0.get("evidence").and_then(Value::as_array);
        for table in &record.tables {
            let of_table = |item: &&Value| item.get("result").is_some_and(|result| *result == table.result);
            let asked = evidence.and_then(|items| items.iter().find(of_table)?.get("arguments"));
            write_table(&mut text, table, &asked.map(call_for_people).unwrap_or_default());
        }
    }
    text
}

/// A table, and what its query was limited to and grouped by.
fn write_table(text: &mut String, table: &TableView, asked: &str) {
    let name = table
        .entry
        .as_ref()
        .map_or(table.title.as_str(), |entry| entry.name.as_str());
    let link = table.entry.as_ref().and_then(|entry| entry.link.as_deref());
    let heading = link.map_or_else(
        || inert_line(name),
        |link| format!("[{}](<{link}>)", inert_line(name)),
    );
    let _ = writeln!(text, "### {} {heading}\n", table.result);
    if !asked.is_empty() {
        let _ = writeln!(text, "*{}*\n", inert_line(asked));
    }
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push_str(&row(table
        .columns
        .iter()
        .map(|column| inert_line(&column.label))
        .collect()));
    text.push_str(&row(table.columns.iter().map(|_| "---".to_owned()).collect()));
    for cells in table.rows.iter().take(MAX_ROWS) {
        text.push_str(&row(cells.iter().map(cell).collect()));
    }
    if table.rows_known > MAX_ROWS as u64 {
        let _ = writeln!(text, "\n*The first {MAX_ROWS} of {} rows.*", table.rows_known);
    }
    if table.extent.is_cut() {
        text.push_str("\n*There are more rows than were read.*\n");
    }
    text.push('\n');
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => inert_line(text),
        other => inert_line(&other.to_string()),
    }
}

/// The same as one page of HTML. What would be HTML in the Markdown is text here.
pub(super) fn html(title: &str, markdown: &str) -> String {
    let body = markdown_to_html(markdown);
    let title = escape_html(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <style>body{{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}}table{{border-collapse:collapse}}\
         td,th{{border:1px solid #999;padding:.2em .5em;text-align:left}}blockquote{{border-left:.2em solid #999;margin:1em 0;padding:0 1em}}</style></head>\n<body>\n{body}</body>\n</html>\n"
    )
}
