use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalog::{Catalog, StoredCatalog};
use crate::wire::{TapeError, catalog_path, keep_beside, read_capped, shared_catalog, suspect};

/// The version of the snapshot's format.
const VERSION: u32 = 1;

/// Keeps a catalog for the tapes in and below `folder`, once per fingerprint.
pub(crate) fn keep_catalog(folder: &Path, catalog: &Catalog) -> Result<(), TapeError> {
    let fingerprint = catalog.fingerprint();
    let path = shared_catalog(folder, &fingerprint);
    let text = || {
        let snapshot = json!({ "version": VERSION, "fingerprint": fingerprint, "catalog": catalog });
        format!("{snapshot:#}\n")
    };
    keep_beside(&path, text, |kept| catalog_of(kept, &fingerprint).is_ok())
}

/// The catalog with this fingerprint that is kept beside the tape at `tape`, or above it.
pub fn load_catalog(tape: &Path, fingerprint: &str) -> Result<Arc<Catalog>, TapeError> {
    let path = catalog_path(tape, fingerprint);
    let catalog = read_capped(&path).and_then(|text| catalog_of(&text, fingerprint));
    catalog.map(Arc::new).map_err(|reason| TapeError::Beside {
        tape: tape.to_owned(),
        path,
        reason,
    })
}

fn catalog_of(text: &str, fingerprint: &str) -> Result<Catalog, String> {
    if let Some(what) = suspect(text) {
        return Err(format!("it may hold {what}"));
    }
    let mut snapshot: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if snapshot.get("version") != Some(&json!(VERSION)) {
        return Err("it is of another version of its format".to_owned());
    }
    let catalog = snapshot.get_mut("catalog").map(Value::take).unwrap_or_default();
    let stored: StoredCatalog = serde_json::from_value(catalog).map_err(|error| error.to_string())?;
    let catalog = Catalog::from(stored);
    if catalog.fingerprint() == fingerprint {
        Ok(catalog)
    } else {
        Err("it was changed after it was kept".to_owned())
    }
}
