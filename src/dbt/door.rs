use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use crate::operations::Api;
use crate::wire::asked_wait;

/// How long dbt stays closed where it does not say.
const USUAL: Duration = Duration::from_secs(300);
/// The longest that is believed.
const LONGEST: Duration = Duration::from_secs(3600);
/// Seconds to wait, as dbt's API for provisioning writes it.
const OWN: &str = "x-rate-limit-retry-after-seconds";
const MINUTE: Duration = Duration::from_secs(60);

/// After one 429 nobody of this process asks that API before its time is over: further knocking makes it longer. All
/// clients of an account share one.
#[derive(Debug, Default)]
pub(super) struct DbtThrottle {
    closed_until: Mutex<BTreeMap<Api, Instant>>,
}

impl DbtThrottle {
    /// How long an API is still closed.
    pub(super) fn closed_for(&self, api: Api) -> Option<Duration> {
        let closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        let until = closed.get(&api)?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Closes an API for as long as the response says, and says how long that is.
    pub(super) fn close(&self, api: Api, headers: &HeaderMap) -> Duration {
        let wait = wait_of(headers)
            .unwrap_or(USUAL)
            .clamp(Duration::from_secs(1), LONGEST);
        let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = Instant::now().checked_add(wait) {
            let known = closed.entry(api).or_insert(until);
            *known = until.max(*known);
        }
        wait
    }
}

/// What the response says in any of the ways that servers have, or in dbt's own.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    asked_wait(headers).or_else(|| {
        let text = headers.get(OWN)?.to_str().ok()?;
        Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
    })
}

/// Keeps requests below a rate by making them wait.
#[derive(Debug)]
pub(super) struct RequestPace {
    most: usize,
    recent: Mutex<VecDeque<Instant>>,
}

impl RequestPace {
    /// At most so many in a minute; at least one.
    pub(super) fn per_minute(most: u32) -> Self {
        Self {
            most: usize::try_from(most.max(1)).unwrap_or(usize::MAX),
            recent: Mutex::default(),
        }
    }

    /// Waits for a place, and takes it.
    pub(super) async fn wait(&self) {
        while let Some(until) = self.taken_until() {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Takes a place, or says when there may be one.
    fn taken_until(&self) -> Option<Instant> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while recent.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            recent.pop_front();
        }
        if recent.len() < self.most {
            recent.push_back(now);
            return None;
        }
        recent.front().and_then(|oldest| oldest.checked_add(MINUTE))
    }
}
