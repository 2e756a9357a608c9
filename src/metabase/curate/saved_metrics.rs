//! Metrics where no route describes them: from the cards that they are, and the tables that these read.

use std::sync::Arc;

use super::cards::described;
use super::field_values::FieldSource;
use super::load::EntryRead;
use super::loading::Loading;
use super::tables::named;
use super::{definition, dimensions};
use crate::catalog::{Dimension, Entry, MetricEntry, MetricId};
use crate::metabase::MetabaseError;
use crate::metabase::saved_query::{SavedField, SavedQuery, SavedSource};
use crate::metabase::sources::QueriedRows;
use crate::metabase::values::FieldOwner;
use crate::metabase::wire_card::WireCard;

/// Reads one metric.
pub(super) async fn read(loading: &Loading<'_>, id: u32) -> Result<EntryRead, MetabaseError> {
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
            let (_, source) = loading.source_of_table(owner, table).await?;
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
    let groups: Vec<String> = saved
        .into_iter()
        .flat_map(|saved| groups_of(saved, &source))
        .collect();
    let fields_of = (FieldOwner::Classic, values_of);
    let mut dimensions = dimensions::of(loading, fields_of, &source.fields, &mut warnings).await?;
    let only_as_saved = loading.detected.info.generation.is_none() && !loading.detected.info.dataset_route;
    if only_as_saved {
        // Without values: there is no way to filter by any.
        dimensions.retain(|dimension| groups.contains(&dimension.name));
        for dimension in &mut dimensions {
            dimension.values = None;
        }
    }
    let definition = definition::of(loading, id, &card, &mut warnings).await?;
    let entry = MetricEntry {
        id: MetricId(id),
        collection: loading.path(&card),
        verified: card.verified(),
        default_time_dimension: default_time(&groups, &dimensions),
        definition: definition.computes,
        built_in_filters: definition.filters,
        segments: if only_as_saved {
            Vec::new()
        } else {
            dimensions::segments(Some(named(&source.segments)))
        },
        dimensions,
        name: card.name,
        description: described(card.description),
    };
    Ok(EntryRead {
        entry: Some(Entry::Metric(Arc::new(entry))),
        warnings,
        outage: false,
    })
}

/// Names of the dimensions that the metric groups by itself.
fn groups_of(saved: SavedQuery<'_>, source: &QueriedRows) -> Vec<String> {
    let fields = saved.breakouts().iter().filter_map(SavedField::of);
    let named = fields.filter_map(|group| {
        let mut named = source.fields.named.iter();
        let found = named.find(|field| {
            field.address.as_ref().is_some_and(|address| {
                address.id == Some(group.id) && address.via.as_ref().map(|via| via.id) == group.via
            })
        })?;
        Some(found.name.clone())
    });
    named.collect()
}

/// The first of the groups that is a date or a moment.
fn default_time(groups: &[String], dimensions: &[Dimension]) -> Option<String> {
    use crate::result::ColumnKind;
    let is_time = |name: &&String| {
        let mut dimensions = dimensions.iter();
        dimensions.any(|dimension| {
            dimension.name == **name && matches!(dimension.kind, ColumnKind::Date | ColumnKind::Datetime)
        })
    };
    groups.iter().find(is_time).cloned()
}
