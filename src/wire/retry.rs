use std::time::Duration;

use futures_util::future::BoxFuture;
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;
use tower::ServiceExt;
use tower::retry::{Policy, Retry};

use super::limit::SessionLimits;
use super::opening::judged;
use super::queue::QueueTime;
use super::retry_after::asked_wait;
use super::service::{LayerResult, LayerService};
use super::settings::{LimitSettings, RetrySettings};
use super::{Purpose, WireError, WireRequest, WireResponse, canonical, log};

/// Sends a request again while that makes sense, all attempts and waits within the request's own timeout. Each attempt has
/// a place below the ceiling of its host; waits for that are not part of the timeout.
pub(super) async fn retried(
    below: LayerService,
    (settings, limits): (RetrySettings, SessionLimits),
    request: WireRequest,
) -> LayerResult {
    let (host, after) = (request.host(), request.policy.timeout);
    let deadline = Deadline {
        at: Instant::now().checked_add(after),
        queued: QueueTime::default(),
    };
    let attempts = Attempts {
        settings,
        limits: limits.ceilings.settings(),
        deadline: deadline.clone(),
        sent: 0,
        turned_away: 0,
        jitter: None,
    };
    let own = deadline.clone();
    let attempt = tower::service_fn(move |request: WireRequest| {
        let (below, limits, deadline) = (below.clone(), limits.clone(), own.clone());
        async move {
            let place = limits.place(&request, &deadline.queued).await?;
            let running = limits.queue.run();
            let (purpose, judge) = (request.policy.purpose, request.policy.opening);
            let response = below.oneshot(request).await?;
            let response = match judge.filter(|_| response.status.is_success()) {
                Some(judge) => judged(response, judge, deadline.now()).await,
                None => response,
            };
            if is_turned_away(purpose, &response) {
                let asked = asked_wait(&response.headers);
                let longest = limits.ceilings.settings().longest_cool_down;
                place.turned_away(asked, settings.base, longest);
            } else {
                place.served();
            }
            Ok(response.holding((place, running)))
        }
    });
    let answer = Retry::new(attempts, attempt).oneshot(request);
    tokio::select! {
        biased;
        answer = answer => answer,
        () = deadline.passed() => Err(WireError::Timeout { host, after }),
    }
}

/// When a request has to be answered, apart from its waits in our own queue.
#[derive(Debug, Clone)]
struct Deadline {
    at: Option<Instant>,
    queued: QueueTime,
}

impl Deadline {
    fn now(&self) -> Option<Instant> {
        self.at?.checked_add(self.queued.total())
    }

    /// Waits until it has passed. It moves while the request waits in the queue.
    async fn passed(&self) {
        /// Meanwhile this looks again from time to time.
        const LOOK_AGAIN: Duration = Duration::from_millis(10);
        loop {
            let Some(at) = self.now() else {
                return std::future::pending().await;
            };
            let now = Instant::now();
            if at <= now {
                return;
            }
            tokio::time::sleep_until(at.max(now + LOOK_AGAIN)).await;
        }
    }
}

/// The attempts of one request.
#[derive(Debug, Clone)]
struct Attempts {
    settings: RetrySettings,
    limits: LimitSettings,
    deadline: Deadline,
    sent: u32,
    /// Of these, turned away by a host that had no room.
    turned_away: u32,
    /// Made from the request when the first wait of our own choosing needs it.
    jitter: Option<Jitter>,
}

impl Policy<WireRequest, WireResponse, WireError> for Attempts {
    type Future = BoxFuture<'static, ()>;

    fn retry(
        &mut self,
        request: &mut WireRequest,
        result: &mut Result<WireResponse, WireError>,
    ) -> Option<Self::Future> {
        self.sent = self.sent.saturating_add(1);
        let mut away = false;
        if let Ok(response) = result {
            response.attempts = self.sent;
            away = is_turned_away(request.policy.purpose, response);
        }
        self.turned_away = self.turned_away.saturating_add(u32::from(away));
        let others = self.sent.saturating_sub(self.turned_away);
        let is_enough = self.turned_away >= self.limits.turned_away || others >= self.settings.attempts;
        if is_enough || !is_worth_repeating(request, result) {
            return None;
        }
        let asked = result
            .as_ref()
            .ok()
            .and_then(|response| asked_wait(&response.headers));
        let longest = if away {
            self.limits.longest_cool_down
        } else {
            self.settings.max_retry_after
        };
        let wait = match asked {
            Some(asked) if asked > longest => return None,
            // The next attempt waits with all others, until the host has cooled down.
            _ if away => Duration::ZERO,
            Some(asked) => asked,
            None => self.backoff(request),
        };
        let until = Instant::now().checked_add(wait)?;
        if self.deadline.now().is_some_and(|deadline| until >= deadline) {
            return None;
        }
        log::retry(request, result, self.sent, wait);
        Some(Box::pin(tokio::time::sleep_until(until)))
    }

    fn clone_request(&mut self, request: &WireRequest) -> Option<WireRequest> {
        Some(request.clone())
    }
}

impl Attempts {
    /// Doubles from attempt to attempt; between half and all of that, so that many clients do not come back at once.
    fn backoff(&mut self, request: &WireRequest) -> Duration {
        let seed = self.settings.seed;
        let jitter = self.jitter.get_or_insert_with(|| Jitter::new(seed, request));
        let doublings = self.sent.saturating_sub(1).min(16);
        let full = self.settings.base.saturating_mul(1 << doublings);
        full.min(self.settings.max_backoff)
            .mul_f64(0.5 + 0.5 * jitter.0.f64())
    }
}

/// A source of numbers that depends on the seed and the request alone, not on what else happens at the time.
#[derive(Debug, Clone)]
struct Jitter(fastrand::Rng);

impl Jitter {
    fn new(seed: u64, request: &WireRequest) -> Self {
        let mixed = canonical::key(request)
            .iter()
            .fold(seed, |mixed, byte| mixed.rotate_left(8) ^ u64::from(*byte));
        Self(fastrand::Rng::with_seed(mixed))
    }
}

fn is_worth_repeating(request: &WireRequest, result: &Result<WireResponse, WireError>) -> bool {
    if !request.policy.idempotent {
        return false;
    }
    match result {
        // For a body that is passed on as it comes these happen before its first byte only: later ones are in the
        // stream, past this layer.
        Err(WireError::Connect { .. } | WireError::Broken { .. } | WireError::Timeout { .. }) => true,
        Err(_) => false,
        Ok(response) if response.status.is_success() => response
            .failed_opening
            .is_some_and(|status| is_passing(request.policy.purpose, status)),
        Ok(response) => match told(request.policy.purpose, response) {
            Some(decided) => decided,
            None => is_passing(request.policy.purpose, response.status) && !quota_is_gone(response),
        },
    }
}

/// What a model's provider itself says about a retry.
fn told(purpose: Purpose, response: &WireResponse) -> Option<bool> {
    if purpose != Purpose::Completion {
        return None;
    }
    match response.headers.get("x-should-retry")?.as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Whether the status speaks of a passing trouble. Metabase answers definite failures of a query with 500; model
/// providers answer passing ones with it, with 409 and with 529 (overloaded).
fn is_passing(purpose: Purpose, status: StatusCode) -> bool {
    match status.as_u16() {
        // From 520 on it is a proxy that speaks of the server behind it.
        // dbt closes its door for minutes: whoever knocks again makes it longer.
        429 => purpose != Purpose::Dbt,
        408 | 425 | 502 | 503 | 504 | 520..=524 => true,
        409 | 500 | 529 => purpose == Purpose::Completion,
        _ => false,
    }
}

/// Whether a model's provider speaks of a passing trouble with this status.
pub(crate) fn is_passing_for_models(status: StatusCode) -> bool {
    is_passing(Purpose::Completion, status)
}

/// Whether the host has no room for the request just now.
fn is_turned_away(purpose: Purpose, response: &WireResponse) -> bool {
    let status = match response.failed_opening {
        Some(status) if response.status.is_success() => status,
        _ => response.status,
    };
    match status.as_u16() {
        429 => !quota_is_gone(response),
        529 => purpose == Purpose::Completion,
        _ => false,
    }
}

/// A 429 that no waiting mends: the account has no money left.
fn quota_is_gone(response: &WireResponse) -> bool {
    let Some(body) = &response.held else { return false };
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    ["/error/code", "/error/type"]
        .iter()
        .any(|pointer| body.pointer(pointer).and_then(Value::as_str) == Some("insufficient_quota"))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{CacheRule, Policy as RequestPolicy};
    use super::*;
    use crate::principal::Principal;

    fn waits(seed: u64, path: &str) -> Vec<Duration> {
        let request = WireRequest {
            method: http::Method::GET,
            url: Url::parse("https://bi.example.com").unwrap().join(path).unwrap(),
            headers: http::HeaderMap::new(),
            body: None,
            policy: RequestPolicy {
                purpose: Purpose::Metadata,
                principal: Principal::default(),
                idempotent: true,
                buffered: true,
                cap: 1,
                timeout: Duration::from_secs(1),
                opening: None,
                cache: CacheRule::Never,
            },
        };
        let mut attempts = Attempts {
            settings: RetrySettings {
                seed,
                ..RetrySettings::default()
            },
            limits: LimitSettings::default(),
            deadline: Deadline {
                at: None,
                queued: QueueTime::default(),
            },
            sent: 0,
            turned_away: 0,
            jitter: None,
        };
        (1..=7)
            .map(|sent| {
                attempts.sent = sent;
                attempts.backoff(&request)
            })
            .collect()
    }

    #[test]
    fn waits_double_up_to_a_ceiling_with_jitter_below() {
        for seed in 0..100 {
            for (wait, full) in waits(seed, "/a")
                .iter()
                .zip([500, 1000, 2000, 4000, 8000, 8000, 8000])
            {
                let full = Duration::from_millis(full);
                assert!(*wait >= full / 2 && *wait <= full, "{wait:?} of {full:?}");
            }
        }
    }

    #[test]
    fn waits_depend_on_seed_and_request_only() {
        assert_eq!(waits(7, "/a"), waits(7, "/a"));
        assert_ne!(waits(7, "/a"), waits(8, "/a"));
        assert_ne!(waits(7, "/a"), waits(7, "/b"));
    }
}
