use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::term::{self, BAD, GOOD};
use crate::eval::TrialRecord;

/// How often the time left is written anew.
const TICK: Duration = Duration::from_millis(500);

/// How far a run is: a bar with the time left on a terminal, plain lines otherwise.
#[derive(Debug)]
pub(super) struct SuiteProgress {
    bar: Option<ProgressBar>,
    planned: usize,
    ended: usize,
}

impl SuiteProgress {
    pub(super) fn new(planned: usize) -> Self {
        let bar = term::err_is_terminal().then(|| {
            let bar = ProgressBar::new(u64::try_from(planned).unwrap_or(u64::MAX));
            if let Ok(style) =
                ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} gone, {eta} left {msg}")
            {
                bar.set_style(style);
            }
            // Seen from the start, and counting down while nothing ends.
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            bar,
            planned,
            ended: 0,
        }
    }

    /// A trial has ended.
    pub(super) fn ended(&mut self, record: &TrialRecord) {
        self.ended += 1;
        let line = self.line(record);
        match &self.bar {
            Some(bar) => {
                if !record.verdict.passed() {
                    bar.suspend(|| term::say(line));
                }
                bar.set_message(term::plain(&record.case));
                bar.inc(1);
            }
            None => term::say(line),
        }
    }

    /// Says something beside it.
    pub(super) fn suspended(&self, say: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// The run is over.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, record: &TrialRecord) -> String {
        let style = if record.verdict.passed() { GOOD } else { BAD };
        let mut line = format!(
            "[{}/{}] {} trial {}: {style}{}{style:#}",
            self.ended,
            self.planned,
            term::plain(&record.case_key().to_string()),
            record.trial,
            term::plain(&record.verdict.to_string())
        );
        for grade in record.grades.iter().filter(|grade| !grade.passed) {
            line.push_str(&term::plain(&format!("\n    {}: {}", grade.grader, grade.reason)));
        }
        line
    }
}
