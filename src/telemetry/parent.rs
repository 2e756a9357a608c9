//! Which trace work belongs to: one that a client began, one that is carried to another task, or none at all. Without the
//! feature `otel` there are no traces, and work is done as it is.

use http::HeaderMap;

/// The span of a client that a request names by its `traceparent`, if it names one.
pub(crate) struct TraceParent(#[cfg(feature = "otel")] opentelemetry::Context);

#[cfg(feature = "otel")]
impl TraceParent {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        use opentelemetry::propagation::TextMapPropagator as _;
        let propagator = opentelemetry_sdk::propagation::TraceContextPropagator::new();
        Self(propagator.extract_with_context(&opentelemetry::Context::current(), &TraceHeaders(headers)))
    }

    /// Does the work as part of its trace.
    pub(crate) fn over<W: Future>(self, work: W) -> impl Future<Output = W::Output> {
        use opentelemetry::context::FutureExt as _;
        work.with_context(self.0)
    }
}

#[cfg(not(feature = "otel"))]
impl TraceParent {
    pub(crate) fn of(_: &HeaderMap) -> Self {
        Self()
    }

    /// Does the work as part of its trace.
    pub(crate) fn over<W: Future>(self, work: W) -> W {
        let Self() = self;
        work
    }
}

/// Does the work in another task as part of the trace that is current here.
#[cfg(feature = "otel")]
pub(crate) fn carried<W: Future>(work: W) -> impl Future<Output = W::Output> {
    use opentelemetry::context::FutureExt as _;
    work.with_current_context()
}

/// Does the work in another task as part of the trace that is current here.
#[cfg(not(feature = "otel"))]
pub(crate) fn carried<W: Future>(work: W) -> W {
    work
}

/// Does the work in no trace: what is replayed was traced when it was done.
#[cfg(feature = "otel")]
pub(crate) fn untraced<W: Future>(work: W) -> impl Future<Output = W::Output> {
    use opentelemetry::{Context, context::FutureExt as _};
    work.with_context(Context::map_current(Context::with_telemetry_suppressed))
}

/// Does the work in no trace: what is replayed was traced when it was done.
#[cfg(not(feature = "otel"))]
pub(crate) fn untraced<W: Future>(work: W) -> W {
    work
}

#[cfg(feature = "otel")]
struct TraceHeaders<'a>(&'a HeaderMap);

#[cfg(feature = "otel")]
impl opentelemetry::propagation::Extractor for TraceHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
