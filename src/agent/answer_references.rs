//! References in what a model writes: replaced by what they name as the text comes, and in the final text. The conversation
//! keeps the text as the model wrote it.

use super::calculated_sources::CalculatedSources;
use super::driver::TurnDriver;
use super::figure_sources::questions;
use super::protocol::LoopEnd;
use super::{Event, ReferenceMode};
use crate::grounding::{Notation, ReferencedFigure};
use crate::model::Message;
use crate::references::{
    FigureStyle, KnownResults, ReferencedText, RequestedChart, TextPiece, TextSplitter, WrittenReference,
};
use crate::result::HeldResults;
use crate::text::{LinkRules, WithoutLinks};

/// What references made of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerReferences {
    /// The text as the model wrote it, if it held a reference.
    pub(super) written: Option<String>,
    /// What was written in place of references.
    pub(super) figures: Vec<ReferencedFigure>,
    /// The references, in the order of the text.
    pub(super) references: Vec<WrittenReference>,
    /// The charts it asks for.
    pub(super) charts: Vec<RequestedChart>,
    /// How its figures are written.
    pub(super) notation: Notation,
}

/// Writes values in place of references while a text comes.
#[derive(Debug)]
pub(super) struct ReferenceWriter {
    text: ReferencedText,
    known: KnownResults,
    charts: usize,
}

/// The results of a conversation, and who asked what in it.
#[derive(Clone, Copy)]
pub(super) struct ReferenceSources<'a> {
    pub(super) held: &'a HeldResults,
    pub(super) before: &'a [Message],
    pub(super) question: &'a str,
    pub(super) links: &'a LinkRules,
    pub(super) style: FigureStyle,
}

impl ReferenceWriter {
    pub(super) fn new(sources: ReferenceSources<'_>) -> Self {
        Self {
            text: ReferencedText::default(),
            known: KnownResults::of(sources.held, sources.links).asked_in(
                sources.style,
                [sources.question]
                    .into_iter()
                    .chain(questions(sources.before).into_iter().rev()),
            ),
            charts: 0,
        }
    }

    /// Takes more text, and gives what watchers are to be told.
    pub(super) async fn push(&mut self, more: &str, sources: ReferenceSources<'_>) -> Vec<Event> {
        let pieces = self.text.split(more);
        self.put(pieces, sources).await
    }

    pub(super) async fn end(&mut self, sources: ReferenceSources<'_>) -> Vec<Event> {
        let pieces = self.text.rest();
        let mut events = self.put(pieces, sources).await;
        let rest = self.text.end();
        if !rest.is_empty() {
            events.push(Event::Text(rest.to_owned()));
        }
        events
    }

    async fn put(&mut self, pieces: Vec<TextPiece>, sources: ReferenceSources<'_>) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in pieces {
            self.know(&piece, sources).await;
            let text = self.text.put(piece, &self.known).to_owned();
            let charts = self.text.charts().iter().skip(self.charts).cloned();
            let charts: Vec<Event> = charts.map(Event::Chart).collect();
            self.charts += charts.len();
            events.extend(charts);
            if !text.is_empty() {
                events.push(Event::Text(text));
            }
        }
        events
    }

    /// Reads the rows of the results that a piece names.
    async fn know(&mut self, piece: &TextPiece, sources: ReferenceSources<'_>) {
        for handle in ReferencedText::wanted(piece) {
            let Some(held) = sources.held.get(handle).filter(|_| !self.known.has(handle)) else {
                continue;
            };
            let table = sources.held.table(handle).await;
            let unfounded = unfounded(handle, sources);
            self.known.add(held, table, unfounded);
        }
    }
}

/// The rows of a calculation, counted from 0, that rest on nothing but numbers that the model typed.
fn unfounded(
    handle: crate::result::Handle,
    sources: ReferenceSources<'_>,
) -> std::collections::BTreeSet<usize> {
    let is_calculated = sources
        .held
        .get(handle)
        .is_some_and(|held| !held.origin.derivations().is_empty());
    if !is_calculated {
        return std::collections::BTreeSet::new();
    }
    let asked = questions(sources.before).into_iter().chain([sources.question]);
    let mut calculated = CalculatedSources::new(asked);
    for held in sources
        .held
        .iter()
        .filter(|held| !held.origin.derivations().is_empty())
    {
        calculated.judge(held.handle, held.origin.derivations());
    }
    calculated.unfounded(handle)
}

impl TurnDriver<'_> {
    /// What references are resolved against.
    pub(super) fn reference_sources(&self) -> ReferenceSources<'_> {
        ReferenceSources {
            held: self.shelf,
            before: self.before,
            question: self.question,
            links: self.agent.links(),
            style: self.number_style,
        }
    }

    /// Replaces the references of an ending's text and options, unless that was done or is switched off.
    pub(super) async fn resolve(&mut self, mut ending: LoopEnd) -> LoopEnd {
        if ending.references.is_some() || self.references == ReferenceMode::Off {
            return ending;
        }
        for option in &mut ending.options {
            let (text, _) = self.resolved(option).await;
            *option = text;
        }
        let (text, references) = self.resolved(&ending.text).await;
        (ending.text, ending.references) = (text, Some(references));
        ending
    }

    /// A text with the values that its references name, and what they were.
    async fn resolved(&mut self, written: &str) -> (String, AnswerReferences) {
        if !written.contains("{{") {
            return (written.to_owned(), AnswerReferences::default());
        }
        let sources = self.reference_sources();
        let mut writer = ReferenceWriter::new(sources);
        writer.push(written, sources).await;
        writer.end(sources).await;
        let text = writer.text;
        if text.references().is_empty() {
            return (written.to_owned(), AnswerReferences::default());
        }
        let mut references = AnswerReferences {
            written: Some(written.to_owned()),
            figures: text.figures().to_vec(),
            references: text.references().to_vec(),
            charts: text.charts().to_vec(),
            notation: text.notation(),
        };
        let ruled = self.agent.links().apply(text.text());
        self.links_removed = self.links_removed.saturating_add(ruled.removed);
        if ruled.text != text.text() {
            // A value and the words around it made a link together. No place in the text holds any longer, so that its
            // figures are looked for as if the model had written them.
            references.figures.clear();
            references.charts.clear();
        }
        (ruled.text, references)
    }
}

/// Applies the rules for links to what a model wrote. References are left alone: a key may be an address.
pub(super) fn without_links(links: &LinkRules, text: &str) -> WithoutLinks {
    let mut splitter = TextSplitter::default();
    let mut pieces = splitter.push(text);
    pieces.extend(splitter.finish());
    let mut masked = String::with_capacity(text.len());
    let mut references = Vec::new();
    for piece in &pieces {
        match piece {
            TextPiece::Text(text) => masked.push_str(text),
            TextPiece::Reference(inside) | TextPiece::Unclosed(inside) => {
                masked.push_str(&mask(references.len()));
                let close = if matches!(piece, TextPiece::Unclosed(_)) {
                    ""
                } else {
                    "}}"
                };
                references.push(format!("{{{{{inside}{close}"));
            }
        }
    }
    if references.is_empty() || (0..references.len()).any(|at| text.contains(&mask(at))) {
        return links.apply(text);
    }
    let mut ruled = links.apply(&masked);
    for (at, reference) in references.iter().enumerate() {
        ruled.text = ruled.text.replacen(&mask(at), reference, 1);
    }
    ruled
}

/// Stands for a reference while links are looked for.
fn mask(number: usize) -> String {
    format!("{{{{reference-{number}}}}}")
}
