//! Spans of traces: what all share who make them. The spans themselves stand with those who make them (`agent/spans.rs`,
//! `wire/span.rs`), named as OpenTelemetry's conventions for generative AI name them. Where no collector is configured they
//! are off, and cost nothing.

use std::sync::OnceLock;

use tracing::Span;

/// The target of all spans of traces. An embedder exports them by a layer that lets this target through.
pub(crate) const SPANS: &str = "cardinal::spans";

/// The conventions' own name for the switch that puts texts into traces: questions, answers, arguments, results.
const CONTENT_VARIABLE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

/// Whether texts are in traces. They are not, unless somebody asked for that.
pub(crate) fn shows_content() -> bool {
    static ASKED: OnceLock<bool> = OnceLock::new();
    *ASKED.get_or_init(|| {
        std::env::var(CONTENT_VARIABLE).is_ok_and(|value| value.trim().eq_ignore_ascii_case("true"))
    })
}

/// Whether what runs now is inside a span of a trace.
pub(crate) fn is_traced() -> bool {
    Span::current()
        .metadata()
        .is_some_and(|about| about.target() == SPANS)
}

/// Says that a span failed, and how, in one of few words.
pub(crate) fn failed(span: &Span, kind: &str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}

/// A number as traces have them.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Gives a span an attribute that is a list of texts, which no field of a log line can be.
#[cfg(feature = "otel")]
pub(crate) fn set_texts(span: &Span, key: &'static str, texts: &[&str]) {
    use opentelemetry::{Array, StringValue, Value};
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    let texts = texts.iter().map(|text| StringValue::from((*text).to_owned()));
    span.set_attribute(key, Value::Array(Array::String(texts.collect())));
}

/// Gives a span an attribute that is a list of texts, which no field of a log line can be.
#[cfg(not(feature = "otel"))]
pub(crate) fn set_texts(_: &Span, _: &'static str, _: &[&str]) {}
