use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;

use super::answers::AnswersFile;
use super::apps::BatchApps;
use super::ask::{RunEvent, RunParts, RunTrouble, lock, on_disk};
use super::credential::CredentialUse;
use super::earlier::OldAnswers;
use super::error::BatchError;
use super::folder::RunFolder;
use super::lock::RunLock;
use super::manifest::BatchManifest;
use super::questions::QuestionFile;
use super::rounds::{
    CollectorParts, GivingUp, RoundCollector, RoundOptions, RoundPlan, RoundsEnd, most_rounds,
};
use super::schedule::in_parallel;
use super::spent::{budget_left, prices};
use crate::app::{App, price};

/// In which order the answers stand in the end. Until then they stand in the order they came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AnswerOrder {
    /// In the order of the questions.
    #[default]
    Input,
    /// In the order they came in.
    Completion,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct BatchOptions {
    /// Forgets what there is of an earlier run.
    pub fresh: bool,
    /// Asks again what came to nothing because the model or the data source failed.
    pub retry_failed: bool,
    /// Asks again what was answered before.
    pub since: Option<Timestamp>,
    /// The day that questions mean by "today".
    pub today: Option<Date>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct AskOptions {
    pub jobs: usize,
    /// Most US dollars of the whole run.
    pub budget: Option<Decimal>,
    /// Completions go to the provider's batch API, in rounds.
    pub rounds: Option<RoundOptions>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunEnd {
    Done,
    Stopped,
    Budget,
    /// There are no rounds left.
    Rounds(u32),
}

/// A run of questions. Nobody else can have it as long as this lives.
#[derive(Debug)]
pub(crate) struct BatchRun {
    pub(super) questions: Arc<QuestionFile>,
    pub(super) answers: Arc<Mutex<AnswersFile>>,
    pub(super) folder: RunFolder,
    /// What it began with; `None` before it has begun.
    pub(super) manifest: Option<BatchManifest>,
    pub(super) today: Option<Date>,
    /// A new run of the same questions that keeps recent answers: it means another day, and begins now.
    pub(super) is_renewed: bool,
    pub(super) old: OldAnswers,
    pub(super) _lock: RunLock,
}

impl BatchRun {
    /// How many questions there are.
    pub(crate) fn questions(&self) -> usize {
        self.questions.index().len()
    }

    /// How many of them are answered.
    pub(crate) fn answered(&self) -> usize {
        lock(&self.answers).count()
    }

    /// The day of a run that goes on; the one that was asked for, if any, of one that begins.
    pub(crate) fn today(&self) -> Option<Date> {
        let manifest = self.manifest.as_ref().filter(|_| !self.is_renewed);
        manifest.map(|manifest| manifest.today).or(self.today)
    }

    pub(crate) fn answers(&self) -> &Arc<Mutex<AnswersFile>> {
        &self.answers
    }

    pub(crate) fn question_file(&self) -> &QuestionFile {
        &self.questions
    }

    /// Asks everything that has no answer, `jobs` sessions at a time. No further question is begun once `stop` is cancelled;
    /// what was begun is answered. `watch` hears of each row.
    pub(crate) async fn ask(
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
        let watch: Arc<dyn Fn(RunEvent) + Send + Sync> = Arc::new(watch);
        if let Some(begun) = self.old.manifest.take() {
            let giving_up = GivingUp::new(&app, begun, &self.folder);
            if !giving_up.run(stop, &|event| watch(RunEvent::Round(event))).await {
                return Ok(RunEnd::Stopped);
            }
        }
        let manifest = self.begin(&app, options.rounds.is_some())?;
        let today = manifest.today;
        let budget = budget
            .map(|(most, prices)| budget_left(&mut lock(&self.answers), most, prices))
            .transpose()?;
        let manifest = Arc::new(Mutex::new(manifest));
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
    pub(crate) fn plan(&self, app: &App, options: &AskOptions) -> Result<RoundPlan, BatchError> {
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

    /// Brings the answers into their order and to the disk. Waits for it.
    pub(crate) fn finish(&self, order: AnswerOrder) -> Result<(), BatchError> {
        let mut answers = lock(&self.answers);
        answers.rewrite(order == AnswerOrder::Input)?;
        answers.sync()
    }
}
