use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::term::{self, BAD, DIM, GOOD, WARN};
use crate::agent::{CallStatus, Event};
use crate::metabase::LoadProgress;
use crate::wire::ServedBy;

const TICK: Duration = Duration::from_millis(100);
/// Lines of a text that is being written which are shown.
const DRAFT_LINES: usize = 8;

/// A line on stderr that moves while something takes its time, where stderr is a terminal.
#[derive(Debug)]
pub(super) struct Spinner {
    /// `None` where it is not wanted or cannot be seen.
    line: Option<ProgressBar>,
    message: String,
}

impl Spinner {
    /// Starts it if it is wanted and can be seen.
    pub(super) fn start(wanted: bool, message: &str) -> Self {
        let line = (wanted && term::err_is_terminal()).then(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                spinner.set_style(style);
            }
            spinner.set_message(message.to_owned());
            spinner.enable_steady_tick(TICK);
            spinner
        });
        Self {
            line,
            message: message.to_owned(),
        }
    }

    /// Says how far the load of a catalog is.
    pub(super) fn loaded(&self, progress: LoadProgress) {
        if let Some(line) = &self.line {
            let LoadProgress { read, selected, .. } = progress;
            line.set_message(format!("{}: {read} of {selected} entries", self.message));
        }
    }

    pub(super) fn stop(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}

/// What is shown of a turn while it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProgressOptions {
    /// Whether the answer's text is shown while it is written. It goes away when the answer is printed, with its figures
    /// looked up, or when it is dropped.
    pub(super) draft: bool,
    pub(super) steps: bool,
}

/// Shows a turn while it runs, on stderr.
#[derive(Debug)]
pub(super) struct TurnProgress {
    options: ProgressOptions,
    spinner: Option<Spinner>,
    draft: String,
}

impl TurnProgress {
    pub(super) fn new(options: ProgressOptions) -> Self {
        Self {
            options,
            spinner: None,
            draft: String::new(),
        }
    }

    pub(super) fn on(&mut self, event: &Event) {
        match event {
            Event::StepStarted { .. } => self.spin("thinking"),
            Event::Text(text) => self.text(text),
            Event::TextDiscarded => self.drop_draft(),
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
            Event::Guard { note } => self.say(&format!("{WARN}guard:{WARN:#} {}", term::line(note))),
            Event::Waiting { note } => {
                self.say(&format!("{DIM}{}{DIM:#}", term::line(note)));
                self.spin("waiting for the model");
            }
            Event::Chart(_) => {}
            Event::Finished(_) => self.finish(),
        }
    }

    pub(super) fn finish(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.stop();
        }
    }

    fn text(&mut self, text: &str) {
        if !self.options.draft {
            return;
        }
        self.draft.push_str(&term::piece(text));
        let width = term::err_width().unwrap_or(80).saturating_sub(4);
        let lines: Vec<String> = textwrap::wrap(self.draft.trim_end(), width)
            .into_iter()
            .map(|line| format!("  {line}"))
            .collect();
        let shown = lines
            .get(lines.len().saturating_sub(DRAFT_LINES)..)
            .unwrap_or_default();
        self.set_message(&format!("writing\n{}", shown.join("\n")));
    }

    /// What was written was not the answer: nobody should take it for one.
    fn drop_draft(&mut self) {
        if !self.draft.trim().is_empty() {
            self.draft.clear();
            self.say(&format!(
                "{DIM}the text so far was dropped: it was not the answer{DIM:#}"
            ));
        }
    }

    fn say(&self, line: &str) {
        if !self.options.steps {
            return;
        }
        match self.spinner.as_ref().and_then(|spinner| spinner.line.as_ref()) {
            Some(spinner) => spinner.suspend(|| term::say(line)),
            None => term::say(line),
        }
    }

    fn spin(&mut self, message: &str) {
        self.draft.clear();
        if self.options.steps {
            self.set_message(message);
        }
    }

    fn set_message(&mut self, message: &str) {
        let spinner = self.spinner.get_or_insert_with(|| Spinner::start(true, message));
        if let Some(spinner) = &spinner.line {
            spinner.set_message(message.to_owned());
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
        // The word before it says that it was refused.
        .map(|note| note.strip_prefix("refused, ").unwrap_or(note))
        .map(|note| format!(": {}", term::plain(note)))
        .unwrap_or_default();
    let tool = term::line(tool);
    let rows = rows
        .map(|rows| format!(", {}", term::count(rows, "row")))
        .unwrap_or_default();
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
    format!("{DIM}call {call}:{DIM:#} {tool}: {style}{word}{style:#}{rows}{from}{note}")
}
