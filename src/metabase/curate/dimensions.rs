use futures_util::{StreamExt, stream};

use crate::catalog::{AllowedValues, Dimension, Measure, MeasureId, Segment, SegmentId};
use crate::metabase::fields::{Fields, NamedField, WireNamed};
use crate::metabase::values::FieldOwner;
use crate::metabase::{FailureClass, MetabaseError};
use crate::result::ColumnKind;

use super::cards::described;
use super::field_values::{FieldSource, sample};
use super::loading::CatalogLoad;

/// Most dimensions of one entry that are sampled.
const MAX_SAMPLED: usize = 24;

/// The dimensions of a metric or table, categorical ones with the values that occur in them.
pub(super) async fn of(
    loading: &CatalogLoad<'_>,
    (owner, source): (FieldOwner, FieldSource),
    fields: &Fields,
    warnings: &mut Vec<String>,
) -> Result<Vec<Dimension>, MetabaseError> {
    // Made before they are streamed: a closure inside the stream would keep a task from being sent to another thread.
    let asked: Vec<_> = fields
        .named
        .iter()
        .filter(|field| may_be_categorical(field) && has_values(owner, field))
        .take(MAX_SAMPLED)
        .map(|field| async move {
            let sample = sample(loading, owner, source, field).await;
            (field.name.clone(), sample)
        })
        .collect();
    let mut samples: Vec<(String, Result<_, MetabaseError>)> = stream::iter(asked)
        .buffered(loading.caller.settings.max_concurrency.max(1))
        .collect()
        .await;
    let mut dimensions = Vec::with_capacity(fields.named.len());
    for field in &fields.named {
        let at = samples.iter().position(|(name, _)| *name == field.name);
        let values = match at.map(|at| samples.swap_remove(at).1) {
            Some(Ok(sample)) => sample.categories(),
            Some(Err(error)) if error.class == FailureClass::Unauthorized => return Err(error),
            Some(Err(error)) => {
                warnings.push(format!("{error}; any value is let through"));
                None
            }
            None => None,
        };
        dimensions.push(dimension(field, values));
    }
    Ok(dimensions)
}

fn dimension(field: &NamedField, values: Option<AllowedValues>) -> Dimension {
    Dimension {
        name: field.name.clone(),
        label: field
            .wire
            .display_name
            .clone()
            .unwrap_or_else(|| field.wire.name.clone()),
        kind: field.wire.kind(),
        description: described(field.wire.description.clone()),
        values,
    }
}

/// Whether its values can be asked for: the classic API lists those of fields, and not of a column that a card computes.
fn has_values(owner: FieldOwner, field: &NamedField) -> bool {
    !matches!(owner, FieldOwner::Classic) || field.wire.field_id.is_u64()
}

/// Texts and booleans, but not what names one thing each or is prose.
fn may_be_categorical(field: &NamedField) -> bool {
    let kind = matches!(field.wire.kind(), ColumnKind::Text | ColumnKind::Boolean);
    let single = matches!(
        field.wire.semantic(),
        Some(
            "PK" | "FK"
                | "Name"
                | "Title"
                | "Email"
                | "URL"
                | "ImageURL"
                | "AvatarURL"
                | "Description"
                | "Comment"
                | "Address"
                | "ZipCode"
                | "Latitude"
                | "Longitude"
                | "SerializedJSON"
        )
    );
    kind && !single
}

/// Named filters of an entry.
pub(super) fn segments(wire: Vec<WireNamed>) -> Vec<Segment> {
    wire.into_iter()
        .map(|segment| Segment {
            id: SegmentId(segment.id),
            name: segment.display_name.unwrap_or(segment.name),
            description: described(segment.description),
        })
        .collect()
}

/// Named aggregations of an entry.
pub(super) fn measures(wire: Vec<WireNamed>) -> Vec<Measure> {
    wire.into_iter()
        .map(|measure| Measure {
            id: MeasureId(measure.id),
            name: measure.display_name.unwrap_or(measure.name),
            description: described(measure.description),
        })
        .collect()
}
