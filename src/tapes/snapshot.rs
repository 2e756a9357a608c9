use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::wire::{TapeError, catalog_path, keep_beside, read_capped, shared_catalog};

/// The version of the snapshot's format.
const VERSION: u32 = 1;

/// Keeps a catalog for the tapes in and below `folder`, once per fingerprint.
pub fn keep_catalog(folder: &Path, catalog: &Catalog) -> Result<(), TapeError> {
    let fingerprint = catalog.fingerprint();
    let path = shared_catalog(folder, &fingerprint);
    let snapshot = json!({ "version": VERSION, "fingerprint": fingerprint, "catalog": catalog });
    keep_beside(&path, &format!("{snapshot:#}\n"))
}

/// The catalog with this fingerprint that is kept beside the tape at `tape`, or above it.
pub fn load_catalog(tape: &Path, fingerprint: &str) -> Result<Arc<Catalog>, TapeError> {
    let path = catalog_path(tape, fingerprint);
    let failed = |reason: String| TapeError::Beside {
        tape: tape.to_owned(),
        path: path.clone(),
        reason,
    };
    let text = read_capped(&path).map_err(failed)?;
    let mut snapshot: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if snapshot.get("version") != Some(&json!(VERSION)) {
        return Err(failed("it is of another version of its format".to_owned()));
    }
    let catalog = snapshot.get_mut("catalog").map(Value::take).unwrap_or_default();
    let catalog: Catalog = serde_json::from_value(catalog).map_err(|error| failed(error.to_string()))?;
    if catalog.fingerprint() != fingerprint {
        return Err(failed("it was changed after it was kept".to_owned()));
    }
    Ok(Arc::new(catalog))
}
