//! What a turn begins with: the session that is in memory, or one that is made again from what is kept of it.
//!
//! A session does not grow without end. One that is long goes on with its last questions and answers, and the turn says so: so what
//! is sent to the model, what is in memory and what has to be replayed after a restart are bounded.

use std::sync::Arc;

use super::LiveTurn;
use super::run::{TurnTask, options};
use super::slot::LoadedSession;
use crate::app::{App, Session};
use crate::conversation::Conversation;
use crate::server::apps::AppUnavailable;
use crate::server::event::TurnEvent;
use crate::server::ids::name_of;
use crate::server::state::SharedState;
use crate::server::store::TurnMemory;
use crate::telemetry::causes;

/// Most turns that a session is known with whole. All of them are replayed when it is restored.
const MOST_TURNS: u32 = 200;
/// A long session goes on with this share of what may be said in it, at most, so that it is not long again at once.
const KEPT_SHARE: u64 = 2;

/// The session of a turn: the one in memory, or one restored from its tapes, or, where these are gone or cannot be read any
/// more, or where it is long, one that knows its questions and answers. A turn that is resumed finds what was said before on its
/// own tape.
pub(super) async fn take_session(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    app: &Arc<App>,
    task: &TurnTask,
    loaded: &mut Option<LoadedSession>,
    memory: &TurnMemory,
) -> Result<Session, AppUnavailable> {
    let whole = whole_session(state, live, app, task, loaded, memory).await?;
    if let Some(session) = whole {
        if !is_long(session.conversation(), app) {
            return Ok(session);
        }
        let (recalled, known) = recall(state, live, app, task, Some(session.conversation())).await?;
        live.push(TurnEvent::Note {
            text: format!(
                "This conversation is long: from here on only its last questions and answers are known ({known}), without the \
                 results behind them."
            ),
        });
        return Ok(recalled);
    }
    let (recalled, _) = recall(state, live, app, task, None).await?;
    live.push(TurnEvent::Note {
        text: "Of what was said before only questions and answers are known, without the results behind them: it was said \
               elsewhere, Cardinal was changed since, or something that it went on from was deleted."
            .to_owned(),
    });
    Ok(recalled)
}

/// The session with all that was said in it; `None` where that is not known any more.
async fn whole_session(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    app: &Arc<App>,
    task: &TurnTask,
    loaded: &mut Option<LoadedSession>,
    memory: &TurnMemory,
) -> Result<Option<Session>, AppUnavailable> {
    // What was said in another process since, or deleted, is not what is in memory here.
    let is_same = |kept: &LoadedSession| kept.after == *memory && *memory != TurnMemory::Answers;
    match loaded.take().filter(is_same) {
        Some(kept) if Arc::ptr_eq(&kept.app, app) => return Ok(Some(kept.session)),
        Some(kept) => {
            // The catalog was loaded anew since.
            let conversation = kept.session.conversation().clone();
            return Ok(Some(app.session(options(live, task))?.continuing(conversation)));
        }
        None => {}
    }
    let mut session = app.session(options(live, task))?;
    match memory {
        TurnMemory::Nothing => Ok(Some(session)),
        TurnMemory::Tape(before) => match restore(state, &mut session, before).await {
            Ok(()) => Ok(Some(session)),
            Err(reason) => {
                tracing::warn!(session = live.session, reason, "a session could not be restored");
                Ok(None)
            }
        },
        TurnMemory::Answers => Ok(None),
    }
}

/// Whether so much was said that it is not gone on with whole.
fn is_long(conversation: &Conversation, app: &App) -> bool {
    let most_bytes = app.settings().conversation.max_bytes;
    conversation.turns >= MOST_TURNS
        // One that knows nothing more than questions and answers is as short as it can be.
        || (conversation.turns > 0 && conversation.lasting_bytes() > most_bytes)
}

/// A session that knows its last questions and answers, and how many they are.
async fn recall(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    app: &Arc<App>,
    task: &TurnTask,
    before: Option<&Conversation>,
) -> Result<(Session, usize), AppUnavailable> {
    let most_bytes = app.settings().conversation.max_bytes / KEPT_SHARE;
    let most_bytes = usize::try_from(most_bytes).unwrap_or(usize::MAX);
    let said_before = state.store.said_before(&live.id, most_bytes).await?;
    let known = said_before.len();
    let conversation = Conversation {
        // Its budget goes on.
        spent: before.map(|before| before.spent).unwrap_or_default(),
        ..Conversation::recalling(name_of(&live.session), said_before)
    };
    Ok((app.session(options(live, task))?.continuing(conversation), known))
}

/// Restores a session as it stood after an answer.
async fn restore(state: &SharedState, session: &mut Session, before: &str) -> Result<(), String> {
    let brought = state.store.bring_tape(before).await;
    brought.map_err(|error| error.to_string())?;
    let restored = session.restore(&state.store.tape_file(before)).await;
    restored.map(drop).map_err(|error| causes(&error).join(": "))
}
