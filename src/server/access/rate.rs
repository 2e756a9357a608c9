use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Principals that are remembered before those that have all their requests again are forgotten.
const MANY: usize = 10_000;

/// How many requests each principal may send: so many at once, and as many again spread over each minute.
#[derive(Debug)]
pub(super) struct RequestRates {
    limiter: Option<RateLimiter<String, HashMapStateStore<String>, DefaultClock>>,
}

impl RequestRates {
    pub(super) fn new(most: Option<u32>) -> Self {
        let quota = most.and_then(NonZeroU32::new).map(Quota::per_minute);
        Self {
            limiter: quota.map(RateLimiter::hashmap),
        }
    }

    /// Counts a request. When it is one too many: seconds until there is room for the next one.
    pub(super) fn count(&self, principal: &str) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        if limiter.len() > MANY {
            limiter.retain_recent();
        }
        limiter.check_key(&principal.to_owned()).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            // Rounded up: whoever comes back then is let in.
            wait.as_secs().saturating_add(1)
        })
    }
}
