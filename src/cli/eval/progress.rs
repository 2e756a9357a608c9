use crate::cli::run_progress::RunProgress;
use crate::cli::term::{self, BAD, GOOD};
use crate::eval::{TrialRecord, Verdict};

/// How far a run of suites is: what [`RunProgress`] shows, and a line for each trial where nobody watches a bar.
#[derive(Debug)]
pub(super) struct SuiteProgress(RunProgress);

impl SuiteProgress {
    pub(super) fn new(planned: usize) -> Self {
        let mut progress = RunProgress::new(planned, 0, true);
        progress.begin();
        Self(progress)
    }

    pub(super) fn ended(&mut self, record: &TrialRecord) {
        let cost = record.spent().cost_usd.filter(|_| !record.answers.is_empty());
        self.0.count(word(&record.verdict), cost);
        let line = self.line(record);
        if !self.0.is_bar() || !record.verdict.passed() {
            self.0.suspended(|| term::say(line));
        }
    }

    pub(super) fn suspended(&self, say: impl FnOnce()) {
        self.0.suspended(say);
    }

    pub(super) fn finish(&self) {
        self.0.finish();
    }

    fn line(&self, record: &TrialRecord) -> String {
        let style = if record.verdict.passed() { GOOD } else { BAD };
        let mut line = format!(
            "[{}] {} trial {}: {style}{}{style:#}",
            self.0.position(),
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

/// A verdict as it is counted.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::NotRun => "not run",
        _ => "failed",
    }
}
