use std::sync::Arc;

use super::cards::described;
use super::field_values::FieldSource;
use super::load::{EntryRead, is_outage};
use super::loading::CatalogLoad;
use super::{definition, dimensions, saved_metrics};
use crate::catalog::{Entry, MetricEntry, MetricId};
use crate::metabase::fields::{self, FieldValuesOf};
use crate::metabase::values::FieldOwner;
use crate::metabase::wire_card::WireCard;
use crate::metabase::{FailureClass, Generation, MetabaseError};

/// Reads one metric: its dimensions over the Agent API where that describes metrics, its definition and place from the
/// card it is.
pub(super) async fn read(loading: &CatalogLoad<'_>, id: u32) -> Result<EntryRead, MetabaseError> {
    let (mut warnings, mut outage) = (Vec::new(), false);
    if !loading
        .detected
        .info
        .generation
        .is_some_and(Generation::has_field_ids)
    {
        return saved_metrics::read(loading, id).await;
    }
    // The card is best effort: without it only the definition in words and the collection are missing.
    let card = match WireCard::read(loading.caller, id, false).await {
        Ok(card) if card.archived == Some(true) => {
            return Ok(EntryRead::left_out(format!("metric {id} is archived; left out")));
        }
        Ok(card) if !card.is_metric() => {
            let warning =
                format!("card {id} is not a metric; name it under the cards; left out of the metrics");
            return Ok(EntryRead::left_out(warning));
        }
        Ok(card) => Some(card),
        Err(error) if error.class == FailureClass::Unauthorized => return Err(error),
        Err(error) => {
            outage = is_outage(error.class);
            warnings.push(format!("{error}; the definition of metric {id} is not known"));
            None
        }
    };
    let (metric, fields) = fields::metric(loading.caller, MetricId(id), FieldValuesOf::Categories).await?;
    if metric.name.trim().is_empty() {
        return Ok(EntryRead::left_out(format!("metric {id} has no name; left out")));
    }
    warnings.extend(metric.warnings(id));
    let table = card
        .as_ref()
        .and_then(|card| definition::plain_table(&card.dataset_query));
    let source = table.map_or(FieldSource::Metric(id), FieldSource::Table);
    let dimensions =
        dimensions::of(loading, (FieldOwner::Metric(id), source), &fields, &mut warnings).await?;
    let definition = match &card {
        Some(card) => definition::of(loading, id, card, &mut warnings).await?,
        None => definition::Definition::default(),
    };
    let default_time = metric.default_time_dimension_field_id.as_ref();
    let entry = MetricEntry {
        id: MetricId(id),
        name: metric.name,
        description: described(metric.description),
        collection: card.as_ref().map(|card| loading.path(card)).unwrap_or_default(),
        verified: metric
            .verified
            .unwrap_or_else(|| card.as_ref().is_some_and(WireCard::verified)),
        dimensions,
        default_time_dimension: default_time.and_then(|id| fields.name_of(id)).map(str::to_owned),
        definition: definition.computes,
        built_in_filters: definition.filters,
        segments: dimensions::segments(metric.segments.items),
        dbt: None,
        only_as_saved: None,
    };
    Ok(EntryRead {
        entry: Some(Entry::Metric(Arc::new(entry))),
        warnings,
        outage,
    })
}
