//! How many requests a minute an API takes, where a test wants it to take only so many.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);

/// Counts requests in windows of a minute.
#[derive(Debug)]
pub(crate) struct Throttle {
    per_minute: Option<u32>,
    window: Mutex<Option<(Instant, u32)>>,
}

impl Throttle {
    /// `None` lets everything through.
    pub(crate) fn new(per_minute: Option<u32>) -> Self {
        Self {
            per_minute,
            window: Mutex::new(None),
        }
    }

    /// Counts a request; the seconds to wait when it is one too many.
    pub(crate) fn take(&self) -> Result<(), u64> {
        let Some(most) = self.per_minute else {
            return Ok(());
        };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = match *window {
            Some((since, count)) if since.elapsed() < WINDOW => (since, count + 1),
            _ => (Instant::now(), 1),
        };
        *window = Some((since, count));
        if count > most {
            return Err(WINDOW.saturating_sub(since.elapsed()).as_secs().max(1));
        }
        Ok(())
    }
}
