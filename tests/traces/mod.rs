//! Traces, as a collector of OpenTelemetry gets them from the program.

mod collector;
mod program;
mod protobuf;
