//! Metrics where no route describes them: from the cards that they are, and the tables that these read.

use std::sync::Arc;

use super::cards::described;
use super::field_values::FieldSource;
use super::load::EntryRead;
use super::loading::CatalogLoad;
use super::tables::named;
use super::{definition, dimensions};
use crate::catalog::{Dimension, Entry, MetricEntry, MetricId, SavedGroup};
use crate::metabase::MetabaseError;
use crate::metabase::saved_query::{SavedField, SavedQuery, SavedSource};
use crate::metabase::sources::QueriedRows;
use crate::metabase::values::FieldOwner;
use crate::metabase::wire_card::WireCard;

pub(super) async fn read(loading: &CatalogLoad<'_>, id: u32) -> Result<EntryRead, MetabaseError> {
    let mut warnings = Vec::new();
    let card = WireCard::read(loading.caller, id, false).await?;
    if card.archived == Some(true) {
        return Ok(EntryRead::left_out(format!("metric {id} is archived; left out")));
    }
    if !card.is_metric() {
        let warning = format!("card {id} is not a metric; name it under the cards; left out of the metrics");
        return Ok(EntryRead::left_out(warning));
    }
    if card.name.trim().is_empty() {
        return Ok(EntryRead::left_out(format!("metric {id} has no name; left out")));
    }
    let saved = SavedQuery::of(&card.dataset_query);
    let read = saved.and_then(SavedQuery::source);
    let owner = format!("metric {id}");
    let (source, values_of) = match read.or(card.table_id.map(SavedSource::Table)) {
        Some(SavedSource::Table(table)) => {
            let (read, source) = loading.source_of_table(owner, table).await?;
            warnings.extend(read.warnings(table));
            (source, FieldSource::Table(table))
        }
        Some(SavedSource::Card(of)) => {
            let model = WireCard::read(loading.caller, of, false).await?;
            (QueriedRows::of_card(owner, of, &model), FieldSource::Metric(id))
        }
        None => {
            let warning = format!("what metric {id} is computed from cannot be read; left out");
            return Ok(EntryRead::left_out(warning));
        }
    };
    let named_groups: Vec<Option<SavedGroup>> =
        saved.map_or_else(Vec::new, |saved| groups_of(saved, &source));
    let default_time_groups: Vec<SavedGroup> = named_groups.iter().flatten().cloned().collect();
    // What is saved beyond groups and an aggregation cannot be told in words.
    let is_plain = saved.is_some_and(SavedQuery::is_plain);
    let saved_groups: Option<Vec<SavedGroup>> = named_groups
        .into_iter()
        .collect::<Option<_>>()
        .filter(|_| is_plain);
    let fields_of = (FieldOwner::Classic, values_of);
    let mut dimensions = dimensions::of(loading, fields_of, &source.fields, &mut warnings).await?;
    let only_as_saved = loading.detected.info.generation.is_none() && !loading.detected.info.dataset_route;
    if only_as_saved {
        let Some(groups) = &saved_groups else {
            let warning = format!(
                "metric {id} is saved in a way that cannot be told in words, and this server gives it in no other; left out"
            );
            return Ok(EntryRead::left_out(warning));
        };
        // Without values: there is no way to filter by any.
        dimensions.retain(|dimension| groups.iter().any(|group| group.dimension == dimension.name));
        for dimension in &mut dimensions {
            dimension.values = None;
        }
    }
    let definition = definition::of(loading, id, &card, &mut warnings).await?;
    let entry = MetricEntry {
        id: MetricId(id),
        collection: loading.path(&card),
        verified: card.verified(),
        default_time_dimension: default_time(&default_time_groups, &dimensions),
        definition: definition.computes,
        built_in_filters: definition.filters,
        segments: if only_as_saved {
            Vec::new()
        } else {
            dimensions::segments(named(&source.segments))
        },
        only_as_saved: saved_groups.filter(|_| only_as_saved),
        dimensions,
        name: card.name,
        description: described(card.description),
        dbt: None,
    };
    Ok(EntryRead {
        entry: Some(Entry::Metric(Arc::new(entry))),
        warnings,
        outage: false,
    })
}

/// The groups that the metric has as it is saved; `None` for one that is no dimension.
fn groups_of(saved: SavedQuery<'_>, source: &QueriedRows) -> Vec<Option<SavedGroup>> {
    let groups = saved.breakouts().iter().map(|breakout| {
        let group = SavedField::of(breakout)?;
        let mut named = source.fields.named.iter();
        let found = named.find(|field| {
            field.address.as_ref().is_some_and(|address| {
                address.id == Some(group.id) && address.via.as_ref().map(|via| via.id) == group.via
            })
        })?;
        Some(SavedGroup {
            dimension: found.name.clone(),
            granularity: group.unit.filter(|unit| *unit != "default").map(str::to_owned),
        })
    });
    groups.collect()
}

/// The first of the groups that is a date or a moment.
fn default_time(groups: &[SavedGroup], dimensions: &[Dimension]) -> Option<String> {
    use crate::result::ColumnKind;
    let mut names = groups.iter().map(|group| &group.dimension);
    let time = names.find(|name| {
        let mut dimensions = dimensions.iter();
        dimensions.any(|dimension| {
            dimension.name == **name && matches!(dimension.kind, ColumnKind::Date | ColumnKind::Datetime)
        })
    });
    time.cloned()
}
