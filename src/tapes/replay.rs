use std::path::Path;

use super::error::ReplayError;
use super::snapshot::load_catalog;
use super::stage::Stage;
use crate::agent::Answer;
use crate::session::Conversation;
use crate::wire::{TapeError, TapeFile};

/// Most turns of one conversation that are followed back.
const MAX_TURNS: usize = 1000;

/// A turn that came out as it was recorded.
#[derive(Debug)]
pub struct Replayed {
    /// The answer.
    pub answer: Answer,
    /// Exchanges served from the tape.
    pub exchanges: usize,
}

/// Replays the turn at `path` from its tape, the tapes of the turns before it, and what lies beside them. Needs no key
/// and opens no socket. An answer that is not the recorded one is an error.
pub async fn replay(path: &Path) -> Result<Replayed, ReplayError> {
    let tapes = load_chain(path)?;
    let mut conversation: Option<Conversation> = None;
    let mut last = None;
    for tape in &tapes {
        let header = &tape.header;
        let catalog = load_catalog(&tape.path, &header.catalog.fingerprint)?;
        let stage = Stage::of(header, &catalog)?;
        let conversation = conversation.get_or_insert_with(|| Conversation::new(&header.conversation));
        last = Some(stage.replay(tape, conversation).await?);
    }
    last.ok_or_else(|| ReplayError::Header("it names no turn".to_owned()))
}

/// The tapes of a conversation up to the turn at `path`, first turn first.
pub fn load_chain(path: &Path) -> Result<Vec<TapeFile>, ReplayError> {
    let mut chain = vec![TapeFile::read(path)?];
    while let Some(tape) = chain.last()
        && let Some(name) = tape.header.previous.clone()
    {
        let named = tape.path.with_file_name(&name);
        let before = TapeFile::read(&named)?;
        let fits = before.header.conversation == tape.header.conversation
            && before.header.turn.checked_add(1) == Some(tape.header.turn);
        if !fits || chain.len() >= MAX_TURNS {
            return Err(ReplayError::Tape(TapeError::Beside {
                tape: tape.path.clone(),
                path: named,
                reason: "it is not the turn before".to_owned(),
            }));
        }
        chain.push(before);
    }
    chain.reverse();
    match chain.first() {
        Some(first) if first.header.turn != 1 => Err(ReplayError::Header(format!(
            "it is turn {} and names no tape of the turn before",
            first.header.turn
        ))),
        _ => Ok(chain),
    }
}
