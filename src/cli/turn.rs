//! What `ask` and `chat` share: assembling the app, saying what is used, running one turn.

use super::answer::{self, Form, Remarks};
use super::args::{GlobalArgs, TurnArgs};
use super::error::CliError;
use super::interrupt::Interrupts;
use super::progress::{Progress, Watching};
use super::settings;
use super::term::{self, DIM};
use crate::agent::{Answer, TurnOptions};
use crate::app::{App, Freshness, OpenOptions};
use crate::model::Provider;
use crate::session::Conversation;

/// Everything one run of a command needs to answer questions.
pub(super) struct Asking {
    app: App,
    interrupts: Interrupts,
    form: Form,
    quiet: bool,
}

impl Asking {
    /// Loads the settings, assembles the app, and says on stderr what is used.
    pub(super) async fn open(global: &GlobalArgs, turn: &TurnArgs, form: Form) -> Result<Self, CliError> {
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
            stream: self.form == Form::Text && term::out_is_terminal(),
            steps: !self.quiet,
        });
        let options = TurnOptions {
            today: self.app.today,
            asker: None,
            cancel: self.interrupts.begin_turn(),
        };
        let answer = self
            .app
            .agent
            .run_turn(conversation, question, options, &mut |event| progress.on(&event))
            .await;
        self.interrupts.end_turn();
        let streamed = progress.finish().map_err(CliError::Output)?;
        let answer = answer?;
        answer::print(&answer, &streamed, self.form, self.remarks()).map_err(CliError::Output)?;
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
        term::say(term::plain(&drift.to_string()));
    }
}
