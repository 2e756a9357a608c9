use super::args::GradeArgs;
use super::output::{BaselineCheck, report, write_baseline};
use super::{EvalError, judge};
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::interrupt::Interrupts;
use crate::eval::{ResultsFolder, read_confirmation, read_records, regrade};

pub(super) async fn run(global: &GlobalArgs, args: &GradeArgs) -> Result<ExitStatus, CliError> {
    let suites = super::run::load(&args.suites)?;
    let held = BaselineCheck::open(&args.reports, false)?;
    let records = read_records(&args.results).map_err(EvalError::from)?;
    let mut records = regrade(&suites, records);
    let confirmed = read_confirmation(&args.results).map_err(EvalError::from)?;
    let confirmed = regrade(&suites, confirmed);
    let judge = judge::connect(global, &args.reports)?;
    let folder = args.out.as_deref().map(ResultsFolder::create).transpose();
    let mut folder = folder.map_err(EvalError::from)?;
    let cancel = Interrupts::watch().begin_turn();
    judge::ask(judge.as_ref(), &suites, &mut records, &cancel).await;
    if let Some(folder) = &mut folder {
        for record in &records {
            folder.append(record).map_err(EvalError::from)?;
        }
        for record in &confirmed {
            folder.append_confirmation(record).map_err(EvalError::from)?;
        }
    }
    let summary = report(&args.reports, &records, &confirmed, &held, false)?;
    if let Some(folder) = folder {
        folder.finish(&summary).map_err(EvalError::from)?;
    }
    write_baseline(&args.reports, &records)?;
    Ok(ExitStatus::Code(summary.exit.code))
}
