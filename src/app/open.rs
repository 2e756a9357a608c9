use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::shelf::{Freshness, Shelf, Shelved};
use super::{AppError, Place, day, network};
use crate::agent::{Agent, AgentParts, CatalogReport};
use crate::catalog::Catalog;
use crate::config::Settings;
use crate::ledger::DayBook;
use crate::metabase::MetabaseClient;
use crate::model::ModelSettings;
use crate::model::offline::OfflinePlanner;
use crate::model::{Model, ModelError, Prices, Provider, connect, prices};
use crate::principal::Principal;
use crate::prompt::Prompt;
use crate::tapes::{ModelSetup, Setup, Studio};
use crate::tools::Toolbox;
use crate::wire::Wire;

/// How the parts are assembled.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Whether a kept catalog may be used.
    pub freshness: Freshness,
    /// The day to take as today; `None` takes the place's own.
    pub today: Option<Date>,
}

/// Everything needed to answer questions, for one principal.
#[derive(Debug)]
pub struct App {
    /// The Metabase that is asked. It has to live as long as questions are asked.
    pub place: Place,
    /// The catalog, and how it was had.
    pub shelved: Shelved,
    /// The day that questions mean by "today".
    pub today: Date,
    /// What answers.
    pub agent: Agent,
    /// What turns are recorded with.
    pub studio: Studio,
    /// What the principal may use today, if that is limited.
    day: Option<Arc<DayBook>>,
}

impl App {
    /// Assembles everything: reaches the Metabase, loads the catalog, renders the prompt. The model is not asked yet.
    pub async fn open(settings: &Settings, options: OpenOptions) -> Result<Self, AppError> {
        let place = Place::open(settings).await?;
        let wire = network::wire(Some(&place.metabase.url), Some(&settings.model))?;
        let principal = Principal::default();
        let client = MetabaseClient::new(place.metabase.clone(), wire.clone(), principal.clone());
        let shelf = Shelf::of(&place, &principal);
        let shelved = shelf.load(&place, &client, options.freshness).await?;
        let today = options.today.unwrap_or_else(|| place.today());
        let model = model(&settings.model, wire.clone(), &shelved.catalog, today)?;
        let day = day::book(settings, &principal, &place.metabase.auth)?;
        let agent = agent(settings, model, &shelved.catalog, client.clone())?.on_day(day.clone());
        let studio = studio(settings, &place, wire, client, &shelved.catalog);
        Ok(Self {
            place,
            shelved,
            today,
            agent,
            studio,
            day,
        })
    }

    /// A further agent over the same catalog, asked on a day of its own, for a session apart: its wire shares neither
    /// limits nor cache with any other. With it comes what its turns are recorded with. `settings` are those the app was
    /// opened with; a `seed` decides everything random in the session.
    pub fn session_on(
        &self,
        settings: &Settings,
        today: Date,
        seed: Option<u64>,
    ) -> Result<(Agent, Studio), AppError> {
        let wire = network::wire(Some(&self.place.metabase.url), Some(&settings.model))?;
        let wire = seed.map_or_else(|| wire.clone(), |seed| wire.seeded(seed));
        let client = MetabaseClient::new(self.place.metabase.clone(), wire.clone(), Principal::default());
        let catalog = &self.shelved.catalog;
        let model = model(&settings.model, wire.clone(), catalog, today)?;
        let agent = agent(settings, model, catalog, client.clone())?.on_day(self.day.clone());
        let studio = studio(settings, &self.place, wire, client, catalog);
        Ok((agent, studio))
    }
}

fn studio(
    settings: &Settings,
    place: &Place,
    wire: Wire,
    client: MetabaseClient,
    catalog: &Arc<Catalog>,
) -> Studio {
    Studio {
        wire,
        client,
        catalog: Arc::clone(catalog),
        metabase: place.metabase.url.clone(),
        principal: Principal::default(),
        model: settings.model.id.clone(),
        setup: Setup {
            model: ModelSetup::of(&settings.model, price(&settings.model)),
            budget: settings.budget.clone(),
            guard: settings.guard.clone(),
            grounding: settings.grounding,
            shaping: settings.shaping,
            conversation: settings.conversation,
            max_rows: place.metabase.max_rows,
            sign_in: (&place.metabase.auth).into(),
        },
        answered_by: settings.tape.answered_by.clone(),
    }
}

/// The model of the settings. The offline planner ranks the entries of `catalog`.
fn model(
    settings: &ModelSettings,
    wire: Wire,
    catalog: &Arc<Catalog>,
    today: Date,
) -> Result<Arc<dyn Model>, ModelError> {
    match settings.id.provider {
        Provider::Offline => Ok(Arc::new(OfflinePlanner::new(Arc::clone(catalog), today))),
        Provider::Openai | Provider::Anthropic => connect(settings, wire),
    }
}

fn agent(
    settings: &Settings,
    model: Arc<dyn Model>,
    catalog: &Arc<Catalog>,
    client: MetabaseClient,
) -> Result<Agent, AppError> {
    let toolbox = Toolbox::new(Arc::clone(catalog), client, settings.shaping);
    let prompt = Prompt::render(catalog, toolbox.specs())?;
    Ok(Agent::new(AgentParts {
        prices: price(&settings.model),
        model,
        toolbox,
        prompt,
        catalog: CatalogReport {
            fingerprint: catalog.fingerprint(),
            entries: catalog.entries().len(),
        },
        budget: settings.budget.clone(),
        guard: settings.guard.clone(),
        grounding: settings.grounding,
        max_output_tokens: settings.model.max_output_tokens,
        temperature: settings.model.temperature,
    })
    .over(settings.conversation))
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
        Provider::Openai | Provider::Anthropic => prices(settings),
    }
}
