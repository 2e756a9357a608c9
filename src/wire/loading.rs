//! A server that is still loading its model says so instead of answering. That passes, and takes longer than other troubles
//! do: the wire asks again until the model is there, for as long as whoever waits has time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

/// Judges a failure by its status and its body: whether it says that the model is being loaded.
pub(crate) type JudgeLoading = fn(StatusCode, &[u8]) -> bool;

/// How long a session waits for a model that is being loaded, and whether it does. Clones are the same session.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoadingModels {
    until: Arc<Mutex<Option<Instant>>>,
    /// The latest wait for the model.
    waits: watch::Sender<ModelWait>,
}

/// A wait for the model that people are told of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ModelWait {
    /// How many there were.
    pub(crate) count: u64,
    /// How long its server wants to be left alone; without it the server is loading.
    pub(crate) left_alone: Option<Duration>,
}

/// As long as it lives, requests of the session may wait until then.
#[derive(Debug)]
pub(crate) struct LoadingTime(LoadingModels);

impl LoadingModels {
    /// Lets requests wait until then. Without it the timeout of a request is all the time there is.
    pub(crate) fn wait_until(&self, moment: Instant) -> LoadingTime {
        *self.lock() = Some(moment);
        LoadingTime(self.clone())
    }

    /// Tells of each request that begins to wait from now on.
    pub(crate) fn waits(&self) -> watch::Receiver<ModelWait> {
        self.waits.subscribe()
    }

    pub(super) fn until(&self) -> Option<Instant> {
        *self.lock()
    }

    /// A request begins to wait.
    pub(super) fn tell(&self, left_alone: Option<Duration>) {
        self.waits.send_modify(|wait| {
            wait.count = wait.count.wrapping_add(1);
            wait.left_alone = left_alone;
        });
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
