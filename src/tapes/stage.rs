use std::sync::{Arc, OnceLock};

use url::Url;

use super::error::ReplayError;
use super::record::{answer_hash, prompt_note};
use super::replay::Replayed;
use super::setup::Setup;
use crate::agent::{Agent, AgentParts, CatalogReport, Denial, TurnOptions};
use crate::catalog::Catalog;
use crate::metabase::MetabaseClient;
use crate::model::offline::OfflinePlanner;
use crate::model::{Model, ModelId, Provider, connect};
use crate::prompt::Prompt;
use crate::session::Conversation;
use crate::tools::Toolbox;
use crate::wire::{
    Grants, Header, Player, Principal, TapeError, TapeFile, TapeMode, TurnEnd, Wire, WireError, WireSettings,
};

/// The wire that all replays of a process share: it may send nothing anywhere.
static SEALED: OnceLock<Wire> = OnceLock::new();

/// Everything a recorded turn needs to run again, without a key and without a network.
#[derive(Debug)]
pub struct Stage {
    agent: Agent,
    wire: Wire,
}

impl Stage {
    /// Sets up what the header says, over this catalog.
    pub fn of(header: &Header, catalog: &Arc<Catalog>) -> Result<Self, ReplayError> {
        let bad = |error: &dyn ToString| ReplayError::Header(error.to_string());
        let setup: Setup = serde_json::from_value(header.setup.clone()).map_err(|error| bad(&error))?;
        let id: ModelId = header.model.parse().map_err(|error| bad(&error))?;
        let url: Url = header.metabase.url.parse().map_err(|error| bad(&error))?;
        let wire = sealed()?.for_session().seeded(header.seed);
        let principal = Principal(header.principal.clone());
        let mut client = MetabaseClient::new(setup.metabase(url), wire.clone(), principal);
        if let Some(server) = &header.metabase.server {
            client = client.with_detection(server).map_err(|error| bad(&error))?;
        }
        let model: Arc<dyn Model> = match id.provider {
            Provider::Offline => Arc::new(OfflinePlanner::new(Arc::clone(catalog), header.today)),
            Provider::Openai | Provider::Anthropic => connect(&setup.model.settings(id), wire.clone())?,
        };
        let toolbox = Toolbox::new(Arc::clone(catalog), client, setup.shaping);
        let prompt = Prompt::render(catalog, toolbox.specs())?;
        let agent = Agent::new(AgentParts {
            model,
            prices: setup.model.prices,
            toolbox,
            prompt,
            catalog: CatalogReport {
                fingerprint: catalog.fingerprint(),
                entries: catalog.entries().len(),
            },
            budget: setup.budget,
            guard: setup.guard,
            grounding: setup.grounding,
            max_output_tokens: setup.model.max_output_tokens,
            temperature: setup.model.temperature,
        });
        Ok(Self { agent, wire })
    }

    /// What changed since the turn was recorded, of what the model reads before the conversation: names of prompt
    /// segments.
    pub fn changed(&self, header: &Header) -> Vec<String> {
        let now = prompt_note(self.agent.prompt()).segments;
        let recorded = &header.prompt.segments;
        let names: std::collections::BTreeSet<&String> = now.keys().chain(recorded.keys()).collect();
        names
            .into_iter()
            .filter(|name| now.get(*name) != recorded.get(*name))
            .map(|name| format!("prompt segment {name}"))
            .collect()
    }

    /// Runs the turn of the tape from the tape alone, and appends it to the conversation, which has to be the one the
    /// turn began with.
    pub async fn replay(
        &self,
        tape: &TapeFile,
        conversation: &mut Conversation,
    ) -> Result<Replayed, ReplayError> {
        let header = &tape.header;
        let Some(recorded) = tape.end.clone() else {
            return Err(ReplayError::Tape(TapeError::Unfinished {
                path: tape.path.clone(),
                exchanges: tape.exchanges.len(),
            }));
        };
        let changed = self.changed(header);
        if !changed.is_empty() {
            return Err(ReplayError::Stale {
                changed,
                command: header.command(),
            });
        }
        let denials = recorded.denials.iter().cloned().map(serde_json::from_value);
        let denials = denials
            .collect::<Result<Vec<Denial>, _>>()
            .map_err(|error| ReplayError::Header(error.to_string()))?;
        let player = Player::new(tape);
        let options = TurnOptions {
            today: header.today,
            asker: header.asker.clone(),
            cancel: player.stalled().clone(),
        };
        let slot = self.wire.tape_slot();
        slot.put(TapeMode::Replay(player.clone()));
        let mut unwatched = |_| {};
        let answer = self
            .agent
            .rerun_turn(conversation, &header.question, options, &mut unwatched, denials)
            .await;
        slot.take();
        player.finish()?;
        let answer = answer?;
        let now = TurnEnd::of(&answer);
        if player.stalled().is_cancelled() && now.outcome != recorded.outcome {
            return Err(ReplayError::Clock {
                stop_reason: recorded.stop_reason,
            });
        }
        same(&recorded, &now)?;
        Ok(Replayed {
            answer,
            exchanges: tape.exchanges.len(),
        })
    }
}

impl TurnEnd {
    /// What a tape says of an answer.
    pub(super) fn of(answer: &crate::agent::Answer) -> Self {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            outcome: word(serde_json::json!(answer.outcome)),
            stop_reason: word(serde_json::json!(answer.stop_reason)),
            text: answer.text.clone(),
            answer: answer_hash(answer),
            denials: answer
                .denials
                .iter()
                .map(|denial| serde_json::json!(denial))
                .collect(),
        }
    }
}

fn same(recorded: &TurnEnd, now: &TurnEnd) -> Result<(), ReplayError> {
    let parts = [
        ("its outcome", &recorded.outcome, &now.outcome),
        ("its stop reason", &recorded.stop_reason, &now.stop_reason),
        ("its text", &recorded.text, &now.text),
        (
            "the hash of its evidence, calls and usage",
            &recorded.answer,
            &now.answer,
        ),
    ];
    let different = parts.into_iter().find(|(_, recorded, now)| recorded != now);
    different.map_or(Ok(()), |(what, recorded, now)| {
        Err(ReplayError::Different {
            what,
            recorded: recorded.clone(),
            now: now.clone(),
        })
    })
}

fn sealed() -> Result<Wire, WireError> {
    if let Some(wire) = SEALED.get() {
        return Ok(wire.clone());
    }
    let wire = Wire::new(WireSettings::new(Grants::none()))?;
    Ok(SEALED.get_or_init(|| wire).clone())
}
