use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::EvalError;
use super::args::ReportArgs;
use crate::cli::error::CliError;
use crate::cli::{answer, term};
use crate::eval::report::{effect, figures, html, junit, markdown};
use crate::eval::{Baseline, CaseKey, CompareOptions, RunComparison, RunSummary, TrialRecord, compare};

/// The file that is stdout.
const STDOUT: &str = "-";

/// What a run is held against, read before it begins.
#[derive(Debug)]
pub(super) struct BaselineCheck {
    baseline: Option<Baseline>,
    options: CompareOptions,
}

impl BaselineCheck {
    /// Reads the baseline, and sees to it that no report would replace something else.
    pub(super) fn open(args: &ReportArgs, filtered: bool) -> Result<Self, EvalError> {
        let json = args.json.as_deref().map(Path::new);
        let reports = [
            args.junit.as_deref(),
            args.html.as_deref(),
            args.markdown.as_deref(),
            json,
        ];
        let reports = reports.into_iter().flatten();
        if reports.clone().filter(|path| is_stdout(path)).count() > 1 {
            return Err(EvalError::OneStdout);
        }
        let files = reports.filter(|path| !is_stdout(path));
        for path in files.chain(args.write_baseline.as_deref()) {
            let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
            if yaml || path.is_dir() {
                return Err(EvalError::NoReport(path.to_owned()));
            }
            // A run may take long and cost money: what cannot be kept is better known before.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                return Err(EvalError::NoFolder(folder.to_owned()));
            }
        }
        Ok(Self {
            baseline: args.baseline.as_deref().map(Baseline::read).transpose()?,
            options: CompareOptions {
                across: args.across.iter().map(|key| (*key).into()).collect(),
                filtered,
            },
        })
    }
}

impl BaselineCheck {
    /// Without a baseline, recorded cases are held against what the graders said when they were recorded. A verdict that is
    /// not the graders' is a failure whatever they said.
    pub(super) fn or_recorded(mut self, records: &[TrialRecord]) -> Self {
        if self.baseline.is_none() && records.iter().any(|record| record.taped.is_some()) {
            self.baseline = Some(Baseline::recorded(records));
        }
        self
    }

    /// How the run did, with what was asked once more to be sure. Of an interrupted one, cases that were not run to their end say nothing.
    pub(super) fn against(
        &self,
        records: &[TrialRecord],
        interrupted: bool,
        confirmed: &[TrialRecord],
    ) -> Option<RunComparison> {
        let baseline = self.baseline.as_ref()?;
        if !interrupted {
            let mut comparison = compare(baseline, &Baseline::of(records), &self.options);
            comparison.confirm(&Baseline::of(confirmed));
            return Some(comparison);
        }
        let cut: BTreeSet<CaseKey> = records
            .iter()
            .filter(|record| record.verdict.errored())
            .map(TrialRecord::case_key)
            .collect();
        let mut ran = Baseline::of(records);
        ran.cases.retain(|case| !cut.contains(&case.key));
        let options = CompareOptions {
            filtered: true,
            ..self.options.clone()
        };
        Some(compare(baseline, &ran, &options))
    }
}

/// Prints what a run came to, and writes its reports. `confirmed` is what was asked once more.
pub(super) fn report(
    args: &ReportArgs,
    records: &[TrialRecord],
    confirmed: &[TrialRecord],
    held: &BaselineCheck,
    interrupted: bool,
) -> Result<RunSummary, CliError> {
    let comparison = held.against(records, interrupted, confirmed);
    let mut summary = RunSummary::of(records, comparison);
    if interrupted {
        summary = summary.interrupted();
    }
    if let Some(path) = &args.junit {
        let text = junit(records, args.with_answers).map_err(EvalError::from)?;
        write(path, &text)?;
    }
    if let Some(path) = &args.markdown {
        write(path, &markdown(&summary, records))?;
    }
    if let Some(path) = &args.html {
        let text = html(&summary, records).map_err(EvalError::from)?;
        write(path, &text)?;
    }
    match args.json.as_deref() {
        Some(STDOUT) => answer::json(&summary).map_err(CliError::Output)?,
        Some(path) => {
            let mut text =
                serde_json::to_string_pretty(&summary).map_err(|error| CliError::Output(error.into()))?;
            text.push('\n');
            write(Path::new(path), &text)?;
        }
        None => {}
    }
    let paths = [&args.junit, &args.markdown, &args.html];
    let taken =
        args.json.as_deref() == Some(STDOUT) || paths.into_iter().flatten().any(|path| is_stdout(path));
    say(&summary, &mut |line| {
        if taken {
            term::say(line);
            return Ok(());
        }
        term::out_line(line).map_err(CliError::Output)
    })?;
    Ok(summary)
}

/// Makes a run the baseline, when that is asked for.
pub(super) fn write_baseline(args: &ReportArgs, records: &[TrialRecord]) -> Result<(), EvalError> {
    if let Some(path) = &args.write_baseline {
        Baseline::of(records).write(path)?;
    }
    Ok(())
}

/// The figures, what changed, and the closing line.
pub(super) fn say(
    summary: &RunSummary,
    line: &mut dyn FnMut(String) -> Result<(), CliError>,
) -> Result<(), CliError> {
    for (name, value) in figures(summary) {
        line(term::plain(&format!("{name}: {value}")))?;
    }
    if let Some(comparison) = &summary.comparison {
        if let Some(effect) = effect(comparison) {
            line(format!("against the baseline: {effect}"))?;
        }
        for case in &comparison.lost {
            line(term::plain(&format!("regression: {case} passed in the baseline")))?;
        }
        for case in &comparison.flaky {
            line(term::plain(&format!(
                "flaky (unconfirmed): {case} failed, and passed when it was asked once more"
            )))?;
        }
        for case in &comparison.won {
            line(term::plain(&format!("fixed: {case} failed in the baseline")))?;
        }
        for case in &comparison.gone {
            line(term::plain(&format!(
                "missing: {case} is in the baseline and did not run"
            )))?;
        }
    }
    if summary.exit.code != 0 {
        line(term::plain(&summary.exit.reason))?;
    }
    line(summary.closing_line())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    if is_stdout(path) {
        return term::out(text).map_err(CliError::Output);
    }
    fs::write(path, text).map_err(|source| CliError::WriteFile {
        path: path.to_owned(),
        source,
    })
}
