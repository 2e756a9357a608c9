use std::sync::Arc;

use super::cards::{WireCard, described};
use super::collections::Collections;
use super::load::{Read, is_outage};
use super::select::Named;
use super::{definition, dimensions};
use crate::catalog::{Entry, MetricEntry, MetricId};
use crate::metabase::call::Caller;
use crate::metabase::values::Place;
use crate::metabase::{FailureClass, MetabaseError, fields};

/// Reads one metric: its dimensions over the Agent API, its definition and place from the card it is.
pub(super) async fn read(
    caller: &Caller,
    collections: &Collections,
    id: u32,
    _named: Named,
) -> Result<Read, MetabaseError> {
    let (mut warnings, mut outage) = (Vec::new(), false);
    // The card is best effort: without it only the definition in words and the collection are missing.
    let card = match WireCard::read(caller, id).await {
        Ok(card) if card.archived == Some(true) => {
            return Ok(Read::left_out(format!("metric {id} is archived; left out")));
        }
        Ok(card) if !card.is_metric() => {
            let warning = format!("card {id} is no metric; name it under the cards; left out of the metrics");
            return Ok(Read::left_out(warning));
        }
        Ok(card) => Some(card),
        Err(error) if error.class == FailureClass::Unauthorized => return Err(error),
        Err(error) => {
            outage = is_outage(error.class);
            warnings.push(format!("{error}; the definition of metric {id} is not known"));
            None
        }
    };
    let (metric, fields) = fields::metric(caller, MetricId(id), false).await?;
    let dimensions = dimensions::of(caller, Place::Metric(id), &fields, &mut warnings).await?;
    let definition = match &card {
        Some(card) => definition::of(caller, id, card, &mut warnings).await?,
        None => definition::Definition::default(),
    };
    let default_time = metric.default_time_dimension_field_id.as_ref();
    let entry = MetricEntry {
        id: MetricId(id),
        name: metric.name,
        description: described(metric.description),
        collection: card
            .as_ref()
            .map(|card| card.path(collections))
            .unwrap_or_default(),
        verified: metric
            .verified
            .unwrap_or_else(|| card.as_ref().is_some_and(WireCard::verified)),
        dimensions,
        default_time_dimension: default_time.and_then(|id| fields.name_of(id)).map(str::to_owned),
        definition: definition.computes,
        built_in_filters: definition.filters,
        segments: dimensions::segments(metric.segments),
    };
    Ok(Read {
        entry: Some(Entry::Metric(Arc::new(entry))),
        warnings,
        outage,
    })
}
