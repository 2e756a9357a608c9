//! The part of the core that deals with tool calls: one after the other, each refused, served from the turn, or run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::budget::BudgetExhaustion;
use super::guard::{ErrorKind, Nudge, Repeat};
use super::guard_fingerprint::ResultFingerprint;
use super::guard_notes::GuardNote;
use super::protocol::{CallRun, CallRunEnd, LoopEnd, TurnEffect};
use super::state::{RepeatableResult, TurnState};
use super::{CallRecord, CallStatus, Event, StopReason, evidence, fallback};
use crate::metabase::FailureClass;
use crate::model::{Completion, Message, ToolCall, ToolResultMessage};
use crate::result::{Handle, PackedTable};
use crate::tools::{PlannedCall, Refusal, ToolError, ToolOutput, ToolRole, TurnEnding};

/// Most calls of one completion that are looked at; a model that asks for more is told so.
const MOST_CALLS: usize = 2_000;
/// Longest arguments that are kept in the conversation as the model wrote them, in bytes.
const LONGEST_ARGUMENTS: usize = 16 * 1024;

impl TurnState {
    pub(super) fn take_calls(&mut self, completion: Completion, now: Duration) -> TurnEffect {
        self.events.push(Event::TextDiscarded);
        self.loop_guard.next_round();
        let Completion {
            text,
            mut tool_calls,
            opaque,
            ..
        } = completion;
        let dropped = tool_calls.len().saturating_sub(MOST_CALLS);
        tool_calls.truncate(MOST_CALLS);
        self.queue = tool_calls.iter().cloned().collect();
        let kept = tool_calls.into_iter().map(as_kept).collect();
        self.messages.push(Message::Assistant {
            text,
            tool_calls: kept,
            opaque,
        });
        if dropped > 0 {
            let values = BTreeMap::from([("dropped", dropped.to_string()), ("kept", MOST_CALLS.to_string())]);
            self.events.push(Event::Guard {
                note: format!("{dropped} further calls of one message were dropped."),
            });
            self.dropped_note = Some(GuardNote::Dropped.render(&values));
        }
        self.next_call(now)
    }

    /// Turns to the next call of the latest completion; when all are answered, to the model.
    fn next_call(&mut self, now: Duration) -> TurnEffect {
        while let Some(call) = self.queue.pop_front() {
            if !self.budget.take_tool_call() {
                let note = GuardNote::OverBudget.with("limit", self.budget.tool_call_limit());
                self.decline(&call, note);
            } else if let Some(reason) = self.loop_guard.closed(&call.name) {
                let values = BTreeMap::from([
                    ("tool", call.name.clone()),
                    ("reason", reason.sentence().to_owned()),
                ]);
                self.decline(&call, GuardNote::Closed.render(&values));
            } else {
                return TurnEffect::Decide(call);
            }
        }
        let mut results = std::mem::take(&mut self.gathered);
        if let (Some(note), Some(last)) = (self.dropped_note.take(), results.last_mut()) {
            last.content = format!("{}\n{note}", last.content).into();
        }
        self.messages.push(Message::ToolResults(results));
        self.ask_model(now)
    }

    /// Refuses a call without asking the gate.
    pub(super) fn decline(&mut self, call: &ToolCall, note: String) {
        self.answer_call(call, note, true, None);
        let message = self.gathered.last().map(|result| result.content.to_string());
        self.record(
            call.name.clone(),
            readable(&call.arguments),
            CallStatus::Refused,
            message,
            Duration::ZERO,
        );
    }

    pub(super) fn refused(&mut self, call: &ToolCall, refusal: &Refusal, now: Duration) -> TurnEffect {
        self.loop_guard
            .asked(&format!("{} {}", call.name, call.arguments));
        self.failed.refused(refusal);
        let nudge = self
            .loop_guard
            .failed(&call.name, ErrorKind::Refusal(refusal.class));
        let content = with_nudge(refusal.message.as_str().into(), nudge, &call.name);
        self.answer_call(call, content, true, None);
        let message = Some(refusal.message.clone());
        self.record(
            call.name.clone(),
            readable(&call.arguments),
            CallStatus::Refused,
            message,
            Duration::ZERO,
        );
        self.next_call(now)
    }

    pub(super) fn let_through(&mut self, call: ToolCall, planned: PlannedCall, now: Duration) -> TurnEffect {
        if let Some(end) = planned.turn_ending() {
            return self.end_on_call(&call, &planned, end, now);
        }
        let key = key_of(&planned);
        self.loop_guard.asked(&key);
        let repeat = self.loop_guard.repeat(planned.tool, &key);
        let Some(known) = self
            .repeatable
            .get(&key)
            .filter(|_| repeat != Repeat::No)
            .cloned()
        else {
            if planned.role() == ToolRole::Query
                && let Err(out) = self.budget.take_query()
            {
                return self.no_query(&call, out, now);
            }
            return TurnEffect::Run {
                call,
                planned,
                deadline: self.budget.work_deadline(),
            };
        };
        let mut status = CallStatus::ServedFromTurn;
        let content = match repeat {
            Repeat::No | Repeat::Serve => {
                format!(
                    "{}\n{}",
                    known.content,
                    GuardNote::Repeat.with("call", known.call)
                )
            }
            Repeat::ServeKnown { times } => GuardNote::RepeatKnown.render(&BTreeMap::from([
                ("times", times.to_string()),
                ("tool", planned.tool.to_owned()),
                ("known", fallback::known_list(&self.evidence)),
            ])),
            Repeat::Close { times } => {
                status = CallStatus::Refused;
                let reason = GuardNote::ClosedForRepeat.with("times", times);
                GuardNote::Closed.render(&BTreeMap::from([
                    ("tool", planned.tool.to_owned()),
                    ("reason", reason),
                ]))
            }
        };
        let refused = status == CallStatus::Refused;
        let message = refused.then(|| content.clone());
        self.answer_call(
            &call,
            content,
            refused,
            known.brought.clone().filter(|_| !refused),
        );
        self.record(
            planned.tool.to_owned(),
            planned.arguments,
            status,
            message,
            Duration::ZERO,
        );
        if let Some(record) = self.records.last_mut().filter(|_| !refused) {
            (record.rows, record.truncated) = (known.rows, known.truncated);
        }
        self.next_call(now)
    }

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

    /// Declines a query that no budget has room for. The turn ends after the calls of this completion.
    fn no_query(&mut self, call: &ToolCall, out: BudgetExhaustion, now: Duration) -> TurnEffect {
        self.decline(call, GuardNote::NoQuery.with("reason", out.reason.sentence()));
        self.exhausted.get_or_insert(out);
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
        let nudge = self
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
        self.answer_call(call, with_nudge(content, nudge, planned.tool), false, result);
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
        let nudge = self.loop_guard.failed(planned.tool, ErrorKind::failure(class));
        self.answer_call(
            call,
            with_nudge(message.as_str().into(), nudge, planned.tool),
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

    /// Ends the turn on a tool that means its end.
    fn end_on_call(
        &mut self,
        call: &ToolCall,
        planned: &PlannedCall,
        end: TurnEnding,
        now: Duration,
    ) -> TurnEffect {
        let (said, ending) = match end {
            TurnEnding::AskUser { question, options } => {
                if let Some(times) = self.loop_guard.asked_too_often() {
                    self.decline(call, GuardNote::AskedAgain.with("times", times));
                    return self.next_call(now);
                }
                let ending = LoopEnd {
                    options,
                    ..LoopEnd::new(StopReason::AskedUser, question)
                };
                (GuardNote::PersonAsked, ending)
            }
            TurnEnding::CannotAnswer {
                reason,
                nearest,
                data_is_there,
            } => {
                let text = fallback::cannot_answer(&reason, &nearest);
                let stop = if data_is_there {
                    StopReason::CannotCompute
                } else {
                    StopReason::CannotAnswer
                };
                (GuardNote::PersonTold, LoopEnd::new(stop, text))
            }
        };
        self.answer_call(call, said.text(), false, None);
        self.record(
            planned.tool.to_owned(),
            planned.arguments.clone(),
            CallStatus::Ok,
            None,
            Duration::ZERO,
        );
        self.end_with(ending)
    }

    fn answer_call(
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
    fn record(
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

/// The same bytes for calls that mean the same.
fn key_of(planned: &PlannedCall) -> String {
    format!("{} {}", planned.tool, planned.arguments)
}

fn with_nudge(content: Arc<str>, nudge: Nudge, tool: &str) -> Arc<str> {
    let note = match nudge {
        Nudge::None => return content,
        Nudge::Errors { times } => GuardNote::Errors.with("times", times),
        Nudge::EmptyRows { times } => GuardNote::EmptyRows.with("times", times),
        Nudge::Stale { times } => GuardNote::Stale.with("times", times),
        Nudge::Cut { times } => GuardNote::Cut.with("times", times),
        Nudge::Pages { times, limit } => GuardNote::Pages.render(&BTreeMap::from([
            ("times", times.to_string()),
            ("limit", limit.to_string()),
        ])),
        Nudge::CloseForPages { times } => {
            let reason = GuardNote::ClosedForPages.with("times", times);
            GuardNote::Closed.render(&BTreeMap::from([("tool", tool.to_owned()), ("reason", reason)]))
        }
        Nudge::CloseForErrors { times } => {
            let reason = GuardNote::ClosedForFailures.with("times", times);
            GuardNote::Closed.render(&BTreeMap::from([("tool", tool.to_owned()), ("reason", reason)]))
        }
    };
    format!("{content}\n{note}").into()
}

/// The arguments of a refused call, for the record: as JSON if they are, a note of what they were otherwise.
fn readable(arguments: &str) -> Value {
    if arguments.len() <= LONGEST_ARGUMENTS {
        serde_json::from_str(arguments).unwrap_or_else(|_| noted(arguments))
    } else {
        noted(arguments)
    }
}

fn noted(arguments: &str) -> Value {
    json!({ "unreadable": arguments.chars().take(500).collect::<String>(), "bytes": arguments.len() })
}

/// A call as the conversation keeps it: what is not a JSON object of sensible length would be refused by some
/// providers when it is sent back, so it is kept as a note of what it was.
fn as_kept(call: ToolCall) -> ToolCall {
    let sound = call.arguments.len() <= LONGEST_ARGUMENTS
        && serde_json::from_str::<serde_json::Map<String, Value>>(&call.arguments).is_ok();
    if sound {
        call
    } else {
        ToolCall {
            arguments: noted(&call.arguments).to_string(),
            ..call
        }
    }
}
