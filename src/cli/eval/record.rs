use super::EvalError;
use super::args::RecordArgs;
use super::progress::SuiteProgress;
use super::run::load;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::interrupt::Interrupts;
use crate::cli::{settings, term};
use crate::eval::recordings::{ExistingRecordings, RecordOptions, RecordedCase, Recordings, chosen, record};
use crate::eval::{CaseFilter, Suite};
use crate::model::Provider;

/// Runs suites live and keeps their tapes. Ends with 1 when a case was not recorded.
pub(super) async fn run(global: &GlobalArgs, args: &RecordArgs) -> Result<ExitStatus, CliError> {
    if args.regrade {
        return super::regrade::run(global, args).await;
    }
    let suites = load(&args.suites)?;
    let filter = CaseFilter::new(&args.filter)
        .map_err(|problem| CliError::usage(format_args!("invalid value for --filter: {problem}")))?;
    let mut settings = settings::load_and_warn(global)?.settings;
    if let Some(answered_by) = &args.answered_by {
        settings.tape.answered_by = Some(answered_by.clone());
    }
    let options = RecordOptions {
        set: args
            .set
            .clone()
            .unwrap_or_else(|| default_set(settings.model.id.provider).to_owned()),
        filter,
        jobs: usize::from(args.jobs),
        existing: match (args.replace, args.missing) {
            (true, _) => ExistingRecordings::Replace,
            (false, true) => ExistingRecordings::Leave,
            (false, false) => ExistingRecordings::Refuse,
        },
        cancel: Interrupts::watch().begin_turn(),
    };
    // Nothing is recorded of the one when the other cannot be.
    let mut planned = 0;
    for suite in &suites {
        planned += chosen(suite, &options).map_err(EvalError::from)?.len();
    }
    if planned == 0 {
        return Err(CliError::usage("no case is left to record"));
    }
    let mut progress = SuiteProgress::new(planned);
    let (mut kept, mut failing) = (0, 0);
    for suite in &suites {
        let recorded = record(suite, &settings, &options, &mut |case| {
            progress.ended(&case.record);
            progress.suspended(|| say(suite, &options.set, case));
        })
        .await
        .map_err(EvalError::from)?;
        for case in recorded.iter().filter(|case| case.kept.is_ok()) {
            kept += 1;
            failing += usize::from(!case.record.verdict.passed());
        }
    }
    progress.finish();
    if failing > 0 {
        term::warn(format_args!(
            "{failing} of the recorded cases fail their graders: replays of them fail too, until they are recorded again"
        ));
    }
    let left = planned - kept;
    term::out_line(format_args!("{kept} recorded, {left} not recorded")).map_err(CliError::Output)?;
    Ok(ExitStatus::Code(u8::from(left > 0)))
}

fn default_set(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "openai",
        Provider::OpenaiResponses => "openai-responses",
        Provider::Anthropic => "anthropic",
        Provider::Offline => "offline",
    }
}

fn say(suite: &Suite, set: &str, case: &RecordedCase) {
    let name = case.record.case_key();
    match &case.kept {
        Ok(folder) if case.record.verdict.passed() => {
            term::say(format_args!("    recorded in {}", folder.display()));
        }
        Ok(folder) => {
            let (place, model) = (Recordings::of(suite), &case.record.model);
            let command = place.command(set, &case.record.case, model);
            let folder = folder.display();
            term::warn(term::plain(&format!(
                "{name} is recorded in {folder} although it fails; to record it again: {command}"
            )));
        }
        Err(reason) => term::warn(term::plain(&format!("{name} is not recorded: {reason}"))),
    }
}
