//! Values that occur in fields. Many metrics are over one table, so a field is asked once for all of them, and not at
//! all where the description of a metric or table lists its values.

use std::sync::Arc;

use super::loading::CatalogLoad;
use crate::catalog::AllowedValues;
use crate::metabase::MetabaseError;
use crate::metabase::fields::NamedField;
use crate::metabase::values::{self, FieldOwner};

/// Most distinct values of a dimension that counts as categorical, and how many are asked for.
pub(super) const CATEGORIES: u32 = 30;

/// What the names of an entry's fields are names in: two entries of one source mean the same field by the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum FieldSource {
    /// One plain table, by its id.
    Table(u32),
    /// A metric over something else: its fields are its own.
    Metric(u32),
}

/// Values of a field, and how many distinct ones it has if the server knows.
#[derive(Debug)]
pub(super) struct FieldSample {
    values: AllowedValues,
    distinct: Option<u64>,
}

impl FieldSample {
    /// The values, if they are few enough to be categories.
    pub(super) fn categories(&self) -> Option<AllowedValues> {
        let most = u64::from(CATEGORIES);
        let few = match self.distinct {
            Some(distinct) => distinct <= most,
            None => (self.values.values.len() as u64) < most,
        };
        (few && !self.values.values.is_empty()).then(|| self.values.clone())
    }
}

/// The values of a field: those its description lists, or those that are asked for once.
pub(super) async fn sample(
    loading: &CatalogLoad<'_>,
    owner: FieldOwner,
    source: FieldSource,
    field: &NamedField,
) -> Result<Arc<FieldSample>, MetabaseError> {
    if let Some(listed) = listed(field) {
        return Ok(Arc::new(listed));
    }
    let read = || async {
        let asked = values::of_field(loading.caller, owner, &field.id, CATEGORIES, false);
        let (fetched, distinct) = asked.await?;
        let values = fetched.values;
        Ok(FieldSample { values, distinct })
    };
    loading.samples.get((source, field.name.clone()), read).await
}

/// The values that a description lists, if these are all: a list as long as what is asked for may have been cut.
fn listed(field: &NamedField) -> Option<FieldSample> {
    let listed = field.wire.field_values.as_ref()?;
    let values = AllowedValues::listed(listed.clone(), true);
    let whole = listed.len() < CATEGORIES as usize && !values.values.is_empty();
    whole.then_some(FieldSample {
        distinct: Some(values.values.len() as u64),
        values,
    })
}
