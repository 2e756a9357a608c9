//! The log lines of the agent.

use super::{CallRecord, CallStatus};
use crate::model::ModelId;
use crate::telemetry::logs_content;
use crate::text::{escape_hidden, one_line};

/// Longest name of a tool: a model may write any.
const NAME_CHARS: usize = 120;

/// One structured record per tool call, at `info` under the target `cardinal::tool_call`: turn, step, model, tool,
/// arguments (where texts may be in the log: they hold words of the question), the gate's decision, what served it, rows, bytes shown and received, milliseconds.
pub(super) fn tool_call(turn: &str, step: u32, model: &ModelId, record: &CallRecord) {
    let decision = match record.status {
        CallStatus::Refused => "refused",
        _ => "allowed",
    };
    tracing::info!(
        target: "cardinal::tool_call",
        turn,
        step,
        model = %model,
        tool = %one_line(&record.name, NAME_CHARS),
        arguments = logs_content().then(|| display(escape_hidden(&record.arguments.to_string()))),
        decision,
        status = ?record.status,
        served_by = ?record.served_by,
        rows = record.rows,
        bytes_shown = record.bytes,
        bytes_received = record.bytes_received,
        duration_ms = record.duration_ms,
    );
}
