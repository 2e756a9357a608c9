use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::collections::{Collections, Place};
use crate::catalog::ContentRule;
use crate::metabase::call::{Call, Caller};
use crate::metabase::{FailureClass, MetabaseError, endpoints};

const PAGE: usize = 100;
/// No collection has more; a server that never ends its listing must not keep us forever.
const MAX_PAGES: usize = 500;

/// What a rule selects, before any of it is read.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// Ids in order, and whether the rule names them itself.
    pub(super) ids: BTreeMap<u32, Named>,
    pub(super) warnings: Vec<String>,
}

/// How an id came into the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// The rule names it.
    ById,
    /// It lies in a selected collection.
    ByCollection,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: u32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    model: String,
    archived: Option<bool>,
    moderated_status: Option<String>,
}

/// Whether a rule selects anything at all.
pub(super) fn selects<Id>(rule: &ContentRule<Id>) -> bool {
    rule.root_collection || !rule.collections.is_empty() || !rule.ids.is_empty()
}

/// Lists what `rule` selects among items of `models` (`card`, `dataset`, `metric`).
pub(super) async fn select<Id>(
    caller: &Caller,
    collections: &Collections,
    rule: &ContentRule<Id>,
    number: fn(&Id) -> u32,
    models: &[&'static str],
) -> Result<Selected, MetabaseError> {
    let mut selected = Selected::default();
    let places = places(collections, rule, &mut selected.warnings);
    let listed: Vec<_> = stream::iter(places)
        .map(|place| async move {
            match items(caller, place, models).await {
                Ok(items) => Ok(Ok(items)),
                Err(error) if matches!(error.class, FailureClass::Forbidden | FailureClass::NotFound) => {
                    Ok(Err(error.to_string()))
                }
                Err(error) => Err(error),
            }
        })
        .buffered(caller.settings.max_concurrency.max(1))
        .try_collect()
        .await?;
    for items in listed {
        match items {
            Ok(items) => {
                let wanted = items.into_iter().filter(|item| admits(rule, item, models));
                selected
                    .ids
                    .extend(wanted.map(|item| (item.id, Named::ByCollection)));
            }
            Err(warning) => selected.warnings.push(warning),
        }
    }
    selected
        .ids
        .extend(rule.ids.iter().map(|id| (number(id), Named::ById)));
    Ok(selected)
}

fn places<Id>(
    collections: &Collections,
    rule: &ContentRule<Id>,
    warnings: &mut Vec<String>,
) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    if rule.root_collection {
        places.insert(Place::Root);
    }
    for id in &rule.collections {
        if collections.contains(id.0) {
            places.insert(Place::Numbered(id.0));
        } else {
            warnings.push(format!(
                "collection {id} is not there, is archived, or the credential may not see it; nothing of it was loaded"
            ));
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

fn admits<Id>(rule: &ContentRule<Id>, item: &Item, models: &[&'static str]) -> bool {
    models.contains(&item.model.as_str())
        && item.archived != Some(true)
        && rule
            .name_prefix
            .as_deref()
            .is_none_or(|prefix| item.name.starts_with(prefix))
        && (!rule.verified_only || item.moderated_status.as_deref() == Some("verified"))
}

/// Everything in one place. `total` is null on an empty page, so a short page is what ends the listing.
async fn items(caller: &Caller, place: Place, models: &[&'static str]) -> Result<Vec<Item>, MetabaseError> {
    #[derive(Deserialize)]
    struct Page {
        #[serde(default)]
        data: Vec<Item>,
    }
    let mut all: BTreeMap<(String, u32), Item> = BTreeMap::new();
    for page in 0..MAX_PAGES {
        let mut query: Vec<_> = models
            .iter()
            .map(|model| ("models", (*model).to_owned()))
            .collect();
        query.push(("limit", PAGE.to_string()));
        query.push(("offset", (page * PAGE).to_string()));
        let call = Call {
            action: format!("list collection {}", place.segment()),
            ids: vec![place.segment()],
            query,
            ..Call::default()
        };
        let listed: Page = caller.fetch(endpoints::COLLECTION_ITEMS, call).await?;
        let (held, got) = (all.len(), listed.data.len());
        all.extend(
            listed
                .data
                .into_iter()
                .map(|item| ((item.model.clone(), item.id), item)),
        );
        // A server that ignores `offset` sends the same page again.
        if got < PAGE || all.len() == held {
            break;
        }
    }
    Ok(all.into_values().collect())
}
