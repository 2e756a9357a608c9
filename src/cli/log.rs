//! `cardinal log`: the call log, for people and for whoever checks it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{GlobalArgs, LogCommand};
use super::error::CliError;
use super::exit::ExitStatus;
use super::{answer, settings, term};
use crate::call_log::{Anchor, CallLogSettings, LogRecord, LogReport, read_records, verify};

/// Version of the list's JSON format.
const VERSION: u32 = 1;
/// The columns of a table of all records.
const COLUMNS: [&str; 22] = [
    "seq",
    "at",
    "kind",
    "call",
    "agent",
    "principal",
    "system",
    "account",
    "area",
    "operation",
    "does",
    "decision",
    "rule",
    "reason",
    "end",
    "status",
    "rows",
    "bytes",
    "ms",
    "turn",
    "tape",
    "exchange",
];

/// Runs one of the log's commands.
pub(super) fn run(global: &GlobalArgs, command: LogCommand) -> Result<ExitStatus, CliError> {
    let settings = settings::load_and_warn(global)?.settings;
    let CallLogSettings { dir, anchor_file, .. } = settings.call_log.ok_or(CliError::NoCallLog)?;
    if !dir.is_dir() {
        term::say(format_args!(
            "nothing was asked yet: {} is not there",
            dir.display()
        ));
        return Ok(ExitStatus::Done);
    }
    match command {
        LogCommand::Show { last, refused } => trusted(&dir, show(&dir, last, refused, global.json())),
        LogCommand::Verify { anchor, anchors } => {
            // The anchors that this machine can reach are compared without being named.
            let own = anchor_file.filter(|path| path.is_file());
            check(&dir, anchor, anchors.or(own).as_deref(), global.json())
        }
        LogCommand::Export { csv } => trusted(&dir, export(&dir, csv)),
    }
}

/// What was printed may have been changed since it was written: then a person is told so, and so is a script.
fn trusted(dir: &Path, printed: Result<ExitStatus, CliError>) -> Result<ExitStatus, CliError> {
    let status = printed?;
    let Some(bad) = verify(dir, &[])?.first_bad else {
        return Ok(status);
    };
    term::warn(format_args!(
        "these records cannot be relied on: {} line {}, record {}: {}; `cardinal log verify` says more",
        bad.file, bad.line, bad.seq, bad.problem
    ));
    Ok(ExitStatus::Findings)
}

/// A call with its outcome.
#[derive(Debug, Serialize)]
struct ShownCall {
    #[serde(flatten)]
    record: LogRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<LogRecord>,
}

/// The last calls, for programs.
#[derive(Debug, Serialize)]
struct ShownCalls {
    version: u32,
    calls: Vec<ShownCall>,
}

fn show(dir: &Path, last: usize, refused: bool, json: bool) -> Result<ExitStatus, CliError> {
    let mut calls: VecDeque<ShownCall> = VecDeque::new();
    let mut outcomes: BTreeMap<String, LogRecord> = BTreeMap::new();
    let bad = read_records(dir, &mut |_, record| {
        match record.kind.as_str() {
            "outcome" => {
                outcomes.insert(record.call.clone().unwrap_or_default(), record);
            }
            "segment" => {}
            kind if !refused || kind == "refused" => {
                calls.push_back(ShownCall {
                    record,
                    outcome: None,
                });
                if calls.len() > last {
                    let gone = calls.pop_front().and_then(|gone| gone.record.call);
                    outcomes.remove(&gone.unwrap_or_default());
                }
            }
            _ => {}
        }
        true
    })?;
    for call in &mut calls {
        call.outcome = call.record.call.as_ref().and_then(|call| outcomes.remove(call));
    }
    let printed = if json {
        answer::json(&ShownCalls {
            version: VERSION,
            calls: calls.into(),
        })
    } else {
        let lines: Vec<String> = calls.iter().map(line).collect();
        match lines.as_slice() {
            [] => Ok(()),
            lines => term::out_line(term::plain(&lines.join("\n"))),
        }
    };
    printed.map_err(CliError::Output)?;
    bad.map_or(Ok(ExitStatus::Done), |reason| Err(CliError::BadCallLog(reason)))
}

/// A call on one line: `2026-03-01 02:00:00 analyst asked to trigger job 5 (Daily) on dbt account 1: 200, 12 ms`.
fn line(call: &ShownCall) -> String {
    let record = &call.record;
    let at = record.at.get(..19).unwrap_or(&record.at).replace('T', " ");
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    if record.kind == "repair" {
        return format!("{at} {}", text(&record.does));
    }
    let mut line = format!("{at} {} asked to {}", text(&record.agent), text(&record.does));
    if let Some(account) = &record.account {
        let _ = write!(line, " on {} account {account}", text(&record.system));
    }
    if record.kind == "refused" {
        let decision = text(&record.decision).replace('_', " ").to_uppercase();
        let _ = write!(line, ": {decision}, {}", text(&record.reason));
        return line;
    }
    let Some(outcome) = &call.outcome else {
        line.push_str(": nobody wrote down how it ended");
        return line;
    };
    let mut ends: Vec<String> = Vec::new();
    ends.extend(outcome.status.map(|status| status.to_string()));
    match outcome.end.as_deref() {
        Some("failed") => ends.push(format!("failed ({})", text(&outcome.reason))),
        Some("dropped") => ends.push("given up".to_owned()),
        _ => {}
    }
    ends.extend(outcome.rows.map(|rows| term::count(rows, "row")));
    ends.extend(outcome.ms.map(|ms| format!("{ms} ms")));
    ends.extend(outcome.served_by.clone().filter(|by| by != "live"));
    let _ = write!(line, ": {}", ends.join(", "));
    line
}

fn check(
    dir: &Path,
    mut anchors: Vec<Anchor>,
    file: Option<&Path>,
    json: bool,
) -> Result<ExitStatus, CliError> {
    if let Some(path) = file {
        anchors.extend(anchors_of(path)?);
    }
    let report = verify(dir, &anchors)?;
    let printed = if json {
        answer::json(&report)
    } else {
        term::out(words(&report, anchors.len()))
    };
    printed.map_err(CliError::Output)?;
    Ok(if report.ok {
        ExitStatus::Done
    } else {
        ExitStatus::Findings
    })
}

fn anchors_of(path: &Path) -> Result<Vec<Anchor>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::ReadFile {
        path: PathBuf::from(path),
        source,
    })?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let parsed: Result<Vec<Anchor>, String> = lines.map(str::parse).collect();
    parsed.map_err(|problem| CliError::usage(format_args!("{}: {problem}", path.display())))
}

/// The report in words. It says what such a check cannot know, too.
fn words(report: &LogReport, anchors: usize) -> String {
    let mut text = format!(
        "{} in {}\n",
        term::count(report.records, "record"),
        term::count(report.segments, "segment")
    );
    if let Some(bad) = &report.first_bad {
        let _ = writeln!(
            text,
            "BAD: {} line {}, record {}: {}",
            bad.file, bad.line, bad.seq, bad.problem
        );
    } else if report.records == 0 {
        text.push_str("there is no record; a log that was emptied looks the same\n");
    } else {
        text.push_str("ok: every record follows from the one before it\n");
    }
    if report.anchors > 0 {
        let _ = writeln!(text, "{} as anchored", term::count(report.anchors, "record"));
    }
    if report.repairs > 0 {
        let _ = writeln!(text, "{} after a crash", term::count(report.repairs, "repair"));
    }
    if report.without_outcome > 0 {
        let _ = writeln!(
            text,
            "{} without an outcome: still running, or their process ended before it was known",
            term::count(report.without_outcome, "call")
        );
    }
    if report.torn_bytes > 0 {
        let _ = writeln!(
            text,
            "{} at the end, half written; the next call repairs that and says so",
            term::count(report.torn_bytes, "byte")
        );
    }
    if let Some(head) = &report.head {
        let _ = writeln!(text, "head: {head}");
    }
    if anchors == 0 {
        text.push_str(
            "A chain cannot show that its end was cut off, or that all of it was written anew. Keep the head somewhere \
             else, and check with `--anchor` later.\n",
        );
    }
    text
}

fn export(dir: &Path, csv: bool) -> Result<ExitStatus, CliError> {
    let mut failed = None;
    let mut print = |text: &str| match term::out(text) {
        Ok(()) => true,
        Err(error) => {
            failed = Some(error);
            false
        }
    };
    if csv && !print(&format!("{}\n", COLUMNS.join(","))) {
        return Err(CliError::Output(
            failed.unwrap_or_else(|| std::io::Error::other("closed")),
        ));
    }
    let bad = read_records(dir, &mut |line, record| {
        if csv {
            print(&comma_separated(&record))
        } else {
            print(&format!("{line}\n"))
        }
    })?;
    if let Some(error) = failed {
        return Err(CliError::Output(error));
    }
    bad.map_or(Ok(ExitStatus::Done), |reason| Err(CliError::BadCallLog(reason)))
}

fn comma_separated(record: &LogRecord) -> String {
    let fields = serde_json::to_value(record).unwrap_or_default();
    let cells = COLUMNS.map(|column| match fields.get(column) {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => harmless(text),
        Some(other) => other.to_string(),
    });
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(&cells);
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
