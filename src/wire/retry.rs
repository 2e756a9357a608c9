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
use super::settings::RetrySettings;
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
        limits: limits.clone(),
        deadline: deadline.clone(),
        sent: 0,
        turned_away: 0,
        loads: 0,
        jitter: None,
    };
    let own = deadline.clone();
    let attempt = tower::service_fn(move |request: WireRequest| {
        let (below, limits, deadline) = (below.clone(), limits.clone(), own.clone());
        async move {
            let place = limits.place(&request, &deadline.queued).await?;
            let running = limits.queue.run();
            let (purpose, judge) = (request.policy.purpose, request.policy.opening);
            let loading = request.policy.loading;
            let mut response = below.oneshot(request).await?;
            if response.status.is_success() {
                if let Some(judge) = judge {
                    response = judged(response, (judge, loading), deadline.now()).await;
                }
            } else if let (Some(loading), Some(body)) = (loading, &response.held) {
                response.is_loading = loading(response.status, body);
            }
            if is_turned_away(purpose, &response) && !response.is_loading {
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
    limits: SessionLimits,
    deadline: Deadline,
    sent: u32,
    /// Of these, turned away by a host that had no room.
    turned_away: u32,
    /// Of these, answered while the model was being loaded.
    loads: u32,
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
        if let Ok(response) = result
            && response.is_loading
            && told(request.policy.purpose, response) != Some(false)
        {
            return self.until_loaded(request, response);
        }
        self.turned_away = self.turned_away.saturating_add(u32::from(away));
        let others = self
            .sent
            .saturating_sub(self.turned_away)
            .saturating_sub(self.loads);
        let limits = self.limits.ceilings.settings();
        let is_enough = self.turned_away >= limits.turned_away || others >= self.settings.attempts;
        if is_enough || !is_worth_repeating(request, result) {
            return None;
        }
        let asked = result
            .as_ref()
            .ok()
            .and_then(|response| asked_wait(&response.headers));
        let longest = if away {
            limits.longest_cool_down
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
        if away
            && !self
                .limits
                .has_time(request, self.limits.ceilings.left_alone(request))
        {
            return None;
        }
        log::retry(
            request,
            result.as_ref().map(|response| response.status),
            self.sent,
            wait,
        );
        Some(Box::pin(tokio::time::sleep_until(until)))
    }

    fn clone_request(&mut self, request: &WireRequest) -> Option<WireRequest> {
        Some(request.clone())
    }
}

impl Attempts {
    /// Asks again later, as often as there is time: it passes by itself, and costs the server nothing. `None` when the next
    /// time would be too late.
    fn until_loaded(
        &mut self,
        request: &WireRequest,
        response: &WireResponse,
    ) -> Option<BoxFuture<'static, ()>> {
        if !request.policy.idempotent {
            return None;
        }
        if self.loads == 0 {
            self.limits.loading.tell(None);
        }
        self.loads = self.loads.saturating_add(1);
        let wait = asked_wait(&response.headers).unwrap_or_else(|| self.backoff(request));
        let next = Instant::now().checked_add(wait)?;
        let session = self.limits.loading.until();
        if session
            .or_else(|| self.deadline.now())
            .is_some_and(|end| next >= end)
        {
            return None;
        }
        log::retry(request, Ok(response.status), self.sent, wait);
        // Where somebody says how long, that is not the time that one answer may take.
        let waiting = session.map(|_| self.deadline.queued.wait());
        Some(Box::pin(async move {
            tokio::time::sleep_until(next).await;
            drop(waiting);
        }))
    }

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
            None if is_turned_away(request.policy.purpose, response) => {
                is_passing(request.policy.purpose, StatusCode::TOO_MANY_REQUESTS)
            }
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
        // 498: a tier that had no room.
        409 | 498 | 500 | 529 => purpose == Purpose::Completion,
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
        400 => purpose == Purpose::Completion && says_too_fast(response),
        529 => purpose == Purpose::Completion,
        _ => false,
    }
}

/// Gateways hand a refusal of too many requests on under the status of a wrong one.
fn says_too_fast(response: &WireResponse) -> bool {
    let Some(body) = &response.held else { return false };
    let words = String::from_utf8_lossy(body).to_lowercase();
    ["wait before trying again", "throttlingexception", "throttled"]
        .iter()
        .any(|phrase| words.contains(phrase))
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

    fn request(path: &str) -> WireRequest {
        WireRequest {
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
                loading: None,
                cache: CacheRule::Never,
            },
        }
    }

    fn waits(seed: u64, path: &str) -> Vec<Duration> {
        let request = request(path);
        let mut attempts = Attempts {
            settings: RetrySettings {
                seed,
                ..RetrySettings::default()
            },
            limits: SessionLimits::new(super::super::RequestLimits::default()),
            deadline: Deadline {
                at: None,
                queued: QueueTime::default(),
            },
            sent: 0,
            turned_away: 0,
            loads: 0,
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

    /// A server that says so many times that it loads.
    fn loading(times: u32) -> LayerService {
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        LayerService::new(move |_| {
            let sent = sent.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let (status, body) = if sent < times {
                (503, "loading")
            } else {
                (200, "ready")
            };
            let status = StatusCode::from_u16(status).unwrap();
            let response = WireResponse::whole(
                status,
                http::HeaderMap::new(),
                body.into(),
                super::super::ServedBy::Live,
            );
            std::future::ready(Ok(response))
        })
    }

    async fn asked(limits: &SessionLimits, times: u32) -> LayerResult {
        let mut request = request("/a");
        request.policy.loading = Some(|_, body| body == b"loading");
        let below = (RetrySettings::default(), limits.clone());
        retried(loading(times), below, request).await
    }

    /// The request's own timeout is a second, which is for one answer and not for the load before it.
    #[tokio::test(start_paused = true)]
    async fn a_model_that_loads_is_waited_for_as_long_as_the_session_says() {
        let limits = SessionLimits::new(super::super::RequestLimits::default());
        let mut waits = limits.loading.waits();
        let time = limits
            .loading
            .wait_until(Instant::now() + Duration::from_secs(300));
        let response = asked(&limits, 20).await.unwrap();
        assert_eq!((response.status.as_u16(), response.attempts), (200, 21));
        assert!(waits.has_changed().unwrap());
        assert_eq!(waits.borrow_and_update().count, 1, "told once");

        let response = asked(&limits, u32::MAX).await.unwrap();
        assert_eq!(response.status.as_u16(), 503);
        let passed = limits.queue.total();
        assert_eq!(passed, Duration::ZERO, "the turn pays for the wait");
        drop(time);
        let response = asked(&limits, 20).await.unwrap();
        assert_eq!(response.status.as_u16(), 503, "without that the timeout holds");
    }

    /// A server that turns the first request away for a quarter of a minute.
    fn full() -> LayerService {
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        LayerService::new(move |_| {
            let first = sent.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            let mut headers = http::HeaderMap::new();
            headers.insert("retry-after", "15".parse().unwrap());
            let status = if first {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::OK
            };
            let response = WireResponse::whole(status, headers, "done".into(), super::super::ServedBy::Live);
            std::future::ready(Ok(response))
        })
    }

    /// What a host asked of one session holds for the next.
    #[tokio::test(start_paused = true)]
    async fn a_cool_down_that_runs_already_is_told_and_not_waited_for_beyond_the_sessions_time() {
        let hosts = super::super::RequestLimits::default();
        let settings = RetrySettings {
            attempts: 1,
            ..RetrySettings::default()
        };
        let server = full();
        let ask = |seconds: u64| {
            let limits = SessionLimits::new(hosts.clone());
            let waits = limits.loading.waits();
            let time = limits
                .loading
                .wait_until(Instant::now() + Duration::from_secs(seconds));
            let mut request = request("/a");
            request.policy.purpose = Purpose::Completion;
            let asked = retried(server.clone(), (settings, limits), request);
            async move {
                let (answer, began) = (asked.await, Instant::now());
                drop(time);
                (answer, waits.borrow().left_alone, began)
            }
        };
        let began = Instant::now();
        let (turned_away, ..) = ask(10).await;
        assert_eq!(turned_away.unwrap().status.as_u16(), 429);
        let (late, told, ended) = ask(12).await;
        let late = late.unwrap_err().to_string();
        assert!(late.contains("left alone for another 15 seconds"), "{late}");
        assert_eq!((told, ended), (None, began), "nothing is waited for");
        let (patient, told, ended) = ask(300).await;
        assert_eq!(patient.unwrap().status.as_u16(), 200);
        assert_eq!(told, Some(Duration::from_secs(15)));
        assert_eq!(ended - began, Duration::from_secs(15));
    }
}
