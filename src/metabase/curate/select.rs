use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::Value;

use super::collections::{CollectionPlace, Collections};
use super::loading::CatalogLoad;
use crate::catalog::ContentRule;
use crate::metabase::call::ApiCall;
use crate::metabase::lenient::lenient;
use crate::metabase::{FailureClass, MetabaseError, endpoints, failure};

const PAGE: usize = 100;
/// What a metric is called where collections list it.
const METRIC: &str = "metric";
/// No collection has more; a server that never ends its listing must not keep us forever.
const MAX_PAGES: usize = 500;

/// What a rule selects, before any of it is read.
#[derive(Debug, Default)]
pub(super) struct SelectedContent {
    /// Ids in order, and whether the rule names them itself.
    pub(super) ids: BTreeMap<u32, SelectedBy>,
    /// What a list says of when they were edited, where one does.
    pub(super) listed: BTreeMap<u32, ListedVersion>,
    pub(super) warnings: Vec<String>,
    /// Whether the server knows no metrics among its cards.
    pub(super) no_metrics: bool,
}

/// How an id came into the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SelectedBy {
    Id,
    /// It lies in a selected collection.
    Collection,
}

/// Where an item is listed, and what the list says of when it was edited. Equal texts: nobody edited it.
#[derive(Debug, Clone)]
pub(super) struct ListedVersion {
    pub(super) place: CollectionPlace,
    pub(super) edited: String,
}

/// An item as a collection lists it.
#[derive(Debug, Deserialize)]
struct ListedItem {
    id: u32,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    model: String,
    #[serde(default, deserialize_with = "lenient")]
    archived: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    moderated_status: Option<String>,
    #[serde(rename = "last-edit-info", default)]
    last_edit: Option<Value>,
}

impl ListedItem {
    /// When somebody edited it last. Marking it as verified is not an edit, and is told apart.
    fn edited(&self) -> Option<String> {
        let at = self.last_edit.as_ref()?.get("timestamp")?.as_str()?;
        let moderated = self.moderated_status.as_deref().unwrap_or("not moderated");
        Some(format!("{at}, {moderated}"))
    }
}

/// Whether a rule selects anything at all.
pub(super) fn selects<Id>(rule: &ContentRule<Id>) -> bool {
    let collections = !rule.collections.is_empty() || !rule.named_collections.is_empty();
    rule.root_collection || collections || !rule.ids.is_empty()
}

/// Notes which kinds of content (`card`, `dataset`, `metric`) a rule wants of which places.
pub(super) fn want<Id>(loading: &mut CatalogLoad<'_>, rule: &ContentRule<Id>, models: &[&'static str]) {
    for place in places(&loading.collections, rule, &mut Vec::new()) {
        loading.wanted.entry(place).or_default().extend(models);
    }
}

/// Lists what `rule` selects among items of `models`.
pub(super) async fn select<Id>(
    loading: &CatalogLoad<'_>,
    rule: &ContentRule<Id>,
    number: fn(&Id) -> u32,
    models: &[&'static str],
) -> Result<SelectedContent, MetabaseError> {
    let mut selected = SelectedContent::default();
    let places = places(&loading.collections, rule, &mut selected.warnings);
    let listed: Vec<_> = stream::iter(places)
        .map(|place| async move {
            match loading.listings.get(place, || items(loading, place)).await {
                Ok(listing) => Ok(Ok((place, listing))),
                Err(error) if matches!(error.class, FailureClass::Forbidden | FailureClass::NotFound) => {
                    Ok(Err(error.to_string()))
                }
                Err(error) => Err(error),
            }
        })
        .buffered(loading.caller.settings.max_concurrency.max(1))
        .try_collect()
        .await?;
    for listing in listed {
        match listing {
            Ok((place, listing)) => {
                for item in listing.items.iter().filter(|item| admits(rule, item, models)) {
                    selected.ids.insert(item.id, SelectedBy::Collection);
                    let version = item.edited().map(|edited| ListedVersion { place, edited });
                    selected.listed.extend(version.map(|version| (item.id, version)));
                }
                selected.warnings.extend(listing.unreadable.iter().cloned());
                selected.no_metrics |= listing.no_metrics && models.contains(&METRIC);
            }
            Err(warning) => selected.warnings.push(warning),
        }
    }
    let ids = rule.ids.iter().map(|id| (number(id), SelectedBy::Id));
    selected.ids.extend(ids);
    Ok(selected)
}

fn places<Id>(
    collections: &Collections,
    rule: &ContentRule<Id>,
    warnings: &mut Vec<String>,
) -> BTreeSet<CollectionPlace> {
    let mut places = BTreeSet::new();
    if rule.root_collection {
        places.insert(CollectionPlace::Root);
    }
    for id in &rule.collections {
        if collections.contains(id.0) {
            places.insert(CollectionPlace::Numbered(id.0));
        } else {
            warnings.push(format!(
                "collection {id} is not there, is archived, or the credential may not see it; nothing of it was loaded"
            ));
        }
    }
    for name in &rule.named_collections {
        match collections.named(name) {
            Ok(place) => {
                places.insert(place);
            }
            Err(warning) => warnings.push(warning),
        }
    }
    if rule.recursive {
        let inside: Vec<_> = places
            .iter()
            .flat_map(|place| collections.inside(*place))
            .collect();
        places.extend(inside);
    }
    places
}

fn admits<Id>(rule: &ContentRule<Id>, item: &ListedItem, models: &[&'static str]) -> bool {
    models.contains(&item.model.as_str())
        && item.archived != Some(true)
        && rule
            .name_prefix
            .as_deref()
            .is_none_or(|prefix| item.name.as_deref().unwrap_or_default().starts_with(prefix))
        && (!rule.verified_only || item.moderated_status.as_deref() == Some("verified"))
}

/// What lies in one place.
#[derive(Debug)]
pub(super) struct Listing {
    items: Vec<ListedItem>,
    /// Items that cannot be read, each in words.
    unreadable: Vec<String>,
    /// Whether the server refused to list metrics: before v0.50 they are not cards.
    no_metrics: bool,
}

/// The cards of one place, on a server that lists no collections: of the list of all cards, those that say they lie there.
async fn cards_in(loading: &CatalogLoad<'_>, place: CollectionPlace) -> Result<Listing, MetabaseError> {
    let call = ApiCall {
        action: "list cards".to_owned(),
        cached: true,
        ..ApiCall::default()
    };
    let all: Vec<Value> = loading.caller.fetch(endpoints::CARDS, call).await?;
    let here = all.into_iter().filter(|card| {
        let lies_in = card.get("collection_id").and_then(Value::as_u64);
        match place {
            CollectionPlace::Root => lies_in.is_none(),
            CollectionPlace::Numbered(id) => lies_in == Some(u64::from(id)),
        }
    });
    let items = here.filter_map(|mut card| {
        let text = |key: &str| card.get(key).and_then(Value::as_str);
        let is_model = text("type") == Some("model") || card.get("dataset") == Some(&Value::Bool(true));
        let model = match text("type") {
            Some(METRIC) => METRIC,
            _ if is_model => "dataset",
            _ => "card",
        };
        card.as_object_mut()?
            .insert("model".to_owned(), Value::from(model));
        serde_json::from_value(card).ok()
    });
    Ok(Listing {
        items: items.collect(),
        unreadable: Vec::new(),
        no_metrics: true,
    })
}

/// A page of what lies in one place; servers before v0.40 list everything in a bare array.
#[derive(Deserialize)]
#[serde(untagged)]
enum ItemsPage {
    Page {
        #[serde(default)]
        data: Vec<Value>,
    },
    Whole(Vec<Value>),
}

/// Everything in one place that any rule wants. `total` is null on an empty page, so a short page is what ends the
/// listing.
async fn items(loading: &CatalogLoad<'_>, place: CollectionPlace) -> Result<Listing, MetabaseError> {
    let mut wanted: Vec<&str> = loading
        .wanted
        .get(&place)
        .into_iter()
        .flatten()
        .copied()
        .collect();
    let mut all: BTreeMap<(String, u32), ListedItem> = BTreeMap::new();
    let mut unreadable = Vec::new();
    let mut no_metrics = false;
    for page in 0..MAX_PAGES {
        let call = |models: &[&str]| {
            let mut query: Vec<_> = models
                .iter()
                .map(|model| ("models", (*model).to_owned()))
                .collect();
            query.push(("limit", PAGE.to_string()));
            query.push(("offset", (page * PAGE).to_string()));
            ApiCall {
                action: format!("list collection {}", place.segment()),
                ids: vec![place.segment()],
                query,
                ..ApiCall::default()
            }
        };
        let reply = loading
            .caller
            .send(endpoints::COLLECTION_ITEMS, call(&wanted))
            .await?;
        if reply.is_absent_route() {
            return cards_in(loading, place).await;
        }
        let listed = match reply.json() {
            // Versions before v0.51 know no metrics among cards, and refuse their name.
            Err(MetabaseError {
                class: FailureClass::InvalidQuery,
                ..
            }) if wanted.contains(&METRIC) => {
                wanted.retain(|model| *model != METRIC);
                no_metrics = true;
                if wanted.is_empty() {
                    break;
                }
                loading
                    .caller
                    .fetch(endpoints::COLLECTION_ITEMS, call(&wanted))
                    .await?
            }
            listed => listed?,
        };
        let (ItemsPage::Page { data } | ItemsPage::Whole(data)) = listed;
        let (held, got) = (all.len(), data.len());
        for item in data {
            let name = item.get("name").and_then(Value::as_str).map(failure::clean);
            match serde_json::from_value::<ListedItem>(item) {
                Ok(item) => {
                    all.insert((item.model.clone(), item.id), item);
                }
                Err(error) => unreadable.push(format!(
                    "an item of collection {} ({}) cannot be read: {error}; left out",
                    place.segment(),
                    name.unwrap_or_else(|| "without a name".to_owned()),
                )),
            }
        }
        // A server that ignores `offset` sends the same page again.
        if got < PAGE || all.len() == held {
            break;
        }
    }
    Ok(Listing {
        items: all.into_values().collect(),
        unreadable,
        no_metrics,
    })
}
