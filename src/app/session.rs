use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use super::answer_health::AnswerHealth;
use super::reach::ModelReach;
use super::{Error, Recording};
use crate::agent::{Agent, Answer, Event, TurnOptions, TurnSettings};
use crate::conversation::Conversation;
use crate::tapes::{
    EvidenceJudge, NewTape, RecordedAnswer, Recorder, conversation_after, conversation_before,
};
use crate::wire::{Header, RecordedResults, TapeError, TapeFile, TapeMode, TapeSlotGuard};

/// One conversation: an agent, what was said so far, and where its turns are recorded. One question at a time; sessions of
/// one [`App`](super::App) can be asked at once.
#[derive(Debug)]
pub struct Session {
    agent: Agent,
    recorder: Recorder,
    conversation: Conversation,
    today: Date,
    recording: Recording,
    tape_error: Option<TapeError>,
    /// How its model is reached; `None` when it was given another one.
    reach: Option<ModelReach>,
    /// Says how healthy the data of its answers is.
    health: Option<AnswerHealth>,
    /// Results that come from tapes, as long as the session lives.
    serving: Option<TapeSlotGuard>,
}

/// A question, and how it is asked. A plain text is one with the session's own day, asked by nobody in particular.
#[derive(Debug, Clone)]
pub struct Question {
    /// The question in a person's words, in any language.
    pub text: String,
    /// The day that it means by "today"; `None`: the session's.
    pub today: Option<Date>,
    /// Who asks, in words that the model is told.
    pub asker: Option<String>,
    /// Ends the turn with what is known when it is cancelled.
    pub cancel: CancellationToken,
}

impl<T: Into<String>> From<T> for Question {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            today: None,
            asker: None,
            cancel: CancellationToken::new(),
        }
    }
}

impl Session {
    pub(super) fn new(agent: Agent, recorder: Recorder, id: String, today: Date) -> Self {
        Self {
            agent,
            recorder,
            conversation: Conversation::new(id),
            today,
            recording: Recording::Off,
            tape_error: None,
            reach: None,
            health: None,
            serving: None,
        }
    }

    pub(super) fn judged_by(mut self, health: Option<AnswerHealth>) -> Self {
        let judge = health
            .clone()
            .map(|health| Arc::new(health) as Arc<dyn EvidenceJudge>);
        self.recorder = self.recorder.judged_by(judge);
        self.health = health;
        self
    }

    pub(super) fn reaching(mut self, reach: Option<ModelReach>) -> Self {
        self.reach = reach;
        self
    }

    /// The same session, with its turns recorded.
    #[must_use]
    pub fn recorded(mut self, recording: Recording) -> Self {
        self.recording = recording;
        self
    }

    /// The same session, going on with a conversation that another one left.
    #[must_use]
    pub(crate) fn continuing(mut self, conversation: Conversation) -> Self {
        self.conversation = conversation;
        self
    }

    /// The day that the last question meant by "today".
    pub(crate) fn asked_on(&self) -> Date {
        self.conversation.asked_on().unwrap_or(self.today)
    }

    /// Where the next turns are recorded.
    pub(crate) fn set_recording(&mut self, recording: Recording) {
        self.recording = recording;
    }

    /// What was said so far.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Asks one question and waits for its answer. The turn always ends, within its budgets, in exactly one outcome; an
    /// error means that it could not begin: a tape that was asked for cannot be written, or the question cannot be put into
    /// words for the model.
    pub async fn ask(&mut self, question: impl Into<Question>) -> Result<Answer, Error> {
        self.ask_watched(question, &mut |_| {}).await
    }

    /// The same, with each [`Event`] shown to `watch` as it happens. The answer counts, not the text in events: what a
    /// model writes first may be taken back when its figures are looked up.
    pub async fn ask_watched(
        &mut self,
        question: impl Into<Question>,
        watch: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Answer, Error> {
        let health = self.health.clone();
        let mut noticed = |event: Event| {
            if let Some(health) = &health {
                health.notice(&event);
            }
            watch(event);
        };
        self.answer(question.into(), &mut noticed).await
    }

    async fn answer(
        &mut self,
        question: Question,
        watch: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Answer, Error> {
        let options = TurnOptions {
            today: question.today.unwrap_or(self.today),
            asker: question.asker,
            cancel: question.cancel,
        };
        let text = &question.text;
        match &self.recording {
            Recording::Off => {
                let turn = self.agent.run_turn(&mut self.conversation, text, options, watch);
                let mut answer = turn.await?;
                if let Some(health) = &self.health {
                    health.judge(&mut answer).await;
                }
                Ok(answer)
            }
            Recording::File { path, shared, copy } => {
                let (path, shared, copy) = (path.clone(), shared.clone(), copy.clone());
                let tape = NewTape {
                    path: &path,
                    shared: &shared,
                    copy: copy.as_ref(),
                };
                self.record(text, options, watch, tape).await
            }
            Recording::Folder(folder) => {
                let folder = folder.clone();
                let turn = self.conversation.turns.saturating_add(1);
                let path = folder.new_path(Timestamp::now(), &self.conversation.id, turn);
                let answer = self.record(text, options, watch, NewTape::from(&path)).await;
                // Old tapes are files: they are removed beside the runtime.
                let pruned = tokio::task::spawn_blocking(move || folder.prune(SystemTime::now()));
                let _ = pruned.await;
                answer
            }
        }
    }

    /// Becomes the conversation as it stood after the turn that was recorded on `tape`, with its results, and returns the
    /// answer of that turn. All turns up to it are replayed from their tapes; nothing is asked.
    pub(crate) async fn restore(&mut self, tape: &Path) -> Result<Answer, Error> {
        let (conversation, mut answer) = conversation_after(tape).await?;
        self.conversation = conversation;
        answer.tape = Some(tape.to_owned());
        Ok(answer)
    }

    /// Continues a turn whose recording was broken off: what is on the tape is served from it, the rest is asked for now and
    /// recorded behind it, also at the second place that the session's recording may have. The session becomes the
    /// conversation that the turn began with.
    pub async fn resume(
        &mut self,
        tape: &Path,
        cancel: CancellationToken,
        watch: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Answer, Error> {
        self.conversation = conversation_before(tape).await?;
        let header = TapeFile::read_unfinished(tape)?.header;
        let options = TurnOptions {
            today: header.today,
            asker: None,
            cancel,
        };
        let copy = match &self.recording {
            Recording::File { copy, .. } => copy.clone(),
            _ => None,
        };
        let as_recorded = self.agent_of(&header)?;
        let agent = as_recorded.as_ref().unwrap_or(&self.agent);
        let recorded = self
            .recorder
            .resume(
                agent,
                &mut self.conversation,
                options,
                watch,
                NewTape {
                    copy: copy.as_ref(),
                    ..NewTape::from(tape)
                },
            )
            .await??;
        Ok(self.keep(recorded))
    }

    /// The agent that drives its model as a recorded turn did; `None` when its own does.
    fn agent_of(&self, header: &Header) -> Result<Option<Agent>, Error> {
        // Whoever goes on with a tape whose settings cannot be read is told so.
        let recorded = TurnSettings::of_setup(&header.setup).ok();
        let Some((reach, recorded)) = self.reach.as_ref().zip(recorded) else {
            return Ok(None);
        };
        let model = reach.as_recorded(&recorded.model)?;
        Ok(model.map(|model| self.agent.driven(model, recorded.model.drive)))
    }

    /// Why the last answer has no tape although one was asked for.
    pub fn tape_error(&self) -> Option<&TapeError> {
        self.tape_error.as_ref()
    }

    /// Serves the results that are on tapes from there, for all turns to come; everything else goes to the network.
    pub(crate) async fn serve_results(&mut self, results: RecordedResults) {
        // What answers is asked now, so that it is not part of any turn.
        let _ = self.agent.toolbox().client().detection().await;
        self.serving = Some(self.recorder.wire().tape_slot().hold(TapeMode::Results(results)));
    }

    async fn record(
        &mut self,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
        tape: NewTape<'_>,
    ) -> Result<Answer, Error> {
        let recorded = self
            .recorder
            .record(
                &self.agent,
                &mut self.conversation,
                question,
                options,
                watch,
                tape,
            )
            .await??;
        Ok(self.keep(recorded))
    }

    fn keep(&mut self, recorded: RecordedAnswer) -> Answer {
        self.tape_error = recorded.tape.err();
        recorded.answer
    }
}
