//! Ids the model wrote, looked up in the catalog: the only way to an `Allowed*`.

use serde_json::Value;

use super::{RefusalClass, Rejection, kind_word, names, query_tool, quote};
use crate::catalog::{
    AllowedCard, AllowedDbtMetric, AllowedMetric, AllowedTable, CardId, Catalog, Entry, EntryKind,
    MetricEntry, MetricId, TableId,
};

/// Entries shown when an id is not found.
const SHOWN: usize = 6;

/// The curated card of that id.
pub(in crate::tools) fn card(catalog: &Catalog, key: &str, value: &Value) -> Result<AllowedCard, Rejection> {
    let id = whole(catalog, EntryKind::Card, key, value)?;
    catalog
        .allow_card(CardId(id))
        .ok_or_else(|| not_curated(catalog, EntryKind::Card, key, id))
}

/// A curated metric, by who is asked for it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) enum CuratedMetric {
    Metabase(AllowedMetric),
    Dbt(AllowedDbtMetric),
}

impl CuratedMetric {
    pub(in crate::tools) fn entry(&self) -> &MetricEntry {
        match self {
            Self::Metabase(metric) => metric.entry(),
            Self::Dbt(metric) => metric.entry(),
        }
    }
}

/// The curated metric of that id.
pub(in crate::tools) fn metric(
    catalog: &Catalog,
    key: &str,
    value: &Value,
) -> Result<CuratedMetric, Rejection> {
    let id = whole(catalog, EntryKind::Metric, key, value)?;
    let of_metabase = catalog.allow_metric(MetricId(id)).map(CuratedMetric::Metabase);
    of_metabase
        .or_else(|| catalog.allow_dbt_metric(MetricId(id)).map(CuratedMetric::Dbt))
        .ok_or_else(|| not_curated(catalog, EntryKind::Metric, key, id))
}

/// The curated table of that id.
pub(in crate::tools) fn table(
    catalog: &Catalog,
    key: &str,
    value: &Value,
) -> Result<AllowedTable, Rejection> {
    let id = whole(catalog, EntryKind::Table, key, value)?;
    catalog
        .allow_table(TableId(id))
        .ok_or_else(|| not_curated(catalog, EntryKind::Table, key, id))
}

/// The kind that a call names by its word.
pub(in crate::tools) fn entry_kind(word: &str) -> Result<EntryKind, Rejection> {
    [EntryKind::Card, EntryKind::Metric, EntryKind::Table]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or_else(|| {
            Rejection::schema(format!("there is no kind {}", quote(word)))
                .hint("kind is one of: card, metric, table")
        })
}

fn of_kind(catalog: &Catalog, kind: EntryKind) -> impl Iterator<Item = &Entry> {
    catalog.entries().iter().filter(move |entry| entry.kind() == kind)
}

fn shown(entry: &Entry) -> String {
    format!("{} {}", entry.id(), quote(entry.name()))
}

/// An id is a JSON integer: text, fractions (even `.0`) and negatives are refused, so that what is allowed and what
/// is sent can never be two readings of one value.
fn whole(catalog: &Catalog, kind: EntryKind, key: &str, value: &Value) -> Result<u32, Rejection> {
    if let Some(id) = value.as_u64().and_then(|id| u32::try_from(id).ok()) {
        return Ok(id);
    }
    let written = match value {
        Value::String(text) => quote(text),
        Value::Number(number) => number.to_string(),
        other => super::json::type_word(other).to_owned(),
    };
    let rejection = Rejection::schema(format!(
        "{key} is a whole number from the catalog, such as 7, and not {written}"
    ));
    let Value::String(text) = value else {
        return Err(rejection);
    };
    let named: Vec<&str> = of_kind(catalog, kind).map(Entry::name).collect();
    let near = names::nearest(text, named, 3);
    let near: Vec<String> = of_kind(catalog, kind)
        .filter(|entry| near.contains(&entry.name()))
        .map(shown)
        .take(3)
        .collect();
    Err(rejection.hint(format!("nearest {}s: {}", kind_word(kind), near.join(", "))))
}

fn not_curated(catalog: &Catalog, kind: EntryKind, key: &str, id: u32) -> Rejection {
    let word = kind_word(kind);
    let mut rejection = Rejection::new(
        RefusalClass::NotInCatalog,
        format!("{key} {id}: there is no {word} {id} in the catalog"),
    );
    if let Some(other) = catalog.entries().iter().find(|entry| entry.id() == id) {
        let tool = query_tool(other.kind());
        rejection = rejection.hint(format!(
            "{id} is the {} {}: use {tool}",
            kind_word(other.kind()),
            quote(other.name())
        ));
    }
    let mut near: Vec<&Entry> = of_kind(catalog, kind).collect();
    let count = near.len();
    if count == 0 {
        return rejection.hint(format!("the catalog has no {word}s"));
    }
    near.sort_by_key(|entry| entry.id().abs_diff(id));
    near.truncate(SHOWN);
    let list: Vec<String> = near.into_iter().map(shown).collect();
    rejection.hint(format!(
        "{word}s by nearest id ({count} in all): {}",
        list.join(", ")
    ))
}
