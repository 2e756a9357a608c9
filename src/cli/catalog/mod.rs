//! `cardinal catalog`: what questions are answered from, for the people who curate it.

mod check;
mod list;
mod refresh;
mod show;

use super::args::{CatalogArgs, CatalogCommand, GlobalArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::progress::Spinner;
use super::{settings, term};
use crate::app::{self, CatalogCache, Freshness, OpenedCatalog, Server};
use crate::dbt::DbtConnection;
use crate::metabase::MetabaseClient;
use crate::principal::Principal;

/// Runs one of the catalog's commands.
pub(super) async fn run(global: &GlobalArgs, command: &CatalogCommand) -> Result<ExitStatus, CliError> {
    let opened = CatalogAccess::open(global).await?;
    match command {
        CatalogCommand::List(args) => list::run(&opened.load(args.freshness()).await?.catalog, global.json()),
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
    cache: CatalogCache,
    /// Where the health of data is known, if anywhere.
    dbt: Option<DbtConnection>,
}

impl CatalogAccess {
    pub(super) async fn open(global: &GlobalArgs) -> Result<Self, CliError> {
        let settings = settings::load_and_warn(global)?.settings;
        let server = Server::open(&settings).await?;
        let reach = app::Reach {
            metabase: Some(&server.metabase),
            dbt: settings.dbt.cloud.as_ref(),
            ..app::Reach::default()
        };
        let wire = app::wire(&settings, reach)?;
        let principal = Principal::default();
        Ok(Self {
            dbt: app::health_connection(&settings, &server, &wire, &principal)?,
            client: MetabaseClient::new(server.metabase.clone(), wire, principal.clone()),
            cache: CatalogCache::of(&server, &principal),
            server,
        })
    }

    /// The client that the catalog is loaded with.
    pub(super) fn client(&self) -> &MetabaseClient {
        &self.client
    }

    /// Shows how far a load is.
    fn spinner(&self) -> Spinner {
        Spinner::start(
            true,
            &format!("loading the catalog of {}", self.server.metabase.url),
        )
    }

    pub(super) async fn load(&self, freshness: Freshness) -> Result<OpenedCatalog, CliError> {
        let spinner = self.spinner();
        let told = |progress| spinner.loaded(progress);
        let loaded = self
            .cache
            .load(&self.server, &self.client, freshness, &told)
            .await;
        spinner.stop();
        let catalog = loaded?;
        for note in &catalog.notes {
            term::warn(note);
        }
        for note in &catalog.unreadable {
            term::warn(term::plain(note));
        }
        Ok(catalog)
    }
}
