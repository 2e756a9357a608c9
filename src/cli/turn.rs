//! What `ask` and `chat` share: assembling the app, saying what is used, running one turn.

use std::path::{Path, PathBuf};

use super::answer::{self, Form, Remarks};
use super::args::{GlobalArgs, TurnArgs};
use super::error::CliError;
use super::interrupt::Interrupts;
use super::progress::{Progress, Watching};
use super::settings;
use super::term::{self, DIM};
use crate::agent::Answer;
use crate::agent::OnUnmatched;
use crate::app::{App, Error, Freshness, OpenOptions, Question, Recording, Session, SessionOptions};
use crate::model::Provider;
use crate::tapes::TapeSettings;
use crate::tapes::{Retention, TapeFolder};

/// Where the flags want turns recorded.
pub(super) enum TapeTo {
    /// Where the settings say, if they do.
    Settings,
    /// In this new file.
    File(PathBuf),
    /// In new files in this folder.
    Folder(PathBuf),
}

impl TapeTo {
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
pub(super) struct Asking {
    app: App,
    interrupts: Interrupts,
    form: Form,
    recording: Recording,
    quiet: bool,
    /// Whether text may be shown before its figures were looked up.
    early: bool,
}

impl Asking {
    /// Loads the settings, assembles the app, and says on stderr what is used.
    pub(super) async fn open(
        global: &GlobalArgs,
        turn: &TurnArgs,
        form: Form,
        tape: TapeTo,
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
        let app = App::open(loaded.settings.clone(), options).await?;
        if !turn.quiet {
            let provider = loaded.settings.model.id.provider;
            introduce(&app, provider, &loaded.settings.model.id.to_string());
        }
        Ok(Self {
            app,
            interrupts,
            form,
            recording: tape.recording(&loaded.settings.tape),
            early: loaded.settings.grounding.on_unmatched != OnUnmatched::Refuse,
            quiet: turn.quiet,
        })
    }

    /// What is said beside answers.
    pub(super) fn remarks(&self) -> Remarks {
        match (self.quiet, self.app.server().is_demo()) {
            (true, _) => Remarks::None,
            (false, true) => Remarks::WithoutLinks,
            (false, false) => Remarks::WithLinks,
        }
    }

    /// Begins a conversation.
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

    fn progress(&self) -> Progress {
        Progress::new(Watching {
            stream: self.form == Form::Text && self.early && term::out_is_terminal(),
            steps: !self.quiet,
        })
    }

    fn show(
        &self,
        session: &Session,
        answer: Result<Answer, Error>,
        progress: Progress,
    ) -> Result<Answer, CliError> {
        self.interrupts.end_turn();
        let streamed = progress.finish().map_err(CliError::Output)?;
        let answer = answer?;
        if let Some(error) = session.tape_error() {
            term::warn(format_args!("the answer has no tape: {error}"));
        }
        answer::print(&answer, &streamed, self.form, self.remarks()).map_err(CliError::Output)?;
        if let Some(tape) = answer.tape.as_ref().filter(|_| !self.quiet) {
            term::say(format_args!("{DIM}tape:{DIM:#} {}", tape.display()));
        }
        Ok(answer)
    }
}

fn introduce(app: &App, provider: Provider, model: &str) {
    let note = match provider {
        Provider::Offline => " (keyword planner: no language model is used)",
        Provider::Openai | Provider::Anthropic => "",
    };
    term::say(format_args!("{DIM}model:{DIM:#} {model}{note}"));
    let entries = app.catalog().catalog.entries().len();
    if app.server().is_demo() {
        term::say(format_args!(
            "{DIM}metabase:{DIM:#} the demo sandbox, {entries} curated entries; METABASE_URL names a real one"
        ));
        term::say(format_args!("{DIM}today:{DIM:#} {}", app.today()));
    } else {
        let url = &app.server().metabase.url;
        term::say(format_args!(
            "{DIM}metabase:{DIM:#} {url}, {entries} curated entries"
        ));
    }
    remarks(app);
}

/// What changed or could not be read when the catalog was loaded.
fn remarks(app: &App) {
    for note in &app.catalog().notes {
        term::warn(note);
    }
    let unreadable = app.catalog().unreadable.len();
    if unreadable > 0 {
        term::warn(format_args!(
            "{unreadable} curated entries could not be read; `cardinal catalog check` names them"
        ));
    }
    if let Some(drift) = app.catalog().drift.as_ref().filter(|drift| !drift.is_empty()) {
        term::warn(format_args!("the catalog changed since it was last loaded:"));
        term::say(term::line(&drift.to_string()));
    }
}
