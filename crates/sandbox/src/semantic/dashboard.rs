use serde_saphyr::Spanned;

use super::card::Collection;
use super::fault::ModelFault;
use super::file::DashboardSpec;
use super::ids::entity_id;
use super::people::at_path;

/// Columns of a dashboard's grid.
const GRID_WIDTH: i64 = 24;
const CARDS_IN_A_ROW: i64 = 2;
/// Rows of the grid that a card takes.
const CARD_HEIGHT: i64 = 8;

/// Cards on one page.
#[derive(Debug, Clone)]
pub struct Dashboard {
    pub(crate) id: i64,
    pub(crate) entity_id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) collection_id: Option<i64>,
    pub(crate) cards: Vec<DashboardCard>,
}

/// A card's place on a dashboard.
#[derive(Debug, Clone)]
pub(crate) struct DashboardCard {
    /// Unique over all dashboards.
    pub(crate) id: i64,
    pub(crate) entity_id: String,
    pub(crate) card_id: i64,
    pub(crate) row: i64,
    pub(crate) column: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
}

/// Dashboards with ids, in the order of the file; `cards` are the names of all cards with their ids.
pub(super) fn dashboards(
    specs: Vec<Spanned<DashboardSpec>>,
    cards: &[(String, i64)],
    collections: &[Collection],
) -> Vec<Result<Dashboard, ModelFault>> {
    let mut card_places = 1..;
    let made = specs.into_iter().zip(1..).map(|(spec, id)| {
        let made = dashboard(&spec.value, id, cards, collections, &mut card_places);
        made.map_err(|error| {
            let message = format!("dashboard \"{}\": {error}", spec.value.name);
            ModelFault::at(&spec, message)
        })
    });
    made.collect()
}

fn dashboard(
    spec: &DashboardSpec,
    id: i64,
    cards: &[(String, i64)],
    collections: &[Collection],
    card_places: &mut impl Iterator<Item = i64>,
) -> Result<Dashboard, String> {
    let collection = spec.collection.as_deref().map(|path| {
        at_path(path, collections).ok_or_else(|| format!("no collection \"{path}\" in collections"))
    });
    let collection = collection.transpose()?;
    let width = GRID_WIDTH / CARDS_IN_A_ROW;
    let mut placed = Vec::with_capacity(spec.cards.len());
    for ((name, place), id) in spec.cards.iter().zip(0..).zip(card_places) {
        let card = cards.iter().find(|(known, _)| known == name);
        let (_, card_id) = card.ok_or_else(|| format!("no card \"{name}\" in cards"))?;
        placed.push(DashboardCard {
            id,
            entity_id: entity_id("dashboard card", &format!("{}\n{id}", spec.name)),
            card_id: *card_id,
            row: place / CARDS_IN_A_ROW * CARD_HEIGHT,
            column: place % CARDS_IN_A_ROW * width,
            width,
            height: CARD_HEIGHT,
        });
    }
    Ok(Dashboard {
        id,
        entity_id: entity_id("dashboard", &spec.name),
        name: spec.name.clone(),
        description: spec.description.clone(),
        collection_id: collection.map(|collection| collection.id),
        cards: placed,
    })
}
