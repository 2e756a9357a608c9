use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use url::Url;

use super::snapshot::keep_catalog;
use crate::agent::{Agent, Answer, Event, TurnOptions, TurnSettings};
use crate::conversation::Conversation;
use crate::prompt::{Prompt, PromptError, texts_hash_for, words_hash_for};
use crate::tools::Toolbox;
use crate::wire::{
    CatalogNote, Header, MetabaseNote, Player, PromptNote, Tape, TapeCopy, TapeError, TapeFile, TapeMode,
    TurnEnd, Wire, first_difference, shown,
};

/// Records the turns of one session. It holds the wire that the session's model and Metabase client send through.
#[derive(Debug)]
pub struct Recorder {
    wire: Wire,
    /// Who or what answers as the model, as headers say it; `None`: the model itself.
    answered_by: Option<String>,
    judge: Option<Arc<dyn EvidenceJudge>>,
}

/// Knows of an answer's data what is not part of the turn. It is asked before the tape ends, so that an answer which is taken
/// from its tape says the same.
pub(crate) trait EvidenceJudge: Send + Sync + fmt::Debug {
    /// Puts what is known to the evidence.
    fn judge<'a>(&'a self, answer: &'a mut Answer) -> BoxFuture<'a, ()>;
}

#[derive(Debug)]
pub struct RecordedAnswer {
    pub answer: Answer,
    /// Its tape, or why there is none that could be used.
    pub tape: Result<PathBuf, TapeError>,
}

/// A file that a turn is recorded in, and the folder of what it shares with other tapes: its own, or one of the
/// few above it.
#[derive(Debug, Clone, Copy)]
pub struct NewTape<'a> {
    /// The file; it must not exist yet, unless a turn that it was begun for is resumed.
    pub path: &'a Path,
    /// The folder of prompts and catalogs.
    pub shared: &'a Path,
    /// Where each line goes as well.
    pub copy: Option<&'a Arc<dyn TapeCopy>>,
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for NewTape<'a> {
    /// Everything in one folder.
    fn from(path: &'a P) -> Self {
        let path = path.as_ref();
        Self {
            path,
            shared: path.parent().unwrap_or(Path::new("")),
            copy: None,
        }
    }
}

/// Where a turn is recorded.
#[derive(Debug)]
enum Target<'a> {
    /// In a file that does not exist yet.
    NewFile(NewTape<'a>),
    /// Behind what a tape that was broken off holds already.
    Continued(&'a Path, Option<&'a Arc<dyn TapeCopy>>),
}

impl Recorder {
    /// A recorder of the session that sends through `wire`.
    pub fn new(wire: Wire, answered_by: Option<String>) -> Self {
        Self {
            wire,
            answered_by,
            judge: None,
        }
    }

    /// The same recorder, whose answers are judged.
    #[must_use]
    pub(crate) fn judged_by(self, judge: Option<Arc<dyn EvidenceJudge>>) -> Self {
        Self { judge, ..self }
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Runs one turn and records it in a new file, in the folder of the conversation's other tapes. When the tape cannot
    /// even be begun the turn is not run.
    pub async fn record(
        &self,
        agent: &Agent,
        conversation: &mut Conversation,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
        tape: impl Into<NewTape<'_>>,
    ) -> Result<Result<RecordedAnswer, PromptError>, TapeError> {
        let target = Target::NewFile(tape.into());
        self.run(agent, conversation, question, options, watch, target)
            .await
    }

    /// Runs a turn whose recording was broken off, with its question, its day and its asker: what is on the tape is
    /// served from it, the rest is asked for now and recorded behind it. The conversation has to be the one that the turn
    /// began with, and so has everything that the turn's header says; otherwise, and when the turn parts from its tape, the
    /// tape stays as it is.
    pub async fn resume(
        &self,
        agent: &Agent,
        conversation: &mut Conversation,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
        tape: impl Into<NewTape<'_>>,
    ) -> Result<Result<RecordedAnswer, PromptError>, TapeError> {
        let NewTape { path, copy, .. } = tape.into();
        let file = path.to_owned();
        let begun = off_the_runtime(path, move || TapeFile::read_unfinished(&file)).await?;
        let header = begun.header;
        let options = TurnOptions {
            today: header.today,
            asker: header.asker,
            ..options
        };
        let target = Target::Continued(path, copy);
        self.run(agent, conversation, &header.question, options, watch, target)
            .await
    }

    async fn run(
        &self,
        agent: &Agent,
        conversation: &mut Conversation,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
        target: Target<'_>,
    ) -> Result<Result<RecordedAnswer, PromptError>, TapeError> {
        let (tape, player, mode) = match target {
            Target::NewFile(NewTape { path, shared, copy }) => {
                let before = conversation.tape.as_deref();
                let previous = before.filter(|before| before.parent() == path.parent());
                let header = self
                    .header(agent, conversation, question, &options, previous)
                    .await;
                conversation.now = Some(header.started_at);
                let tape = begin(path, shared, copy, header, agent.toolbox()).await?;
                (tape.clone(), None, TapeMode::Record(tape))
            }
            Target::Continued(path, copy) => {
                let file = path.to_owned();
                let begun = off_the_runtime(path, move || TapeFile::read_unfinished(&file)).await?;
                Self::began_the_same(&begun, agent)?;
                let file = path.to_owned();
                let copy = copy.cloned();
                let resumed = off_the_runtime(path, move || {
                    let (begun, tape) = TapeFile::resume(&file)?;
                    if let Some(copy) = copy {
                        tape.copied_to(copy, begun.whole_bytes())?;
                    }
                    Ok((begun, tape))
                });
                let (begun, tape) = resumed.await?;
                if begun.header.metabase.server.is_some() {
                    // What was known when the turn began is not part of it.
                    let _ = agent.toolbox().client().detection().await;
                }
                conversation.now = Some(begun.header.started_at);
                let player = Player::new(&begun);
                let mode = TapeMode::Resume(player.clone(), tape.clone());
                (tape, Some(player), mode)
            }
        };
        let slot = self.wire.tape_slot().hold(mode);
        let answer = agent.run_turn(conversation, question, options, watch).await;
        drop(slot);
        if let Some(Err(parted)) = player.map(|player| player.finish()) {
            return Err(TapeError::Parted {
                path: tape.path().to_owned(),
                reason: parted.to_string(),
            });
        }
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                tape.abandon().await?;
                return Ok(Err(error));
            }
        };
        if let Some(judge) = &self.judge {
            judge.judge(&mut answer).await;
        }
        let tape = tape.finish(&TurnEnd::of(&answer)).await;
        conversation.tape = tape.as_ref().ok().cloned();
        answer.tape.clone_from(&conversation.tape);
        Ok(Ok(RecordedAnswer { answer, tape }))
    }

    async fn header(
        &self,
        agent: &Agent,
        conversation: &Conversation,
        question: &str,
        options: &TurnOptions,
        previous: Option<&Path>,
    ) -> Header {
        // What cannot be found out now is asked for in the turn, and then it is on the tape.
        let server = agent.toolbox().client().detection().await.ok();
        let now = jiff::Zoned::now();
        let (toolbox, model) = (agent.toolbox(), agent.model_id().to_string());
        let is_first = conversation.turns == 0;
        let catalog = toolbox.catalog();
        Header {
            question: question.to_owned(),
            conversation: conversation.id.clone(),
            turn: conversation.turns.saturating_add(1),
            previous: previous
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned()),
            said_before: if is_first {
                conversation.said_before.clone()
            } else {
                Vec::new()
            },
            spent_before: if is_first && conversation.has_spent() {
                json!(conversation.spent)
            } else {
                Value::Null
            },
            principal: toolbox.client().principal().0.clone(),
            asker: options.asker.clone(),
            today: options.today,
            started_at: now.timestamp(),
            time_zone: now.time_zone().iana_name().unwrap_or("unknown").to_owned(),
            seed: self.wire.seed(),
            answered_by: self.answered_by.clone().unwrap_or_else(|| model.clone()),
            model,
            prompt: prompt_note(agent.prompt()),
            catalog: CatalogNote {
                fingerprint: catalog.fingerprint(),
                entries: catalog.entries().len(),
            },
            metabase: MetabaseNote {
                url: toolbox.metabase().to_string(),
                server,
            },
            code: env!("CARGO_PKG_VERSION").to_owned(),
            // Settings are plain data; a tape whose header lost them says so when it is replayed.
            setup: serde_json::to_value(agent.settings()).unwrap_or_default(),
        }
    }

    /// Whether a turn began under what holds here.
    fn began_the_same(begun: &TapeFile, agent: &Agent) -> Result<(), TapeError> {
        let header = &begun.header;
        let otherwise = |what: String, recorded: String, now: String| TapeError::BegunOtherwise {
            path: begun.path.clone(),
            what,
            recorded,
            now,
        };
        let host = |url: &str| {
            Url::parse(url)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
        };
        let host = |url: &str| host(url).unwrap_or_default();
        let toolbox = agent.toolbox();
        let now = prompt_note(agent.prompt());
        // An older tape does not say what its texts were.
        let texts = header.prompt.texts.clone().or_else(|| now.texts.clone());
        let words = header.prompt.words.clone().or_else(|| now.words.clone());
        let parts = [
            ("model", header.model.clone(), agent.model_id().to_string()),
            (
                "principal",
                header.principal.clone(),
                toolbox.client().principal().0.clone(),
            ),
            (
                "Metabase",
                host(&header.metabase.url),
                host(toolbox.metabase().as_str()),
            ),
            ("prompt", header.prompt.hash.clone(), now.hash),
            (
                "texts in prompts",
                texts.unwrap_or_default(),
                now.texts.unwrap_or_default(),
            ),
            (
                "words of the program",
                words.unwrap_or_default(),
                now.words.unwrap_or_default(),
            ),
            (
                "catalog",
                header.catalog.fingerprint.clone(),
                toolbox.catalog().fingerprint(),
            ),
        ];
        let different = parts.into_iter().find(|(_, recorded, now)| recorded != now);
        if let Some((what, recorded, now)) = different {
            return Err(otherwise(what.to_owned(), recorded, now));
        }
        // Read first, so that what is not on older tapes has its default.
        let recorded = TurnSettings::of_setup(&header.setup);
        let recorded = recorded.map_err(|error| TapeError::damaged(&begun.path, 1, &error))?;
        let (recorded, now) = (json!(recorded), json!(agent.settings()));
        // The same model may be reached by another way, as a tape is replayed without any.
        first_difference(&recorded, &now, &["/model/base_url"]).map_or(Ok(()), |(pointer, recorded, now)| {
            let (recorded, now) = shown(recorded, now);
            Err(otherwise(format!("setting {pointer}"), recorded, now))
        })
    }
}

/// Makes the tape's file, with the catalog beside it.
async fn begin(
    path: &Path,
    shared: &Path,
    copy: Option<&Arc<dyn TapeCopy>>,
    header: Header,
    toolbox: &Toolbox,
) -> Result<Tape, TapeError> {
    let copy = copy.cloned();
    let (file, folder, catalog) = (path.to_owned(), shared.to_owned(), Arc::clone(toolbox.catalog()));
    let begun = off_the_runtime(path, move || {
        let tape = Tape::create_sharing(&file, &folder, &header)?;
        let kept = keep_catalog(&folder, &catalog).and_then(|()| {
            let Some(copy) = copy else { return Ok(()) };
            tape.copied_to(copy, 0)?;
            tape.share_catalog(&header.catalog.fingerprint)
        });
        Ok((tape, kept))
    });
    let (tape, kept) = begun.await?;
    if let Err(error) = kept {
        tape.abandon().await?;
        return Err(error);
    }
    Ok(tape)
}

/// Works with the tape at `path` where waiting for the disk holds nobody up.
async fn off_the_runtime<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, TapeError> + Send + 'static,
) -> Result<T, TapeError> {
    crate::wire::off_the_runtime(work).await.unwrap_or_else(|error| {
        Err(TapeError::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    })
}

pub(super) fn prompt_note(prompt: &Prompt) -> PromptNote {
    let segments = prompt.segments.iter();
    PromptNote {
        hash: prompt.hash.clone(),
        segments: segments
            .map(|(name, hash)| ((*name).to_owned(), hash.clone()))
            .collect(),
        texts: Some(texts_hash_for(&prompt.tools)),
        words: Some(words_hash_for(&prompt.tools)),
    }
}
