use std::time::Duration;

use futures_util::future::BoxFuture;
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;
use tower::ServiceExt;
use tower::retry::{Policy, Retry};

use super::opening::judged;
use super::retry_after::asked_wait;
use super::service::{LayerResult, LayerService};
use super::settings::RetrySettings;
use super::{Purpose, WireError, WireRequest, WireResponse, canonical, log};

/// Sends a request again while that makes sense, all attempts and waits within the request's own timeout.
pub(super) async fn retried(
    below: LayerService,
    settings: RetrySettings,
    request: WireRequest,
) -> LayerResult {
    let (host, after) = (request.host(), request.policy.timeout);
    let deadline = Instant::now().checked_add(after);
    let attempts = Attempts {
        settings,
        deadline,
        sent: 0,
        jitter: None,
    };
    let judging = tower::service_fn(move |request: WireRequest| {
        let below = below.clone();
        async move {
            let judge = request.policy.opening;
            let response = below.oneshot(request).await?;
            Ok(match judge.filter(|_| response.status.is_success()) {
                Some(judge) => judged(response, judge, deadline).await,
                None => response,
            })
        }
    });
    let answer = Retry::new(attempts, judging).oneshot(request);
    match deadline {
        None => answer.await,
        Some(deadline) => tokio::time::timeout_at(deadline, answer)
            .await
            .map_err(|_| WireError::Timeout { host, after })?,
    }
}

/// The attempts of one request.
#[derive(Debug, Clone)]
struct Attempts {
    settings: RetrySettings,
    deadline: Option<Instant>,
    sent: u32,
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
        if let Ok(response) = result {
            response.attempts = self.sent;
        }
        if self.sent >= self.settings.attempts || !is_worth_repeating(request, result) {
            return None;
        }
        let asked = result
            .as_ref()
            .ok()
            .and_then(|response| asked_wait(&response.headers));
        let wait = match asked {
            Some(asked) if asked > self.settings.max_retry_after => return None,
            Some(asked) => asked,
            None => self.backoff(request),
        };
        let until = Instant::now().checked_add(wait)?;
        if self.deadline.is_some_and(|deadline| until >= deadline) {
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
            deadline: None,
            sent: 0,
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
