use std::path::{Path, PathBuf};

use super::error::ReplayError;
use super::replayer::Replayer;
use super::snapshot::load_catalog;
use crate::agent::Answer;
use crate::conversation::Conversation;
use crate::wire::{Header, TapeError, TapeFile};

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
    conversed(&load_chain(path)?).await.map(|(_, replayed)| replayed)
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
    let (mut conversation, _) = conversed(&load_chain(&before)?).await?;
    if conversation.id != header.conversation || conversation.turns.checked_add(1) != Some(header.turn) {
        return Err(not_the_turn_before(path, before));
    }
    conversation.tape = Some(before);
    Ok(conversation)
}

/// The conversation that a recorded turn left behind, and the turn's answer, from its tape and those of the turns before it.
pub(crate) async fn conversation_after(path: &Path) -> Result<(Conversation, Answer), ReplayError> {
    let (mut conversation, replayed) = conversed(&load_chain(path)?).await?;
    conversation.tape = Some(path.to_owned());
    Ok((conversation, replayed.answer))
}

async fn conversed(tapes: &[TapeFile]) -> Result<(Conversation, ReplayedTurn), ReplayError> {
    let mut conversation: Option<Conversation> = None;
    let mut last = None;
    for tape in tapes {
        let header = &tape.header;
        let catalog = load_catalog(&tape.path, &header.catalog.fingerprint)?;
        let replayer = Replayer::of(header, &catalog)?;
        let conversation = conversation.get_or_insert_with(|| conversation_of(header));
        last = Some(replayer.replay(tape, conversation).await?);
    }
    conversation
        .zip(last)
        .ok_or_else(|| ReplayError::Header("it names no turn".to_owned()))
}

/// The tapes of a conversation up to the turn at `path`, first turn first.
pub(crate) fn load_chain(path: &Path) -> Result<Vec<TapeFile>, ReplayError> {
    let mut chain = vec![TapeFile::read(path)?];
    while let Some(tape) = chain.last()
        && let Some(name) = tape.header.previous.clone()
    {
        let named = tape.path.with_file_name(&name);
        let before = TapeFile::read(&named)?;
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
