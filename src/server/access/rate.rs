use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// Principals that are remembered before the ones of earlier minutes are forgotten.
const MANY: usize = 10_000;

/// How many requests each principal sent in its current minute.
#[derive(Debug)]
pub(super) struct RequestRates {
    most: Option<u32>,
    counts: Mutex<HashMap<String, (Instant, u32)>>,
}

impl RequestRates {
    pub(super) fn new(most: Option<u32>) -> Self {
        Self {
            most,
            counts: Mutex::default(),
        }
    }

    /// Counts a request. When it is one too many: seconds until the next minute.
    pub(super) fn count(&self, principal: &str) -> Result<(), u64> {
        let Some(most) = self.most else { return Ok(()) };
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > MANY {
            counts.retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
        }
        let (since, count) = counts.entry(principal.to_owned()).or_insert((now, 0));
        if now.duration_since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        if *count >= most {
            let left = MINUTE.saturating_sub(now.duration_since(*since));
            return Err(left.as_secs().saturating_add(1));
        }
        *count += 1;
        Ok(())
    }
}
