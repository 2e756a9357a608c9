use tokio_util::sync::CancellationToken;

use super::EvalError;
use super::args::ReportArgs;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::{settings, term};
use crate::eval::opinion::Judge;
use crate::eval::{Suite, TrialRecord};

const JOBS: usize = 2;

/// The judge that was named, if one was. Sends nothing yet.
pub(super) fn connect(global: &GlobalArgs, args: &ReportArgs) -> Result<Option<Judge>, CliError> {
    let Some(name) = &args.judge else {
        return Ok(None);
    };
    let settings = settings::of_model(global, "--judge", name)?;
    Ok(Some(Judge::connect(&settings).map_err(EvalError::from)?))
}

/// Asks the judge, if there is one. Returns whether there is.
pub(super) async fn ask(
    judge: Option<&Judge>,
    suites: &[Suite],
    records: &mut [TrialRecord],
    cancel: &CancellationToken,
) -> bool {
    let Some(judge) = judge else { return false };
    term::say("asking the judge: a diagnostic, which decides nothing");
    judge.ask(suites, records, JOBS, cancel).await;
    let opinions = records.iter().filter_map(|record| record.judge.as_ref());
    let mute = opinions
        .flat_map(|opinions| &opinions.said)
        .filter(|opinion| opinion.right.is_none());
    let mut mute = mute.map(|opinion| &opinion.reason);
    if let Some(first) = mute.next() {
        term::warn(format_args!(
            "{} replies of the judge are not verdicts; the first: {first}",
            1 + mute.count()
        ));
    }
    true
}
