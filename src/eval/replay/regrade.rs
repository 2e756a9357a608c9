use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::OnceCell;

use super::opened::Opened;
use super::plan::{Job, Replayed};
use super::{ReplayOptions, from_tape, live_tools};
use crate::config::Settings;
use crate::eval::judge::{about, judge, keys};
use crate::eval::recordings::{CaseNote, Form, RecordingError, data_hash};
use crate::eval::stage::Stage;
use crate::eval::{Case, Suite, Trial};
use crate::tapes::Scenes;

/// What became of the note of one recording.
#[derive(Debug)]
pub struct Regraded {
    /// The suite, with its set behind it.
    pub suite: String,
    /// The case.
    pub case: String,
    /// What its note says now that it did not say before, in words; or why it stays as it was.
    pub changed: Result<Vec<String>, String>,
}

/// Grades recordings again and writes what the graders say now into their notes. Nothing is recorded. Where what a
/// recording was made under has another hash now, its turns are first run again over the suite's data as it is: only when
/// the model would read the same to the byte, and be asked the same, does the note get today's hashes. `told` hears of each
/// as it ends.
pub async fn regrade_recordings(
    plan: Replayed,
    settings: &Settings,
    options: &ReplayOptions,
    told: &mut (dyn FnMut(&Regraded) + Send),
) -> Result<Vec<Regraded>, RecordingError> {
    let mut all = Vec::with_capacity(plan.jobs.len());
    for jobs in plan.jobs.chunk_by(|a, b| Arc::ptr_eq(&a.suite, &b.suite)) {
        let Some(first) = jobs.first() else { continue };
        let desk = Desk {
            suite: &first.suite,
            cases: jobs.iter().filter_map(Job::case).collect(),
            data: data_hash(&first.suite.dataset)?,
            settings,
            stage: OnceCell::new(),
            scenes: Scenes::default(),
        };
        let mut ended = stream::iter(jobs)
            .take_while(|_| std::future::ready(!options.cancel.is_cancelled()))
            .map(|job| desk.one(job))
            .buffer_unordered(options.jobs.max(1));
        while let Some(regraded) = ended.next().await {
            told(&regraded);
            all.push(regraded);
        }
    }
    all.sort_by(|a, b| (&a.suite, &a.case).cmp(&(&b.suite, &b.case)));
    Ok(all)
}

/// What the recordings of a suite are graded with.
struct Desk<'a> {
    suite: &'a Suite,
    cases: Vec<&'a Case>,
    data: String,
    settings: &'a Settings,
    /// The suite's data, served once something has to be run over it.
    stage: OnceCell<Result<Stage, String>>,
    scenes: Scenes,
}

impl Desk<'_> {
    async fn one(&self, job: &Job) -> Regraded {
        let folder = job.folder.file_name().unwrap_or_default().to_string_lossy();
        Regraded {
            suite: format!("{}@{}", self.suite.name, job.set),
            case: job
                .case()
                .map_or_else(|| folder.into_owned(), |case| case.id.clone()),
            changed: self.noted(job).await,
        }
    }

    async fn noted(&self, job: &Job) -> Result<Vec<String>, String> {
        let case = job
            .case()
            .ok_or_else(|| format!("the suite has it no more: {}", job.command))?;
        let opened = Opened::read(&job.folder, job.command.clone(), &self.scenes)?;
        opened.asks(case, self.suite.today)?;
        let before = &opened.note;
        if !opened.changed(self.suite, case, Some(&self.data)).is_empty() {
            self.prove(&opened, case).await?;
        }
        let ended = from_tape::run(&opened, &self.scenes).await;
        if let Some(broken) = ended.broken {
            return Err(broken.to_string());
        }
        let trial = Trial {
            case_id: case.id.clone(),
            trial: 1,
            answers: ended.answers,
        };
        let (verdict, _) = judge(case, &trial);
        if verdict.errored() {
            return Err(verdict.to_string());
        }
        let now = CaseNote {
            suite: about(self.suite),
            asked: keys(self.suite, case, &trial.answers).asked,
            data: self.data.clone(),
            form: Form::now(&before.model),
            verdict,
            ..before.clone()
        };
        let changes = changes(before, &now);
        if !changes.is_empty() {
            now.replace(&job.folder)
                .map_err(|error| crate::telemetry::causes(&error).join(": "))?;
        }
        Ok(changes)
    }

    /// Whether what was recorded would be recorded again from the suite and its data as they are: the same catalog, the
    /// same prompt, and the same requests to the byte, with every result in them.
    async fn prove(&self, opened: &Opened, case: &Case) -> Result<(), String> {
        let stage = self.stage.get_or_init(|| async {
            let stage = Stage::open(self.suite, &self.cases, self.settings).await;
            stage.map_err(|error| crate::telemetry::causes(&error).join(": "))
        });
        let stage = stage.await.as_ref().map_err(Clone::clone)?;
        match live_tools::run(opened, case, stage, &self.scenes).await.broken {
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
