use serde::Serialize;

use super::{Catalog, Entry, EntryKind, nearest};

/// One entry as a line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// Card, metric or table.
    pub kind: EntryKind,
    pub id: u32,
    pub name: String,
    /// Path of its collection, ` / ` between names; empty for the root.
    pub collection: String,
    /// Whether Metabase marks it verified; tables never are.
    pub verified: bool,
    /// Names of what it takes: parameters of a card, dimensions of a metric or table.
    pub takes: Vec<String>,
    /// Its description, if it has one.
    pub description: Option<String>,
    /// What dbt calls it, for a metric of dbt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt_metric: Option<String>,
}

/// The catalog as lines of a list, in its own order.
pub fn list_rows(catalog: &Catalog) -> Vec<ListRow> {
    catalog
        .entries()
        .iter()
        .map(|entry| ListRow {
            kind: entry.kind(),
            id: entry.id(),
            name: entry.name().to_owned(),
            collection: entry.collection().join(" / "),
            verified: match entry {
                Entry::Card(card) => card.verified,
                Entry::Metric(metric) => metric.verified,
                Entry::Table(_) => false,
            },
            takes: match entry {
                Entry::Card(card) => card.parameters.iter().map(|p| p.slug.clone()).collect(),
                Entry::Metric(metric) => metric.dimensions.iter().map(|d| d.name.clone()).collect(),
                Entry::Table(table) => table.dimensions.iter().map(|d| d.name.clone()).collect(),
            },
            description: entry.description().map(str::to_owned),
            dbt_metric: entry.dbt().map(|dbt| dbt.name.clone()),
        })
        .collect()
}

/// Nothing in the catalog has that name or id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found nothing called \"{wanted}\" in the catalog{}", near(nearest))]
pub struct NoSuchEntry {
    pub wanted: String,
    /// Names like it, best first.
    pub nearest: Vec<String>,
}

fn near(names: &[String]) -> String {
    match names {
        [] => "; list it with `cardinal catalog list`".to_owned(),
        names => format!("; near it: {}", names.join(", ")),
    }
}

/// The entries a person means: `card 7`, `7`, `dbt metric revenue`, or a name in any case. Several when an id or a name is used twice.
pub fn find<'a>(catalog: &'a Catalog, wanted: &str) -> Result<Vec<&'a Entry>, NoSuchEntry> {
    let wanted = wanted.trim();
    let (of_dbt, wanted) = match wanted.strip_prefix("dbt ") {
        Some(rest) => (true, rest.trim()),
        None => (false, wanted),
    };
    let (kind, rest) = match wanted.split_once([' ', ':', '/']) {
        Some((kind, rest)) => match kind.to_lowercase().as_str() {
            "card" => (Some(EntryKind::Card), rest.trim()),
            "metric" => (Some(EntryKind::Metric), rest.trim()),
            "table" => (Some(EntryKind::Table), rest.trim()),
            _ => (None, wanted),
        },
        None => (None, wanted),
    };
    let id = rest.trim_start_matches('#').parse::<u32>().ok();
    let named = |entry: &Entry, name: &str| {
        let in_dbt = entry.dbt().is_some_and(|dbt| dbt.name == name);
        in_dbt || entry.name().to_lowercase() == name.to_lowercase()
    };
    let found: Vec<&Entry> = catalog
        .entries()
        .iter()
        .filter(|entry| {
            let fits = kind.is_none_or(|kind| kind == entry.kind());
            let asked = !of_dbt || entry.dbt().is_some();
            asked && ((fits && (id == Some(entry.id()) || named(entry, rest))) || named(entry, wanted))
        })
        .collect();
    if found.is_empty() {
        return Err(NoSuchEntry {
            wanted: wanted.to_owned(),
            nearest: nearest(rest, catalog.entries().iter().map(Entry::name), 3)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        });
    }
    Ok(found)
}
