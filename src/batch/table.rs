use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::answers::AnswersFile;
use super::error::BatchError;
use super::metadata::{RowMetadata, shown};
use super::questions::QuestionFile;
use crate::agent::UsageReport;

/// The columns before those that the questions bring along.
const COLUMNS: [&str; 17] = [
    "id",
    "session",
    "principal",
    "question",
    "outcome",
    "stop_reason",
    "text",
    "figures_referenced",
    "figures_matched",
    "figures_unmatched",
    "results",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "cost_usd",
    "seconds",
    "answered_at",
];
/// What stands before the name of a field that is called like a column of ours.
const OURS_TOO: &str = "metadata.";
/// A cell that begins so is a formula to a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What a row shows of an answer.
#[derive(Debug, Deserialize)]
struct TabledAnswer {
    id: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    principal: String,
    question: String,
    outcome: String,
    stop_reason: String,
    text: String,
    #[serde(default)]
    figures: Vec<TabledFigure>,
    #[serde(default)]
    evidence: Vec<Value>,
    usage: UsageReport,
    timings: TabledTime,
    answered_at: String,
    #[serde(default)]
    metadata: RowMetadata,
}

#[derive(Debug, Deserialize)]
struct TabledFigure {
    status: String,
}

#[derive(Debug, Deserialize)]
struct TabledTime {
    total_ms: u64,
}

/// Writes a table with one row for each answer, as CSV. The fields that questions brought along are its last columns. Waits
/// for the disk.
pub(crate) fn write_table(
    answers: &mut AnswersFile,
    questions: &QuestionFile,
    path: &Path,
) -> Result<(), BatchError> {
    let failed = |source: io::Error| BatchError::write(path, source);
    let file = File::create(path).map_err(failed)?;
    let mut table = csv::Writer::from_writer(BufWriter::new(file));
    let further = questions.index().columns();
    table
        .write_record(header(further))
        .map_err(|error| failed(error.into()))?;
    answers.each_line(|line| {
        let Ok(answer) = serde_json::from_slice::<TabledAnswer>(line) else {
            return Ok(());
        };
        let own = cells(&answer);
        let further = further.iter().map(|name| {
            answer
                .metadata
                .get(name)
                .map_or_else(String::new, |value| shown(value))
        });
        table
            .write_record(own.into_iter().chain(further).map(harmless))
            .map_err(|error| failed(error.into()))
    })?;
    table.flush().map_err(failed)
}

fn cells(answer: &TabledAnswer) -> [String; COLUMNS.len()] {
    let count = |status: &str| {
        let figures = answer.figures.iter();
        figures
            .filter(|figure| figure.status == status)
            .count()
            .to_string()
    };
    let usage = &answer.usage;
    let text = |text: &str| text.to_owned();
    [
        text(&answer.id),
        text(&answer.session),
        text(&answer.principal),
        text(&answer.question),
        text(&answer.outcome),
        text(&answer.stop_reason),
        text(&answer.text),
        count("referenced"),
        count("matched"),
        count("unmatched"),
        answer.evidence.len().to_string(),
        usage.input_tokens.to_string(),
        usage.cached_tokens.to_string(),
        usage.output_tokens.to_string(),
        usage
            .cost_usd
            .map_or_else(String::new, |cost| format!("{cost:.6}")),
        format!(
            "{:.1}",
            std::time::Duration::from_millis(answer.timings.total_ms).as_secs_f64()
        ),
        text(&answer.answered_at),
    ]
}

/// The names of the columns, each once: a field that is called like one of ours gets `metadata.` before its name.
fn header(further: &BTreeSet<String>) -> Vec<String> {
    let mut names: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    for name in further {
        let mut name = name.clone();
        while names.contains(&name) {
            name.insert_str(0, OURS_TOO);
        }
        names.push(name);
    }
    names.into_iter().map(harmless).collect()
}

/// A cell that no spreadsheet takes for a formula. A plain number stays as it is.
fn harmless(cell: String) -> String {
    if cell.starts_with(FORMULA) && cell.parse::<f64>().is_err() {
        return format!("'{cell}");
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, harmless_cell) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-5", "-5"),
            ("-5 %", "'-5 %"),
            ("plain", "plain"),
        ] {
            assert_eq!(harmless(cell.to_owned()), harmless_cell);
        }
    }
}
