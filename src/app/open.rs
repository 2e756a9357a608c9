use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use rust_decimal::Decimal;
use secrecy::SecretString;
use url::Url;

use super::answer_health::AnswerHealth;
use super::catalog_cache::{CatalogCache, CatalogClients, Freshness, OpenedCatalog};
use super::reach::ModelReach;
use super::shared_catalogs::SharedCatalogs;
use super::{Error, Server, Session, day, dbt as network_dbt, network};
use crate::agent::{Agent, AgentParts, CatalogReport, DbtTurnSettings, ReferenceMode, TurnSettings};
use crate::catalog::Catalog;
use crate::config::Settings;
use crate::dbt::{DbtConnection, token_reach};
use crate::grants::GrantPolicy;
use crate::metabase::{AuthSettings, MetabaseClient, MetabaseError, OnProgress, SignedInPerson};
use crate::model::{
    BudgetShare, CompletionSettings, Model, ModelSettings, Prices, Provider, ProviderBatches, prices,
};
use crate::principal::Principal;
use crate::prompt::Prompt;
use crate::result::EntryKind;
use crate::tapes::Recorder;
use crate::tools::Toolbox;
use crate::wire::{CompletionRelay, RequestLimits, Wire};

/// Longest look for what the dbt token may do.
const TOKEN_LOOK: Duration = Duration::from_secs(5);

/// How an [`App`] is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    /// Whether a catalog that was kept on disk may be used.
    pub freshness: Freshness,
    /// The day to take as today; `None`: the real one, and for the demo the last day of its data.
    pub today: Option<Date>,
}

/// How a [`Session`] begins. The default is what most programs want.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Tells the conversation apart from others in logs and on tapes; `None` makes one up.
    pub id: Option<String>,
    /// The day that questions mean by "today"; `None`: the app's.
    pub today: Option<Date>,
    /// What answers in place of the model of the settings. It is told what that model would be told.
    pub model: Option<Arc<dyn Model>>,
    /// Decides everything random in the session.
    pub seed: Option<u64>,
    /// Whether its connections and cache are its own instead of being shared with other sessions: what it is told then
    /// depends on nothing that others asked.
    pub apart: bool,
    /// What pays for its completions, beside the budgets of the settings.
    pub budget: Option<BudgetShare>,
    /// What answers its completions in place of the network.
    pub relay: Option<Arc<dyn CompletionRelay>>,
    /// Who asks its questions, where many ask with one credential: whoever asked may not approve.
    pub asked_by: Option<String>,
}

/// Everything needed to answer questions with one credential.
#[derive(Debug)]
pub struct App {
    settings: Settings,
    model: Arc<ModelSettings>,
    server: Server,
    catalog: OpenedCatalog,
    today: Date,
    /// The day that was asked for instead of the real one.
    chosen_today: Option<Date>,
    wire: Wire,
    client: MetabaseClient,
    agent: Agent,
    shared: SharedCatalogs,
    /// dbt, where its tools are offered or metrics of it are curated.
    dbt: Option<DbtConnection>,
    /// Says how healthy the data of answers is, where that can be known.
    health: Option<AnswerHealth>,
}

impl App {
    /// Assembles everything: reaches the Metabase, loads the catalog, renders the prompt. The model is not asked yet.
    pub async fn open(settings: Settings, options: OpenOptions) -> Result<Self, Error> {
        Self::open_watched(settings, options, &|_| {}).await
    }

    /// The same; `on_progress` is told how far the load of the catalog is, when it is not a kept one.
    pub(crate) async fn open_watched(
        settings: Settings,
        options: OpenOptions,
        on_progress: OnProgress<'_>,
    ) -> Result<Self, Error> {
        Box::pin(Self::open_with(settings, options, None, on_progress)).await
    }

    /// The same, whose requests count within limits that other apps may share, instead of those of the settings.
    pub(crate) async fn open_within(
        settings: Settings,
        options: OpenOptions,
        limits: &RequestLimits,
        on_progress: OnProgress<'_>,
    ) -> Result<Self, Error> {
        Box::pin(Self::open_with(settings, options, Some(limits), on_progress)).await
    }

    async fn open_with(
        settings: Settings,
        options: OpenOptions,
        limits: Option<&RequestLimits>,
        on_progress: OnProgress<'_>,
    ) -> Result<Self, Error> {
        let server = Server::open(&settings).await?;
        let wire = network::wire_within(&settings, reach(&server, &settings), limits)?;
        let parts = AppParts {
            settings,
            server,
            wire,
            principal: Principal::default(),
            shared: SharedCatalogs::default(),
        };
        Box::pin(parts.app(options, on_progress)).await
    }

    /// The same with the catalog as it is now; entries that nobody edited are not read again. Connections, cache and limits are shared with this one; sessions that were
    /// begun keep what they began with.
    pub(crate) async fn reloaded(&self) -> Result<Self, Error> {
        let parts = AppParts {
            settings: self.settings.clone(),
            server: self.server.clone(),
            wire: self.wire.clone(),
            principal: self.client.principal().clone(),
            shared: self.shared.clone(),
        };
        Box::pin(parts.app(self.options(Freshness::Changed), &|_| {})).await
    }

    /// The same for somebody else, who asks Metabase with a credential of their own: catalog, prompt, cached responses and the
    /// day's budget are theirs; connections and limits are shared with this one.
    pub async fn for_principal(&self, principal: Principal, auth: AuthSettings) -> Result<Self, Error> {
        let parts = AppParts {
            settings: self.settings.clone(),
            server: self.server.with_auth(auth),
            wire: self.wire.clone(),
            principal,
            shared: self.shared.clone(),
        };
        Box::pin(parts.app(self.options(Freshness::Cached), &|_| {})).await
    }

    /// The person that a session of Metabase is of, asked now; `None` when it is of no person with an address.
    pub(crate) async fn person_of(
        &self,
        session: SecretString,
    ) -> Result<Option<SignedInPerson>, MetabaseError> {
        let settings = self.server.with_auth(AuthSettings::Session(session)).metabase;
        let nobody = Principal("not known yet".to_owned());
        MetabaseClient::new(settings, self.wire.for_session(), nobody)
            .person()
            .await
    }

    fn options(&self, freshness: Freshness) -> OpenOptions {
        OpenOptions {
            freshness,
            today: self.chosen_today,
        }
    }

    /// Begins a conversation. It costs next to nothing: connections, cache, catalog and prompt are shared, unless the options
    /// ask for a session apart. Nothing is sent before the first question.
    pub fn session(&self, options: SessionOptions) -> Result<Session, Error> {
        let wire = if options.apart {
            self.wire.apart()?
        } else {
            self.wire.for_session()
        };
        let wire = match options.seed {
            Some(seed) => wire.seeded(seed),
            None => wire,
        };
        let wire = match options.relay {
            Some(relay) => wire.relaying(relay),
            None => wire,
        };
        let wire = match options.asked_by {
            Some(principal) => wire.asked_by(principal),
            None => wire,
        };
        let client = if options.apart {
            MetabaseClient::new(
                self.server.metabase.clone(),
                wire.clone(),
                self.client.principal().clone(),
            )
        } else {
            self.client.over(wire.clone())
        };
        let today = options.today.unwrap_or(self.today);
        let reach = ModelReach {
            settings: Arc::clone(&self.model),
            wire: wire.clone(),
            budget: options.budget.map(|share| self.priced(share)).transpose()?,
        };
        let (model, reach) = match options.model {
            Some(model) => (model, None),
            None => (reach.model(&self.catalog.catalog, today)?, Some(reach)),
        };
        let recorder = Recorder::new(wire, self.settings.tape.answered_by.clone());
        let id = options.id.unwrap_or_else(new_id);
        let dbt = self.dbt.as_ref().map(|dbt| dbt.over(recorder.wire()));
        let agent = self.agent.for_session(model, client, dbt);
        let session = Session::new(agent, recorder, id, today).reaching(reach);
        // What a session apart is told depends on nothing that others asked.
        Ok(session.judged_by(self.health.clone().filter(|_| !options.apart)))
    }

    fn priced(&self, share: BudgetShare) -> Result<(BudgetShare, Prices), Error> {
        let prices = price(&self.settings.model).ok_or_else(|| Error::Unpriced {
            model: self.settings.model.id.to_string(),
        })?;
        Ok((share, prices))
    }

    /// The batch API of the model's provider, where it has one.
    pub fn provider_batches(&self) -> Result<ProviderBatches, Error> {
        let wire = network::provider_batch_wire(&self.model)?;
        Ok(ProviderBatches::new(&self.model, wire)?)
    }

    /// Bytes that every completion begins with: tools and system prompt.
    pub fn prompt_bytes(&self) -> u64 {
        self.prompt().bytes
    }

    /// dbt, where its tools are offered or metrics of it are curated.
    pub fn dbt(&self) -> Option<&DbtConnection> {
        self.dbt.as_ref()
    }

    pub(super) fn prompt(&self) -> &Prompt {
        self.agent.prompt()
    }

    /// What its sessions ask through.
    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A client of the Metabase that is part of no session.
    pub(super) fn metabase_aside(&self) -> MetabaseClient {
        self.client.over(self.wire.for_session())
    }

    /// Forgets how healthy the data of entries was: something ran since.
    pub(crate) fn forget_verdicts(&self) {
        if let Some(health) = &self.health {
            health.forget();
            health.warm_up();
        }
    }

    /// What there is to say of the dbt token: that it may do more than the grants need. Nothing where that cannot be known, or not
    /// soon. It costs a request.
    pub(crate) async fn dbt_token_warning(&self) -> Option<String> {
        let account = self.dbt.as_ref()?.account()?;
        let policy = GrantPolicy::new(&self.settings.grants);
        let looked = tokio::time::timeout(TOKEN_LOOK, token_reach(account, &policy)).await;
        looked.ok()?.ok().flatten()?.warning()
    }

    /// What to say where the demo answers although a dbt is configured: neither knows of the other.
    pub(crate) fn demo_beside_dbt(&self) -> Option<&'static str> {
        let dbt = &self.settings.dbt;
        let is_configured = dbt.cloud.is_some() || dbt.project_dir.is_some();
        (self.server.is_demo() && is_configured).then_some(
            "the demo answers, and not your own data: set METABASE_URL, or select metrics of a dbt account under \
             [catalog.dbt_metrics]",
        )
    }

    /// The settings it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The Metabase that is asked.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The catalog, and how it was loaded.
    pub fn catalog(&self) -> &OpenedCatalog {
        &self.catalog
    }

    /// The page that a person opens for an entry; `None` where there is nothing to open, as with the demo and with metrics of
    /// dbt.
    pub fn link(&self, kind: EntryKind, id: u32) -> Option<Url> {
        let of_dbt = self
            .catalog
            .catalog
            .entry(kind, id)
            .is_some_and(|entry| entry.dbt().is_some());
        let has_pages = !self.server.is_demo() && self.server.has_metabase() && !of_dbt;
        has_pages.then(|| self.client.link(kind, id)).flatten()
    }

    /// The day that questions mean by "today", unless they or their session say another.
    pub fn today(&self) -> Date {
        self.today
    }
}

/// What an app is made of, before its catalog is there.
struct AppParts {
    settings: Settings,
    server: Server,
    wire: Wire,
    principal: Principal,
    shared: SharedCatalogs,
}

impl AppParts {
    async fn app(self, options: OpenOptions, on_progress: OnProgress<'_>) -> Result<App, Error> {
        let Self {
            settings,
            server,
            wire,
            principal,
            shared,
        } = self;
        let client = MetabaseClient::new(server.metabase.clone(), wire.clone(), principal.clone());
        let health = network_dbt::health_connection(&settings, &server, &wire.for_session(), &principal)?;
        if let Some(health) = health.as_ref().filter(|health| health.offers().nodes) {
            // Read while the catalog is loaded.
            let health = health.clone();
            tokio::spawn(async move { health.graph().await.map(drop) });
        }
        let dbt = network_dbt::dbt_of_turns(&settings, &server, &wire, &principal)?;
        let cache = CatalogCache::of(&server, &principal);
        let clients = CatalogClients {
            metabase: &client,
            semantic_layer: dbt.as_ref().and_then(DbtConnection::semantic_layer),
        };
        let mut catalog = cache
            .load(&server, clients, options.freshness, on_progress)
            .await?;
        let today = options.today.unwrap_or_else(|| server.today());
        let model_settings = Arc::new(settings.model.clone());
        let reach = ModelReach {
            settings: Arc::clone(&model_settings),
            wire: wire.clone(),
            budget: None,
        };
        let references = settings.grounding.references == ReferenceMode::On;
        let offers = dbt.as_ref().map(DbtConnection::offers).unwrap_or_default();
        let toolbox = |catalog: &Arc<Catalog>| {
            Toolbox::offering(Arc::clone(catalog), client.clone(), settings.shaping, offers)
                .with_dbt(dbt.clone())
        };
        let (same, prompt) = shared.share(&catalog.catalog, |catalog| {
            Prompt::render_for(catalog, toolbox(catalog).specs(), references)
        })?;
        catalog.catalog = same;
        let toolbox = toolbox(&catalog.catalog);
        let model = reach.model(&catalog.catalog, today)?;
        let parts = AgentParts {
            model,
            prompt,
            toolbox,
            catalog: CatalogReport {
                fingerprint: catalog.catalog.fingerprint(),
                entries: catalog.catalog.entries().len(),
            },
            settings: turn_settings(&settings, &server, dbt.as_ref()),
        };
        let health = health.and_then(|health| {
            AnswerHealth::new(
                health,
                client.over(wire.for_session()),
                Arc::clone(&catalog.catalog),
                server.is_demo(),
            )
        });
        let day = day::book(&settings, &principal, &server.metabase.auth)?;
        Ok(App {
            agent: Agent::new(parts).on_day(day),
            settings,
            model: model_settings,
            server,
            catalog,
            today,
            chosen_today: options.today,
            wire,
            client,
            shared,
            dbt,
            health,
        })
    }
}

/// What the sessions of an app reach.
fn reach<'a>(server: &'a Server, settings: &'a Settings) -> network::ReachedSystems<'a> {
    network::ReachedSystems {
        metabase: server.has_metabase().then_some(&server.metabase),
        dbt: settings.dbt.cloud.as_ref(),
        model: Some(&settings.model),
    }
}

fn new_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}

pub(super) fn turn_settings(
    settings: &Settings,
    server: &Server,
    dbt: Option<&DbtConnection>,
) -> TurnSettings {
    TurnSettings {
        model: CompletionSettings::of(&settings.model, price(&settings.model)),
        budget: settings.budget.clone(),
        guard: settings.guard.clone(),
        grounding: settings.grounding,
        shaping: settings.shaping,
        conversation: settings.conversation,
        max_rows: server.metabase.max_rows,
        sign_in: (&server.metabase.auth).into(),
        credential_from: server.metabase.other_credential().map(str::to_owned),
        dbt: dbt.and_then(DbtTurnSettings::of),
    }
}

/// What the model costs; the offline planner runs here and costs nothing.
pub fn price(settings: &ModelSettings) -> Option<Prices> {
    match settings.id.provider {
        Provider::Offline => Some(Prices {
            input: Decimal::ZERO,
            output: Decimal::ZERO,
            cache_read: Decimal::ZERO,
            cache_write: Decimal::ZERO,
        }),
        Provider::Openai | Provider::OpenaiResponses | Provider::Anthropic => prices(settings),
    }
}
