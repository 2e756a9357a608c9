use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

/// Exchanges of a replay that are waited for longer than they were when the turn was recorded: somebody, or the clock,
/// ended them then, and whoever waits has to end them now. Clones tell of the same exchanges.
#[derive(Debug, Clone)]
pub(crate) struct Stalls {
    /// One permit for each that nobody has ended yet.
    open: Arc<Semaphore>,
    any: Arc<AtomicBool>,
}

impl Stalls {
    pub(super) fn new() -> Self {
        Self {
            open: Arc::new(Semaphore::new(0)),
            any: Arc::default(),
        }
    }

    /// Waits for the next one, which is then taken to be ended.
    pub(crate) async fn next(&self) {
        match self.open.acquire().await {
            Ok(stall) => stall.forget(),
            // It is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self) {
        self.any.store(true, Ordering::Relaxed);
        self.open.add_permits(1);
    }
}
