use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use super::value::in_range;
use crate::catalog::{CardId, CollectionId, MetricId, TableId};
use crate::catalog::{CatalogSettings, ContentRule, TableRule};
use crate::config::error::ConfigError;
use crate::config::file::{CatalogConfig, ContentConfig, TableConfig};
use crate::config::load::Origins;

const MAX_AGE_SECONDS: u64 = 900;

/// The rules. Without a Metabase the demo's own rules hold, so rules in the settings would do nothing: an error.
pub(super) fn resolve(
    file: CatalogConfig,
    has_metabase: bool,
    origins: &Origins,
) -> Result<CatalogSettings, ConfigError> {
    let both = file.collections.unwrap_or_default();
    let cards = rule(file.cards, &both, CardId);
    let metrics = rule(file.metrics, &both, MetricId);
    let tables = table_rule(file.tables);
    let curated = selects(&cards) || selects(&metrics) || selects_tables(&tables);
    if has_metabase && !curated {
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
    let age = in_range(
        file.max_age_seconds,
        MAX_AGE_SECONDS,
        0..=604_800,
        "catalog.max_age_seconds",
        origins,
    )?;
    Ok(CatalogSettings {
        cards,
        metrics,
        tables,
        cache_dir: if file.cache.unwrap_or(true) {
            file.cache_dir.or_else(default_cache_dir)
        } else {
            None
        },
        max_age: Duration::from_secs(age),
    })
}

fn rule<Id>(file: ContentConfig, both: &[u32], id: fn(u32) -> Id) -> ContentRule<Id> {
    let default = ContentRule::<Id>::default();
    let mut collections = file.collections.unwrap_or_default();
    collections.extend_from_slice(both);
    collections.sort_unstable();
    collections.dedup();
    ContentRule {
        collections: collections.into_iter().map(CollectionId).collect(),
        root_collection: file.root_collection.unwrap_or(default.root_collection),
        recursive: file.recursive.unwrap_or(default.recursive),
        ids: file.ids.unwrap_or_default().into_iter().map(id).collect(),
        name_prefix: file.name_prefix.filter(|prefix| !prefix.is_empty()),
        verified_only: file.verified_only.unwrap_or(default.verified_only),
    }
}

fn table_rule(file: TableConfig) -> TableRule {
    TableRule {
        ids: file.ids.unwrap_or_default().into_iter().map(TableId).collect(),
        name_prefix: file.name_prefix.filter(|prefix| !prefix.is_empty()),
    }
}

fn selects<Id>(rule: &ContentRule<Id>) -> bool {
    !rule.collections.is_empty() || rule.root_collection || !rule.ids.is_empty()
}

fn selects_tables(rule: &TableRule) -> bool {
    !rule.ids.is_empty() || rule.name_prefix.is_some()
}

/// `None` when the system says no home folder: then nothing is kept.
fn default_cache_dir() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.cache_dir().join("cardinal"))
}
