//! What `ask` and `chat` share: assembling the app, saying what is used, running one turn.

use std::path::{Path, PathBuf};

use super::answer::{self, AnswerDisplay, OutputFormat, SourceDetail};
use super::args::{GlobalArgs, TurnArgs};
use super::error::CliError;
use super::interrupt::Interrupts;
use super::progress::{ProgressOptions, Spinner, TurnProgress};
use super::settings;
use super::term::{self, DIM};
use crate::agent::{Answer, OnUnmatched};
use crate::app::{App, Error, Freshness, OpenOptions, Question, Recording, Session, SessionOptions};
use crate::config::Settings;
use crate::model::Provider;
use crate::tapes::{Retention, TapeFolder, TapeSettings};

/// Where the flags want turns recorded.
pub(super) enum TapeChoice {
    /// Where the settings say, if they do.
    Settings,
    File(PathBuf),
    /// In new files in this folder.
    Folder(PathBuf),
}

impl TapeChoice {
    fn recording(self, settings: &TapeSettings) -> Recording {
        match (self, &settings.dir) {
            (Self::File(path), _) => Recording::file(path),
            (Self::Folder(dir), _) => Recording::Folder(TapeFolder::new(dir, None)),
            (Self::Settings, None) => Recording::Off,
            (Self::Settings, Some(dir)) => {
                let retention = Retention {
                    max_files: settings.max_files,
                    max_age: settings.max_age,
                };
                Recording::Folder(TapeFolder::new(dir, Some(retention)))
            }
        }
    }
}

/// Everything one run of a command needs to answer questions.
pub(super) struct QuestionRunner {
    app: App,
    interrupts: Interrupts,
    format: OutputFormat,
    recording: Recording,
    quiet: bool,
    /// Whether all is said of sources.
    verbose: bool,
    /// Whether text may be shown before its figures were looked up.
    drafts: bool,
}

impl QuestionRunner {
    /// Loads the settings, assembles the app, and says on stderr what is used.
    pub(super) async fn open(
        global: &GlobalArgs,
        turn: &TurnArgs,
        format: OutputFormat,
        tape: TapeChoice,
    ) -> Result<Self, CliError> {
        let interrupts = Interrupts::watch();
        let loaded = settings::load_and_warn(global)?;
        let options = OpenOptions {
            freshness: if turn.refresh {
                Freshness::Reload
            } else {
                Freshness::Cached
            },
            today: turn.today,
        };
        let spinner = Spinner::start(!turn.quiet, &loading(&loaded.settings));
        let told = |progress| spinner.loaded(progress);
        let app = App::open_watched(loaded.settings.clone(), options, &told).await;
        spinner.stop();
        let app = app?;
        if !turn.quiet {
            let provider = loaded.settings.model.id.provider;
            introduce(&app, provider, &loaded.settings.model.id.to_string());
        }
        Ok(Self {
            app,
            interrupts,
            format,
            recording: tape.recording(&loaded.settings.tape),
            verbose: global.verbose > 0,
            drafts: loaded.settings.grounding.on_unmatched != OnUnmatched::Refuse,
            quiet: turn.quiet,
        })
    }

    /// Warns of a dbt token that may do more than the grants need.
    pub(super) async fn warn_of_dbt_token(&self) {
        if !self.quiet {
            warn_of_dbt_token(&self.app).await;
        }
    }

    /// Whether pages of results can be opened: the demo's are gone when the program ends.
    pub(super) fn links(&self) -> bool {
        !self.app.server().is_demo()
    }

    fn display(&self) -> AnswerDisplay {
        AnswerDisplay {
            format: self.format,
            sources: match (self.quiet, self.verbose) {
                (true, _) => SourceDetail::None,
                (false, false) => SourceDetail::Short,
                (false, true) => SourceDetail::Full,
            },
            remarks: !self.quiet,
            links: self.links(),
        }
    }

    pub(super) fn session(&self, id: &str) -> Result<Session, CliError> {
        let options = SessionOptions {
            id: Some(id.to_owned()),
            ..SessionOptions::default()
        };
        Ok(self.app.session(options)?.recorded(self.recording.clone()))
    }

    /// Answers one question and prints the answer.
    pub(super) async fn answer(&self, session: &mut Session, question: &str) -> Result<Answer, CliError> {
        let mut progress = self.progress();
        let question = Question {
            cancel: self.interrupts.begin_turn(),
            ..Question::from(question)
        };
        let answer = session
            .ask_watched(question, &mut |event| progress.on(&event))
            .await;
        self.show(session, answer, progress)
    }

    /// Continues a turn whose recording was broken off, and prints its answer.
    pub(super) async fn resume(&self, session: &mut Session, tape: &Path) -> Result<Answer, CliError> {
        let mut progress = self.progress();
        let cancel = self.interrupts.begin_turn();
        let answer = session
            .resume(tape, cancel, &mut |event| progress.on(&event))
            .await;
        self.show(session, answer, progress)
    }

    fn progress(&self) -> TurnProgress {
        TurnProgress::new(ProgressOptions {
            draft: self.format == OutputFormat::Text && self.drafts && term::out_is_terminal(),
            steps: !self.quiet,
        })
    }

    fn show(
        &self,
        session: &Session,
        answer: Result<Answer, Error>,
        mut progress: TurnProgress,
    ) -> Result<Answer, CliError> {
        self.interrupts.end_turn();
        progress.finish();
        let answer = answer?;
        if let Some(error) = session.tape_error() {
            term::warn(format_args!("the answer has no tape: {error}"));
        }
        answer::print(&answer, self.display()).map_err(CliError::Output)?;
        if let Some(tape) = answer.tape.as_ref().filter(|_| !self.quiet) {
            term::say(format_args!("{DIM}tape:{DIM:#} {}", tape.display()));
        }
        Ok(answer)
    }
}

pub(super) fn introduce(app: &App, provider: Provider, model: &str) {
    let note = match provider {
        Provider::Offline => " (keyword planner: no language model is used)",
        Provider::Openai | Provider::OpenaiResponses | Provider::Anthropic => "",
    };
    term::say(format_args!("{DIM}model:{DIM:#} {model}{note}"));
    let entries = entries(app.catalog().catalog.entries().len());
    if app.server().is_demo() {
        term::say(format_args!(
            "{DIM}metabase:{DIM:#} the demo sandbox, {entries}; METABASE_URL names a real one"
        ));
        term::say(format_args!("{DIM}today:{DIM:#} {}", app.today()));
        if let Some(note) = app.demo_beside_dbt() {
            term::warn(note);
        }
    } else {
        let what = if app.server().has_metabase() {
            "metabase"
        } else {
            "dbt"
        };
        let url = app.server().source();
        term::say(format_args!("{DIM}{what}:{DIM:#} {url}, {entries}"));
    }
    remarks(app);
}

/// Warns of a dbt token that may do more than the grants need, where that can be known. It costs a request, so it is for what goes
/// on for a while.
pub(super) async fn warn_of_dbt_token(app: &App) {
    if let Some(warning) = app.dbt_token_warning().await {
        term::warn(warning);
    }
}

/// `1 curated entry`, `2 curated entries`.
pub(super) fn entries(count: usize) -> String {
    match count {
        1 => "1 curated entry".to_owned(),
        count => format!("{count} curated entries"),
    }
}

pub(super) fn loading(settings: &Settings) -> String {
    let metabase = settings.metabase.as_ref().map(|metabase| &metabase.url);
    let dbt = settings.dbt.semantic_layer();
    let dbt = dbt.filter(|_| settings.catalog.dbt_metrics.selects());
    match metabase.or(dbt.map(|dbt| &dbt.addresses.semantic_layer)) {
        Some(url) => format!("loading the catalog of {url}"),
        None => "making the demo's data".to_owned(),
    }
}

/// What changed or could not be read when the catalog was loaded.
fn remarks(app: &App) {
    for note in &app.catalog().notes {
        term::warn(note);
    }
    let unreadable = app.catalog().unreadable.len();
    if unreadable > 0 {
        term::warn(format_args!(
            "{} could not be read; `cardinal catalog check` names them",
            entries(unreadable)
        ));
    }
    for limit in &app.catalog().limits {
        term::warn(term::line(limit));
    }
    if let Some(drift) = app.catalog().drift.as_ref().filter(|drift| !drift.is_empty()) {
        term::warn(format_args!("the catalog changed since it was last loaded:"));
        term::say(term::line(&drift.to_string()));
    }
}
