//! `cardinal catalog`: what questions are answered from, for the people who curate it.

mod check;
mod list;
mod refresh;
mod show;

use std::collections::BTreeMap;

use super::args::{CatalogArgs, CatalogCommand, GlobalArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::progress::Spinner;
use super::{settings, term};
use crate::app::{self, CatalogCache, CatalogClients, Freshness, OpenedCatalog, Server};
use crate::call_log::CallLog;
use crate::catalog::{CardDefinition, CardId, Catalog, cards_like_dbt_metrics};
use crate::config::Settings;
use crate::dbt::{DbtConnection, LocalMetric, LocalProject, SemanticLayerClient};
use crate::grants::GrantPolicy;
use crate::metabase::MetabaseClient;
use crate::principal::Principal;

/// Runs one of the catalog's commands.
pub(super) async fn run(global: &GlobalArgs, command: &CatalogCommand) -> Result<ExitStatus, CliError> {
    let opened = CatalogAccess::open(global).await?;
    match command {
        CatalogCommand::List(args) => {
            let catalog = opened.load(args.freshness()).await?.catalog;
            list::run(&catalog, opened.local_metrics().await, global.json())
        }
        CatalogCommand::Show { entry, catalog } => {
            let loaded = opened.load(catalog.freshness()).await?;
            show::run(&opened, &loaded.catalog, entry, global.json()).await
        }
        CatalogCommand::Check(args) => check::run(&opened, args, global.json()).await,
        CatalogCommand::Refresh { all } => refresh::run(&opened, *all, global.json()).await,
    }
}

impl CatalogArgs {
    fn freshness(&self) -> Freshness {
        if self.refresh {
            Freshness::Reload
        } else {
            Freshness::Cached
        }
    }
}

/// A Metabase, and where its catalog is kept between runs.
pub(super) struct CatalogAccess {
    server: Server,
    client: MetabaseClient,
    semantic_layer: Option<SemanticLayerClient>,
    cache: CatalogCache,
    /// Where the health of data is known, if anywhere.
    dbt: Option<DbtConnection>,
    /// The local dbt project, where one is configured and may be read.
    local: Option<LocalProject>,
}

impl CatalogAccess {
    pub(super) async fn open(global: &GlobalArgs) -> Result<Self, CliError> {
        let settings = settings::load_and_warn(global)?.settings;
        let server = Server::open(&settings).await?;
        let reach = app::ReachedSystems {
            metabase: server.has_metabase().then_some(&server.metabase),
            dbt: settings.dbt.cloud.as_ref(),
            ..app::ReachedSystems::default()
        };
        let wire = app::wire(&settings, reach)?;
        let principal = Principal::default();
        Ok(Self {
            dbt: app::health_connection(&settings, &server, &wire, &principal)?,
            semantic_layer: app::semantic_layer(&server, &wire, &principal),
            client: MetabaseClient::new(server.metabase.clone(), wire, principal.clone()),
            cache: CatalogCache::of(&server, &principal),
            local: local_project(&settings, &principal)?,
            server,
        })
    }

    /// The client that the catalog is loaded with.
    pub(super) fn client(&self) -> &MetabaseClient {
        &self.client
    }

    /// Shows how far a load is.
    fn spinner(&self) -> Spinner {
        Spinner::start(true, &format!("loading the catalog of {}", self.server.source()))
    }

    /// Metrics of the local dbt project; none without one.
    async fn local_metrics(&self) -> Vec<LocalMetric> {
        let Some(project) = &self.local else {
            return Vec::new();
        };
        match project.metrics().await {
            Ok(metrics) => metrics,
            Err(error) => {
                term::warn(term::plain(&error.to_string()));
                Vec::new()
            }
        }
    }

    /// What the cards compute whose names are like those of metrics of dbt.
    async fn card_definitions(&self, catalog: &Catalog) -> BTreeMap<CardId, CardDefinition> {
        let mut found = BTreeMap::new();
        for card in cards_like_dbt_metrics(catalog) {
            match self.client.card_definition(&card).await {
                Ok(definition) => found.extend(definition.map(|definition| (card.id(), definition))),
                Err(error) => term::warn(term::plain(&error.to_string())),
            }
        }
        found
    }

    fn clients(&self) -> CatalogClients<'_> {
        CatalogClients {
            metabase: &self.client,
            semantic_layer: self.semantic_layer.as_ref(),
        }
    }

    pub(super) async fn load(&self, freshness: Freshness) -> Result<OpenedCatalog, CliError> {
        let spinner = self.spinner();
        let told = |progress| spinner.loaded(progress);
        let loaded = self
            .cache
            .load(&self.server, self.clients(), freshness, &told)
            .await;
        spinner.stop();
        let catalog = loaded?;
        for note in &catalog.notes {
            term::warn(note);
        }
        for note in catalog.unreadable.iter().chain(&catalog.limits) {
            term::warn(term::plain(note));
        }
        Ok(catalog)
    }
}

/// The local dbt project, if one is configured.
fn local_project(settings: &Settings, principal: &Principal) -> Result<Option<LocalProject>, CliError> {
    let Some(dir) = &settings.dbt.project_dir else {
        return Ok(None);
    };
    let log = settings.call_log.clone().map(CallLog::open).transpose()?;
    let policy = GrantPolicy::new(&settings.grants);
    Ok(Some(LocalProject::new(
        dir.clone(),
        policy,
        log,
        principal.clone(),
    )))
}
