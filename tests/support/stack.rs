//! The whole stack in one process: sandbox, wire, client, catalog, tools, agent, before a scripted model.

use std::sync::Arc;

use cardinal::agent::{Agent, AgentParts, Answer, CatalogReport, Event, TurnOptions};
use cardinal::agent::{
    BudgetSettings, DbtTurnSettings, GroundingSettings, GuardSettings, ReferenceMode, TurnSettings,
};
use cardinal::catalog::{Catalog, CollectionId, Entry};
use cardinal::catalog::{CatalogSettings, ContentRule, TableRule};
use cardinal::conversation::Conversation;
use cardinal::dbt::{DbtAccount, DbtAddresses, DbtCloudSettings, DbtConnection};
use cardinal::dbt_sandbox::{DbtServeOptions, RunningDbtSandbox};
use cardinal::grants::{GrantPolicy, GrantRule, GrantSettings};
use cardinal::metabase::MetabaseClient;
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::model::{CompletionSettings, Model, Prices};
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::{ConversationSettings, ShapingSettings};
use cardinal::sandbox::{RunningSandbox, ServeOptions, serve};
use cardinal::tapes::{RecordedAnswer, Recorder};
use cardinal::tools::Toolbox;
use cardinal::wire::{Wire, WireSettings};
use jiff::civil::date;
use serde_json::Value;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::demo_world::WORLD;
use super::scripted_model::ScriptedModel;

/// What a test may turn.
#[derive(Clone)]
pub struct Knobs {
    pub budget: BudgetSettings,
    pub guard: GuardSettings,
    pub grounding: GroundingSettings,
    pub shaping: ShapingSettings,
    pub conversation: ConversationSettings,
    pub prices: Option<Prices>,
    pub max_output_tokens: u32,
    pub query_timeout: Duration,
    /// Signs in with user and password instead of a key.
    pub signs_in: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            budget: BudgetSettings::default(),
            guard: GuardSettings::default(),
            grounding: GroundingSettings::default(),
            shaping: ShapingSettings::default(),
            conversation: ConversationSettings::default(),
            prices: None,
            max_output_tokens: 1024,
            query_timeout: Duration::from_secs(10),
            signs_in: false,
        }
    }
}

/// The stack.
pub struct Stack {
    pub sandbox: RunningSandbox,
    pub dbt: Option<RunningDbtSandbox>,
    pub catalog: Arc<Catalog>,
    pub model: ScriptedModel,
    pub agent: Agent,
    pub toolbox: Toolbox,
    pub recorder: Recorder,
    pub conversation: Conversation,
    pub cancel: CancellationToken,
    pub events: Arc<Mutex<Vec<Event>>>,
}

/// The dbt sandbox over the demo's tables, whose exposures lead to this Metabase.
pub async fn dbt_beside(sandbox: &RunningSandbox) -> RunningDbtSandbox {
    let data = || WORLD.sqlite_address().map_err(|error| error.to_string());
    let mut options = DbtServeOptions::new(Arc::new(data));
    options.metabase_url = Some(sandbox.url.clone());
    options.pace = Duration::from_millis(20);
    cardinal::dbt_sandbox::serve(options).await.unwrap()
}

/// Settings that reach a dbt sandbox with the token that may do everything.
pub fn dbt_settings(sandbox: &RunningDbtSandbox) -> DbtCloudSettings {
    let addresses = DbtAddresses::of_host(&sandbox.url, None).unwrap();
    let account = u64::try_from(sandbox.account_id).unwrap();
    DbtCloudSettings {
        environment_id: u64::try_from(sandbox.environment_id).ok(),
        ..DbtCloudSettings::new(addresses, sandbox.token.clone(), account)
    }
}

/// Settings that reach a sandbox with its own key.
pub fn metabase_settings(sandbox: &RunningSandbox, timeout: Duration) -> MetabaseSettings {
    MetabaseSettings {
        timeout,
        max_response_bytes: 16 * 1024 * 1024,
        max_concurrency: 4,
        max_rows: 10_000,
        ..MetabaseSettings::new(
            sandbox.url.parse().unwrap(),
            AuthSettings::ApiKey(sandbox.api_key.clone()),
        )
    }
}

/// Rules that select everything in the sandbox's curated collection, and the orders table.
pub fn curated(sandbox: &RunningSandbox, tables: TableRule) -> CatalogSettings {
    let id = CollectionId(u32::try_from(sandbox.curated_collection_id.unwrap()).unwrap());
    CatalogSettings {
        dbt_metrics: cardinal::catalog::DbtMetricRule::default(),
        notes: cardinal::catalog::CatalogNotes::default(),
        cards: ContentRule {
            collections: vec![id],
            ..ContentRule::default()
        },
        metrics: ContentRule {
            collections: vec![id],
            ..ContentRule::default()
        },
        tables,
        cache_dir: None,
        max_age: Duration::ZERO,
    }
}

impl Stack {
    /// The stack over the demo's curated collection, with the orders table.
    pub async fn new(model: ScriptedModel, knobs: Knobs) -> Self {
        Self::beside(model, knobs, None).await
    }

    /// The same with the dbt sandbox beside it, of which these rules grant something.
    pub async fn with_dbt(model: ScriptedModel, rules: Vec<GrantRule>) -> Self {
        Self::beside(model, Knobs::default(), Some(rules)).await
    }

    async fn beside(model: ScriptedModel, knobs: Knobs, rules: Option<Vec<GrantRule>>) -> Self {
        let sandbox = serve(ServeOptions::new(Arc::clone(&WORLD))).await.unwrap();
        let dbt_sandbox = match &rules {
            None => None,
            Some(_) => Some(dbt_beside(&sandbox).await),
        };
        let policy = GrantPolicy::new(&GrantSettings {
            agent: "analyst".to_owned(),
            rules: rules.unwrap_or_default(),
        });
        let wire = match &dbt_sandbox {
            None => Wire::live().unwrap(),
            Some(dbt) => {
                let settings = metabase_settings(&sandbox, knobs.query_timeout);
                let granted = cardinal::metabase::grants(&settings.url, &policy)
                    .joined(cardinal::dbt::grants(&dbt_settings(dbt), &policy))
                    .joined(cardinal::model::grants(&model.settings()).unwrap());
                Wire::new(WireSettings::new(granted)).unwrap()
            }
        };
        let dbt = dbt_sandbox.as_ref().map(|dbt| {
            let account = DbtAccount::new(dbt_settings(dbt), wire.clone(), Principal::default());
            DbtConnection::new(Some(account), None, &policy)
        });
        let mut settings = metabase_settings(&sandbox, knobs.query_timeout);
        if knobs.signs_in {
            settings.auth = AuthSettings::Password {
                username: sandbox.user.clone(),
                password: sandbox.password.clone(),
            };
        }
        let sign_in = (&settings.auth).into();
        let client = MetabaseClient::new(settings, wire.clone(), Principal::default());
        let tables = TableRule {
            ids: Vec::new(),
            name_prefix: Some("orders".to_owned()),
        };
        let loaded = client.load_catalog(&curated(&sandbox, tables)).await.unwrap();
        let catalog = Arc::new(loaded.catalog);
        let settings = TurnSettings {
            model: CompletionSettings {
                max_output_tokens: knobs.max_output_tokens,
                ..CompletionSettings::of(&model.settings(), knobs.prices)
            },
            budget: knobs.budget,
            guard: knobs.guard,
            grounding: knobs.grounding,
            shaping: knobs.shaping,
            conversation: knobs.conversation,
            max_rows: 10_000,
            sign_in,
            credential_from: None,
            dbt: dbt.as_ref().and_then(DbtTurnSettings::of),
        };
        let recorder = Recorder::new(wire.clone(), Some("a script".to_owned()));
        let offers = dbt.as_ref().map(DbtConnection::offers).unwrap_or_default();
        let toolbox = Toolbox::offering(Arc::clone(&catalog), client, knobs.shaping, offers).with_dbt(dbt);
        let references = settings.grounding.references == ReferenceMode::On;
        let prompt = Prompt::render_for(&catalog, toolbox.specs(), references).unwrap();
        let reached: Arc<dyn Model> = cardinal::model::connect(&model.settings(), wire).unwrap();
        let agent = Agent::new(AgentParts {
            model: reached,
            toolbox: toolbox.clone(),
            prompt,
            catalog: CatalogReport {
                fingerprint: catalog.fingerprint(),
                entries: catalog.entries().len(),
            },
            settings,
        });
        Self {
            sandbox,
            dbt: dbt_sandbox,
            catalog,
            model,
            agent,
            toolbox,
            recorder,
            conversation: Conversation::new("test"),
            cancel: CancellationToken::new(),
            events: Arc::default(),
        }
    }

    /// The stack with default settings before a model that gives these replies in order.
    pub async fn scripted(replies: Vec<super::scripted_model::Reply>) -> Self {
        Self::new(ScriptedModel::openai(replies).await, Knobs::default()).await
    }

    /// Asks one question and records the turn.
    pub async fn record(&mut self, question: &str, tape: &std::path::Path) -> RecordedAnswer {
        let options = self.options();
        let (agent, conversation) = (&self.agent, &mut self.conversation);
        self.recorder
            .record(agent, conversation, question, options, &mut |_| {}, tape)
            .await
            .unwrap()
            .unwrap()
    }

    /// Options of a turn on the demo's last day.
    pub fn options(&self) -> TurnOptions {
        TurnOptions {
            today: date(2026, 6, 30),
            asker: None,
            cancel: self.cancel.clone(),
        }
    }

    /// Asks one question of the conversation.
    pub async fn ask(&mut self, question: &str) -> Answer {
        let options = self.options();
        let events = Arc::clone(&self.events);
        let mut watch = move |event: Event| events.lock().unwrap().push(event);
        self.agent
            .run_turn(&mut self.conversation, question, options, &mut watch)
            .await
            .unwrap()
    }

    /// All metrics.
    pub fn metrics(&self) -> Vec<u32> {
        self.catalog
            .entries()
            .iter()
            .filter(|entry| matches!(entry, Entry::Metric(_)))
            .map(Entry::id)
            .collect()
    }

    /// Requests that reached the sandbox and run queries, as `METHOD PATH`. Those with nothing in them, by which the client
    /// finds out which routes there are, run none.
    pub fn queries(&self) -> Vec<String> {
        self.sandbox
            .requests()
            .iter()
            .filter(|request| request.method == "POST" && &request.body[..] != b"{}")
            .map(|request| format!("{} {}", request.method, request.path))
            .collect()
    }
}

/// The content of the tool results in a captured OpenAI request.
pub fn tool_contents(request: &Value) -> Vec<String> {
    request["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "tool")
        .map(|message| message["content"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Ids that a tool of an OpenAI request may be called with, as the catalog in its prompt lists them.
pub fn ids(request: &Value, tool: &str, key: &str) -> Vec<u64> {
    let tools = request["tools"].as_array().unwrap();
    assert!(
        tools.iter().any(|entry| entry["function"]["name"] == tool),
        "no {tool}"
    );
    let kind = key.strip_suffix("_id").unwrap();
    let prompt = request["messages"][0]["content"].as_str().unwrap();
    let of_kind = prompt.lines().filter_map(|line| {
        let (id, _) = line.strip_prefix(kind)?.strip_prefix(' ')?.split_once(" \"")?;
        id.parse().ok()
    });
    of_kind.collect()
}

/// The first entry of a kind that the prompt lists, over any wire.
pub fn first_listed(request: &Value, kind: &str) -> u64 {
    let blocks = request["system"].as_array().into_iter().flatten();
    let system = blocks.filter_map(|block| block["text"].as_str());
    let texts: Vec<&str> = system
        .chain(request["messages"][0]["content"].as_str())
        .chain(request["instructions"].as_str())
        .collect();
    texts
        .iter()
        .flat_map(|text| text.lines())
        .find_map(|line| {
            let (id, _) = line.strip_prefix(kind)?.strip_prefix(' ')?.split_once(" \"")?;
            id.parse().ok()
        })
        .unwrap()
}

/// The first metric a request offers.
pub fn a_metric(request: &Value) -> u64 {
    ids(request, "query_metric", "metric_id")[0]
}
