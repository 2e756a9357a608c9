//! The part of the core that takes tool calls: one after the other, each refused, served from the turn, or let through to run.
//! What becomes of those that ran is in `call_ends.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::budget::BudgetExhaustion;
use super::call_ends::with_guard_note;
use super::guard::{ErrorKind, RepeatAction};
use super::guard_notes::GuardNote;
use super::protocol::{LoopEnd, TurnEffect};
use super::state::TurnState;
use super::{CallStatus, Event, StopReason, fallback};
use crate::model::{Completion, Message, ToolCall};
use crate::tools::{MissingPart, PlannedCall, Refusal, ToolRole, TurnEnding};

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
    pub(super) fn next_call(&mut self, now: Duration) -> TurnEffect {
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
        let action = self
            .loop_guard
            .failed(&call.name, ErrorKind::Refusal(refusal.class));
        let content = with_guard_note(refusal.message.as_str().into(), action, &call.name);
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
            .filter(|_| repeat != RepeatAction::No)
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
            RepeatAction::No | RepeatAction::Serve => {
                format!(
                    "{}\n{}",
                    known.content,
                    GuardNote::Repeat.with("call", known.call)
                )
            }
            RepeatAction::ServeKnown { times } => GuardNote::RepeatKnown.render(&BTreeMap::from([
                ("times", times.to_string()),
                ("tool", planned.tool.to_owned()),
                ("known", fallback::known_list(&self.evidence)),
            ])),
            RepeatAction::Close { times } => {
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

    /// Declines a query that no budget has room for. The turn ends after the calls of this completion.
    pub(super) fn no_query(&mut self, call: &ToolCall, out: BudgetExhaustion, now: Duration) -> TurnEffect {
        self.decline(call, GuardNote::NoQuery.with("reason", out.reason.sentence()));
        self.exhausted.get_or_insert(out);
        self.next_call(now)
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
                missing,
            } => {
                let text = fallback::cannot_answer(&reason, &nearest);
                let stop = match missing {
                    MissingPart::Data => StopReason::CannotAnswer,
                    MissingPart::Tool => StopReason::CannotCompute,
                    MissingPart::Action => StopReason::CannotAct,
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
}

/// The same bytes for calls that mean the same.
pub(super) fn key_of(planned: &PlannedCall) -> String {
    format!("{} {}", planned.tool, planned.arguments)
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
