//! `cardinal catalog`: what questions are answered from, for the people who curate it.

mod check;
mod list;
mod show;

use super::args::{CatalogArgs, CatalogCommand, GlobalArgs};
use super::error::CliError;
use super::exit::Ending;
use super::{settings, term};
use crate::app::{self, Freshness, Place, Shelf, Shelved};
use crate::metabase::MetabaseClient;
use crate::principal::Principal;

/// Runs one of the catalog's commands.
pub(super) async fn run(global: &GlobalArgs, command: &CatalogCommand) -> Result<Ending, CliError> {
    let opened = Opened::open(global).await?;
    match command {
        CatalogCommand::List(args) => list::run(&opened.load(args).await?.catalog, global.json()),
        CatalogCommand::Show { entry, catalog } => {
            show::run(&opened.load(catalog).await?.catalog, entry, global.json())
        }
        CatalogCommand::Check(args) => check::run(&opened, args, global.json()).await,
    }
}

/// A Metabase and the shelf of its catalog.
struct Opened {
    place: Place,
    client: MetabaseClient,
    shelf: Shelf,
}

impl Opened {
    async fn open(global: &GlobalArgs) -> Result<Self, CliError> {
        let settings = settings::load_and_warn(global)?.settings;
        let place = Place::open(&settings).await?;
        let wire = app::wire(Some(&place.metabase.url), None)?;
        let principal = Principal::default();
        Ok(Self {
            client: MetabaseClient::new(place.metabase.clone(), wire, principal.clone()),
            shelf: Shelf::of(&place, &principal),
            place,
        })
    }

    async fn load(&self, args: &CatalogArgs) -> Result<Shelved, CliError> {
        let freshness = if args.refresh {
            Freshness::LoadAnew
        } else {
            Freshness::KeptWillDo
        };
        let shelved = self.shelf.load(&self.place, &self.client, freshness).await?;
        for note in &shelved.notes {
            term::warn(note);
        }
        for note in &shelved.unreadable {
            term::warn(term::plain(note));
        }
        Ok(shelved)
    }
}
