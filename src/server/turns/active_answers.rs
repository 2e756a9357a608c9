//! Which answers this process works on, so that it never runs one turn twice.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone, Default)]
pub(super) struct ActiveAnswers(Arc<Mutex<HashSet<String>>>);

/// One of them. It is let go when this is dropped.
#[derive(Debug)]
pub(super) struct HeldAnswer {
    all: ActiveAnswers,
    id: String,
}

impl ActiveAnswers {
    /// Notes that an answer is being worked on; `None` when it is already.
    pub(super) fn take(&self, id: &str) -> Option<HeldAnswer> {
        self.lock().insert(id.to_owned()).then(|| HeldAnswer {
            all: self.clone(),
            id: id.to_owned(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HeldAnswer {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}
