use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::context::ReplayContext;
use super::ended::{end, not_by_the_clock, put_health, same};
use super::error::ReplayError;
use super::record::prompt_note;
use super::replay::ReplayedTurn;
use crate::agent::{Agent, Answer, Denial, TimeoutMarks, TurnOptions};
use crate::catalog::Catalog;
use crate::conversation::Conversation;
use crate::telemetry::untraced;
use crate::wire::{Header, Player, TapeFile, TapeMode, TurnEnd, Wire};

/// Everything a recorded turn needs to run again, without a key.
#[derive(Debug)]
pub struct Replayer {
    agent: Agent,
    wire: Wire,
}

impl Replayer {
    /// Runs turns with this agent, which sends through `wire`.
    pub(super) fn new(agent: Agent, wire: Wire) -> Self {
        Self { agent, wire }
    }

    /// Sets up what the header says, over this catalog, without a network.
    pub fn of(header: &Header, catalog: &Arc<Catalog>) -> Result<Self, ReplayError> {
        ReplayContext::of(catalog)?.replayer(header)
    }

    /// What changed since the turn was recorded, of what a model reads: names of prompt segments, and the texts that it
    /// can be sent within a conversation.
    pub fn changed(&self, header: &Header) -> Vec<String> {
        let now = prompt_note(self.agent.prompt());
        let recorded = &header.prompt;
        let names: BTreeSet<&String> = now.segments.keys().chain(recorded.segments.keys()).collect();
        let mut changed: Vec<String> = names
            .into_iter()
            .filter(|name| now.segments.get(*name) != recorded.segments.get(*name))
            .map(|name| format!("prompt segment {name}"))
            .collect();
        // An older tape does not say what its texts were.
        if recorded.texts.is_some() && recorded.texts != now.texts {
            changed.push("the texts that a model can be sent (prompts/)".to_owned());
        }
        if recorded.words.is_some() && recorded.words != now.words {
            changed.push(
                "the words of the program that a model can be sent (refusals, hints, headings)".to_owned(),
            );
        }
        changed
    }

    /// Runs the turn of the tape from the tape alone, and appends it to the conversation, which has to be the one the
    /// turn began with. An answer that is not the recorded one is an error.
    pub async fn replay(
        &self,
        tape: &TapeFile,
        conversation: &mut Conversation,
    ) -> Result<ReplayedTurn, ReplayError> {
        let recorded = end(tape)?;
        let mut answer = self.perform(tape, conversation).await?;
        same(recorded, &TurnEnd::like(recorded, &answer))?;
        put_health(recorded, &mut answer);
        Ok(ReplayedTurn {
            answer,
            exchanges: tape.exchanges.len(),
            texts_hashed: tape.header.prompt.texts.is_some(),
        })
    }

    /// The same, whatever the answer is.
    pub async fn perform(
        &self,
        tape: &TapeFile,
        conversation: &mut Conversation,
    ) -> Result<Answer, ReplayError> {
        let changed = self.changed(&tape.header);
        if !changed.is_empty() {
            return Err(ReplayError::Stale {
                changed,
                command: tape.header.command(),
            });
        }
        let player = Player::new(tape);
        let mode = TapeMode::Replay(player.clone());
        let (answer, ended) = self.run(tape, player, mode, conversation).await?;
        ended?;
        Ok(answer)
    }

    /// Runs the turn with its completions from the tape and everything else live. What was answered is there even
    /// when the turn parts from its tape.
    pub(crate) async fn perform_live(
        &self,
        tape: &TapeFile,
        conversation: &mut Conversation,
    ) -> Result<(Answer, Result<(), ReplayError>), ReplayError> {
        let player = Player::of_completions(tape);
        let mode = TapeMode::Model(player.clone());
        self.run(tape, player, mode, conversation).await
    }

    async fn run(
        &self,
        tape: &TapeFile,
        player: Player,
        mode: TapeMode,
        conversation: &mut Conversation,
    ) -> Result<(Answer, Result<(), ReplayError>), ReplayError> {
        let (header, recorded) = (&tape.header, end(tape)?);
        let unreadable = |error: serde_json::Error| ReplayError::Header(error.to_string());
        let denials = recorded.denials.iter().cloned().map(serde_json::from_value);
        let denials = denials.collect::<Result<Vec<Denial>, _>>().map_err(unreadable)?;
        let late: Option<TimeoutMarks> = serde_json::from_value(recorded.late.clone()).map_err(unreadable)?;
        let options = TurnOptions {
            today: header.today,
            asker: header.asker.clone(),
            cancel: CancellationToken::new(),
        };
        let slot = self.wire.tape_slot().hold(mode);
        conversation.now = Some(header.started_at);
        let mut unwatched = |_| {};
        let rerun = self.agent.rerun_turn(
            conversation,
            &header.question,
            options,
            &mut unwatched,
            denials,
            (late.unwrap_or_default(), player.stalls().clone()),
        );
        let answer = untraced(rerun).await;
        drop(slot);
        let ended = player.finish().map_err(ReplayError::from);
        let answer = answer?;
        let ended = ended.and_then(|()| not_by_the_clock(tape, &player, &answer));
        Ok((answer, ended))
    }
}
