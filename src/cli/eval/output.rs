use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::EvalError;
use super::args::ReportArgs;
use crate::cli::error::CliError;
use crate::cli::{answer, term};
use crate::eval::report::{effect, figures, html, junit, markdown};
use crate::eval::{Baseline, CaseKey, CompareOptions, Comparison, Summary, TrialRecord, compare};

/// What a run is held against, read before it begins.
#[derive(Debug)]
pub(super) struct Held {
    baseline: Option<Baseline>,
    options: CompareOptions,
}

impl Held {
    /// Reads the baseline, and sees to it that no report would replace something else.
    pub(super) fn open(args: &ReportArgs, filtered: bool) -> Result<Self, EvalError> {
        let json = args
            .json
            .as_deref()
            .filter(|file| *file != "-")
            .map(PathBuf::from);
        let written = [
            &args.junit,
            &args.html,
            &args.markdown,
            &json,
            &args.write_baseline,
        ];
        for path in written.into_iter().flatten() {
            let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
            if yaml || path.is_dir() {
                return Err(EvalError::NoReport(path.clone()));
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

impl Held {
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
    ) -> Option<Comparison> {
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
    held: &Held,
    interrupted: bool,
) -> Result<Summary, CliError> {
    let comparison = held.against(records, interrupted, confirmed);
    let mut summary = Summary::of(records, comparison);
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
        Some("-") => {
            answer::json(&summary).map_err(CliError::Output)?;
            say(&summary, &mut |line| {
                term::say(line);
                Ok(())
            })?;
        }
        Some(path) => {
            let mut text =
                serde_json::to_string_pretty(&summary).map_err(|error| CliError::Output(error.into()))?;
            text.push('\n');
            write(Path::new(path), &text)?;
            say(&summary, &mut |line| {
                term::out_line(line).map_err(CliError::Output)
            })?;
        }
        None => say(&summary, &mut |line| {
            term::out_line(line).map_err(CliError::Output)
        })?,
    }
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
    summary: &Summary,
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

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|source| CliError::WriteFile {
        path: path.to_owned(),
        source,
    })
}
