//! What the server counts, as Prometheus reads it. No label holds anything that somebody asked or who it was.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::record::AnswerRecord;

/// Bounds of the histogram of turns, in seconds.
const TURN_SECONDS: [f64; 9] = [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    kind: String,
}

/// The method's name. Anybody can make one up, and each would be counted for good.
fn known(method: &http::Method) -> &str {
    match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => name,
        _ => "other",
    }
}

#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    turns: Family<OutcomeLabels, Counter>,
    seconds: Histogram,
    tokens: Family<TokenLabels, Counter>,
    running: Gauge,
    kept: Gauge,
    kept_bytes: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("cardinal");
        let (requests, turns, tokens) = (Family::default(), Family::default(), Family::default());
        let (seconds, running) = (Histogram::new(TURN_SECONDS), Gauge::default());
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register("turns", "Turns that ended, by outcome", turns.clone());
        registry.register("turn_duration_seconds", "How long turns took", seconds.clone());
        registry.register(
            "model_tokens",
            "Tokens that models read and wrote",
            tokens.clone(),
        );
        registry.register("turns_running", "Turns that run or wait now", running.clone());
        let (kept, kept_bytes) = (Gauge::default(), Gauge::default());
        registry.register("sessions_kept", "Sessions that are in memory", kept.clone());
        registry.register(
            "sessions_kept_bytes",
            "About how much memory these take",
            kept_bytes.clone(),
        );
        Self {
            registry,
            requests,
            turns,
            seconds,
            tokens,
            running,
            kept,
            kept_bytes,
        }
    }

    /// Counts a request. `route` is its pattern, never its path.
    pub(super) fn request(&self, route: &str, method: &http::Method, status: http::StatusCode) {
        let labels = RequestLabels {
            route: route.to_owned(),
            method: known(method).to_owned(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts a turn that ended.
    pub(super) fn turn(&self, record: &AnswerRecord) {
        let answer = record.answer.as_ref();
        let outcome = answer
            .map_or(record.status.word(), |answer| answer.text("outcome"))
            .to_owned();
        self.turns.get_or_create(&OutcomeLabels { outcome }).inc();
        let count = |pointer: &str| answer.and_then(|answer| answer.0.pointer(pointer)?.as_u64());
        if let Some(total) = count("/timings/total_ms") {
            self.seconds.observe(Duration::from_millis(total).as_secs_f64());
        }
        for (kind, pointer) in [
            ("input", "/usage/input_tokens"),
            ("cached", "/usage/cached_tokens"),
            ("output", "/usage/output_tokens"),
        ] {
            let labels = TokenLabels {
                kind: kind.to_owned(),
            };
            self.tokens
                .get_or_create(&labels)
                .inc_by(count(pointer).unwrap_or_default());
        }
    }

    /// All counts as text, with how many turns there are now, and how many sessions are in memory with how many bytes.
    pub(super) fn text(&self, running: usize, (kept, kept_bytes): (u64, u64)) -> String {
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
        self.kept.set(i64::try_from(kept).unwrap_or(i64::MAX));
        self.kept_bytes.set(i64::try_from(kept_bytes).unwrap_or(i64::MAX));
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::warn!(%error, "metrics could not be written");
        }
        text
    }
}
