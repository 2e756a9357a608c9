//! Between a final text and the end of the turn: figures without a source are named to the model once, and what stays
//! without one is marked, or the answer withheld.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer_references::AnswerReferences;
use super::budget::BudgetRoom;
use super::guard_notes::GuardNote;
use super::protocol::{LoopEnd, TracedDraft, TurnEffect};
use super::state::{TurnPhase, TurnState};
use super::{Event, StopReason};
use crate::agent::OnUnmatched;
use crate::grounding::{Figure, FigureKind, FigureStatus, OffContextSource, Reason};
use crate::model::{Message, ToolChoice};
use crate::prompt::fill;

/// Most figures that are named, to the model and to people.
const MOST_NAMED: usize = 20;

impl TurnState {
    /// Decides what becomes of a final text, given its figures.
    pub(super) fn grounded(&mut self, draft: TracedDraft, now: Duration) -> TurnEffect {
        if draft.unmatched(self.grounding.on_unmatched).is_empty() {
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
        if draft.unmatched(self.grounding.on_unmatched).is_empty() {
            self.draft = None;
            return self.end_traced(draft);
        }
        self.end_unmatched(draft)
    }

    /// Names the figures to the model, once a turn, and asks for the answer again.
    fn repair(&mut self, draft: TracedDraft, choice: ToolChoice) -> TurnEffect {
        let on_unmatched = self.grounding.on_unmatched;
        let note = GuardNote::Unmatched.with("figures", draft.named(on_unmatched, FigureReader::Model));
        self.events.push(Event::TextDiscarded);
        self.events.push(Event::Guard {
            note: format!(
                "Figures without a source: {}. The model is asked once more.",
                draft.written(on_unmatched)
            ),
        });
        let references = draft.ending.references.as_ref();
        let written = references.and_then(|references| references.written.clone());
        self.messages.push(Message::Assistant {
            text: written.unwrap_or_else(|| draft.ending.text.clone()),
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
                draft.named(self.grounding.on_unmatched, FigureReader::Person)
            );
            let ending = LoopEnd {
                references: Some(AnswerReferences::default()),
                ..LoopEnd::new(StopReason::Ungrounded, text)
            };
            return self.end_with(ending);
        }
        let mark = format!(
            "\n\n[unverified] No result bears out these figures:\n{}",
            draft.named(self.grounding.on_unmatched, FigureReader::Person)
        );
        self.events.push(Event::Text(mark.clone()));
        draft.ending.text.push_str(&mark);
        let references = draft.ending.references.as_mut();
        if let Some(written) = references.and_then(|references| references.written.as_mut()) {
            written.push_str(&mark);
        }
        self.unmatched = true;
        self.end_traced(draft)
    }

    fn end_traced(&mut self, draft: TracedDraft) -> TurnEffect {
        self.figures = Some(draft.figures);
        self.end_with(draft.ending)
    }
}

/// Who reads what is wrong with a figure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FigureReader {
    /// It wrote references, and never saw what stands in their place.
    Model,
    Person,
}

impl TracedDraft {
    /// The figures that count as having no source. A reference that names nothing always does: it leaves a hole in the text.
    fn unmatched(&self, on_unmatched: OnUnmatched) -> Vec<(&Figure, Reason)> {
        let figures = self.figures.iter().filter_map(|figure| match figure.status {
            FigureStatus::Unmatched { reason } => Some((figure, reason)),
            _ => None,
        });
        figures
            .filter(|(_, reason)| on_unmatched != OnUnmatched::Off || *reason == Reason::Unresolved)
            .collect()
    }

    /// One line for each figure without a source, with what is wrong.
    fn named(&self, on_unmatched: OnUnmatched, reader: FigureReader) -> String {
        let unmatched = self.unmatched(on_unmatched);
        let mut lines: Vec<String> = unmatched
            .iter()
            .take(MOST_NAMED)
            .map(|(figure, reason)| self.line(figure, *reason, reader))
            .collect();
        let more = unmatched.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            lines.push(format!("- and {more} more"));
        }
        lines.join("\n")
    }

    fn line(&self, figure: &Figure, reason: Reason, reader: FigureReader) -> String {
        let references = self.ending.references.iter().flat_map(|all| &all.references);
        let mut around = references.filter(|one| one.start <= figure.start && figure.end <= one.end);
        let (text, why) = (&figure.text, said(figure, reason));
        let Some(reference) = around.next() else {
            let better = (reader == FigureReader::Model && self.ending.references.is_some())
                .then(|| as_reference(figure, reason))
                .flatten();
            let better = better.map(|better| format!("; {better}")).unwrap_or_default();
            return format!("- \"{text}\": {why}{better}");
        };
        let written = &reference.written;
        match (&reference.problem, reader) {
            (Some(problem), FigureReader::Model) => format!("- {written}: {problem}"),
            (Some(problem), FigureReader::Person) => format!("- \"{text}\": {problem}"),
            (None, FigureReader::Model) => {
                let why = match (reason, &figure.elsewhere) {
                    (Reason::Mismatch, Some(elsewhere)) if !elsewhere.named.is_empty() => {
                        with_names(include_str!("../../prompts/repair/other_row_named.md"), elsewhere)
                    }
                    (Reason::Mismatch, _) => include_str!("../../prompts/repair/other_row.md")
                        .trim_end()
                        .to_owned(),
                    _ => why,
                };
                format!("- {written}, which is \"{text}\": {why}")
            }
            (None, FigureReader::Person) => format!("- \"{text}\": {why}"),
        }
    }

    /// The figures without a source, as they are written.
    fn written(&self, on_unmatched: OnUnmatched) -> String {
        let unmatched = self.unmatched(on_unmatched).into_iter().take(MOST_NAMED);
        let texts: Vec<&str> = unmatched.map(|(figure, _)| figure.text.as_str()).collect();
        texts.join(", ")
    }
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
        // The reference says it better, where it is known.
        (Reason::Unresolved, _) => include_str!("../../prompts/repair/unresolved.md"),
    };
    let Some(elsewhere) = &figure.elsewhere else {
        return template.trim_end().to_owned();
    };
    with_names(template, elsewhere)
}

/// A text about a figure, with its cell and the words that speak of something else.
fn with_names(template: &str, elsewhere: &OffContextSource) -> String {
    let names: Vec<String> = elsewhere.named.iter().map(|name| format!("\"{name}\"")).collect();
    let values = BTreeMap::from([("cell", elsewhere.cell.clone()), ("named", names.join(", "))]);
    fill(template.trim_end(), &values)
}

/// How a figure that was typed is written as a reference, so that nobody has to look for it again.
fn as_reference(figure: &Figure, reason: Reason) -> Option<String> {
    let known = figure
        .elsewhere
        .as_ref()
        .and_then(|elsewhere| elsewhere.reference.clone());
    match (reason, known) {
        (Reason::Mismatch, Some(reference)) => {
            let values = BTreeMap::from([("reference", reference)]);
            let template = include_str!("../../prompts/repair/as_reference.md");
            Some(fill(template.trim_end(), &values))
        }
        (Reason::NoSource, _) if figure.kind == FigureKind::Number => {
            let template = include_str!("../../prompts/repair/as_computed.md");
            Some(fill(template.trim_end(), &BTreeMap::<&str, String>::new()))
        }
        _ => None,
    }
}
