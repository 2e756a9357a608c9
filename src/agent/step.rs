//! The pure core of the loop: given where a turn stands and what just happened, where it stands next and the one
//! effect to perform. Reads no clock, makes no call, holds no lock; the time is passed in.

use std::time::Duration;

use super::budget::{Out, Room};
use super::finish::Ending;
use super::notes::Note;
use super::purse::Denial;
use super::state::{Phase, TurnState};
use super::trace::Draft;
use super::{Event, StopReason};
use crate::model::{Completion, Message, StopCause, ToolCall, ToolChoice};
use crate::tools::{PlannedCall, Refusal, ToolError, ToolOutput};

/// What just happened.
#[derive(Debug)]
pub(super) enum Input {
    /// The turn begins.
    Begin,
    /// A completion came whole.
    Completed(Completion),
    /// A completion's text passed every bound and was cut off here.
    Endless(String),
    /// A completion came to nothing: why, the text until then, and whether it had begun, so that it may be billed.
    ModelFailed {
        message: String,
        partial: String,
        begun: bool,
    },
    /// Time ran out while a completion was made: the text until then.
    ModelTimedOut { partial: String },
    /// The gate decided on the call at hand.
    Decided {
        call: ToolCall,
        decision: Result<PlannedCall, Refusal>,
    },
    /// The call at hand ran.
    Ran(Box<Ran>),
    /// The day's ledger denied the completion that was asked for.
    Denied(Denial),
    /// The figures of a final text were looked up.
    Grounded(Draft),
    /// The figures of a final text were not looked up: the turn was over before, for this reason.
    NotGrounded { draft: Draft, reason: StopReason },
    /// The person ended the turn: the text until then if a completion was under way.
    Cancelled { partial: Option<String> },
}

/// A call that ran.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) call: ToolCall,
    pub(super) planned: PlannedCall,
    pub(super) end: RunEnd,
    pub(super) took: Duration,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum RunEnd {
    Output(Box<ToolOutput>),
    Error(ToolError),
    /// The turn's time ran out meanwhile.
    TimedOut,
    /// The day's ledger denied it; nothing was sent.
    Denied(Denial),
}

/// The one thing to do next.
#[derive(Debug)]
pub(super) enum Effect {
    /// Ask the model, until `deadline` into the turn.
    Complete { choice: ToolChoice, deadline: Duration },
    /// Ask the gate.
    Decide(ToolCall),
    /// Run a call that was let through, until `deadline` into the turn.
    Run {
        call: ToolCall,
        planned: PlannedCall,
        deadline: Duration,
    },
    /// Look up the figures of this text.
    Ground(Ending),
    /// The turn is over.
    Finish(Ending),
}

/// One step of the machine.
pub(super) fn step(mut turn: TurnState, input: Input, now: Duration) -> (TurnState, Effect) {
    let effect = match input {
        Input::Begin => turn.ask_model(now),
        Input::Completed(completion) => turn.completed(completion, now),
        Input::Endless(text) => {
            turn.settle_unreported(&text);
            turn.broke_off(StopReason::EndlessText, text, None)
        }
        Input::ModelFailed {
            message,
            partial,
            begun,
        } => {
            if begun {
                turn.settle_unreported(&partial);
            }
            turn.broke_off(StopReason::ModelFailed, partial, Some(message))
        }
        Input::ModelTimedOut { partial } => turn.out_of_time(partial, now),
        Input::Decided {
            call,
            decision: Err(refusal),
        } => turn.refused(&call, &refusal, now),
        Input::Decided {
            call,
            decision: Ok(planned),
        } => turn.let_through(call, planned, now),
        Input::Ran(ran) => turn.ran(*ran, now),
        Input::Denied(denial) => turn.denied(denial, now),
        Input::Grounded(draft) => turn.grounded(draft, now),
        Input::NotGrounded { draft, reason } => turn.not_grounded(draft, reason),
        Input::Cancelled { partial } => {
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
    pub(super) fn ask_model(&mut self, now: Duration) -> Effect {
        if let Some(out) = self.out.clone() {
            return self.last_word(out, now);
        }
        if let Some(reason) = self.watch.stop() {
            return self.last_word(reason.into(), now);
        }
        match self.ledger.room(self.prompt_bytes(), now) {
            Room::Step => {
                let step = self.ledger.completions().saturating_add(1);
                self.events.push(Event::StepStarted { step });
                Effect::Complete {
                    choice: ToolChoice::Auto,
                    deadline: self.ledger.work_deadline(),
                }
            }
            Room::LastWord(out) => self.last_word(out, now),
            Room::None(out) => self.ran_out(out),
        }
    }

    /// Ends the turn without another completion: there is no room even for that.
    fn ran_out(&mut self, out: Out) -> Effect {
        let reason = out.reason;
        self.out.get_or_insert(out);
        self.end(reason, String::new())
    }

    /// What becomes of a completion that the day's ledger denied.
    fn denied(&mut self, denial: Denial, now: Duration) -> Effect {
        let Denial {
            reason,
            detail,
            last_word,
            ..
        } = denial;
        let out = Out {
            reason,
            detail: Some(detail),
        };
        match self.phase {
            Phase::Working if last_word => self.last_word(out, now),
            _ => self.ran_out(out),
        }
    }

    /// Asks for the one completion that must answer without tools. The tools stay in the request, so that the
    /// cached prefix survives.
    fn last_word(&mut self, out: Out, now: Duration) -> Effect {
        if let Room::None(out) = self.ledger.room(self.prompt_bytes(), now) {
            return self.ran_out(out);
        }
        let reason = out.reason;
        self.out.get_or_insert(out);
        self.events.push(Event::Guard {
            note: format!("{} Asking for a last answer.", reason.sentence()),
        });
        self.phase = Phase::LastWord(reason);
        self.messages
            .push(Message::Note(Note::Last.with("reason", reason.sentence())));
        Effect::Complete {
            choice: ToolChoice::None,
            deadline: self.ledger.deadline(),
        }
    }

    fn completed(&mut self, mut completion: Completion, now: Duration) -> Effect {
        let written = completion.text.len()
            + completion
                .tool_calls
                .iter()
                .map(|call| call.name.len() + call.arguments.len())
                .sum::<usize>();
        self.ledger
            .settle(completion.usage, self.prompt_bytes(), written as u64);
        if completion.stop == StopCause::Garbled {
            // It was heard as it came, as far as it may have been an answer.
            self.events.push(Event::TextDiscarded);
            completion.text.clear();
        }
        if let Phase::LastWord(reason) = self.phase {
            return self.last_words(reason, completion);
        }
        if completion.stop == StopCause::Refusal {
            return self.end(StopReason::ModelRefused, completion.text);
        }
        if !completion.tool_calls.is_empty() {
            return self.take_calls(completion, now);
        }
        if completion.text.trim().is_empty() {
            return self.answered_nothing(completion, now);
        }
        let reason = if completion.stop == StopCause::Length {
            StopReason::OutputLimit
        } else {
            StopReason::FinalAnswer
        };
        Effect::Ground(Ending {
            opaque: completion.opaque,
            ..Ending::new(reason, completion.text)
        })
    }

    /// Ends with what the model said when it was asked for the last time. Words beside calls that may not be made are
    /// no answer yet: what was found stands behind them.
    fn last_words(&mut self, reason: StopReason, completion: Completion) -> Effect {
        let unfinished = !completion.tool_calls.is_empty();
        if unfinished && let Some(effect) = self.fall_back() {
            return effect;
        }
        if completion.text.trim().is_empty() {
            return self.end(reason, completion.text);
        }
        Effect::Ground(Ending {
            unfinished,
            ..Ending::new(reason, completion.text)
        })
    }

    fn answered_nothing(&mut self, completion: Completion, now: Duration) -> Effect {
        if let Some(effect) = self.fall_back() {
            return effect;
        }
        let (reason, note, told) = if completion.stop == StopCause::Garbled {
            let told = "The model wrote a tool call that cannot be read; it was told so.";
            (StopReason::UnreadableCalls, Note::Unreadable, told)
        } else {
            let told = "The model answered nothing; it was told so.";
            (StopReason::EmptyAnswer, Note::EmptyAnswer, told)
        };
        if self.told_empty {
            return self.end(reason, String::new());
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

    fn out_of_time(&mut self, partial: String, now: Duration) -> Effect {
        self.settle_unreported(&partial);
        if self.phase == Phase::Working && now < self.ledger.deadline() {
            self.events.push(Event::TextDiscarded);
            return self.last_word(StopReason::MaxTime.into(), now);
        }
        self.broke_off(StopReason::MaxTime, partial, None)
    }

    /// Settles a completion that did not come whole: what it used is not known, and never nothing.
    fn settle_unreported(&mut self, partial: &str) {
        self.ledger
            .settle(None, self.prompt_bytes(), partial.len() as u64);
    }

    /// Ends a turn whose completion did not come whole.
    fn broke_off(&mut self, reason: StopReason, partial: String, detail: Option<String>) -> Effect {
        if reason != StopReason::Cancelled
            && let Some(effect) = self.fall_back()
        {
            return effect;
        }
        let reason = match (self.phase, reason) {
            (
                Phase::LastWord(first),
                StopReason::ModelFailed | StopReason::MaxTime | StopReason::EndlessText,
            ) => first,
            _ => reason,
        };
        self.end_with(Ending {
            detail,
            cut: !partial.is_empty(),
            ..Ending::new(reason, partial)
        })
    }

    fn end(&mut self, reason: StopReason, text: String) -> Effect {
        if text.trim().is_empty()
            && let Some(effect) = self.fall_back()
        {
            return effect;
        }
        self.end_with(Ending::new(reason, text))
    }

    /// The one way out: every call is answered, so that the conversation can go on, and a reason is demanded.
    pub(super) fn end_with(&mut self, ending: Ending) -> Effect {
        self.phase = Phase::Ended;
        while let Some(call) = self.queue.pop_front() {
            self.decline(&call, Note::NotRun.text());
        }
        let results = std::mem::take(&mut self.gathered);
        if !results.is_empty() {
            self.messages.push(Message::ToolResults(results));
        }
        Effect::Finish(ending)
    }
}
