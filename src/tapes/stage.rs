use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;
use url::Url;

use super::ended::{end, not_by_the_clock, same};
use super::error::ReplayError;
use super::record::prompt_note;
use super::replay::Replayed;
use super::setup::Setup;
use super::snapshot::load_catalog;
use crate::agent::{Agent, AgentParts, Answer, CatalogReport, Denial, Late, TurnOptions};
use crate::catalog::Catalog;
use crate::conversation::Conversation;
use crate::metabase::MetabaseSettings;
use crate::metabase::{self, MetabaseClient};
use crate::model::offline::OfflinePlanner;
use crate::model::{Model, ModelId, Provider, connect};
use crate::principal::Principal;
use crate::prompt::Prompt;
use crate::tools::Toolbox;
use crate::wire::{
    Grants, Header, Player, Prefixes, TapeError, TapeFile, TapeMode, TurnEnd, Wire, WireError, WireSettings,
};

/// The wire that all replays of a process share: it may send nothing anywhere.
static SEALED: OnceLock<Wire> = OnceLock::new();

/// Catalogs, and what is made of each of them once for all turns that are replayed.
#[derive(Debug, Default)]
pub struct Scenes {
    /// By fingerprint.
    kept: Mutex<BTreeMap<String, Scene>>,
    prefixes: Prefixes,
}

/// A catalog, and what is made of it.
#[derive(Debug, Clone)]
struct Scene {
    catalog: Arc<Catalog>,
    report: CatalogReport,
    toolbox: Toolbox,
    prompt: Prompt,
}

impl Scenes {
    /// Reads a finished tape, and what it shares with others once for all of them.
    pub fn read(&self, path: &Path) -> Result<TapeFile, TapeError> {
        TapeFile::read_with(path, &self.prefixes)
    }

    /// What runs the turn of a tape from the tape alone, over the catalog that lies beside it.
    pub fn stage(&self, tape: &TapeFile) -> Result<Stage, ReplayError> {
        let fingerprint = &tape.header.catalog.fingerprint;
        let scene = match self.known(fingerprint) {
            Some(scene) => scene,
            None => self.made(&load_catalog(&tape.path, fingerprint)?, fingerprint)?,
        };
        scene.stage(&tape.header)
    }

    /// What runs a recorded turn with its model from tape, over this catalog and this Metabase as they are now.
    pub fn stage_over(
        &self,
        header: &Header,
        catalog: &Arc<Catalog>,
        metabase: &MetabaseSettings,
    ) -> Result<Stage, ReplayError> {
        let fingerprint = catalog.fingerprint();
        let scene = match self.known(&fingerprint) {
            Some(scene) => scene,
            None => self.made(catalog, &fingerprint)?,
        };
        scene.stage_over(header, metabase)
    }

    fn known(&self, fingerprint: &str) -> Option<Scene> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(fingerprint).cloned()
    }

    fn made(&self, catalog: &Arc<Catalog>, fingerprint: &str) -> Result<Scene, ReplayError> {
        let scene = Scene::of(catalog)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(fingerprint.to_owned(), scene.clone());
        Ok(scene)
    }
}

impl Scene {
    fn of(catalog: &Arc<Catalog>) -> Result<Self, ReplayError> {
        // Tools are the same whoever runs them; each stage gives them its own client.
        let nowhere = Setup::nowhere().map_err(|error| ReplayError::Header(error.to_string()))?;
        let client = MetabaseClient::new(nowhere, sealed()?, Principal::default());
        let toolbox = Toolbox::new(
            Arc::clone(catalog),
            client,
            crate::result::ShapingSettings::default(),
        );
        let prompt = Prompt::render(catalog, toolbox.specs())?;
        Ok(Self {
            report: CatalogReport {
                fingerprint: catalog.fingerprint(),
                entries: catalog.entries().len(),
            },
            catalog: Arc::clone(catalog),
            toolbox,
            prompt,
        })
    }

    fn stage(&self, header: &Header) -> Result<Stage, ReplayError> {
        let bad = |error: &dyn ToString| ReplayError::Header(error.to_string());
        let setup = setup(header)?;
        let url: Url = header.metabase.url.parse().map_err(|error| bad(&error))?;
        let wire = sealed()?.for_session().seeded(header.seed);
        let principal = Principal(header.principal.clone());
        let mut client = MetabaseClient::new(setup.metabase(url), wire.clone(), principal);
        if let Some(server) = &header.metabase.server {
            client = client.with_detection(server).map_err(|error| bad(&error))?;
        }
        self.stage_with(header, setup, wire, client)
    }

    fn stage_over(&self, header: &Header, metabase: &MetabaseSettings) -> Result<Stage, ReplayError> {
        let setup = setup(header)?;
        let wire = Wire::new(WireSettings::new(metabase::grants(&metabase.url)))?.seeded(header.seed);
        let settings = MetabaseSettings {
            max_rows: setup.max_rows,
            ..metabase.clone()
        };
        let client = MetabaseClient::new(settings, wire.clone(), Principal(header.principal.clone()));
        self.stage_with(header, setup, wire, client)
    }

    fn stage_with(
        &self,
        header: &Header,
        setup: Setup,
        wire: Wire,
        client: MetabaseClient,
    ) -> Result<Stage, ReplayError> {
        let id: ModelId = header
            .model
            .parse()
            .map_err(|error: String| ReplayError::Header(error))?;
        let model: Arc<dyn Model> = match id.provider {
            Provider::Offline => Arc::new(OfflinePlanner::new(Arc::clone(&self.catalog), header.today)),
            Provider::Openai | Provider::Anthropic => connect(&setup.model.settings(id), wire.clone())?,
        };
        let agent = Agent::new(AgentParts {
            model,
            prices: setup.model.prices,
            toolbox: self.toolbox.run_by(client, setup.shaping),
            prompt: self.prompt.clone(),
            catalog: self.report.clone(),
            budget: setup.budget,
            guard: setup.guard,
            grounding: setup.grounding,
            max_output_tokens: setup.model.max_output_tokens,
            temperature: setup.model.temperature,
        })
        .over(setup.conversation);
        Ok(Stage { agent, wire })
    }
}

fn setup(header: &Header) -> Result<Setup, ReplayError> {
    serde_json::from_value(header.setup.clone()).map_err(|error| ReplayError::Header(error.to_string()))
}

/// Everything a recorded turn needs to run again, without a key.
#[derive(Debug)]
pub struct Stage {
    agent: Agent,
    wire: Wire,
}

impl Stage {
    /// Sets up what the header says, over this catalog, without a network.
    pub fn of(header: &Header, catalog: &Arc<Catalog>) -> Result<Self, ReplayError> {
        Scene::of(catalog)?.stage(header)
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
    /// turn began with. An answer that is not the recorded one is an error.
    pub async fn replay(
        &self,
        tape: &TapeFile,
        conversation: &mut Conversation,
    ) -> Result<Replayed, ReplayError> {
        let recorded = end(tape)?;
        let answer = self.perform(tape, conversation).await?;
        same(recorded, &TurnEnd::of(&answer))?;
        Ok(Replayed {
            answer,
            exchanges: tape.exchanges.len(),
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
    pub async fn perform_live(
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
        let late: Option<Late> = serde_json::from_value(recorded.late.clone()).map_err(unreadable)?;
        let options = TurnOptions {
            today: header.today,
            asker: header.asker.clone(),
            cancel: CancellationToken::new(),
        };
        let slot = self.wire.tape_slot();
        slot.put(mode);
        conversation.now = Some(header.started_at);
        let mut unwatched = |_| {};
        let answer = self
            .agent
            .rerun_turn(
                conversation,
                &header.question,
                options,
                &mut unwatched,
                denials,
                (late.unwrap_or_default(), player.stalls().clone()),
            )
            .await;
        slot.take();
        let ended = player.finish().map_err(ReplayError::from);
        let answer = answer?;
        let ended = ended.and_then(|()| not_by_the_clock(tape, &player, &answer));
        Ok((answer, ended))
    }
}

fn sealed() -> Result<Wire, WireError> {
    if let Some(wire) = SEALED.get() {
        return Ok(wire.clone());
    }
    let wire = Wire::new(WireSettings::new(Grants::none()))?;
    Ok(SEALED.get_or_init(|| wire).clone())
}
