//! A conversation as a text that can be kept: questions, answers, and the evidence they rest on.

use std::fmt::Write as _;

use serde_json::Value;

use super::record::{AnswerRecord, SessionRecord};
use super::table_view::TableView;
use crate::result::call_for_people;
use crate::text::{escape_html, markdown_to_html};

/// Rows of a table that are written.
const MAX_ROWS: usize = 50;

pub(super) fn markdown(session: &SessionRecord, answers: &[AnswerRecord]) -> String {
    let mut text = format!("# {}\n", plain(&session.title));
    for record in answers {
        // Writing to a string does not fail.
        let _ = write!(text, "\n## {}\n\n", plain(&record.question));
        let Some(answer) = &record.answer else {
            let _ = writeln!(text, "*{}*", record.status.word());
            continue;
        };
        let _ = writeln!(text, "{}\n", answer.text("text").trim());
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
    let heading = link.map_or_else(|| plain(name), |link| format!("[{}](<{link}>)", plain(name)));
    let _ = writeln!(text, "### {} {heading}\n", table.result);
    if !asked.is_empty() {
        let _ = writeln!(text, "*{}*\n", plain(asked));
    }
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push_str(&row(table
        .columns
        .iter()
        .map(|column| plain(&column.label))
        .collect()));
    text.push_str(&row(table.columns.iter().map(|_| "---".to_owned()).collect()));
    for cells in table.rows.iter().take(MAX_ROWS) {
        text.push_str(&row(cells.iter().map(cell).collect()));
    }
    if table.rows_known > MAX_ROWS as u64 {
        let _ = writeln!(text, "\n*The first {MAX_ROWS} of {} rows.*", table.rows_known);
    }
    text.push('\n');
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        other => plain(&other.to_string()),
    }
}

/// A text that means nothing in Markdown, on one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The same as one page of HTML. What would be HTML in the Markdown is text here.
pub(super) fn html(title: &str, markdown: &str) -> String {
    let body = markdown_to_html(markdown);
    let title = escape_html(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <style>body{{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}}table{{border-collapse:collapse}}\
         td,th{{border:1px solid #999;padding:.2em .5em;text-align:left}}</style></head>\n<body>\n{body}</body>\n</html>\n"
    )
}
