use std::path::{Path, PathBuf};

use super::context::ReplayContexts;
use super::error::ReplayError;
use crate::agent::Answer;
use crate::conversation::Conversation;
use crate::wire::{Header, TapeError, TapeFile, off_the_runtime};

/// Most turns of one conversation that are followed back.
const MAX_TURNS: usize = 1000;

/// A turn that came out as it was recorded.
#[derive(Debug)]
pub struct ReplayedTurn {
    pub answer: Answer,
    /// Exchanges served from the tape.
    pub exchanges: usize,
    /// Whether its tape holds a hash of all texts that a model can be sent. Where it does not, a note that changed and
    /// was not met goes unnoticed.
    pub texts_hashed: bool,
}

/// Replays the turn at `path` from its tape, the tapes of the turns before it, and what lies beside them. Needs no key
/// and opens no socket. An answer that is not the recorded one is an error.
pub async fn replay(path: &Path) -> Result<ReplayedTurn, ReplayError> {
    conversed(path).await.map(|(_, replayed)| replayed)
}

/// The conversation that a first turn began with.
pub(crate) fn conversation_of(header: &Header) -> Conversation {
    let mut begun = Conversation::recalling(&header.conversation, header.said_before.clone());
    // What a later version writes in another form is not known.
    begun.spent = serde_json::from_value(header.spent_before.clone()).unwrap_or_default();
    begun
}

/// The conversation that a turn began with, from the tapes of the turns before it. The turn's own tape may have been
/// broken off.
pub(crate) async fn conversation_before(path: &Path) -> Result<Conversation, ReplayError> {
    let header = TapeFile::read_unfinished(path)?.header;
    let Some(previous) = &header.previous else {
        return match header.turn {
            1 => Ok(conversation_of(&header)),
            turn => Err(unchained(turn)),
        };
    };
    let before = path.with_file_name(previous);
    let (mut conversation, _) = conversed(&before).await?;
    if conversation.id != header.conversation || conversation.turns.checked_add(1) != Some(header.turn) {
        return Err(not_the_turn_before(path, before));
    }
    conversation.tape = Some(before);
    Ok(conversation)
}

/// The conversation that a recorded turn left behind, and the turn's answer, from its tape and those of the turns before it.
pub(crate) async fn conversation_after(path: &Path) -> Result<(Conversation, Answer), ReplayError> {
    let (mut conversation, replayed) = conversed(path).await?;
    conversation.tape = Some(path.to_owned());
    Ok((conversation, replayed.answer))
}

/// Replays the turn at `path` and those before it. What all of them share, catalog and prompt, is made once.
async fn conversed(path: &Path) -> Result<(Conversation, ReplayedTurn), ReplayError> {
    let file = path.to_owned();
    let read = off_the_runtime(move || {
        let contexts = ReplayContexts::default();
        chain(&file, &contexts).map(|tapes| (tapes, contexts))
    });
    let read = read.await.map_err(|error| {
        ReplayError::Tape(TapeError::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    });
    let (tapes, contexts) = read??;
    let mut conversation: Option<Conversation> = None;
    let mut last = None;
    for tape in tapes {
        let replayer = contexts.replayer(&tape)?;
        let conversation = conversation.get_or_insert_with(|| conversation_of(&tape.header));
        last = Some(replayer.replay(&tape, conversation).await?);
        // Nothing in it waits, and others have waited for it.
        tokio::task::yield_now().await;
    }
    conversation
        .zip(last)
        .ok_or_else(|| ReplayError::Header("it names no turn".to_owned()))
}

/// The tapes of a conversation up to the turn at `path`, first turn first.
pub(crate) fn load_chain(path: &Path) -> Result<Vec<TapeFile>, ReplayError> {
    chain(path, &ReplayContexts::default())
}

fn chain(path: &Path, contexts: &ReplayContexts) -> Result<Vec<TapeFile>, ReplayError> {
    let mut chain = vec![contexts.read(path)?];
    while let Some(tape) = chain.last()
        && let Some(name) = tape.header.previous.clone()
    {
        let named = tape.path.with_file_name(&name);
        let before = contexts.read(&named)?;
        let fits = before.header.conversation == tape.header.conversation
            && before.header.turn.checked_add(1) == Some(tape.header.turn);
        if !fits || chain.len() >= MAX_TURNS {
            return Err(not_the_turn_before(&tape.path, named));
        }
        chain.push(before);
    }
    chain.reverse();
    match chain.first() {
        Some(first) if first.header.turn != 1 => Err(unchained(first.header.turn)),
        _ => Ok(chain),
    }
}

fn not_the_turn_before(tape: &Path, named: PathBuf) -> ReplayError {
    ReplayError::Tape(TapeError::Beside {
        tape: tape.to_owned(),
        path: named,
        reason: "it is not the turn before".to_owned(),
    })
}

fn unchained(turn: u32) -> ReplayError {
    ReplayError::Header(format!("it is turn {turn} and names no tape of the turn before"))
}
