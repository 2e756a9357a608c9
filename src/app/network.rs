use super::Error;
use crate::metabase::MetabaseSettings;
use crate::model::ModelSettings;
use crate::wire::{Grants, Wire, WireSettings};
use crate::{metabase, model};

/// The wire of one session: it may send what the Metabase client and the model need, and nothing else. What is `None`
/// cannot be reached.
pub fn wire(metabase: Option<&MetabaseSettings>, model: Option<&ModelSettings>) -> Result<Wire, Error> {
    let data = metabase.map_or_else(Grants::none, |metabase| metabase::grants(&metabase.url));
    let completions = model.map_or_else(|| Ok(Grants::none()), model::grants)?;
    let mut settings = WireSettings::new(data.joined(completions));
    if let Some(metabase) = metabase {
        settings.limit.metabase = metabase.max_concurrency;
    }
    if let Some(model) = model {
        settings.limit.model = model.max_concurrency;
    }
    Ok(Wire::new(settings)?)
}
