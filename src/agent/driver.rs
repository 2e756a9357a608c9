//! The async shell around the pure core: performs one effect after the other, watches the clock and the person's
//! wish to stop, and tells whoever watches what happens.

use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use super::answer_references::{ReferenceSources, ReferenceWriter, without_links};
use super::clock::{Interruption, TurnClock};
use super::day_budget::{DaySpending, Denial};
use super::failure_words::named_in;
use super::finish::{TurnConclusion, conclude};
use super::protocol::{CallRun, CallRunEnd, TracedDraft, TurnEffect, TurnInput};
use super::state::TurnState;
use super::step::step;
use super::{Agent, CallRecord, CallStatus, Event, ReferenceMode, StopReason, spans};
use crate::model::{Message, ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice, cut_prompt};
use crate::references::FigureStyle;
use crate::result::HeldResults;
use crate::telemetry::failed as span_failed;
use crate::text::{hidden_in, visible};
use crate::tools::{PlannedCall, ToolRole};

/// One turn on its way.
pub(super) struct TurnDriver<'a> {
    pub(super) agent: &'a Agent,
    /// The conversation before this turn.
    pub(super) before: &'a [Message],
    pub(super) shelf: &'a mut HeldResults,
    pub(super) turn_id: &'a str,
    pub(super) question: &'a str,
    pub(super) today: jiff::civil::Date,
    pub(super) cancel: &'a CancellationToken,
    pub(super) watch: &'a mut (dyn FnMut(Event) + Send),
    pub(super) clock: TurnClock,
    pub(super) clocks: TimeSpent,
    /// Records that were reported already.
    pub(super) reported: usize,
    /// What the turn spends of the day of the person who asks.
    pub(super) spending: DaySpending,
    /// Links that were taken out of the latest text.
    pub(super) links_removed: u32,
    /// Whether references in texts are resolved.
    pub(super) references: ReferenceMode,
    /// How figures are written in their place.
    pub(super) number_style: FigureStyle,
    /// The conversation, as traces name it.
    pub(super) conversation: &'a str,
    /// The span of the call that runs, until it is reported.
    pub(super) call_span: Option<Span>,
    /// What the words of the model's failure may name.
    pub(super) named: Vec<String>,
    /// Whether a person was told that the server reads only a part of the prompt.
    pub(super) prompt_told: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimeSpent {
    pub(super) model: Duration,
    pub(super) tools: Duration,
    pub(super) first_text: Option<Duration>,
}

impl TurnDriver<'_> {
    /// Runs the turn to its end. Always returns: every effect has a deadline.
    pub(super) async fn run(&mut self, mut turn: TurnState) -> (TurnState, TurnConclusion) {
        let mut input = TurnInput::Begin;
        loop {
            let (next, effect) = step(turn, input, self.clock.look());
            turn = next;
            self.report(&mut turn);
            input = match effect {
                TurnEffect::Complete { choice, deadline } => match self.leave(&turn, choice).await {
                    Ok(()) => {
                        let input = self.complete(&turn, choice, deadline).await;
                        self.ruled(input)
                    }
                    Err(denial) => TurnInput::Denied(denial),
                },
                TurnEffect::Decide(call) => {
                    let decision = self.agent.toolbox.gate_as_meant(&call, self.shelf);
                    TurnInput::Decided { call, decision }
                }
                TurnEffect::Run {
                    call,
                    planned,
                    deadline,
                } => self.execute(turn.call_number(), call, planned, deadline).await,
                TurnEffect::Ground(ending) => {
                    let ending = self.resolve(ending).await;
                    let written = ending.references.as_ref().map(|one| one.figures.clone());
                    let written = written.unwrap_or_default();
                    let looked_up = self
                        .ground(&turn, &ending.text, &written, Some(self.cancel))
                        .await;
                    let reason = looked_up.cut.map(|cut| match cut {
                        Interruption::Cancelled => StopReason::Cancelled,
                        Interruption::TimeUp => StopReason::MaxTime,
                    });
                    let draft = TracedDraft {
                        ending,
                        figures: looked_up.figures,
                    };
                    match reason {
                        Some(reason) => TurnInput::NotGrounded { draft, reason },
                        None => TurnInput::Grounded(draft),
                    }
                }
                TurnEffect::Finish(ending) => {
                    self.settle(&turn).await;
                    let ending = self.resolve(ending).await;
                    let written = ending.references.as_ref().map(|one| one.figures.clone());
                    let written = written.unwrap_or_default();
                    let own_links = self.agent.own_links();
                    let own_links = match self.named.as_slice() {
                        [] => Cow::Borrowed(own_links),
                        named => Cow::Owned(own_links.also_naming(named)),
                    };
                    let conclusion = conclude(&mut turn, ending, (self.agent.links(), &own_links));
                    if turn.figures.is_none() {
                        let looked_up = self.ground(&turn, &conclusion.text, &written, None).await;
                        turn.figures = Some(looked_up.figures);
                    }
                    return (turn, conclusion);
                }
            };
        }
    }

    /// What a model wrote, with the rules for links applied to text that may become an answer.
    fn ruled(&mut self, mut input: TurnInput) -> TurnInput {
        let text = match &mut input {
            TurnInput::Completed(completion) if completion.tool_calls.is_empty() => &mut completion.text,
            TurnInput::Endless(text)
            | TurnInput::ModelFailed { partial: text, .. }
            | TurnInput::ModelTimedOut { partial: text }
            | TurnInput::Cancelled { partial: Some(text) } => text,
            _ => return input,
        };
        if says_nothing(text) {
            text.clear();
            return input;
        }
        let ruled = without_links(self.agent.links(), text);
        *text = ruled.text;
        self.links_removed = ruled.removed;
        input
    }

    /// Passes on what the core announced and the calls that ended since the last look.
    fn report(&mut self, turn: &mut TurnState) {
        let fresh: Vec<(usize, CallRecord)> = turn
            .records
            .iter()
            .enumerate()
            .skip(self.reported)
            .map(|(at, record)| (at, record.clone()))
            .collect();
        for (at, record) in fresh {
            self.reported = at + 1;
            let call = u32::try_from(at + 1).unwrap_or(u32::MAX);
            match self.call_span.take() {
                Some(span) => spans::called(&span, &record),
                None => spans::not_run(&record),
            }
            super::log::tool_call(
                self.turn_id,
                turn.budget.completions(),
                self.agent.model.id(),
                &record,
            );
            (self.watch)(Event::ToolFinished {
                call,
                tool: record.name,
                status: record.status,
                rows: record.rows,
                served_by: record.served_by,
                note: record.message.filter(|_| record.status != CallStatus::Ok),
            });
        }
        for event in std::mem::take(&mut turn.events) {
            (self.watch)(event);
        }
    }

    /// Reserves the worst case of a completion in the day's ledger.
    async fn leave(&mut self, turn: &TurnState, choice: ToolChoice) -> Result<(), Denial> {
        let worst = turn.budget.worst(turn.prompt_bytes());
        let (spent, priced) = (turn.budget.spent(), turn.budget.may_spend_money());
        self.spending.complete(choice, worst, spent, priced).await
    }

    /// Settles with the day's ledger. What cannot be settled stays reserved: it counts as used, and the answer stands.
    async fn settle(&mut self, turn: &TurnState) {
        if let Err(error) = self.spending.end(turn.budget.spent()).await {
            let note = crate::telemetry::causes(&error).join(": ");
            (self.watch)(Event::Guard { note });
        }
    }

    async fn complete(&mut self, turn: &TurnState, choice: ToolChoice, deadline: Duration) -> TurnInput {
        let mut messages = self.before.to_vec();
        messages.extend(turn.messages.iter().cloned());
        let request = self.agent.request(messages, choice);
        let started = Instant::now();
        let mut heard = TextSoFar {
            text: String::new(),
            limit: self.agent.guard().max_text_bytes,
        };
        let cutter = self.clock.cutter(deadline, self.cancel);
        let span = spans::chat(self.agent.model.id(), self.conversation, &request);
        let moment = self.clock.moment(deadline);
        let _time = self.agent.toolbox.client().loading().wait_until(moment);
        let listening = self.listen(&request, &mut heard).instrument(span.clone());
        let input = tokio::select! {
            biased;
            cut = cutter.cut() => Err(cut),
            input = listening => Ok(input),
        };
        spans::completed(&span, &input);
        drop(span);
        self.clocks.model += started.elapsed();
        match input {
            Err(Interruption::Cancelled) => TurnInput::Cancelled {
                partial: Some(heard.text),
            },
            Err(Interruption::TimeUp) => TurnInput::ModelTimedOut { partial: heard.text },
            Ok(input) => input,
        }
    }

    /// Waits for the beginning of a completion, and says so when its server is still loading the model or has no room.
    async fn patiently<T>(&mut self, beginning: impl Future<Output = T>) -> T {
        let mut waits = self.agent.toolbox.client().loading().waits();
        let mut beginning = pin!(beginning);
        loop {
            tokio::select! {
                biased;
                begun = &mut beginning => return begun,
                Ok(()) = waits.changed() => {
                    let note = match waits.borrow_and_update().left_alone {
                        None => "The model is still being loaded by its server; waiting for it.".to_owned(),
                        Some(wait) => format!(
                            "The model's server has no room and is asked again in {} seconds; waiting for it.",
                            wait.as_millis().div_ceil(1000)
                        ),
                    };
                    (self.watch)(Event::Waiting { note });
                }
            }
        }
    }

    async fn listen(&mut self, request: &ModelRequest, heard: &mut TextSoFar) -> TurnInput {
        let agent = self.agent;
        let mut stream = match self.patiently(agent.model.complete(request)).await {
            Ok(stream) => stream,
            Err(error) => return self.failed(&error, heard, false),
        };
        let mut unheard = 0usize;
        let sources = ReferenceSources {
            held: self.shelf,
            before: self.before,
            question: self.question,
            links: self.agent.links(),
            style: self.number_style,
        };
        let mut writer = (self.references == ReferenceMode::On).then(|| ReferenceWriter::new(sources));
        while let Some(event) = stream.next().await {
            match event {
                Ok(ModelEvent::Text(text)) => {
                    if self.clocks.first_text.is_none() {
                        self.clocks.first_text = Some(self.clock.elapsed());
                    }
                    let text = heard.take(text);
                    let shown = match &mut writer {
                        Some(writer) => writer.push(&text, sources).await,
                        None if text.is_empty() => Vec::new(),
                        None => vec![Event::Text(text)],
                    };
                    shown.into_iter().for_each(&mut *self.watch);
                    if heard.full() {
                        return TurnInput::Endless(std::mem::take(&mut heard.text));
                    }
                }
                Ok(ModelEvent::ToolCallStarted { .. }) => {}
                Ok(ModelEvent::Notice(note)) => (self.watch)(Event::Guard { note }),
                Ok(ModelEvent::Unheard(bytes)) => {
                    unheard = unheard.saturating_add(bytes);
                    if unheard > self.agent.guard().max_unheard_bytes {
                        return TurnInput::Endless(std::mem::take(&mut heard.text));
                    }
                }
                Ok(ModelEvent::Done(completion)) if completion.text.len() > heard.limit => {
                    let mut heard = TextSoFar {
                        text: String::new(),
                        limit: heard.limit,
                    };
                    let _ = heard.take(completion.text);
                    return TurnInput::Endless(heard.text);
                }
                Ok(ModelEvent::Done(completion)) => {
                    if !self.prompt_told
                        && let Some(note) = cut_prompt(request, completion.usage)
                    {
                        self.prompt_told = true;
                        (self.watch)(Event::Guard { note });
                    }
                    if let Some(writer) = &mut writer {
                        let shown = writer.end(sources).await;
                        shown.into_iter().for_each(&mut *self.watch);
                    }
                    return TurnInput::Completed(completion);
                }
                Err(error) => return self.failed(&error, heard, true),
            }
        }
        let message = "its stream ended before the completion did".to_owned();
        TurnInput::ModelFailed {
            message,
            partial: std::mem::take(&mut heard.text),
            begun: true,
        }
    }

    fn failed(&mut self, error: &ModelError, heard: &mut TextSoFar, begun: bool) -> TurnInput {
        let message = visible(&crate::telemetry::causes(error).join(": "));
        let model = &self.agent.model.id().name;
        self.named = named_in(&message, model, self.agent.model_server().as_ref());
        let moved_to = error.moved_to();
        self.named
            .extend(moved_to.map(|to| to.as_str().trim_end_matches('/').to_owned()));
        TurnInput::ModelFailed {
            message,
            partial: std::mem::take(&mut heard.text),
            begun,
        }
    }

    async fn execute(
        &mut self,
        number: u32,
        call: ToolCall,
        planned: PlannedCall,
        deadline: Duration,
    ) -> TurnInput {
        if planned.role() == ToolRole::Query
            && let Err(denial) = self.spending.query().await
        {
            return ran(call, planned, CallRunEnd::Denied(denial), Duration::ZERO);
        }
        (self.watch)(Event::ToolStarted {
            call: number,
            tool: planned.tool.to_owned(),
            summary: planned.summary(),
            arguments: planned.arguments.clone(),
        });
        let started = Instant::now();
        let cutter = self.clock.cutter(deadline, self.cancel);
        let toolbox = &self.agent.toolbox;
        let span = spans::tool(planned.tool, Some(&call.id));
        self.call_span = Some(span.clone());
        let input = tokio::select! {
            biased;
            cut = cutter.cut() => Err(cut),
            outcome = toolbox.execute(&planned, self.shelf).instrument(span.clone()) => Ok(outcome),
        };
        let took = started.elapsed();
        self.clocks.tools += took;
        match input {
            Err(Interruption::Cancelled) => {
                span_failed(&span, "cancelled");
                TurnInput::Cancelled { partial: None }
            }
            Err(Interruption::TimeUp) => {
                span_failed(&span, "timeout");
                ran(call, planned, CallRunEnd::TimedOut, took)
            }
            Ok(Ok(output)) => {
                spans::brought(&span, &output);
                if let Some(brought) = output.brought.clone() {
                    self.shelf.put(brought);
                    self.shelf.make_room().await;
                }
                ran(call, planned, CallRunEnd::Output(Box::new(output)), took)
            }
            Ok(Err(error)) => ran(call, planned, CallRunEnd::Error(error), took),
        }
    }
}

fn ran(call: ToolCall, planned: PlannedCall, end: CallRunEnd, took: Duration) -> TurnInput {
    TurnInput::Ran(Box::new(CallRun {
        call,
        planned,
        end,
        took,
    }))
}

/// The text of one completion so far, bounded.
struct TextSoFar {
    text: String,
    limit: usize,
}

impl TextSoFar {
    /// Takes as much of `more` as there is room for, in whole characters, and returns what was taken.
    fn take(&mut self, mut more: String) -> String {
        let room = self.limit.saturating_sub(self.text.len());
        if more.len() > room {
            let end = more
                .char_indices()
                .map(|(at, c)| at + c.len_utf8())
                .take_while(|end| *end <= room)
                .last();
            more.truncate(end.unwrap_or(0));
            self.limit = self.text.len() + more.len();
        }
        self.text.push_str(&more);
        more
    }

    fn full(&self) -> bool {
        self.text.len() >= self.limit
    }
}

/// Whether there is nothing in a text that a person can see.
fn says_nothing(text: &str) -> bool {
    hidden_in(text).all(|(c, hidden)| hidden || c.is_whitespace())
}
