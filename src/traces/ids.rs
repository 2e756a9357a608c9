use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::telemetry::planned_trace;

/// Gives a trace that begins the id that was chosen for it, where one was; all other ids are random.
#[derive(Debug, Default)]
pub(super) struct TraceIds {
    random: RandomIdGenerator,
}

impl IdGenerator for TraceIds {
    fn new_trace_id(&self) -> TraceId {
        planned_trace().unwrap_or_else(|| self.random.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.random.new_span_id()
    }
}
