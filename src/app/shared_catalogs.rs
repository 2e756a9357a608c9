use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::catalog::Catalog;
use crate::prompt::{Prompt, PromptError};

/// Catalogs and prompts of the apps of one process. Apps whose catalogs are equal to the byte share one catalog and one
/// prompt: a thousand people who may see the same cost no more than one.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedCatalogs(Arc<Mutex<HashMap<blake3::Hash, SharedCatalog>>>);

#[derive(Debug)]
struct SharedCatalog {
    /// As long as an app holds it.
    catalog: Weak<Catalog>,
    prompt: Prompt,
}

impl SharedCatalogs {
    /// The catalog and the prompt of it: those of another app where they are the same, else this one and what `render` makes
    /// of it.
    pub(super) fn share(
        &self,
        catalog: &Arc<Catalog>,
        render: impl FnOnce(&Arc<Catalog>) -> Result<Prompt, PromptError>,
    ) -> Result<(Arc<Catalog>, Prompt), PromptError> {
        // A catalog that cannot be written is shared with nobody.
        let Ok(bytes) = serde_json::to_vec(&**catalog) else {
            return Ok((Arc::clone(catalog), render(catalog)?));
        };
        let key = blake3::hash(&bytes);
        let known = |all: &HashMap<blake3::Hash, SharedCatalog>| {
            let shared = all.get(&key)?;
            Some((shared.catalog.upgrade()?, shared.prompt.clone()))
        };
        if let Some(shared) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(shared);
        }
        let prompt = render(catalog)?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been first.
        if let Some(shared) = known(&all) {
            return Ok(shared);
        }
        all.retain(|_, shared| shared.catalog.strong_count() > 0);
        let kept = SharedCatalog {
            catalog: Arc::downgrade(catalog),
            prompt: prompt.clone(),
        };
        all.insert(key, kept);
        Ok((Arc::clone(catalog), prompt))
    }
}
