use super::EvalError;
use super::output::BaselineCheck;
use super::progress::SuiteProgress;
use crate::cli::term;
use crate::config::Settings;
use crate::eval::{self, CaseFilter, CaseKey, ResultsFolder, RunOptions, Suite, TrialRecord};

/// Asks the cases that passed in the baseline and failed now once more, as often as before: a model that is asked live
/// may have had a bad day. Nothing is asked when nothing was lost.
pub(super) async fn confirm(
    suites: &[Suite],
    settings: &Settings,
    options: &RunOptions,
    held: &BaselineCheck,
    records: &[TrialRecord],
    results: &ResultsFolder,
) -> Result<Vec<TrialRecord>, EvalError> {
    let comparison = held.against(records, false, &[]);
    let lost = comparison.map(|comparison| comparison.lost).unwrap_or_default();
    if lost.is_empty() || options.cancel.is_cancelled() {
        return Ok(Vec::new());
    }
    let suites = only(suites, &lost);
    let options = RunOptions {
        filter: CaseFilter::default(),
        ..options.clone()
    };
    let cases = term::count(lost.len() as u64, "case");
    term::say(format_args!(
        "asking once more {cases} that passed in the baseline and failed now"
    ));
    let mut progress = SuiteProgress::new(eval::planned(&suites, &options));
    let confirmed = eval::run(&suites, settings, &options, &mut |record| {
        results.append_confirmation(record)?;
        progress.ended(record);
        Ok(())
    })
    .await;
    progress.finish();
    Ok(confirmed?)
}

/// The suites with these cases alone.
fn only(suites: &[Suite], keys: &[CaseKey]) -> Vec<Suite> {
    let mut suites = suites.to_vec();
    for suite in &mut suites {
        let name = suite.name.clone();
        suite.cases.retain(|case| {
            let mut own = keys.iter().filter(|key| key.suite == name);
            own.any(|key| key.case == case.id)
        });
    }
    suites
}
