//! Ids the model wrote, looked up in the catalog: the only way to an `Allowed*`.

use serde_json::Value;

use super::{No, kind_word, names, quote};
use crate::catalog::{
    AllowedCard, AllowedMetric, AllowedTable, CardId, Catalog, Entry, EntryKind, MetricId, TableId,
};
use crate::tools::RefusalClass;

/// Entries shown when an id is not found.
const SHOWN: usize = 6;

/// The curated card of that id.
pub(in crate::tools) fn card(catalog: &Catalog, key: &str, value: &Value) -> Result<AllowedCard, No> {
    let id = whole(catalog, EntryKind::Card, key, value)?;
    catalog
        .allow_card(CardId(id))
        .ok_or_else(|| not_curated(catalog, EntryKind::Card, key, id))
}

/// The curated metric of that id.
pub(in crate::tools) fn metric(catalog: &Catalog, key: &str, value: &Value) -> Result<AllowedMetric, No> {
    let id = whole(catalog, EntryKind::Metric, key, value)?;
    catalog
        .allow_metric(MetricId(id))
        .ok_or_else(|| not_curated(catalog, EntryKind::Metric, key, id))
}

/// The curated table of that id.
pub(in crate::tools) fn table(catalog: &Catalog, key: &str, value: &Value) -> Result<AllowedTable, No> {
    let id = whole(catalog, EntryKind::Table, key, value)?;
    catalog
        .allow_table(TableId(id))
        .ok_or_else(|| not_curated(catalog, EntryKind::Table, key, id))
}

fn of_kind(catalog: &Catalog, kind: EntryKind) -> impl Iterator<Item = &Entry> {
    catalog.entries().iter().filter(move |entry| entry.kind() == kind)
}

fn shown(entry: &Entry) -> String {
    format!("{} {}", entry.id(), quote(entry.name()))
}

/// An id is a JSON integer: text, fractions (even `.0`) and negatives are refused, so that what is allowed and what
/// is sent can never be two readings of one value.
fn whole(catalog: &Catalog, kind: EntryKind, key: &str, value: &Value) -> Result<u32, No> {
    if let Some(id) = value.as_u64().and_then(|id| u32::try_from(id).ok()) {
        return Ok(id);
    }
    let written = match value {
        Value::String(text) => quote(text),
        Value::Number(number) => number.to_string(),
        other => super::json::type_word(other).to_owned(),
    };
    let no = No::schema(format!(
        "{key} is a whole number from the catalog, such as 7, and not {written}"
    ));
    let Value::String(text) = value else {
        return Err(no);
    };
    let named: Vec<&str> = of_kind(catalog, kind).map(Entry::name).collect();
    let near = names::nearest(text, named, 3);
    let near: Vec<String> = of_kind(catalog, kind)
        .filter(|entry| near.contains(&entry.name()))
        .map(shown)
        .take(3)
        .collect();
    Err(no.hint(format!("nearest {}s: {}", kind_word(kind), near.join(", "))))
}

fn not_curated(catalog: &Catalog, kind: EntryKind, key: &str, id: u32) -> No {
    let word = kind_word(kind);
    let mut no = No::new(
        RefusalClass::NotInCatalog,
        format!("{key} {id}: there is no {word} {id} in the catalog"),
    );
    if let Some(other) = catalog.entries().iter().find(|entry| entry.id() == id) {
        let tool = match other.kind() {
            EntryKind::Card => "run_card",
            EntryKind::Metric => "query_metric",
            EntryKind::Table => "query_table",
        };
        no = no.hint(format!(
            "{id} is the {} {}: use {tool}",
            kind_word(other.kind()),
            quote(other.name())
        ));
    }
    let mut near: Vec<&Entry> = of_kind(catalog, kind).collect();
    let count = near.len();
    if count == 0 {
        return no.hint(format!("the catalog has no {word}s"));
    }
    near.sort_by_key(|entry| entry.id().abs_diff(id));
    near.truncate(SHOWN);
    let list: Vec<String> = near.into_iter().map(shown).collect();
    no.hint(format!(
        "{word}s by nearest id ({count} in all): {}",
        list.join(", ")
    ))
}
