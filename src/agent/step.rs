//! The pure core of the loop: given where a turn stands and what just happened, where it stands next and the one
//! effect to perform. Reads no clock, makes no call, holds no lock; the time is passed in.

use std::time::Duration;

use super::budget::{BudgetExhaustion, BudgetRoom};
use super::day_budget::Denial;
use super::guard_notes::GuardNote;
use super::protocol::{LoopEnd, TurnEffect, TurnInput};
use super::state::{TurnPhase, TurnState};
use super::{Event, StopReason};
use crate::model::{Completion, Message, StopCause, ToolCall, ToolChoice};

/// One step of the machine.
pub(super) fn step(mut turn: TurnState, input: TurnInput, now: Duration) -> (TurnState, TurnEffect) {
    let effect = match input {
        TurnInput::Begin => turn.ask_model(now),
        TurnInput::Completed(completion) => turn.completed(completion, now),
        TurnInput::Endless(text) => {
            turn.settle_unreported(&text);
            turn.broke_off(StopReason::EndlessText, text, None)
        }
        TurnInput::ModelFailed {
            message,
            partial,
            begun,
        } => {
            if begun {
                turn.settle_unreported(&partial);
            }
            turn.broke_off(StopReason::ModelFailed, partial, Some(message))
        }
        TurnInput::ModelTimedOut { partial } => turn.out_of_time(partial, now),
        TurnInput::Decided {
            call,
            decision: Err(refusal),
        } => turn.refused(&call, &refusal, now),
        TurnInput::Decided {
            call,
            decision: Ok(planned),
        } => turn.let_through(call, planned, now),
        TurnInput::Ran(ran) => turn.ran(*ran, now),
        TurnInput::Denied(denial) => turn.denied(denial, now),
        TurnInput::Grounded(draft) => turn.grounded(draft, now),
        TurnInput::NotGrounded { draft, reason } => turn.not_grounded(draft, reason),
        TurnInput::Cancelled { partial } => {
            if let Some(partial) = &partial {
                turn.settle_unreported(partial);
            }
            turn.broke_off(StopReason::Cancelled, partial.unwrap_or_default(), None)
        }
    };
    (turn, effect)
}

impl TurnState {
    /// Asks for the next completion, if there is room for one.
    pub(super) fn ask_model(&mut self, now: Duration) -> TurnEffect {
        if let Some(out) = self.exhausted.clone() {
            return self.last_word(out, now);
        }
        if let Some(reason) = self.loop_guard.stop() {
            return self.last_word(reason.into(), now);
        }
        match self.budget.room(self.prompt_bytes(), now) {
            BudgetRoom::Step => {
                let step = self.budget.completions().saturating_add(1);
                self.events.push(Event::StepStarted { step });
                TurnEffect::Complete {
                    choice: ToolChoice::Auto,
                    deadline: self.budget.work_deadline(),
                }
            }
            BudgetRoom::LastWord(out) => self.last_word(out, now),
            BudgetRoom::None(out) => self.ran_out(out),
        }
    }

    /// Ends the turn without another completion: there is no room even for that.
    fn ran_out(&mut self, out: BudgetExhaustion) -> TurnEffect {
        let reason = out.reason;
        self.exhausted.get_or_insert(out);
        self.end(reason, String::new())
    }

    /// What becomes of a completion that the day's ledger denied.
    fn denied(&mut self, denial: Denial, now: Duration) -> TurnEffect {
        let Denial {
            reason,
            detail,
            last_word,
            ..
        } = denial;
        let out = BudgetExhaustion {
            reason,
            detail: Some(detail),
        };
        match self.phase {
            TurnPhase::Working if last_word => self.last_word(out, now),
            _ => self.ran_out(out),
        }
    }

    /// Asks for the one completion that must answer without tools. The tools stay in the request, so that the
    /// cached prefix survives.
    fn last_word(&mut self, out: BudgetExhaustion, now: Duration) -> TurnEffect {
        if let BudgetRoom::None(out) = self.budget.room(self.prompt_bytes(), now) {
            return self.ran_out(out);
        }
        let reason = out.reason;
        self.exhausted.get_or_insert(out);
        self.events.push(Event::Guard {
            note: format!("{} Asking for a last answer.", reason.sentence()),
        });
        self.phase = TurnPhase::LastWord(reason);
        self.messages
            .push(Message::Note(GuardNote::Last.with("reason", reason.sentence())));
        TurnEffect::Complete {
            choice: ToolChoice::None,
            deadline: self.budget.deadline(),
        }
    }

    fn completed(&mut self, mut completion: Completion, now: Duration) -> TurnEffect {
        let written = completion.text.len()
            + completion
                .tool_calls
                .iter()
                .map(|call| call.name.len() + call.arguments.len())
                .sum::<usize>();
        self.budget
            .settle(completion.usage, self.prompt_bytes(), written as u64);
        if completion.stop == StopCause::Garbled {
            // It was heard as it came, as far as it may have been an answer.
            self.events.push(Event::TextDiscarded);
            completion.text.clear();
        }
        let is_unclosed = completion.stop == StopCause::Unclosed && !completion.text.trim().is_empty();
        if is_unclosed && !self.told_empty && self.phase == TurnPhase::Working {
            return self.broke_within(completion, now);
        }
        if let TurnPhase::LastWord(reason) = self.phase {
            return self.last_words(reason, completion);
        }
        if completion.stop == StopCause::Refusal {
            return self.end(StopReason::ModelRefused, completion.text);
        }
        if completion.stop == StopCause::Withheld {
            return self.end_with(LoopEnd {
                cut: true,
                ..LoopEnd::new(StopReason::ModelRefused, completion.text)
            });
        }
        if completion.stop == StopCause::Length {
            drop_cut_calls(&mut completion);
        }
        if !completion.tool_calls.is_empty() {
            return self.take_calls(completion, now);
        }
        if completion.text.trim().is_empty() {
            return self.answered_nothing(completion, now);
        }
        let reason = if matches!(completion.stop, StopCause::Length | StopCause::Unclosed) {
            StopReason::OutputLimit
        } else {
            StopReason::FinalAnswer
        };
        TurnEffect::Ground(LoopEnd {
            opaque: completion.opaque,
            ..LoopEnd::new(reason, completion.text)
        })
    }

    /// Ends with what the model said when it was asked for the last time. Words beside calls that may not be made are
    /// no answer yet: what was found stands behind them.
    fn last_words(&mut self, reason: StopReason, completion: Completion) -> TurnEffect {
        let unfinished = !completion.tool_calls.is_empty();
        if unfinished && let Some(effect) = self.fall_back() {
            return effect;
        }
        if completion.text.trim().is_empty() {
            return self.end(reason, completion.text);
        }
        TurnEffect::Ground(LoopEnd {
            unfinished,
            cut: matches!(
                completion.stop,
                StopCause::Length | StopCause::Withheld | StopCause::Unclosed
            ),
            ..LoopEnd::new(reason, completion.text)
        })
    }

    /// Asks once more for an answer whose object is not closed. One that is not closed again is told as far as it came.
    fn broke_within(&mut self, completion: Completion, now: Duration) -> TurnEffect {
        self.told_empty = true;
        self.events.push(Event::TextDiscarded);
        self.messages.push(Message::Assistant {
            text: completion.text,
            tool_calls: Vec::new(),
            opaque: completion.opaque,
        });
        self.messages.push(Message::Note(GuardNote::Unclosed.text()));
        self.events.push(Event::Guard {
            note: "The model's answer broke off; it was told so.".to_owned(),
        });
        self.ask_model(now)
    }

    fn answered_nothing(&mut self, completion: Completion, now: Duration) -> TurnEffect {
        if let Some(effect) = self.fall_back() {
            return effect;
        }
        let (reason, note, told) = if completion.stop == StopCause::Garbled {
            let told = "The model wrote a tool call that cannot be read; it was told so.";
            (StopReason::UnreadableCalls, GuardNote::Unreadable, told)
        } else {
            let told = "The model answered nothing; it was told so.";
            (StopReason::EmptyAnswer, GuardNote::EmptyAnswer, told)
        };
        if self.told_empty {
            let limited = "its output limit was reached before it said a word; raise `max_output_tokens` in [model], or ask a \
                           model that thinks less";
            return self.end_with(LoopEnd {
                detail: (completion.stop == StopCause::Length).then(|| limited.to_owned()),
                ..LoopEnd::new(reason, String::new())
            });
        }
        self.told_empty = true;
        if completion.opaque.is_some() {
            let Completion { text, opaque, .. } = completion;
            self.messages.push(Message::Assistant {
                text,
                tool_calls: Vec::new(),
                opaque,
            });
        }
        self.messages.push(Message::Note(note.text()));
        self.events.push(Event::Guard {
            note: told.to_owned(),
        });
        self.ask_model(now)
    }

    fn out_of_time(&mut self, partial: String, now: Duration) -> TurnEffect {
        self.settle_unreported(&partial);
        if self.phase == TurnPhase::Working && now < self.budget.deadline() {
            self.events.push(Event::TextDiscarded);
            return self.last_word(StopReason::MaxTime.into(), now);
        }
        self.broke_off(StopReason::MaxTime, partial, None)
    }

    /// Settles a completion that did not come whole: what it used is not known, and never nothing.
    fn settle_unreported(&mut self, partial: &str) {
        self.budget
            .settle(None, self.prompt_bytes(), partial.len() as u64);
    }

    /// Ends a turn whose completion did not come whole.
    fn broke_off(&mut self, reason: StopReason, partial: String, detail: Option<String>) -> TurnEffect {
        if reason != StopReason::Cancelled
            && let Some(effect) = self.fall_back()
        {
            return effect;
        }
        let reason = match (self.phase, reason) {
            (
                TurnPhase::LastWord(first),
                StopReason::ModelFailed | StopReason::MaxTime | StopReason::EndlessText,
            ) => first,
            _ => reason,
        };
        self.end_with(LoopEnd {
            detail,
            cut: !partial.is_empty(),
            ..LoopEnd::new(reason, partial)
        })
    }

    fn end(&mut self, reason: StopReason, text: String) -> TurnEffect {
        if text.trim().is_empty()
            && let Some(effect) = self.fall_back()
        {
            return effect;
        }
        self.end_with(LoopEnd::new(reason, text))
    }

    /// The one way out: every call is answered, so that the conversation can go on, and a reason is demanded.
    pub(super) fn end_with(&mut self, ending: LoopEnd) -> TurnEffect {
        self.phase = TurnPhase::Ended;
        while let Some(call) = self.queue.pop_front() {
            self.decline(&call, GuardNote::NotRun.text());
        }
        let results = std::mem::take(&mut self.gathered);
        if !results.is_empty() {
            self.messages.push(Message::ToolResults(results));
        }
        TurnEffect::Finish(ending)
    }
}

/// Takes away calls that the output limit cut: arguments that are not whole are no arguments.
fn drop_cut_calls(completion: &mut Completion) {
    let calls = completion.tool_calls.len();
    let is_whole = |call: &ToolCall| {
        serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(&call.arguments).is_ok()
    };
    completion.tool_calls.retain(is_whole);
    if completion.tool_calls.len() < calls {
        // What its server keeps of the message speaks of all calls.
        completion.opaque = None;
    }
}
