use std::sync::Arc;

use super::load::EntryRead;
use super::loading::CatalogLoad;
use super::parameters;
use super::select::SelectedBy;
use crate::catalog::{CardEntry, CardId, Entry};
use crate::metabase::wire_card::WireCard;
use crate::metabase::{MetabaseError, columns};

/// Reads one card and everything the catalog says of it.
pub(super) async fn read(
    loading: &CatalogLoad<'_>,
    id: u32,
    selected: SelectedBy,
) -> Result<EntryRead, MetabaseError> {
    let card = WireCard::read(loading.caller, id, false).await?;
    if card.archived == Some(true) {
        return Ok(EntryRead::left_out(format!("card {id} is archived; left out")));
    }
    if card.lies_in_archive() {
        let warning = format!("card {id} lies in an archived collection; left out");
        return Ok(EntryRead::left_out(warning));
    }
    if card.is_metric() {
        let hint = match selected {
            SelectedBy::Id => "name it under the metrics",
            SelectedBy::Collection => "it is loaded with the metrics",
        };
        return Ok(EntryRead::left_out(format!(
            "card {id} is a metric; {hint}; left out of the cards"
        )));
    }
    if card.name.trim().is_empty() {
        return Ok(EntryRead::left_out(format!("card {id} has no name; left out")));
    }
    let (parameters, warnings) = parameters::of(loading, CardId(id), &card).await?;
    let entry = CardEntry {
        id: CardId(id),
        collection: loading.path(&card),
        verified: card.verified(),
        parameters,
        columns: columns::columns(&card.result_metadata, &card.visualization_settings),
        name: card.name,
        description: described(card.description),
    };
    Ok(EntryRead {
        entry: Some(Entry::Card(Arc::new(entry))),
        warnings,
        outage: false,
    })
}

/// A description that says something.
pub(super) fn described(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
