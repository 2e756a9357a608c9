use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::answers::{AnswersFile, LineUse};
use super::apps::BatchApps;
use super::ask::{RunEvent, RunParts, RunTrouble, lock, on_disk};
use super::credential::CredentialUse;
use super::error::BatchError;
use super::folder::RunFolder;
use super::lock::RunLock;
use super::manifest::{BatchManifest, MANIFEST_VERSION};
use super::questions::QuestionFile;
use super::rounds::{
    CollectorParts, ProviderNotes, RoundCollector, RoundOptions, RoundPlan, RoundsEnd, most_rounds,
};
use super::schedule::in_parallel;
use crate::agent::UsageReport;
use crate::app::{App, price};
use crate::atomic_file::folder_of;
use crate::ledger::RunBudget;
use crate::model::{Prices, Usage};

/// Links that are followed from the name of the answers.
const MOST_LINKS: usize = 40;

/// In which order the answers stand in the end. Until then they stand in the order they came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerOrder {
    /// In the order of the questions.
    #[default]
    Input,
    /// In the order they came in.
    Completion,
}

/// How a run begins.
#[derive(Debug, Clone, Default)]
pub struct BatchOptions {
    /// Forgets what there is of an earlier run.
    pub fresh: bool,
    /// Asks again what came to nothing because the model or the data source failed.
    pub retry_failed: bool,
    /// Asks again what was answered before.
    pub since: Option<Timestamp>,
    /// The day that questions mean by "today".
    pub today: Option<Date>,
}

/// How questions are asked.
#[derive(Debug, Clone, Copy)]
pub struct AskOptions {
    /// Sessions at once.
    pub jobs: usize,
    /// Most US dollars of the whole run.
    pub budget: Option<Decimal>,
    /// Completions go to the provider's batch API, in rounds.
    pub rounds: Option<RoundOptions>,
}

/// How the asking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Every question was tried.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// A budget ran out.
    Budget,
    /// There are no rounds left.
    Rounds(u32),
}

/// A run of questions. Nobody else can have it as long as this lives.
#[derive(Debug)]
pub struct BatchRun {
    questions: Arc<QuestionFile>,
    answers: Arc<Mutex<AnswersFile>>,
    folder: RunFolder,
    /// What it began with; `None` before it has begun.
    manifest: Option<BatchManifest>,
    today: Option<Date>,
    /// A new run of the same questions that keeps recent answers: it means another day, and begins now.
    is_renewed: bool,
    old: OldAnswers,
    _lock: RunLock,
}

/// What of an earlier run is to go. It stays on the disk until it is sure that the run can begin: somebody who only
/// named a wrong model loses nothing.
#[derive(Debug, Default)]
struct OldAnswers {
    /// These rows' tapes.
    rows: BTreeSet<u32>,
    /// All that the run keeps.
    folder: bool,
    /// This whole file.
    file: Option<PathBuf>,
}

/// What an answer says that it cost.
#[derive(Debug, Deserialize)]
struct AnswerCost {
    usage: UsageReport,
}

impl BatchRun {
    /// Takes a run that writes to `output`: a new one, or what there is of an earlier one. Waits for the disk.
    pub fn open(questions: QuestionFile, output: &Path, options: &BatchOptions) -> Result<Self, BatchError> {
        // Two names of one file are one run.
        let output = &meant(output);
        let folder = RunFolder::beside(output);
        let has_folder = folder.manifest().exists();
        if !options.fresh && !has_folder && is_there(output)? {
            return Err(BatchError::NotOurs(output.to_owned()));
        }
        let run_lock = RunLock::take(&folder, output)?;
        let rows = questions.index().len();
        let (answers, manifest) = if options.fresh {
            (AnswersFile::unwritten(output, rows)?, None)
        } else {
            (
                AnswersFile::open(output, rows)?,
                BatchManifest::read(&folder.manifest())?,
            )
        };
        let mut run = Self {
            answers: Arc::new(Mutex::new(answers)),
            questions: Arc::new(questions),
            folder,
            manifest,
            today: options.today,
            is_renewed: false,
            old: OldAnswers {
                folder: options.fresh,
                file: options.fresh.then(|| output.to_owned()),
                ..OldAnswers::default()
            },
            _lock: run_lock,
        };
        run.take_over(output, options)?;
        Ok(run)
    }

    /// Reads the answers that there are, and finds those that are to be asked again.
    fn take_over(&mut self, output: &Path, options: &BatchOptions) -> Result<(), BatchError> {
        let index = self.questions.index();
        let (mut kept, mut going) = (0_usize, BTreeSet::new());
        let (mut unknown, mut line) = (None, 0);
        lock(&self.answers).read(|head| {
            line += 1;
            let old = options.since.is_some_and(|since| head.answered_at < since);
            let row = index.row_of(&head.id);
            if old || options.retry_failed && head.failed() {
                going.extend(row);
                return Ok(LineUse::Goes);
            }
            kept += 1;
            if row.is_none() {
                unknown.get_or_insert((head.id, line));
            }
            Ok(row.map_or(LineUse::Goes, LineUse::Answers))
        })?;
        let begun = self.manifest.as_ref().map(|manifest| manifest.begun);
        let is_old = begun
            .zip(options.since)
            .is_some_and(|(begun, since)| begun < since);
        if kept == 0 && is_old {
            // Nothing is left that would have to belong to what comes.
            self.old.folder = true;
            self.manifest = None;
            self.lay_aside(&going);
            return Ok(());
        }
        if let Some(manifest) = &self.manifest {
            manifest.same_input(index.hash(), index.len())?;
            if let Some(today) = self.today.filter(|today| *today != manifest.today && !is_old) {
                return Err(BatchError::Changed {
                    what: "the day".to_owned(),
                    before: manifest.today.to_string(),
                    now: today.to_string(),
                });
            }
        }
        if let Some((id, line)) = unknown {
            return Err(BatchError::BadLine {
                path: output.to_owned(),
                line,
                reason: format!("it answers {id:?}, which the questions do not have"),
            });
        }
        if is_old {
            // What was half done then would go on with the day of then.
            let answers = lock(&self.answers);
            let all = 0..u32::try_from(index.len()).unwrap_or(u32::MAX);
            going.extend(all.filter(|row| !answers.has(*row)));
            self.is_renewed = true;
        }
        self.lay_aside(&going);
        Ok(())
    }

    /// Counts answers as not given, and those that followed them in their sessions: these rest on what was said.
    fn lay_aside(&mut self, going: &BTreeSet<u32>) {
        let index = self.questions.index();
        let mut answers = lock(&self.answers);
        for first in going {
            let session = std::iter::successors(Some(*first), |row| index.next_in_session(*row));
            for row in session {
                answers.forget(row);
                self.old.rows.insert(row);
            }
        }
    }

    /// Takes what is to go from the disk. The tapes go first, so that no old answer is taken from one.
    fn let_go(&mut self) -> Result<(), BatchError> {
        let old = std::mem::take(&mut self.old);
        self.begin_sessions_anew(&old.rows)?;
        for row in old.rows {
            let question = self.questions.question(row)?;
            remove(&self.folder.tape_of(&question))?;
        }
        if let Some(output) = old.file {
            remove(&output)?;
            *lock(&self.answers) = AnswersFile::open(&output, self.questions())?;
        }
        lock(&self.answers).rewrite(false)?;
        if old.folder {
            self.folder
                .clear()
                .map_err(|source| BatchError::write(self.folder.path(), source))?;
        }
        Ok(())
    }

    /// Notes that what a provider's batches hold of these rows' sessions is not what they ask now.
    fn begin_sessions_anew(&mut self, rows: &BTreeSet<u32>) -> Result<(), BatchError> {
        let Some(manifest) = self.manifest.as_mut().filter(|manifest| {
            let notes = manifest.provider.as_ref();
            !rows.is_empty() && notes.is_some_and(|notes| notes.last() > 0)
        }) else {
            return Ok(());
        };
        for row in rows {
            let session = self.questions.question(*row)?.session_hash();
            manifest.provider.get_or_insert_default().begin_anew(session);
        }
        manifest.write(&self.folder.manifest())
    }

    /// How many questions there are.
    pub fn questions(&self) -> usize {
        self.questions.index().len()
    }

    /// How many of them are answered.
    pub fn answered(&self) -> usize {
        lock(&self.answers).count()
    }

    /// The day of a run that goes on; the one that was asked for, if any, of one that begins.
    pub fn today(&self) -> Option<Date> {
        let manifest = self.manifest.as_ref().filter(|_| !self.is_renewed);
        manifest.map(|manifest| manifest.today).or(self.today)
    }

    /// The folder beside the answers.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The answers.
    pub fn answers(&self) -> &Arc<Mutex<AnswersFile>> {
        &self.answers
    }

    /// The questions.
    pub fn question_file(&self) -> &QuestionFile {
        &self.questions
    }

    /// Asks everything that has no answer, `jobs` sessions at a time. No further question is begun once `stop` is cancelled;
    /// what was begun is answered. `watch` hears of each row.
    pub async fn ask(
        &mut self,
        app: App,
        options: AskOptions,
        stop: &CancellationToken,
        watch: impl Fn(RunEvent) + Send + Sync + 'static,
    ) -> Result<RunEnd, BatchError> {
        let api = options.rounds.map(|_| app.provider_batches());
        let api = api.transpose().map_err(Box::new)?;
        let budget = options
            .budget
            .map(|most| Ok::<_, BatchError>((most, prices(&app)?)));
        let budget = budget.transpose()?;
        let manifest = self.begin(&app, options.rounds.is_some())?;
        let today = manifest.today;
        let budget = budget
            .map(|(most, prices)| self.budget(most, prices))
            .transpose()?;
        let manifest = Arc::new(Mutex::new(manifest));
        let watch: Arc<dyn Fn(RunEvent) + Send + Sync> = Arc::new(watch);
        let told = Arc::clone(&watch);
        let rounds = api.map(|api| {
            let parts = CollectorParts {
                api,
                manifest: Arc::clone(&manifest),
                folder: self.folder.clone(),
                options: options.rounds.unwrap_or_default(),
                jobs: options.jobs,
                most: most_rounds(self.waves(options.jobs)),
                budget: budget.clone(),
                sessions: self.sessions_left(),
                watch: Box::new(move |event| told(RunEvent::Round(event))),
            };
            Arc::new(RoundCollector::new(parts))
        });
        let parts = Arc::new(RunParts {
            questions: Arc::clone(&self.questions),
            answers: Arc::clone(&self.answers),
            folder: self.folder.clone(),
            apps: BatchApps::new(app, Arc::clone(&manifest), self.folder.manifest()),
            today,
            budget,
            rounds: rounds.clone(),
            credential: CredentialUse::default(),
            ended: stop.child_token(),
            trouble: Mutex::default(),
            watch,
        });
        let ended = parts.ended.clone();
        let index = self.questions.index();
        let sessions = index.sessions().filter(|first| !parts.is_answered(*first));
        // Tasks of their own, so that sessions share all cores.
        let each = |first| tokio::spawn(Arc::clone(&parts).session(first));
        let collecting = rounds
            .clone()
            .map(|rounds| tokio::spawn(rounds.run(ended.clone())));
        let ran = in_parallel(sessions, options.jobs, &ended, each, |session| session);
        ran.await
            .map_err(|error| BatchError::Aborted(error.to_string()))?;
        if let Some(collecting) = collecting {
            let collected = collecting.await;
            collected.map_err(|error| BatchError::Aborted(error.to_string()))?;
        }
        let rounds_end = rounds.as_ref().and_then(|rounds| rounds.take_end());
        let RunTrouble { budget_is_out, error } = std::mem::take(&mut *lock(&parts.trouble));
        let error = error.or_else(|| parts.credential.refused());
        match (error, rounds_end) {
            (Some(error), _) | (None, Some(RoundsEnd::Failed(error))) => Err(error),
            _ if stop.is_cancelled() => Ok(RunEnd::Stopped),
            _ if budget_is_out => Ok(RunEnd::Budget),
            (None, Some(RoundsEnd::UsedUp(most))) => Ok(RunEnd::Rounds(most)),
            _ => {
                if let Some(rounds) = rounds.filter(|_| self.answered() == self.questions()) {
                    on_disk(move || rounds.clear()).await?;
                }
                Ok(RunEnd::Done)
            }
        }
    }

    /// What asking in rounds can be expected to take. Sends nothing.
    pub fn plan(&self, app: &App, options: &AskOptions) -> Result<RoundPlan, BatchError> {
        let api = app.provider_batches().map_err(Box::new)?;
        let left = self.questions().saturating_sub(self.answered());
        Ok(RoundPlan::new(
            api.name(),
            left,
            self.waves(options.jobs),
            options.rounds.unwrap_or_default(),
            app.prompt_bytes(),
            price(&app.settings().model),
        ))
    }

    /// Sessions that have questions without an answer.
    fn sessions_left(&self) -> usize {
        let index = self.questions.index();
        let answers = lock(&self.answers);
        let is_left = |first: &u32| {
            let mut rows = std::iter::successors(Some(*first), |row| index.next_in_session(*row));
            rows.any(|row| !answers.has(row))
        };
        index.sessions().filter(is_left).count()
    }

    /// How many questions are asked one after another at most, when so many sessions are asked at once.
    fn waves(&self, jobs: usize) -> u32 {
        let index = self.questions.index();
        let length =
            |first: u32| std::iter::successors(Some(first), |row| index.next_in_session(*row)).count();
        let longest = index.sessions().map(length).max().unwrap_or(1);
        let times = index.sessions().count().div_ceil(jobs.max(1)).max(1);
        u32::try_from(longest.saturating_mul(times)).unwrap_or(u32::MAX)
    }

    /// Notes what the run began with, or checks that it is still so. What is to be asked again goes only after that.
    fn begin(&mut self, app: &App, in_rounds: bool) -> Result<BatchManifest, BatchError> {
        let now = app.identity();
        if let Some(manifest) = &self.manifest {
            manifest.same_conditions(&now)?;
            let open = manifest.provider.iter().flat_map(ProviderNotes::open);
            let open = open.map(|batch| batch.id.clone().unwrap_or_else(|| batch.number.to_string()));
            let open: Vec<String> = open.collect();
            if !in_rounds && !open.is_empty() {
                let batches = open.join(", ");
                return Err(BatchError::AtProvider { batches });
            }
            self.let_go()?;
            if let Some(manifest) = self.manifest.as_mut().filter(|_| self.is_renewed) {
                manifest.today = self.today.unwrap_or_else(|| app.today());
                manifest.begun = Timestamp::now();
                manifest.write(&self.folder.manifest())?;
                self.is_renewed = false;
            }
            return self.manifest.clone().ok_or(BatchError::Aborted(String::new()));
        }
        self.let_go()?;
        let index = self.questions.index();
        let manifest = BatchManifest {
            version: MANIFEST_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            begun: Timestamp::now(),
            today: self.today.unwrap_or_else(|| app.today()),
            input: index.hash().to_owned(),
            questions: index.len(),
            asked_with: now,
            catalogs: std::collections::BTreeMap::new(),
            provider: None,
        };
        manifest.write(&self.folder.manifest())?;
        self.manifest = Some(manifest.clone());
        Ok(manifest)
    }

    fn budget(&self, most: Decimal, prices: Prices) -> Result<Arc<RunBudget>, BatchError> {
        let mut spent = Decimal::ZERO;
        lock(&self.answers).each_line(|line| {
            if let Ok(answer) = serde_json::from_slice::<AnswerCost>(line) {
                spent += cost(&answer.usage, prices);
            }
            Ok(())
        })?;
        Ok(Arc::new(RunBudget::new(most, spent)))
    }

    /// Brings the answers into their order and to the disk. Waits for it.
    pub fn finish(&self, order: AnswerOrder) -> Result<(), BatchError> {
        let mut answers = lock(&self.answers);
        answers.rewrite(order == AnswerOrder::Input)?;
        answers.sync()
    }
}

fn prices(app: &App) -> Result<Prices, BatchError> {
    let model = &app.settings().model;
    price(model).ok_or_else(|| {
        let model = model.id.to_string();
        BatchError::App(Box::new(crate::app::Error::Unpriced { model }))
    })
}

/// What an answer cost; of one that does not know it, what its tokens cost without the provider's cache.
fn cost(usage: &UsageReport, prices: Prices) -> Decimal {
    usage.cost_usd.and_then(Decimal::from_f64).unwrap_or_else(|| {
        let tokens = Usage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            ..Usage::default()
        };
        prices.cost(tokens).0
    })
}

fn is_there(path: &Path) -> Result<bool, BatchError> {
    match fs::metadata(path) {
        Ok(file) => Ok(file.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(BatchError::read(path, source)),
    }
}

fn remove(path: &Path) -> Result<(), BatchError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BatchError::write(path, error)),
        _ => Ok(()),
    }
}

/// The file that a name means: what a link leads to, or the name itself.
fn meant(output: &Path) -> PathBuf {
    let mut path = output.to_owned();
    // Links that lead in a circle are the system's error when the file is opened.
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => break,
        }
    }
    path
}
