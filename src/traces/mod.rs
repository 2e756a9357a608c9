//! Sends traces to a collector of OpenTelemetry: OTLP over HTTP, in protobuf, over the wire like everything else. The spans
//! are made elsewhere (see `telemetry`); this is where they go.
//!
//! Nothing is sent unless a collector is configured by the standard variables: `OTEL_EXPORTER_OTLP_ENDPOINT` or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`. The SDK reads the other `OTEL_…` variables (headers, timeouts, sampling, resource
//! attributes) by itself. A collector that is down costs a warning, and what was not sent in time is lost.
//!
//! ```text
//! spans ─► layer ─► queue (bounded) ─► a thread of its own ─► OTLP ─► wire ─► collector
//! ```

mod client;
mod collector;
mod ids;
mod sender;

pub(crate) use sender::TraceSender;
