//! `cardinal batch`: many questions in one run.

pub(super) mod args;
mod messages;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use self::args::BatchArgs;
use super::args::GlobalArgs;
use super::error::CliError;
use super::exit::ExitStatus;
use super::interrupt::Interrupts;
use super::progress::Spinner;
use super::run_progress::RunProgress;
use super::{answer, settings, term, turn};
use crate::agent::Outcome;
use crate::app::{App, Freshness, OpenOptions, limits_of_many};
use crate::batch::{
    BatchError, BatchOptions, BatchRun, BatchSummary, NotAsked, QuestionFile, RoundEvent, RowEnd, RowEvent,
    RunEnd, RunEvent, RunFolder, StartCounts, write_report, write_table,
};
use crate::config::Settings;

/// What is counted while questions are asked, and shown.
struct BatchWatch {
    progress: RunProgress,
    not_asked: NotAsked,
    counts: StartCounts,
}

pub(super) async fn run(global: &GlobalArgs, args: BatchArgs) -> Result<ExitStatus, CliError> {
    let began = Instant::now();
    let stop = Interrupts::watch().begin_turn();
    end_when_told_to(&stop);
    let settings = settings::load_and_warn(global)?.settings;
    let args = Arc::new(args);
    let mut run = {
        let args = Arc::clone(&args);
        waiting(move || open(&args)).await?
    };
    let (all, before) = (run.questions(), run.answered());
    if !args.turn.quiet {
        term::say(begins(all, before));
    }
    let watch = Arc::new(Mutex::new(BatchWatch {
        progress: RunProgress::new(all, before, !args.turn.quiet),
        not_asked: NotAsked::default(),
        counts: StartCounts::default(),
    }));
    let end = if before == all {
        RunEnd::Done
    } else {
        let app = app(&settings, &args, &run).await?;
        if !args.turn.quiet {
            turn::introduce(&app, settings.model.id.provider, &settings.model.id.to_string());
            turn::warn_of_dbt_token(&app).await;
        }
        let options = args.asked();
        if options.rounds.is_some() {
            let plan = run.plan(&app, &options)?;
            if !args.turn.quiet {
                messages::plan(&plan);
            }
        }
        let own = Arc::clone(&watch);
        let quiet = args.turn.quiet;
        lock(&watch).progress.begin();
        let asked = run
            .ask(app, options, &stop, move |event| {
                let mut watch = lock(&own);
                match event {
                    RunEvent::Row(event) => watch.ended(event, quiet),
                    RunEvent::Round(event) => watch.round(&event, quiet),
                }
            })
            .await;
        lock(&watch).progress.finish();
        asked?
    };
    let (mut summary, faults) = {
        let args = Arc::clone(&args);
        let (not_asked, counts) = {
            let watch = lock(&watch);
            (watch.not_asked.clone(), watch.counts)
        };
        waiting(move || written(&run, &args, end, (not_asked, counts), began.elapsed())).await?
    };
    summary.output.clone_from(&args.out);
    if global.json() {
        answer::json(&summary).map_err(CliError::Output)?;
    }
    if !args.turn.quiet {
        messages::say(&summary);
    }
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault.into());
    }
    Ok(ExitStatus::Code(match end {
        RunEnd::Stopped => Outcome::Cancelled.exit_code(),
        RunEnd::Budget => Outcome::BudgetExhausted.exit_code(),
        RunEnd::Done if summary.answered == summary.questions => 0,
        RunEnd::Rounds(_) | RunEnd::Done => 1,
    }))
}

/// Refuses reports that would replace the questions, the answers, what the run keeps beside them, or each other.
fn check_reports(args: &BatchArgs) -> Result<(), BatchError> {
    let kept = RunFolder::beside(&args.out);
    let kept = std::path::absolute(kept.path()).unwrap_or_else(|_| kept.path().to_owned());
    let is_kept = |path: &Path| std::path::absolute(path).is_ok_and(|path| path.starts_with(&kept));
    let is_report = |path: &Path| args.report.as_deref().is_some_and(|report| is_same(report, path));
    for (path, report) in [(&args.report, "--report"), (&args.table, "--table")] {
        let Some(path) = path else { continue };
        let what = if is_same(path, &args.questions) {
            "the file of the questions"
        } else if is_same(path, &args.out) {
            "the file of the answers"
        } else if is_kept(path) {
            "where the run keeps its state"
        } else if report == "--table" && is_report(path) {
            "the file of the report"
        } else {
            try_out(path)?;
            continue;
        };
        return Err(BatchError::Needed {
            path: path.clone(),
            what,
            report,
        });
    }
    Ok(())
}

/// An error now, before anything is paid for, when a report cannot be written.
fn try_out(path: &Path) -> Result<(), BatchError> {
    let there = path.metadata();
    // A pipe or a terminal is opened once.
    if there
        .as_ref()
        .is_ok_and(|there| !there.is_file() && !there.is_dir())
    {
        return Ok(());
    }
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|source| BatchError::Write {
        path: path.to_owned(),
        source,
    })?;
    if there.is_err() {
        // An empty file that stays behind is replaced when the run ends.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// Reads the questions and takes the run. Waits for the disk.
fn open(args: &BatchArgs) -> Result<BatchRun, BatchError> {
    check_reports(args)?;
    let questions = if args.questions.as_os_str() == "-" {
        QuestionFile::spooled("standard input", &mut std::io::stdin().lock())?
    } else {
        if is_same(&args.questions, &args.out) {
            return Err(BatchError::SameFile(args.out.clone()));
        }
        QuestionFile::open(&args.questions)?
    };
    let options = BatchOptions {
        fresh: args.fresh,
        retry_failed: args.retry_failed,
        since: args.since,
        today: args.turn.today,
    };
    BatchRun::open(questions, &args.out, &options)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| whole(path));
    real(one) == real(other)
}

/// What answers the questions of a run.
async fn app(settings: &Settings, args: &BatchArgs, run: &BatchRun) -> Result<App, CliError> {
    let options = OpenOptions {
        freshness: if args.turn.refresh {
            Freshness::Reload
        } else {
            Freshness::Cached
        },
        today: run.today(),
    };
    let (model, data) = args.limits.numbers();
    let limits = limits_of_many(settings, model, data);
    let spinner = Spinner::start(!args.turn.quiet, &turn::loading(settings));
    let told = |progress| spinner.loaded(progress);
    let app = App::open_within(settings.clone(), options, &limits, &told).await;
    spinner.stop();
    Ok(app?)
}

/// Brings the answers into their order, counts them, and writes the reports, of which it says what went wrong. Waits for the
/// disk.
fn written(
    run: &BatchRun,
    args: &BatchArgs,
    end: RunEnd,
    (not_asked, counts): (NotAsked, StartCounts),
    took: Duration,
) -> Result<(BatchSummary, Vec<BatchError>), BatchError> {
    run.finish(args.order.into())?;
    let mut answers = lock(run.answers());
    let mut summary = BatchSummary::of(&mut answers, run.questions())?;
    summary.ended = match end {
        RunEnd::Done => "done",
        RunEnd::Stopped => "stopped",
        RunEnd::Budget => "budget",
        RunEnd::Rounds(_) => "rounds",
    };
    summary.not_asked = not_asked;
    summary.this_start = counts;
    summary.time_ms.this_start = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    // The summary is told whatever becomes of these.
    let report = args
        .report
        .as_ref()
        .map(|path| write_report(&mut answers, &summary, path));
    let table = args
        .table
        .as_ref()
        .map(|path| write_table(&mut answers, run.question_file(), path));
    let faults = [report, table].into_iter().flatten().filter_map(Result::err);
    Ok((summary, faults.collect()))
}

fn begins(all: usize, before: usize) -> String {
    let questions = term::count(all as u64, "question");
    match before {
        0 => questions,
        before if before == all => format!("{questions}, all answered"),
        before => format!("{questions}, {before} answered before: going on with the rest"),
    }
}

impl BatchWatch {
    fn round(&mut self, event: &RoundEvent, quiet: bool) {
        if let RoundEvent::Sent { .. } = event {
            self.counts.provider_batches += 1;
        }
        if !quiet {
            self.progress.suspended(|| messages::round(event));
        }
    }

    fn ended(&mut self, event: RowEvent, quiet: bool) {
        let RowEvent { id, came_to, note } = event;
        if let Some(note) = note.filter(|_| !quiet) {
            let line = format!("{}: {note}", term::line(&id));
            self.progress.suspended(|| term::warn(term::plain(&line)));
        }
        match came_to {
            Ok((end, outcome, cost)) => {
                match end {
                    RowEnd::Asked => self.counts.asked += 1,
                    RowEnd::Resumed => self.counts.resumed += 1,
                    RowEnd::Recovered => self.counts.recovered += 1,
                }
                let name = serde_json::to_value(outcome).unwrap_or_default();
                let name = name.as_str().unwrap_or_default().replace('_', " ");
                self.progress.ended(&name, cost);
            }
            Err(reason) => {
                if !quiet {
                    let line = format!("{} could not be asked: {reason}", term::line(&id));
                    self.progress.suspended(|| term::warn(term::plain(&line)));
                }
                self.not_asked.add(id, reason);
                self.progress.ended("not asked", None);
            }
        }
    }
}

/// What ends services, in containers and in cron, stops a run as one Ctrl-C does.
fn end_when_told_to(stop: &CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let stop = stop.clone();
        // Without it the system's own way of ending programs holds, and the run goes on from its tapes.
        if let Ok(mut told) = signal(SignalKind::terminate()) {
            tokio::spawn(async move {
                told.recv().await;
                stop.cancel();
            });
        }
    }
    #[cfg(not(unix))]
    let _ = stop;
}

/// Work that waits for the disk.
async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BatchError> + Send + 'static,
) -> Result<T, CliError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| BatchError::Aborted(error.to_string()))?;
    Ok(done?)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
