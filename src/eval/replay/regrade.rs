use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::plan::{RecordedJob, ReplayPlan};
use super::recording::CaseRecording;
use super::{ReplayOptions, from_tape, live_tools};
use crate::app::request_limits;
use crate::batch::in_parallel;
use crate::config::Settings;
use crate::eval::dataset::OpenDataset;
use crate::eval::judge::judge;
use crate::eval::recordings::{CaseNote, RecordingError, data_hash};
use crate::eval::{Case, Suite, Trial};
use crate::tapes::ReplayContexts;

/// What became of the note of one recording.
#[derive(Debug)]
pub(crate) struct RegradedRecording {
    /// The suite, with its set behind it.
    pub suite: String,
    pub case: String,
    /// What its note says now that it did not say before, in words; or why it stays as it was.
    pub changed: Result<Vec<String>, String>,
}

/// Grades recordings again and writes what the graders say now into their notes. Nothing is recorded. Where what a
/// recording was made under has another hash now, its turns are first run again over the suite's data as it is: only when
/// the model would read the same to the byte, and be asked the same, does the note get today's hashes. `report` hears of
/// each as it ends.
pub(crate) async fn regrade_recordings(
    plan: ReplayPlan,
    settings: &Settings,
    options: &ReplayOptions,
    report: &mut (dyn FnMut(&RegradedRecording) + Send),
) -> Result<Vec<RegradedRecording>, RecordingError> {
    let mut all = Vec::with_capacity(plan.jobs.len());
    for jobs in plan.jobs.chunk_by(|a, b| Arc::ptr_eq(&a.suite, &b.suite)) {
        let Some(first) = jobs.first() else { continue };
        let regrader = Regrader {
            suite: &first.suite,
            cases: jobs.iter().filter_map(RecordedJob::case).collect(),
            data: data_hash(&first.suite.dataset)?,
            settings,
            dataset: OnceCell::new(),
            contexts: ReplayContexts::default(),
        };
        let each = |job| regrader.regrade(job);
        in_parallel(jobs, options.jobs, &options.cancel, each, |regraded| {
            report(&regraded);
            all.push(regraded);
            Ok::<(), RecordingError>(())
        })
        .await?;
    }
    all.sort_by(|a, b| (&a.suite, &a.case).cmp(&(&b.suite, &b.case)));
    Ok(all)
}

/// What the recordings of a suite are graded with.
struct Regrader<'a> {
    suite: &'a Suite,
    cases: Vec<&'a Case>,
    data: String,
    settings: &'a Settings,
    /// The suite's data, served once something has to be run over it.
    dataset: OnceCell<Result<OpenDataset, String>>,
    contexts: ReplayContexts,
}

impl Regrader<'_> {
    async fn regrade(&self, job: &RecordedJob) -> RegradedRecording {
        let folder = job.folder.file_name().unwrap_or_default().to_string_lossy();
        RegradedRecording {
            suite: format!("{}@{}", self.suite.name, job.set),
            case: job
                .case()
                .map_or_else(|| folder.into_owned(), |case| case.id.clone()),
            changed: self.update_note(job).await,
        }
    }

    async fn update_note(&self, job: &RecordedJob) -> Result<Vec<String>, String> {
        let case = job
            .case()
            .ok_or_else(|| format!("the suite no longer has it: {}", job.command))?;
        let recording = CaseRecording::read(&job.folder, job.command.clone(), &self.contexts)?;
        recording.asks(case, self.suite.today)?;
        let before = &recording.note;
        if !recording.changed(self.suite, case, Some(&self.data)).is_empty() {
            self.prove(&recording, case).await?;
        }
        let finished = from_tape::run(&recording, &self.contexts).await;
        if let Some(broken) = finished.broken {
            return Err(broken.to_string());
        }
        let trial = Trial {
            case_id: case.id.clone(),
            trial: 1,
            answers: finished.answers,
        };
        let (verdict, _) = judge(case, &trial);
        if verdict.errored() {
            return Err(verdict.to_string());
        }
        let (data, turns) = (self.data.clone(), before.turns.clone());
        let now = CaseNote::of(self.suite, case, data, &before.model, turns, verdict);
        let changes = changes(before, &now);
        if !changes.is_empty() {
            now.replace(&job.folder)
                .map_err(|error| crate::telemetry::causes(&error).join(": "))?;
        }
        Ok(changes)
    }

    /// Whether what was recorded would be recorded again from the suite and its data as they are: the same catalog, the
    /// same prompt, and the same requests to the byte, with every result in them.
    async fn prove(&self, recording: &CaseRecording, case: &Case) -> Result<(), String> {
        let dataset = self.dataset.get_or_init(|| async {
            let dataset = {
                let limits = request_limits(self.settings);
                OpenDataset::open(self.suite, &self.cases, self.settings, &limits).await
            };
            dataset.map_err(|error| crate::telemetry::causes(&error).join(": "))
        });
        let dataset = dataset.await.as_ref().map_err(Clone::clone)?;
        match live_tools::run(recording, case, dataset, &self.contexts)
            .await
            .broken
        {
            None => Ok(()),
            Some(broken) => Err(broken.to_string()),
        }
    }
}

/// What differs between two notes of one recording, in words.
fn changes(before: &CaseNote, now: &CaseNote) -> Vec<String> {
    let hashes = BTreeMap::from([
        ("what the suite asks about", before.suite != now.suite),
        ("what the case asks", before.asked != now.asked),
        ("the data", before.data != now.data),
        ("the form of requests", before.form != now.form),
    ]);
    let mut changes = Vec::new();
    if before.verdict != now.verdict {
        changes.push(format!("{}, was {}", now.verdict, before.verdict));
    }
    let other = hashes.into_iter().filter(|(_, other)| *other);
    changes.extend(other.map(|(what, _)| format!("another hash of {what}, which is the same")));
    changes
}
