//! Between a final text and the end of the turn: figures without a source are named to the model once, and what stays
//! without one is marked, or the answer withheld.

use std::collections::BTreeMap;
use std::time::Duration;

use super::budget::BudgetRoom;
use super::guard_notes::GuardNote;
use super::protocol::{LoopEnd, TracedDraft, TurnEffect};
use super::state::{TurnPhase, TurnState};
use super::{Event, StopReason};
use crate::agent::OnUnmatched;
use crate::grounding::{Figure, Reason};
use crate::model::{Message, ToolChoice};
use crate::prompt::fill;

/// Most figures that are named, to the model and to people.
const MOST_NAMED: usize = 20;

impl TurnState {
    /// Decides what becomes of a final text, given its figures.
    pub(super) fn grounded(&mut self, draft: TracedDraft, now: Duration) -> TurnEffect {
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
        let choice = match self.budget.room(self.prompt_bytes(), now) {
            BudgetRoom::Step => ToolChoice::Auto,
            BudgetRoom::LastWord(_) => ToolChoice::None,
            BudgetRoom::None(_) => return self.end_unmatched(draft),
        };
        self.repair(draft, choice)
    }

    /// Ends a turn that was over before the figures of its answer were looked up: they count as having no source.
    pub(super) fn not_grounded(&mut self, mut draft: TracedDraft, reason: StopReason) -> TurnEffect {
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
    fn repair(&mut self, draft: TracedDraft, choice: ToolChoice) -> TurnEffect {
        let note = GuardNote::Unmatched.with("figures", named(&draft.figures, "\n"));
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
            self.phase = TurnPhase::LastWord(StopReason::FinalAnswer);
            self.budget.deadline()
        } else {
            let step = self.budget.completions().saturating_add(1);
            self.events.push(Event::StepStarted { step });
            self.budget.work_deadline()
        };
        TurnEffect::Complete { choice, deadline }
    }

    /// Ends with the answer that was given before the model was asked once more, if nothing better came.
    pub(super) fn fall_back(&mut self) -> Option<TurnEffect> {
        let mut draft = self.draft.take()?;
        draft.ending.opaque = None;
        self.exhausted = None;
        self.events.push(Event::TextDiscarded);
        Some(self.end_unmatched(draft))
    }

    /// Marks what has no source, or withholds the answer.
    fn end_unmatched(&mut self, mut draft: TracedDraft) -> TurnEffect {
        self.draft = None;
        if self.grounding.on_unmatched == OnUnmatched::Refuse
            && draft.ending.reason == StopReason::FinalAnswer
        {
            self.events.push(Event::TextDiscarded);
            let text = format!(
                "The answer is withheld: no result bears out these figures of it.\n{}",
                named(&draft.figures, "\n")
            );
            let ending = LoopEnd::new(StopReason::Ungrounded, text);
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

    fn end_traced(&mut self, draft: TracedDraft) -> TurnEffect {
        self.figures = Some(draft.figures);
        self.end_with(draft.ending)
    }
}

/// The figures without a source, each with what is wrong, for the model and for people.
fn named(figures: &[Figure], between: &str) -> String {
    let mut lines: Vec<String> = unmatched(figures)
        .take(MOST_NAMED)
        .map(|(figure, reason)| format!("- \"{}\": {}", figure.text, said(figure, reason)))
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
        .map(|(figure, _)| figure.text.as_str())
        .collect();
    texts.join(", ")
}

fn unmatched(figures: &[Figure]) -> impl Iterator<Item = (&Figure, Reason)> {
    figures.iter().filter_map(|figure| match figure.status {
        crate::grounding::FigureStatus::Unmatched { reason } => Some((figure, reason)),
        _ => None,
    })
}

/// What is wrong with a figure, in words.
fn said(figure: &Figure, reason: Reason) -> String {
    let template = match (reason, &figure.elsewhere) {
        (Reason::NoSource, _) => include_str!("../../prompts/repair/no_source.md"),
        (Reason::Mismatch, Some(elsewhere)) if elsewhere.named.is_empty() => {
            include_str!("../../prompts/repair/elsewhere.md")
        }
        (Reason::Mismatch, Some(_)) => include_str!("../../prompts/repair/elsewhere_named.md"),
        (Reason::Mismatch, None) => include_str!("../../prompts/repair/mismatch.md"),
        (Reason::Stale, _) => include_str!("../../prompts/repair/stale.md"),
        (Reason::IncompleteTotal, _) => include_str!("../../prompts/repair/incomplete_total.md"),
        (Reason::NotExtreme, _) => include_str!("../../prompts/repair/not_extreme.md"),
        (Reason::NotChecked, _) => include_str!("../../prompts/repair/not_checked.md"),
    };
    let Some(elsewhere) = &figure.elsewhere else {
        return template.trim_end().to_owned();
    };
    let names: Vec<String> = elsewhere.named.iter().map(|name| format!("\"{name}\"")).collect();
    let values = BTreeMap::from([("cell", elsewhere.cell.clone()), ("named", names.join(", "))]);
    fill(template.trim_end(), &values)
}
