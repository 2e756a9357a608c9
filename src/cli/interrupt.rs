use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::agent::Outcome;

/// Ctrl-C: the first one ends the running turn with what is known; a second one, or one outside a turn, ends the
/// program.
#[derive(Debug, Clone)]
pub(super) struct Interrupts {
    turn: Arc<Mutex<Option<CancellationToken>>>,
}

impl Interrupts {
    /// Starts listening. Needs a running runtime.
    pub(super) fn watch() -> Self {
        let interrupts = Self {
            turn: Arc::new(Mutex::new(None)),
        };
        let listener = interrupts.clone();
        tokio::spawn(async move {
            // An error means that the system offers no such signal: then its own way of ending programs holds.
            while tokio::signal::ctrl_c().await.is_ok() {
                listener.pressed();
            }
        });
        interrupts
    }

    /// A turn begins: the token is cancelled by the next Ctrl-C.
    pub(super) fn begin_turn(&self) -> CancellationToken {
        let token = CancellationToken::new();
        *self.lock() = Some(token.clone());
        token
    }

    pub(super) fn end_turn(&self) {
        *self.lock() = None;
    }

    fn pressed(&self) {
        match &*self.lock() {
            Some(token) if !token.is_cancelled() => token.cancel(),
            _ => std::process::exit(Outcome::Cancelled.exit_code().into()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<CancellationToken>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
