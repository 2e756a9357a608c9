//! What becomes of a tool call that was let through: it brought a result, failed, or ran out of time or budget. Each call is
//! answered to the model and recorded, and the guard is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::budget::BudgetExhaustion;
use super::calls::key_of;
use super::guard::{ErrorKind, GuardAction};
use super::guard_fingerprint::ResultFingerprint;
use super::guard_notes::GuardNote;
use super::protocol::{CallRun, CallRunEnd, LoopEnd, TurnEffect};
use super::state::{RepeatableResult, TurnState};
use super::{CallRecord, CallStatus, StopReason, evidence};
use crate::metabase::FailureClass;
use crate::model::{ToolCall, ToolResultMessage};
use crate::result::{Handle, PackedTable};
use crate::tools::{PlannedCall, ToolError, ToolOutput};

impl TurnState {
    pub(super) fn ran(&mut self, ran: CallRun, now: Duration) -> TurnEffect {
        let CallRun {
            call,
            planned,
            end,
            took,
        } = ran;
        match end {
            CallRunEnd::Output(output) => self.brought(&call, planned, &output, took),
            CallRunEnd::Error(ToolError::TellModel { class, message }) => {
                self.run_failed(&call, planned, class, message, took);
            }
            CallRunEnd::TimedOut => {
                let message = GuardNote::TimedOut.text();
                self.run_failed(&call, planned, FailureClass::Timeout, message, took);
            }
            CallRunEnd::Denied(denial) => {
                let out = BudgetExhaustion {
                    reason: denial.reason,
                    detail: Some(denial.detail),
                };
                return self.no_query(&call, out, now);
            }
            CallRunEnd::Error(ToolError::Fatal(error)) => {
                let message = error.to_string();
                self.answer_call(&call, message.clone(), true, None);
                let status = CallStatus::Failed;
                self.record(
                    planned.tool.to_owned(),
                    planned.arguments,
                    status,
                    Some(message.clone()),
                    took,
                );
                let ending = LoopEnd::new(StopReason::DataFailed, String::new());
                return self.end_with(LoopEnd {
                    detail: Some(message),
                    ..ending
                });
            }
        }
        self.next_call(now)
    }

    fn brought(&mut self, call: &ToolCall, planned: PlannedCall, output: &ToolOutput, took: Duration) {
        let result = output
            .brought
            .as_ref()
            .map(|brought| (brought.handle, brought.table.clone()));
        let shown = output.brought.as_ref().map(|brought| &brought.shown);
        let rows = shown.map(|shown| shown.rows_known);
        let truncated = shown.is_some_and(|shown| shown.truncated || shown.extent.is_cut());
        let (served_by, bytes_received) = (output.served_by, output.bytes_received);
        self.failed.made_up_for(&planned);
        let action = self
            .loop_guard
            .succeeded(planned.tool, ResultFingerprint::of(&planned, output));
        let number = self.call_number();
        let content: Arc<str> = output.content.as_str().into();
        let repeatable = RepeatableResult {
            call: number,
            content: Arc::clone(&content),
            brought: result.clone(),
            rows,
            truncated,
        };
        self.repeatable.insert(key_of(&planned), repeatable);
        self.evidence.extend(
            output
                .brought
                .as_ref()
                .map(|brought| evidence::of(number, brought)),
        );
        self.answer_call(
            call,
            with_guard_note(content, action, planned.tool),
            false,
            result,
        );
        self.record(
            planned.tool.to_owned(),
            planned.arguments,
            CallStatus::Ok,
            None,
            took,
        );
        if let Some(record) = self.records.last_mut() {
            (record.rows, record.truncated) = (rows, truncated);
            (record.served_by, record.bytes_received) = (served_by, bytes_received);
        }
    }

    fn run_failed(
        &mut self,
        call: &ToolCall,
        planned: PlannedCall,
        class: FailureClass,
        message: String,
        took: Duration,
    ) {
        self.failed.failed(&planned, class);
        let action = self.loop_guard.failed(planned.tool, ErrorKind::failure(class));
        self.answer_call(
            call,
            with_guard_note(message.as_str().into(), action, planned.tool),
            true,
            None,
        );
        self.record(
            planned.tool.to_owned(),
            planned.arguments,
            CallStatus::Failed,
            Some(message),
            took,
        );
    }

    /// What the model reads as the answer to a call.
    pub(super) fn answer_call(
        &mut self,
        call: &ToolCall,
        content: impl Into<Arc<str>>,
        is_error: bool,
        result: Option<(Handle, PackedTable)>,
    ) {
        let (result, table) = result.unzip();
        self.gathered.push(ToolResultMessage {
            call_id: call.id.clone(),
            tool: call.name.clone(),
            content: content.into(),
            is_error,
            result,
            table,
        });
    }

    /// Records a call whose answer was gathered just before.
    pub(super) fn record(
        &mut self,
        name: String,
        arguments: Value,
        status: CallStatus,
        message: Option<String>,
        took: Duration,
    ) {
        let bytes = self.gathered.last().map_or(0, |result| result.content.len()) as u64;
        self.records.push(CallRecord {
            name,
            arguments,
            status,
            rows: None,
            bytes,
            bytes_received: 0,
            truncated: false,
            served_by: None,
            message,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    }
}

/// What the model reads, with what the guard has to say of it.
pub(super) fn with_guard_note(content: Arc<str>, action: GuardAction, tool: &str) -> Arc<str> {
    let note = match action {
        GuardAction::None => return content,
        GuardAction::Errors { times } => GuardNote::Errors.with("times", times),
        GuardAction::EmptyRows { times } => GuardNote::EmptyRows.with("times", times),
        GuardAction::Stale { times } => GuardNote::Stale.with("times", times),
        GuardAction::Cut { times } => GuardNote::Cut.with("times", times),
        GuardAction::Pages { times, limit } => GuardNote::Pages.render(&BTreeMap::from([
            ("times", times.to_string()),
            ("limit", limit.to_string()),
        ])),
        GuardAction::CloseForPages { times } => {
            let reason = GuardNote::ClosedForPages.with("times", times);
            GuardNote::Closed.render(&BTreeMap::from([("tool", tool.to_owned()), ("reason", reason)]))
        }
        GuardAction::CloseForErrors { times } => {
            let reason = GuardNote::ClosedForFailures.with("times", times);
            GuardNote::Closed.render(&BTreeMap::from([("tool", tool.to_owned()), ("reason", reason)]))
        }
    };
    format!("{content}\n{note}").into()
}
