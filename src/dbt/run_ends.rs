//! Ends of runs, as webhooks tell them to whoever follows a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

/// Ends that are kept for a follower who is behind.
const MOST_WAITING: usize = 64;

/// Passes on which runs ended. All clients of an account share one.
#[derive(Debug, Clone)]
pub(super) struct RunEnds {
    ends: Sender<u64>,
    /// Whether any end was told: then webhooks come to this process.
    are_told: Arc<AtomicBool>,
}

impl Default for RunEnds {
    fn default() -> Self {
        Self {
            ends: Sender::new(MOST_WAITING),
            are_told: Arc::default(),
        }
    }
}

impl RunEnds {
    /// Tells everybody who watches that this run is over.
    pub(super) fn tell(&self, run: u64) {
        self.are_told.store(true, Ordering::Relaxed);
        // Nobody may be watching.
        let _ = self.ends.send(run);
    }

    pub(super) fn watch(&self) -> RunEndWatch {
        RunEndWatch {
            ends: self.ends.subscribe(),
            told: self.clone(),
        }
    }
}

/// Hears of every end that is told from when it was made.
#[derive(Debug)]
pub(super) struct RunEndWatch {
    ends: Receiver<u64>,
    /// Keeps the sender, so that the channel is open as long as somebody watches.
    told: RunEnds,
}

impl RunEndWatch {
    /// Whether ends are told to this process at all.
    pub(super) fn are_told(&self) -> bool {
        self.told.are_told.load(Ordering::Relaxed)
    }

    /// Waits until this run is told to be over, or so much was told at once that it may have been among it. Waits for ever where
    /// nothing is told.
    pub(super) async fn ended(&mut self, run: u64) {
        loop {
            match self.ends.recv().await {
                Ok(ended) if ended == run => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending::<()>().await,
            }
        }
    }
}
