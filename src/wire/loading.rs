//! A server that is still loading its model says so instead of answering. That passes, and takes longer than other troubles
//! do: the wire asks again until the model is there, for as long as whoever waits has time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

/// Judges a failure by its status and its body: whether it says that the model is being loaded.
pub(crate) type JudgeLoading = fn(StatusCode, &[u8]) -> bool;

/// How long a session waits for a model that is being loaded, and whether it does. Clones are the same session.
#[derive(Debug, Clone)]
pub(crate) struct LoadingModels {
    until: Arc<Mutex<Option<Instant>>>,
    /// Counts the requests that began to wait.
    waits: watch::Sender<u64>,
}

/// As long as it lives, requests of the session may wait until then.
#[derive(Debug)]
pub(crate) struct LoadingTime(LoadingModels);

impl Default for LoadingModels {
    fn default() -> Self {
        Self {
            until: Arc::default(),
            waits: watch::Sender::new(0),
        }
    }
}

impl LoadingModels {
    /// Lets requests wait until then. Without it the timeout of a request is all the time there is.
    pub(crate) fn wait_until(&self, moment: Instant) -> LoadingTime {
        *self.lock() = Some(moment);
        LoadingTime(self.clone())
    }

    /// Tells of each request that begins to wait from now on.
    pub(crate) fn waits(&self) -> watch::Receiver<u64> {
        self.waits.subscribe()
    }

    pub(super) fn until(&self) -> Option<Instant> {
        *self.lock()
    }

    /// A request begins to wait.
    pub(super) fn tell(&self) {
        self.waits.send_modify(|waits| *waits = waits.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LoadingTime {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}
