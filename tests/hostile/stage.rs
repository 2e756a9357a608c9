//! The hostile suite's world, served, with an agent for each of those who ask.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cardinal::agent::{Agent, AgentParts, Answer, BudgetSettings, CatalogReport, TurnOptions, TurnSettings};
use cardinal::catalog::TableRule;
use cardinal::catalog::{Catalog, Entry};
use cardinal::conversation::Conversation;
use cardinal::eval::Suite;
use cardinal::metabase::MetabaseClient;
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::model::CompletionSettings;
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::ShapingSettings;
use cardinal::sandbox::{RunningSandbox, ServeOptions, World, serve};
use cardinal::tools::Toolbox;
use cardinal::wire::Wire;
use jiff::civil::date;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::curated;

pub(super) fn suite() -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/hostile")).unwrap()
}

/// Who asks when a case does not say.
const READER: &str = "Curated reader";

pub(super) struct Stage {
    pub(super) sandbox: RunningSandbox,
    pub(super) model: ScriptedModel,
    /// Every key that the world knows.
    pub(super) keys: Vec<String>,
    agents: BTreeMap<String, (Agent, Arc<Catalog>)>,
}

impl Stage {
    pub(super) async fn new(suite: &Suite, model: ScriptedModel) -> Self {
        let data = suite.dataset.path.as_deref().unwrap();
        let world = Arc::new(World::from_csv(data, suite.dataset.model.as_deref()).unwrap());
        let sandbox = serve(ServeOptions::new(Arc::clone(&world))).await.unwrap();
        let mut agents = BTreeMap::new();
        let mut keys = Vec::new();
        for name in [READER, "Viewer", "Administrator"] {
            let key = world.api_key(name).unwrap();
            keys.push(key.expose_secret().to_owned());
            let wire = Wire::live().unwrap();
            let settings = MetabaseSettings {
                timeout: Duration::from_secs(10),
                max_response_bytes: 4 << 20,
                max_concurrency: 4,
                max_rows: 10_000,
                ..MetabaseSettings::new(sandbox.url.parse().unwrap(), AuthSettings::ApiKey(key))
            };
            let client = MetabaseClient::new(settings, wire.clone(), Principal::default());
            let tables = TableRule {
                ids: Vec::new(),
                name_prefix: Some("tickets".to_owned()),
            };
            let loaded = client.load_catalog(&curated(&sandbox, tables)).await.unwrap();
            let catalog = Arc::new(loaded.catalog);
            let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
            let agent = Agent::new(AgentParts {
                prompt: Prompt::render(&catalog, toolbox.specs()).unwrap(),
                model: cardinal::model::connect(&model.settings(), wire).unwrap(),
                toolbox,
                catalog: CatalogReport {
                    fingerprint: catalog.fingerprint(),
                    entries: catalog.entries().len(),
                },
                settings: TurnSettings {
                    budget: budget(),
                    ..TurnSettings::new(CompletionSettings {
                        max_output_tokens: 1024,
                        ..CompletionSettings::of(&model.settings(), None)
                    })
                },
            });
            agents.insert(name.to_owned(), (agent, catalog));
        }
        Self {
            sandbox,
            model,
            keys,
            agents,
        }
    }

    pub(super) fn catalog(&self, principal: Option<&str>) -> &Catalog {
        &self.agents[principal.unwrap_or(READER)].1
    }

    /// Asks the questions of a conversation, and returns all answers.
    pub(super) async fn ask(&self, principal: Option<&str>, id: &str, turns: &[String]) -> Vec<Answer> {
        let (agent, _) = &self.agents[principal.unwrap_or(READER)];
        let mut conversation = Conversation::new(id);
        let mut answers = Vec::new();
        for question in turns {
            let options = TurnOptions {
                today: date(2025, 6, 30),
                asker: None,
                cancel: CancellationToken::new(),
            };
            let answer = agent
                .run_turn(&mut conversation, question, options, &mut |_| {})
                .await;
            answers.push(answer.unwrap());
        }
        answers
    }

    /// Cards whose queries reached the server, as the paths of the requests since the last look say.
    pub(super) fn cards_reached(&self) -> BTreeSet<u32> {
        let requests = self.sandbox.requests();
        requests
            .iter()
            .filter_map(|request| {
                let mut parts = request.path.split('/').skip_while(|part| *part != "card").skip(1);
                parts.next()?.parse().ok()
            })
            .collect()
    }
}

/// What a turn may take: a model that never stops is stopped here.
pub(super) fn budget() -> BudgetSettings {
    BudgetSettings {
        max_steps: 8,
        max_tool_calls: 20,
        ..BudgetSettings::default()
    }
}

/// Ids of the cards in a catalog.
pub(super) fn cards(catalog: &Catalog) -> BTreeSet<u32> {
    let cards = catalog
        .entries()
        .iter()
        .filter(|entry| matches!(entry, Entry::Card(_)));
    cards.map(Entry::id).collect()
}
