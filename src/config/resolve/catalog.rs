use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::catalog::{
    CardId, CatalogNotes, CatalogSettings, CollectionId, ContentRule, DbtMetricRule, EntryKind, EntryNotes,
    MetricId, TableId, TableRule,
};
use crate::config::error::ConfigError;
use crate::config::file::{
    CatalogConfig, CollectionConfig, CollectionsConfig, ContentConfig, DbtMetricsConfig, EntryNotesConfig,
    TableConfig,
};

const MAX_AGE_SECONDS: u64 = 900;

/// The rules. Without a Metabase and without metrics of dbt the demo's own rules hold; rules over what is not configured would do
/// nothing: an error.
pub(super) fn resolve(
    file: CatalogConfig,
    has_metabase: bool,
    has_semantic_layer: bool,
) -> Result<CatalogSettings, ConfigError> {
    let both = collections(file.collections, "catalog.collections")?;
    let cards = rule(file.cards, &both, ("catalog.cards.collections", CardId))?;
    let metrics = rule(file.metrics, &both, ("catalog.metrics.collections", MetricId))?;
    let tables = table_rule(file.tables);
    let curated = selects(&cards) || selects(&metrics) || selects_tables(&tables);
    let dbt_metrics = dbt_metric_rule(file.dbt_metrics);
    if dbt_metrics.selects() && !has_semantic_layer {
        return Err(ConfigError::setting(
            "catalog.dbt_metrics",
            "metrics of dbt are selected, and no Semantic Layer is configured: set DBT_HOST, DBT_ACCOUNT_ID, DBT_TOKEN and \
             DBT_PROD_ENV_ID",
        ));
    }
    if has_metabase && !curated && !dbt_metrics.selects() {
        return Err(ConfigError::setting(
            "catalog",
            "nothing is curated, so no question could be answered: name the collections people may ask about, with \
             CARDINAL_CATALOG_COLLECTIONS=7 or, in cardinal.toml, `[catalog]` and `collections = [7]` (a collection's \
             number is in its address in Metabase)",
        ));
    }
    if !has_metabase && curated {
        return Err(ConfigError::setting(
            "catalog",
            "there are rules but no Metabase they could select from: set METABASE_URL or metabase.url",
        ));
    }
    Ok(CatalogSettings {
        notes: notes(file.glossary, file.notes)?,
        cards,
        metrics,
        tables,
        dbt_metrics,
        cache_dir: if file.cache.unwrap_or(true) {
            file.cache_dir.or_else(default_cache_dir)
        } else {
            None
        },
        max_age: Duration::from_secs(file.max_age_seconds.unwrap_or(MAX_AGE_SECONDS)),
    })
}

/// The notes, each on an entry that is written as `metric 12`.
fn notes(
    glossary: BTreeMap<String, String>,
    written: Vec<EntryNotesConfig>,
) -> Result<CatalogNotes, ConfigError> {
    let mut entries = BTreeMap::new();
    for note in written {
        let wrong = || {
            ConfigError::setting(
                "catalog.notes",
                format!(
                    "{:?} is not an entry: write its kind and id, such as `entry = \"metric 12\"`; \
                     `cardinal catalog list` shows them",
                    note.entry
                ),
            )
        };
        let (kind, id) = note.entry.trim().split_once(' ').ok_or_else(wrong)?;
        let kind = [EntryKind::Card, EntryKind::Metric, EntryKind::Table]
            .into_iter()
            .find(|one| one.to_string() == kind)
            .ok_or_else(wrong)?;
        let id: u32 = id.trim().parse().map_err(|_| wrong())?;
        let known = EntryNotes {
            synonyms: note.synonyms.clone(),
            needs_period: note.needs_period,
            ask: note.ask.clone().filter(|ask| !ask.trim().is_empty()),
        };
        if entries.insert(CatalogNotes::key(kind, id), known).is_some() {
            return Err(ConfigError::setting(
                "catalog.notes",
                format!("there are two notes on {}: put them together", note.entry),
            ));
        }
    }
    Ok(CatalogNotes {
        glossary,
        databases: BTreeMap::new(),
        collections: BTreeMap::new(),
        entries,
    })
}

fn rule<Id>(
    file: ContentConfig,
    both: &WrittenCollections,
    (setting, id): (&str, fn(u32) -> Id),
) -> Result<ContentRule<Id>, ConfigError> {
    let default = ContentRule::<Id>::default();
    let mut written = collections(file.collections, setting)?;
    written.numbers.extend(&both.numbers);
    written.names.extend(both.names.iter().cloned());
    Ok(ContentRule {
        collections: written.numbers.into_iter().map(CollectionId).collect(),
        named_collections: written.names.into_iter().collect(),
        root_collection: file.root_collection.unwrap_or(default.root_collection),
        recursive: file.recursive.unwrap_or(default.recursive),
        ids: file.ids.unwrap_or_default().into_iter().map(id).collect(),
        name_prefix: file.name_prefix.filter(|prefix| !prefix.is_empty()),
        verified_only: file.verified_only.unwrap_or(default.verified_only),
    })
}

/// Collections of a setting, those whose number is written apart from those that only the server can tell.
#[derive(Debug, Default)]
struct WrittenCollections {
    numbers: BTreeSet<u32>,
    names: BTreeSet<String>,
}

fn collections(file: Option<CollectionsConfig>, setting: &str) -> Result<WrittenCollections, ConfigError> {
    let written = match file {
        None => Vec::new(),
        Some(CollectionsConfig::Several(list)) => list,
        Some(CollectionsConfig::One(CollectionConfig::Number(number))) => {
            vec![CollectionConfig::Number(number)]
        }
        Some(CollectionsConfig::One(CollectionConfig::Text(text))) => text
            .split(',')
            .map(|part| CollectionConfig::Text(part.to_owned()))
            .collect(),
    };
    let mut found = WrittenCollections::default();
    for collection in written {
        let text = match collection {
            CollectionConfig::Number(number) => {
                found.numbers.insert(number);
                continue;
            }
            CollectionConfig::Text(text) => text.trim().to_owned(),
        };
        match number_in(&text).map_err(|problem| ConfigError::setting(setting, problem))? {
            Some(number) => {
                found.numbers.insert(number);
            }
            None if text.is_empty() => {}
            None => {
                found.names.insert(text);
            }
        }
    }
    Ok(found)
}

/// The number that a text is, or the address of a collection has; none in a name.
fn number_in(text: &str) -> Result<Option<u32>, String> {
    if let Ok(number) = text.parse() {
        return Ok(Some(number));
    }
    if !text.contains("://") && !text.starts_with('/') {
        return Ok(None);
    }
    let segment = text.split("/collection/").nth(1).unwrap_or_default();
    let segment = segment.split(['/', '?', '#']).next().unwrap_or_default();
    match segment.split('-').next().map(str::parse) {
        Some(Ok(number)) => Ok(Some(number)),
        _ if segment == "root" => Err(format!(
            "{text} is the address of the root collection: set `root_collection = true` instead"
        )),
        _ => Err(format!(
            "{text} is not the address of a collection: open the collection in Metabase and copy its address, such as \
             https://metabase.example.com/collection/7-finance, or write its number, `collections = [7]`"
        )),
    }
}

fn table_rule(file: TableConfig) -> TableRule {
    TableRule {
        ids: file.ids.unwrap_or_default().into_iter().map(TableId).collect(),
        name_prefix: file.name_prefix.filter(|prefix| !prefix.is_empty()),
    }
}

fn dbt_metric_rule(file: DbtMetricsConfig) -> DbtMetricRule {
    let written = |text: &String| !text.trim().is_empty();
    DbtMetricRule {
        names: file
            .names
            .unwrap_or_default()
            .into_iter()
            .filter(written)
            .collect(),
        all: file.all.unwrap_or(false),
        name_prefix: file.name_prefix.filter(written),
        meta: file.meta.unwrap_or_default(),
        values: file.values.unwrap_or(true),
    }
}

fn selects<Id>(rule: &ContentRule<Id>) -> bool {
    !rule.collections.is_empty()
        || !rule.named_collections.is_empty()
        || rule.root_collection
        || !rule.ids.is_empty()
}

fn selects_tables(rule: &TableRule) -> bool {
    !rule.ids.is_empty() || rule.name_prefix.is_some()
}

/// `None` when the system says no home folder: then nothing is kept.
fn default_cache_dir() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.cache_dir().join("cardinal"))
}
