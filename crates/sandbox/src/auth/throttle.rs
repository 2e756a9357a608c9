use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60 * 60);
const PER_USER: usize = 10;
const PER_ADDRESS: usize = 50;

/// Counts failed sign-ins: 10 per user and 50 per address within an hour.
#[derive(Debug, Default)]
pub(crate) struct LoginThrottle {
    failures: Mutex<HashMap<(ThrottleKey, String), Vec<Instant>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ThrottleKey {
    User,
    Address,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Throttled {
    /// The key of the error body: `username` or `ip-address`.
    pub(crate) field: &'static str,
    /// Seconds until the next try is looked at.
    pub(crate) wait: u64,
}

impl LoginThrottle {
    /// Whether another try is looked at.
    pub(crate) fn check(&self, user: &str, address: &str) -> Result<(), Throttled> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, name, most, field) in [
            (ThrottleKey::User, user, PER_USER, "username"),
            (ThrottleKey::Address, address, PER_ADDRESS, "ip-address"),
        ] {
            let Some(times) = failures.get_mut(&(kind, name.to_lowercase())) else {
                continue;
            };
            times.retain(|time| time.elapsed() < WINDOW);
            if let (true, Some(oldest)) = (times.len() >= most, times.first()) {
                let wait = WINDOW.saturating_sub(oldest.elapsed()).as_secs().max(1);
                return Err(Throttled { field, wait });
            }
        }
        Ok(())
    }

    pub(crate) fn failed(&self, user: &str, address: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, name) in [(ThrottleKey::User, user), (ThrottleKey::Address, address)] {
            failures
                .entry((kind, name.to_lowercase()))
                .or_default()
                .push(Instant::now());
        }
    }
}
