//! Which trace work belongs to: one that a client began, one that is carried to another task or another process, or none at
//! all. Without the feature `otel` there are no traces, and work is done as it is.

use http::HeaderMap;

/// The trace that a piece of work is part of.
pub(crate) struct TraceParent(#[cfg(feature = "otel")] opentelemetry::Context);

/// The id of a trace whose first span is still to come. It is chosen before, so that whoever goes on with the work in another
/// process can be told which trace that is.
#[cfg(feature = "otel")]
#[derive(Debug, Clone, Copy)]
struct PlannedTrace(opentelemetry::TraceId);

/// The id that a trace is to have that begins here, if one was chosen.
#[cfg(feature = "otel")]
pub(crate) fn planned_trace() -> Option<opentelemetry::TraceId> {
    opentelemetry::Context::map_current(|context| context.get::<PlannedTrace>().map(|planned| planned.0))
}

#[cfg(feature = "otel")]
impl TraceParent {
    /// The trace of the client's span that a request names by its `traceparent`, if it names one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::extracted(&TraceHeaders(headers))
    }

    /// The trace that is current here. Where there is none, one that begins with the next span.
    pub(crate) fn here() -> Self {
        use opentelemetry::trace::TraceContextExt as _;
        use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};
        let here = opentelemetry::Context::current();
        if here.span().span_context().is_valid() || !sends_traces() {
            return Self(here);
        }
        Self(here.with_value(PlannedTrace(RandomIdGenerator::default().new_trace_id())))
    }

    /// The trace that [`TraceParent::name`] names; what is no name leads to none.
    pub(crate) fn named(name: Option<&str>) -> Self {
        let name = name.unwrap_or_default();
        match opentelemetry::TraceId::from_hex(name) {
            Ok(id) if id != opentelemetry::TraceId::INVALID => {
                Self(opentelemetry::Context::current().with_value(PlannedTrace(id)))
            }
            _ => Self::extracted(&std::collections::HashMap::from([(
                TRACE_PARENT.to_owned(),
                name.to_owned(),
            )])),
        }
    }

    /// What leads another process to this trace: a `traceparent`, or the id of a trace that begins here. `None` where no traces
    /// are sent.
    pub(crate) fn name(&self) -> Option<String> {
        use opentelemetry::propagation::TextMapPropagator as _;
        if !sends_traces() {
            return None;
        }
        let mut names: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        opentelemetry_sdk::propagation::TraceContextPropagator::new().inject_context(&self.0, &mut names);
        let planned = || Some(self.0.get::<PlannedTrace>()?.0.to_string());
        names.remove(TRACE_PARENT).or_else(planned)
    }

    fn extracted(from: &dyn opentelemetry::propagation::Extractor) -> Self {
        use opentelemetry::propagation::TextMapPropagator as _;
        let propagator = opentelemetry_sdk::propagation::TraceContextPropagator::new();
        Self(propagator.extract_with_context(&opentelemetry::Context::current(), from))
    }

    /// Does the work as part of its trace.
    pub(crate) fn over<W: Future>(self, work: W) -> impl Future<Output = W::Output> {
        use opentelemetry::context::FutureExt as _;
        work.with_context(self.0)
    }
}

#[cfg(not(feature = "otel"))]
impl TraceParent {
    /// The trace of the client's span that a request names by its `traceparent`, if it names one.
    pub(crate) fn of(_: &HeaderMap) -> Self {
        Self()
    }

    /// The trace that is current here. Where there is none, one that begins with the next span.
    pub(crate) fn here() -> Self {
        Self()
    }

    /// The trace that [`TraceParent::name`] names; what is no name leads to none.
    pub(crate) fn named(_: Option<&str>) -> Self {
        Self()
    }

    /// What leads another process to this trace.
    pub(crate) fn name(&self) -> Option<String> {
        let Self() = self;
        None
    }

    /// Does the work as part of its trace.
    pub(crate) fn over<W: Future>(self, work: W) -> W {
        let Self() = self;
        work
    }
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

/// The header that names a span of a client, which is how traces are named between processes.
#[cfg(feature = "otel")]
const TRACE_PARENT: &str = "traceparent";

/// Whether somebody takes spans.
#[cfg(feature = "otel")]
fn sends_traces() -> bool {
    tracing::span_enabled!(target: super::SPANS, tracing::Level::INFO)
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
