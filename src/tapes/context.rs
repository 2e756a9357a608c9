use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use url::Url;

use super::error::ReplayError;
use super::replayer::Replayer;
use super::sign_in::{no_metabase, recorded_metabase};
use super::snapshot::load_catalog;
use crate::agent::{Agent, AgentParts, CatalogReport, ReferenceMode, TurnSettings};
use crate::catalog::Catalog;
use crate::dbt::{DbtConnection, DbtOffers};
use crate::metabase::{MetabaseClient, MetabaseSettings};
use crate::model::{Model, ModelId, Provider, connect_as_recorded};
use crate::planner::OfflinePlanner;
use crate::principal::Principal;
use crate::prompt::Prompt;
use crate::tools::Toolbox;
use crate::wire::{Grants, Header, Prefixes, TapeError, TapeFile, Wire, WireError, WireSettings};

/// The wire that all replays of a process share: it may send nothing anywhere.
static SEALED: OnceLock<Wire> = OnceLock::new();

/// Catalogs, and what is made of each of them once for all turns that are replayed.
#[derive(Debug, Default)]
pub struct ReplayContexts {
    kept: Mutex<BTreeMap<String, ReplayContext>>,
    prefixes: Prefixes,
}

/// A catalog, and what is made of it once: tools and prompt.
#[derive(Debug, Clone)]
pub(super) struct ReplayContext {
    catalog: Arc<Catalog>,
    report: CatalogReport,
    toolbox: Toolbox,
    prompt: Prompt,
    /// The same for turns that were recorded without references.
    without_references: Prompt,
}

impl ReplayContexts {
    /// Reads a finished tape, and what it shares with others once for all of them.
    pub fn read(&self, path: &Path) -> Result<TapeFile, TapeError> {
        TapeFile::read_with(path, &self.prefixes)
    }

    /// What runs the turn of a tape from the tape alone, over the catalog that lies beside it.
    pub fn replayer(&self, tape: &TapeFile) -> Result<Replayer, ReplayError> {
        let fingerprint = &tape.header.catalog.fingerprint;
        let context = match self.known(fingerprint) {
            Some(context) => context,
            None => self.made(&load_catalog(&tape.path, fingerprint)?, fingerprint)?,
        };
        context.replayer(&tape.header)
    }

    /// What runs a recorded turn with its model from tape, over this catalog, this Metabase and this dbt as they are now, which
    /// `wire` reaches.
    pub(crate) fn replayer_over(
        &self,
        header: &Header,
        catalog: &Arc<Catalog>,
        metabase: &MetabaseSettings,
        dbt: Option<&DbtConnection>,
        wire: &Wire,
    ) -> Result<Replayer, ReplayError> {
        let fingerprint = catalog.fingerprint();
        let context = match self.known(&fingerprint) {
            Some(context) => context,
            None => self.made(catalog, &fingerprint)?,
        };
        context.replayer_over(header, metabase, dbt, wire)
    }

    fn known(&self, fingerprint: &str) -> Option<ReplayContext> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(fingerprint).cloned()
    }

    fn made(&self, catalog: &Arc<Catalog>, fingerprint: &str) -> Result<ReplayContext, ReplayError> {
        let context = ReplayContext::of(catalog)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(fingerprint.to_owned(), context.clone());
        Ok(context)
    }
}

impl ReplayContext {
    pub(super) fn of(catalog: &Arc<Catalog>) -> Result<Self, ReplayError> {
        // Tools are the same whoever runs them; each stage gives them its own client.
        let nowhere = no_metabase().map_err(|error| ReplayError::Header(error.to_string()))?;
        let client = MetabaseClient::new(nowhere, sealed()?, Principal::default());
        let toolbox = Toolbox::new(
            Arc::clone(catalog),
            client,
            crate::result::ShapingSettings::default(),
        );
        let prompt = |references| Prompt::render_for(catalog, toolbox.specs(), references);
        let (prompt, without_references) = (prompt(true)?, prompt(false)?);
        Ok(Self {
            report: CatalogReport {
                fingerprint: catalog.fingerprint(),
                entries: catalog.entries().len(),
            },
            catalog: Arc::clone(catalog),
            toolbox,
            prompt,
            without_references,
        })
    }

    pub(super) fn replayer(&self, header: &Header) -> Result<Replayer, ReplayError> {
        let bad = |error: &dyn ToString| ReplayError::Header(error.to_string());
        let settings = settings(header)?;
        let url: Url = header.metabase.url.parse().map_err(|error| bad(&error))?;
        let wire = sealed()?.for_session().seeded(header.seed);
        let principal = Principal(header.principal.clone());
        let mut client = MetabaseClient::new(recorded_metabase(&settings, url), wire.clone(), principal);
        if let Some(server) = &header.metabase.server {
            client = client.with_detection(server).map_err(|error| bad(&error))?;
        }
        let principal = Principal(header.principal.clone());
        let dbt = settings.dbt.as_ref();
        let dbt = dbt.map(|dbt| dbt.recorded(wire.clone(), principal));
        self.replayer_with(header, settings, wire, (client, dbt))
    }

    fn replayer_over(
        &self,
        header: &Header,
        metabase: &MetabaseSettings,
        dbt: Option<&DbtConnection>,
        wire: &Wire,
    ) -> Result<Replayer, ReplayError> {
        let settings = settings(header)?;
        let wire = wire.seeded(header.seed);
        let metabase = MetabaseSettings {
            max_rows: settings.max_rows,
            ..metabase.clone()
        };
        let client = MetabaseClient::new(metabase, wire.clone(), Principal(header.principal.clone()));
        let dbt = dbt.map(|dbt| dbt.over(&wire));
        self.replayer_with(header, settings, wire, (client, dbt))
    }

    fn replayer_with(
        &self,
        header: &Header,
        settings: TurnSettings,
        wire: Wire,
        (client, dbt): (MetabaseClient, Option<DbtConnection>),
    ) -> Result<Replayer, ReplayError> {
        let id: ModelId = header
            .model
            .parse()
            .map_err(|error: String| ReplayError::Header(error))?;
        let model: Arc<dyn Model> = match id.provider {
            Provider::Offline => Arc::new(OfflinePlanner::new(Arc::clone(&self.catalog), header.today)),
            Provider::Openai | Provider::OpenaiResponses | Provider::Anthropic => connect_as_recorded(
                &settings.model.without_key(id),
                wire.clone(),
                &settings.model.left_out,
            )?,
        };
        let references = settings.grounding.references;
        // What was offered of dbt is part of what the model was told, whatever is offered now.
        let offers = settings.dbt.as_ref().map(|dbt| dbt.offers).unwrap_or_default();
        let (toolbox, prompt) = if offers == DbtOffers::default() {
            let prompt = match references {
                ReferenceMode::On => self.prompt.clone(),
                ReferenceMode::Off => self.without_references.clone(),
            };
            (self.toolbox.run_by(client, settings.shaping), prompt)
        } else {
            let toolbox = Toolbox::offering(Arc::clone(&self.catalog), client, settings.shaping, offers);
            let prompt = Prompt::render_for(&self.catalog, toolbox.specs(), references == ReferenceMode::On)?;
            (toolbox, prompt)
        };
        let toolbox = toolbox.with_dbt(dbt);
        let agent = Agent::new(AgentParts {
            model,
            toolbox,
            prompt,
            catalog: self.report.clone(),
            settings,
        });
        Ok(Replayer::new(agent, wire))
    }
}

/// The settings that a turn was recorded under.
fn settings(header: &Header) -> Result<TurnSettings, ReplayError> {
    TurnSettings::of_setup(&header.setup).map_err(|error| ReplayError::Header(error.to_string()))
}

fn sealed() -> Result<Wire, WireError> {
    if let Some(wire) = SEALED.get() {
        return Ok(wire.clone());
    }
    let wire = Wire::new(WireSettings::new(Grants::none()))?;
    Ok(SEALED.get_or_init(|| wire).clone())
}
