//! Between a final text and the end of the turn: figures without a source are named to the model once, and what stays
//! without one is marked, or the answer withheld.

use std::time::Duration;

use super::budget::Room;
use super::finish::Ending;
use super::notes::Note;
use super::state::{Phase, TurnState};
use super::step::Effect;
use super::{Event, StopReason};
use crate::agent::OnUnmatched;
use crate::grounding::{Figure, Reason};
use crate::model::{Message, ToolChoice};

/// Most figures that are named, to the model and to people.
const MOST_NAMED: usize = 20;

/// An answer whose figures were looked up.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) ending: Ending,
    pub(super) figures: Vec<Figure>,
}

impl TurnState {
    /// Decides what becomes of a final text, given its figures.
    pub(super) fn grounded(&mut self, draft: Draft, now: Duration) -> Effect {
        let unmatched = draft
            .figures
            .iter()
            .filter(|figure| figure.is_unmatched())
            .count();
        if unmatched == 0 || self.grounding.on_unmatched == OnUnmatched::Off {
            self.draft = None;
            return self.end_traced(draft);
        }
        if self.draft.is_some() || !self.grounding.repair || draft.ending.reason != StopReason::FinalAnswer {
            return self.end_unmatched(draft);
        }
        let choice = match self.ledger.room(self.prompt_bytes(), now) {
            Room::Step => ToolChoice::Auto,
            Room::LastWord(_) => ToolChoice::None,
            Room::None(_) => return self.end_unmatched(draft),
        };
        self.repair(draft, choice)
    }

    /// Ends a turn that was over before the figures of its answer were looked up: they count as having no source.
    pub(super) fn not_grounded(&mut self, mut draft: Draft, reason: StopReason) -> Effect {
        let withheld = self.grounding.on_unmatched == OnUnmatched::Refuse
            && draft.ending.reason == StopReason::FinalAnswer
            && !draft.figures.is_empty();
        if !withheld {
            draft.ending.reason = reason;
            draft.ending.detail = Some("the figures of the answer were not looked up to the end".to_owned());
        }
        if draft.figures.is_empty() || self.grounding.on_unmatched == OnUnmatched::Off {
            self.draft = None;
            return self.end_traced(draft);
        }
        self.end_unmatched(draft)
    }

    /// Names the figures to the model, once a turn, and asks for the answer again.
    fn repair(&mut self, draft: Draft, choice: ToolChoice) -> Effect {
        let note = Note::Unmatched.with("figures", named(&draft.figures, "\n"));
        self.events.push(Event::TextDiscarded);
        self.events.push(Event::Guard {
            note: format!(
                "Figures without a source: {}. The model is asked once more.",
                written(&draft.figures)
            ),
        });
        self.messages.push(Message::Assistant {
            text: draft.ending.text.clone(),
            tool_calls: Vec::new(),
            opaque: draft.ending.opaque.clone(),
        });
        self.messages.push(Message::Note(note));
        self.draft = Some(draft);
        let deadline = if choice == ToolChoice::None {
            self.phase = Phase::LastWord(StopReason::FinalAnswer);
            self.ledger.deadline()
        } else {
            let step = self.ledger.completions().saturating_add(1);
            self.events.push(Event::StepStarted { step });
            self.ledger.work_deadline()
        };
        Effect::Complete { choice, deadline }
    }

    /// Ends with the answer that was given before the model was asked once more, if nothing better came.
    pub(super) fn fall_back(&mut self) -> Option<Effect> {
        let mut draft = self.draft.take()?;
        draft.ending.opaque = None;
        self.out = None;
        self.events.push(Event::TextDiscarded);
        Some(self.end_unmatched(draft))
    }

    /// Marks what has no source, or withholds the answer.
    fn end_unmatched(&mut self, mut draft: Draft) -> Effect {
        self.draft = None;
        if self.grounding.on_unmatched == OnUnmatched::Refuse
            && draft.ending.reason == StopReason::FinalAnswer
        {
            self.events.push(Event::TextDiscarded);
            let text = format!(
                "The answer is withheld: no result bears out these figures of it.\n{}",
                named(&draft.figures, "\n")
            );
            let ending = Ending::new(StopReason::Ungrounded, text);
            return self.end_with(ending);
        }
        let mark = format!(
            "\n\n[unverified] No result bears out these figures:\n{}",
            named(&draft.figures, "\n")
        );
        self.events.push(Event::Text(mark.clone()));
        draft.ending.text.push_str(&mark);
        self.unmatched = true;
        self.end_traced(draft)
    }

    fn end_traced(&mut self, draft: Draft) -> Effect {
        self.figures = Some(draft.figures);
        self.end_with(draft.ending)
    }
}

/// The figures without a source, each with what is wrong, for the model and for people.
fn named(figures: &[Figure], between: &str) -> String {
    let mut lines: Vec<String> = unmatched(figures)
        .take(MOST_NAMED)
        .map(|(text, reason)| format!("- \"{text}\": {}", said(reason)))
        .collect();
    let more = unmatched(figures).count().saturating_sub(MOST_NAMED);
    if more > 0 {
        lines.push(format!("- and {more} more"));
    }
    lines.join(between)
}

fn written(figures: &[Figure]) -> String {
    let texts: Vec<&str> = unmatched(figures)
        .take(MOST_NAMED)
        .map(|(text, _)| text)
        .collect();
    texts.join(", ")
}

fn unmatched(figures: &[Figure]) -> impl Iterator<Item = (&str, Reason)> {
    figures.iter().filter_map(|figure| match figure.status {
        crate::grounding::FigureStatus::Unmatched { reason } => Some((figure.text.as_str(), reason)),
        _ => None,
    })
}

/// What is wrong with a figure, in words.
fn said(reason: Reason) -> &'static str {
    match reason {
        Reason::NoSource => "no result holds it, and it does not come out of the rows that the text names",
        Reason::Mismatch => "a result holds it, but for another row, column or period than the text says",
        Reason::Stale => "only the result of an earlier question holds it",
        Reason::IncompleteTotal => "the rows it is the total of are not all there are",
        Reason::NotExtreme => "in the result it is not the first or last, as the text says",
        Reason::NotChecked => "it was not checked, because that would have taken too long",
    }
}
