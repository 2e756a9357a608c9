//! What `ask` and `chat` share: assembling the app, saying what is used, running one turn.

use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;

use super::answer::{self, Form, Remarks};
use super::args::{GlobalArgs, TurnArgs};
use super::error::CliError;
use super::interrupt::Interrupts;
use super::progress::{Progress, Watching};
use super::settings;
use super::term::{self, DIM};
use crate::agent::OnUnmatched;
use crate::agent::{Answer, Event, TurnOptions};
use crate::app::{App, Freshness, OpenOptions};
use crate::conversation::Conversation;
use crate::model::Provider;
use crate::tapes::TapeSettings;
use crate::tapes::{Recorded, Retention, TapeFolder};

/// Where the flags want turns recorded.
pub(super) enum TapeTo {
    /// Where the settings say, if they do.
    Settings,
    /// In this new file.
    File(PathBuf),
    /// In this file, where a recording was broken off.
    Resumed(PathBuf),
    /// In new files in this folder.
    Folder(PathBuf),
}

/// Where each turn is recorded.
enum Taping {
    Off,
    File(PathBuf),
    Resumed(PathBuf),
    Folder(TapeFolder),
}

impl Taping {
    fn of(asked: TapeTo, settings: &TapeSettings) -> Self {
        match (asked, &settings.dir) {
            (TapeTo::File(path), _) => Self::File(path),
            (TapeTo::Resumed(path), _) => Self::Resumed(path),
            (TapeTo::Folder(dir), _) => Self::Folder(TapeFolder::new(dir, None)),
            (TapeTo::Settings, None) => Self::Off,
            (TapeTo::Settings, Some(dir)) => {
                let retention = Retention {
                    max_files: settings.max_files,
                    max_age: settings.max_age,
                };
                Self::Folder(TapeFolder::new(dir, Some(retention)))
            }
        }
    }
}

/// Everything one run of a command needs to answer questions.
pub(super) struct Asking {
    app: App,
    interrupts: Interrupts,
    form: Form,
    taping: Taping,
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
                Freshness::LoadAnew
            } else {
                Freshness::KeptWillDo
            },
            today: turn.today,
        };
        let app = App::open(&loaded.settings, options).await?;
        if !turn.quiet {
            let provider = loaded.settings.model.id.provider;
            introduce(&app, provider, &loaded.settings.model.id.to_string());
        }
        Ok(Self {
            app,
            interrupts,
            form,
            taping: Taping::of(tape, &loaded.settings.tape),
            early: loaded.settings.grounding.on_unmatched != OnUnmatched::Refuse,
            quiet: turn.quiet,
        })
    }

    /// What is said beside answers.
    pub(super) fn remarks(&self) -> Remarks {
        match (self.quiet, self.app.place.is_demo()) {
            (true, _) => Remarks::None,
            (false, true) => Remarks::WithoutLinks,
            (false, false) => Remarks::WithLinks,
        }
    }

    /// Answers one question and prints the answer.
    pub(super) async fn answer(
        &self,
        conversation: &mut Conversation,
        question: &str,
    ) -> Result<Answer, CliError> {
        let mut progress = Progress::new(Watching {
            stream: self.form == Form::Text && self.early && term::out_is_terminal(),
            steps: !self.quiet,
        });
        let options = TurnOptions {
            today: self.app.today,
            asker: None,
            cancel: self.interrupts.begin_turn(),
        };
        let mut watch = |event| progress.on(&event);
        let answer = self.run(conversation, question, options, &mut watch).await;
        self.interrupts.end_turn();
        let streamed = progress.finish().map_err(CliError::Output)?;
        let answer = answer?;
        answer::print(&answer, &streamed, self.form, self.remarks()).map_err(CliError::Output)?;
        if let Some(tape) = answer.tape.as_ref().filter(|_| !self.quiet) {
            term::say(format_args!("{DIM}tape:{DIM:#} {}", tape.display()));
        }
        Ok(answer)
    }

    /// Runs one turn, and records it where that is wanted.
    async fn run(
        &self,
        conversation: &mut Conversation,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Answer, CliError> {
        let (agent, studio) = (&self.app.agent, &self.app.studio);
        let recorded = match &self.taping {
            Taping::Off => return Ok(agent.run_turn(conversation, question, options, watch).await?),
            Taping::Resumed(path) => studio.resume(agent, conversation, options, watch, path).await,
            Taping::File(path) => {
                studio
                    .record(agent, conversation, question, options, watch, path)
                    .await
            }
            Taping::Folder(folder) => {
                let turn = conversation.turns.saturating_add(1);
                let path = folder.new_path(Timestamp::now(), &conversation.id, turn);
                let recorded = studio
                    .record(agent, conversation, question, options, watch, &path)
                    .await;
                folder.prune(SystemTime::now());
                recorded
            }
        };
        let Recorded { answer, tape } = recorded??;
        if let Err(error) = tape {
            term::warn(format_args!("the answer has no tape: {error}"));
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
    let entries = app.shelved.catalog.entries().len();
    if app.place.is_demo() {
        term::say(format_args!(
            "{DIM}metabase:{DIM:#} the demo sandbox, {entries} curated entries; METABASE_URL names a real one"
        ));
        term::say(format_args!("{DIM}today:{DIM:#} {}", app.today));
    } else {
        let url = &app.place.metabase.url;
        term::say(format_args!(
            "{DIM}metabase:{DIM:#} {url}, {entries} curated entries"
        ));
    }
    remarks(app);
}

/// What changed or could not be read when the catalog was loaded.
fn remarks(app: &App) {
    for note in &app.shelved.notes {
        term::warn(note);
    }
    let unreadable = app.shelved.unreadable.len();
    if unreadable > 0 {
        term::warn(format_args!(
            "{unreadable} curated entries could not be read; `cardinal catalog check` names them"
        ));
    }
    if let Some(drift) = app.shelved.drift.as_ref().filter(|drift| !drift.is_empty()) {
        term::warn(format_args!("the catalog changed since it was last loaded:"));
        term::say(term::line(&drift.to_string()));
    }
}
