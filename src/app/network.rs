use url::Url;

use super::Error;
use crate::model::ModelSettings;
use crate::wire::{Grants, Wire, WireSettings};
use crate::{metabase, model};

/// The wire of one session: it may send what the Metabase client and the model need, and nothing else. What is `None`
/// cannot be reached.
pub fn wire(metabase: Option<&Url>, model: Option<&ModelSettings>) -> Result<Wire, Error> {
    let data = metabase.map_or_else(Grants::none, metabase::grants);
    let completions = model.map_or_else(|| Ok(Grants::none()), model::grants)?;
    Ok(Wire::new(WireSettings::new(data.joined(completions)))?)
}
