use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::term::{self, BAD, DIM, GOOD, WARN};
use crate::agent::{CallStatus, Event};
use crate::wire::ServedBy;

const TICK: Duration = Duration::from_millis(100);

/// Who watches a turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watching {
    /// Whether the answer's text goes to stdout while it is written.
    pub(super) stream: bool,
    /// Whether steps are shown on stderr.
    pub(super) steps: bool,
}

/// Shows a turn while it runs: steps on stderr, with a spinner when it is a terminal, and the text on stdout.
#[derive(Debug)]
pub(super) struct Progress {
    watching: Watching,
    spinner: Option<ProgressBar>,
    streamed: String,
    failure: Option<io::Error>,
}

impl Progress {
    pub(super) fn new(watching: Watching) -> Self {
        Self {
            watching,
            spinner: None,
            streamed: String::new(),
            failure: None,
        }
    }

    /// Shows one event.
    pub(super) fn on(&mut self, event: &Event) {
        match event {
            Event::StepStarted { .. } => self.spin("thinking"),
            Event::Text(text) => self.text(text),
            Event::TextDiscarded => self.end_text(),
            Event::ToolStarted { summary, .. } => {
                if term::err_is_terminal() {
                    self.spin(&term::line(summary));
                } else {
                    self.say(&format!("  {} …", term::line(summary)));
                }
            }
            Event::ToolFinished {
                call,
                tool,
                status,
                rows,
                served_by,
                note,
            } => self.say(&finished(
                *call,
                tool,
                *status,
                *rows,
                *served_by,
                note.as_deref(),
            )),
            Event::Guard { note } => self.say(&format!("{WARN}guard:{WARN:#} {note}")),
            Event::Finished(_) => self.stop_spinner(),
        }
    }

    /// The text that stands on stdout, with whether its last line is still open, or the error that stopped it.
    pub(super) fn finish(mut self) -> io::Result<String> {
        self.stop_spinner();
        match self.failure {
            Some(error) => Err(error),
            None => Ok(self.streamed),
        }
    }

    fn text(&mut self, text: &str) {
        if !self.watching.stream || self.failure.is_some() {
            return;
        }
        self.stop_spinner();
        self.streamed.push_str(text);
        self.failure = term::out(term::piece(text)).err();
    }

    /// What was streamed was not the answer: the answer begins on a line of its own.
    fn end_text(&mut self) {
        if !self.streamed.is_empty() && !self.streamed.ends_with('\n') && self.failure.is_none() {
            self.failure = term::out("\n").err();
        }
        self.streamed.clear();
    }

    fn say(&self, line: &str) {
        if !self.watching.steps {
            return;
        }
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| term::say(line)),
            None => term::say(line),
        }
    }

    fn spin(&mut self, message: &str) {
        if !self.watching.steps || !term::err_is_terminal() || !self.streamed.is_empty() {
            return;
        }
        let spinner = self.spinner.get_or_insert_with(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(TICK);
            spinner
        });
        spinner.set_message(message.to_owned());
    }

    fn stop_spinner(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }
}

fn finished(
    call: u32,
    tool: &str,
    status: CallStatus,
    rows: Option<u64>,
    served_by: Option<ServedBy>,
    note: Option<&str>,
) -> String {
    let note = note
        .map(|note| format!(": {}", term::plain(note)))
        .unwrap_or_default();
    let tool = term::line(tool);
    let rows = match rows {
        Some(1) => ", 1 row".to_owned(),
        Some(rows) => format!(", {rows} rows"),
        None => String::new(),
    };
    let from = match served_by {
        Some(ServedBy::Cache) => " (from the cache)",
        Some(ServedBy::Tape) => " (from the tape)",
        Some(ServedBy::Live) | None => "",
    };
    let (style, word) = match status {
        CallStatus::Ok => (GOOD, "ok"),
        CallStatus::ServedFromTurn => (GOOD, "known already"),
        CallStatus::Refused => (WARN, "refused"),
        CallStatus::Failed => (BAD, "failed"),
    };
    format!("{DIM}[{call}]{DIM:#} {tool}: {style}{word}{style:#}{rows}{from}{note}")
}
