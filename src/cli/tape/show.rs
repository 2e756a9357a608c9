use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, term};
use crate::tapes::{TranscriptEntry, transcript};
use crate::text::markdown_literal;
use crate::wire::{Exchange, ExchangeEnd, Purpose, TapeFile};

/// Lines of a result that are shown.
const RESULT_LINES: usize = 12;
/// Longest line of a result that is shown, in characters.
const LINE_CHARS: usize = 160;

/// Prints a recorded turn for a reviewer.
pub(super) fn run(file: &Path, markdown: bool, as_json: bool) -> Result<ExitStatus, CliError> {
    let tape = TapeFile::read_unfinished(file)?;
    if as_json {
        let exchanges: Vec<String> = tape.exchanges.iter().map(line).collect();
        answer::json(&json!({
            "version": 1, "header": tape.header, "exchanges": exchanges, "end": tape.end,
        }))
        .map_err(CliError::Output)?;
        return Ok(ExitStatus::Done);
    }
    let text = TranscriptWriter::of(&tape, markdown);
    term::out_line(term::plain(text.trim_end())).map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

/// A page in the making. Writing to a string does not fail.
struct TranscriptWriter {
    text: String,
    markdown: bool,
}

impl TranscriptWriter {
    fn of(tape: &TapeFile, markdown: bool) -> String {
        let mut page = Self {
            text: String::new(),
            markdown,
        };
        page.heading(&tape.header.question, 1);
        page.header(tape);
        page.steps(tape);
        page.answer(tape);
        page.heading("Exchanges", 2);
        let lines: Vec<String> = tape.exchanges.iter().map(line).collect();
        page.block(&lines.join("\n"));
        page.text
    }

    fn heading(&mut self, text: &str, level: usize) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = if self.markdown {
            writeln!(self.text, "{} {}\n", "#".repeat(level), markdown_literal(&text))
        } else {
            writeln!(self.text, "{text}")
        };
    }

    fn header(&mut self, tape: &TapeFile) {
        let header = &tape.header;
        let asker = header
            .asker
            .as_deref()
            .map_or(String::new(), |asker| format!(", by {asker}"));
        let segments: Vec<String> = header
            .prompt
            .segments
            .iter()
            .map(|(name, hash)| format!("{name} {}", short(hash)))
            .collect();
        let texts = header
            .prompt
            .texts
            .as_deref()
            .map_or_else(|| "not hashed: the tape is older than this hash", short);
        let facts = [
            ("today", header.today.to_string()),
            (
                "recorded",
                format!("{} ({})", header.started_at, header.time_zone),
            ),
            (
                "turn",
                format!("{} of {}{asker}", header.turn, header.conversation),
            ),
            (
                "model",
                format!("{}, answered by {}", header.model, header.answered_by),
            ),
            ("prompt", segments.join(", ")),
            ("texts", texts.to_owned()),
            (
                "catalog",
                format!(
                    "{} ({})",
                    short(&header.catalog.fingerprint),
                    crate::cli::turn::entries(header.catalog.entries)
                ),
            ),
            (
                "metabase",
                format!("{} as {}", header.metabase.url, header.principal),
            ),
            ("cardinal", header.code.clone()),
        ];
        if self.markdown {
            self.text.push_str("| | |\n|---|---|\n");
        }
        for (name, fact) in facts {
            let _ = if self.markdown {
                writeln!(self.text, "| {name} | {} |", markdown_literal(&fact))
            } else {
                writeln!(self.text, "  {name:<9} {fact}")
            };
        }
        self.text.push('\n');
    }

    fn steps(&mut self, tape: &TapeFile) {
        let mut calls = 0;
        // The first thing said is the question, with today's date before it.
        for said in transcript(tape).into_iter().skip(1) {
            match said {
                TranscriptEntry::Call { tool, arguments } => {
                    calls += 1;
                    self.heading(&format!("{calls}. {tool}"), 2);
                    self.block(&arguments);
                }
                TranscriptEntry::Result(text) => self.block(&head(&text)),
                TranscriptEntry::Model(text) => self.paragraph("model", &text),
                TranscriptEntry::User(text) => self.paragraph("note to the model", &text),
            }
        }
    }

    fn answer(&mut self, tape: &TapeFile) {
        match &tape.end {
            None => self.heading("Broken off: there is no answer", 2),
            Some(end) => {
                self.heading(&format!("Answer ({}, {})", end.outcome, end.stop_reason), 2);
                self.block(&end.text);
            }
        }
    }

    fn paragraph(&mut self, who: &str, text: &str) {
        let _ = writeln!(self.text, "{who}:");
        self.block(text);
    }

    fn block(&mut self, text: &str) {
        if self.markdown {
            let mut fence = "```".to_owned();
            while text.contains(&fence) {
                fence.push('`');
            }
            let _ = writeln!(self.text, "{fence}text\n{text}\n{fence}\n");
            return;
        }
        for line in text.lines() {
            let _ = writeln!(self.text, "    {line}");
        }
        self.text.push('\n');
    }
}

fn line(exchange: &Exchange) -> String {
    let bytes: usize = exchange.chunks.iter().map(bytes::Bytes::len).sum();
    let purpose = exchange.request.get("purpose").cloned().unwrap_or_default();
    let kind = match serde_json::from_value(purpose) {
        Ok(Purpose::Completion) => "completion",
        Ok(Purpose::DataQuery) => "query",
        Ok(Purpose::Metadata) => "metadata",
        Ok(Purpose::Dbt) => "dbt",
        Ok(Purpose::Auth) | Err(_) => "other",
    };
    let status = exchange.response.as_ref().map_or_else(
        || "no response".to_owned(),
        |head| {
            format!(
                "{} ({})",
                head.status,
                json!(head.served_by).as_str().unwrap_or_default()
            )
        },
    );
    let end = match &exchange.end {
        ExchangeEnd::Complete => String::new(),
        ExchangeEnd::Dropped => ", left before its end".to_owned(),
        ExchangeEnd::Failed(failure) => format!(", failed: {}", json!(failure)),
    };
    format!("{kind}: {} -> {status}, {bytes} bytes{end}", exchange.name())
}

fn head(text: &str) -> String {
    let count = text.lines().count();
    let mut lines: Vec<String> = text
        .lines()
        .take(RESULT_LINES)
        .map(|line| match line.char_indices().nth(LINE_CHARS) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line.to_owned(),
        })
        .collect();
    if count > RESULT_LINES {
        lines.push(format!("… {} more lines", count - RESULT_LINES));
    }
    lines.join("\n")
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
