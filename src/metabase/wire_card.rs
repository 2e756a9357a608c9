//! A saved question, model or metric as `GET /api/card/:id` has it, of any version.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::call::{ApiCall, Caller};
use super::columns::WireColumn;
use super::lenient::lenient;
use super::{MetabaseError, endpoints};

/// `GET /api/card/:id`, as far as it is used. Metrics are cards here too.
#[derive(Debug, Deserialize)]
pub(super) struct WireCard {
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) archived: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    collection_id: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    collection: Option<WireCollection>,
    #[serde(default, deserialize_with = "lenient")]
    moderation_reviews: Option<Vec<ModerationReview>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) parameters: Option<Vec<Value>>,
    #[serde(default, deserialize_with = "columns")]
    pub(super) result_metadata: Vec<WireColumn>,
    #[serde(default)]
    pub(super) dataset_query: Value,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) table_id: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) database_id: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) entity_id: Option<String>,
    #[serde(default)]
    pub(super) visualization_settings: Value,
}

#[derive(Debug, Deserialize)]
struct WireCollection {
    name: Option<String>,
    archived: Option<bool>,
}

/// The columns that can be read.
fn columns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<WireColumn>, D::Error> {
    let columns: Option<Vec<Value>> = lenient(from)?;
    let columns = columns.into_iter().flatten();
    Ok(columns
        .filter_map(|one| serde_json::from_value(one).ok())
        .collect())
}

#[derive(Debug, Deserialize)]
struct ModerationReview {
    status: Option<String>,
    most_recent: Option<bool>,
}

impl WireCard {
    /// Reads a card. `cached`: whether a description of the last minute will do.
    pub(super) async fn read(caller: &Caller, id: u32, cached: bool) -> Result<Self, MetabaseError> {
        let call = ApiCall {
            action: format!("read card {id}"),
            ids: vec![id.to_string()],
            cached,
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

    /// Whether the collection that it lies in is archived.
    pub(super) fn lies_in_archive(&self) -> bool {
        let collection = self.collection.as_ref();
        collection.is_some_and(|collection| collection.archived == Some(true))
    }

    /// The collection's number and name, as far as the card tells them.
    pub(super) fn place(&self) -> (Option<u32>, Option<&str>) {
        let name = self
            .collection
            .as_ref()
            .and_then(|collection| collection.name.as_deref());
        (self.collection_id, name)
    }
}
