use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::collections::Collections;
use super::load::EntryRead;
use super::loading::Loading;
use super::parameters;
use super::select::SelectedBy;
use crate::catalog::{CardEntry, CardId, Entry};
use crate::metabase::call::{ApiCall, Caller};
use crate::metabase::columns::{self, WireColumn};
use crate::metabase::{MetabaseError, endpoints};

/// `GET /api/card/:id`, as far as it is used. Metrics are cards here too.
#[derive(Debug, Deserialize)]
pub(super) struct WireCard {
    pub(super) name: String,
    pub(super) description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    pub(super) archived: Option<bool>,
    collection_id: Option<u32>,
    collection: Option<WireCollection>,
    #[serde(default)]
    moderation_reviews: Option<Vec<Review>>,
    #[serde(default)]
    pub(super) parameters: Option<Vec<Value>>,
    #[serde(default)]
    result_metadata: Option<Vec<WireColumn>>,
    #[serde(default)]
    pub(super) dataset_query: Value,
    pub(super) table_id: Option<u32>,
    #[serde(default)]
    visualization_settings: Value,
}

#[derive(Debug, Deserialize)]
struct WireCollection {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Review {
    status: Option<String>,
    most_recent: Option<bool>,
}

impl WireCard {
    pub(super) async fn read(caller: &Caller, id: u32) -> Result<Self, MetabaseError> {
        let call = ApiCall {
            action: format!("read card {id}"),
            ids: vec![id.to_string()],
            ..ApiCall::default()
        };
        caller.fetch(endpoints::CARD, call).await
    }

    pub(super) fn is_metric(&self) -> bool {
        self.kind.as_deref() == Some("metric")
    }

    pub(super) fn verified(&self) -> bool {
        let mut reviews = self.moderation_reviews.iter().flatten();
        reviews.any(|review| review.most_recent == Some(true) && review.status.as_deref() == Some("verified"))
    }

    pub(super) fn path(&self, collections: &Collections) -> Vec<String> {
        let name = self
            .collection
            .as_ref()
            .and_then(|collection| collection.name.as_deref());
        collections.path(self.collection_id, name)
    }
}

/// Reads one card and everything the catalog says of it.
pub(super) async fn read(
    loading: &Loading<'_>,
    id: u32,
    selected: SelectedBy,
) -> Result<EntryRead, MetabaseError> {
    let card = WireCard::read(loading.caller, id).await?;
    if card.archived == Some(true) {
        return Ok(EntryRead::left_out(format!("card {id} is archived; left out")));
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
        collection: card.path(&loading.collections),
        verified: card.verified(),
        parameters,
        columns: columns::columns(
            card.result_metadata.as_deref().unwrap_or_default(),
            &card.visualization_settings,
        ),
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
