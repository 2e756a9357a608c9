//! What the words around a figure say it is of: which row, which column, which period.

use std::collections::HashSet;

use super::index::Index;
use super::number::Number;
pub(super) use super::seat::Seat;
use super::text::{Layout, Period, Place, Span, Word, periods, stem, words};

/// Something of the results that the text names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mention<'i> {
    pub(super) span: Span,
    pub(super) what: What<'i>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What<'i> {
    Period(Period),
    Label(&'i super::index::Label),
    Column { material: usize, column: usize },
}

/// What the words around a figure say to a row, a column or a whole result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// It is another.
    No,
    /// Nothing.
    Nothing,
    /// It is this one, or one of several named.
    Yes,
}

impl Says {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (a, b) => a.max(b),
        }
    }
}

/// Bytes in which mentions count for a figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub(super) span: Span,
    /// Whether what stands in brackets counts too.
    pub(super) asides: bool,
    /// Whether only what stands before the figure counts.
    pub(super) before: bool,
}

/// A text, read against results.
pub(super) struct Context<'a, 'i> {
    pub(super) text: &'a str,
    pub(super) words: Vec<Word<'a>>,
    pub(super) numbers: &'a [Number],
    pub(super) layout: Layout,
    pub(super) index: &'i Index<'i>,
    pub(super) mentions: Vec<Mention<'i>>,
    /// What each word says of how a figure was computed.
    pub(super) cues: Vec<u16>,
    /// Where names of results and columns that have digits stand.
    pub(super) names: Vec<Span>,
    ours: HashSet<String>,
}

impl<'a, 'i> Context<'a, 'i> {
    pub(super) fn read(text: &'a str, numbers: &'a [Number], index: &'i Index<'i>) -> Self {
        let words = words(text);
        let mut mentions: Vec<Mention<'i>> = periods(text, &words, numbers, &index.years())
            .into_iter()
            .map(|period| Mention {
                span: period.span,
                what: What::Period(period),
            })
            .collect();
        mentions.extend(labels(&words, index));
        mentions.extend(columns(&words, index));
        mentions.sort_by_key(|mention| (mention.span.start, mention.span.end));
        let ours = ours(index);
        Self {
            cues: super::cues::said(&words, |low| ours.contains(stem(low))),
            text,
            words,
            numbers,
            layout: Layout::of(text, numbers),
            index,
            mentions,
            names: names(text, index),
            ours,
        }
    }

    /// What stands at a number.
    pub(super) fn seat(&self, span: Span) -> Seat<'_, 'a, 'i> {
        let place = self.layout.place(span);
        Seat {
            context: self,
            span,
            place,
            scopes: self.scopes(span, &place),
        }
    }

    fn scopes(&self, span: Span, place: &Place) -> Vec<Scope> {
        let all = |span| Scope {
            span,
            asides: true,
            before: false,
        };
        if let Some(cell) = place.row {
            return [Some(place.line), cell.header]
                .into_iter()
                .flatten()
                .map(all)
                .collect();
        }
        let mut scopes: Vec<Scope> = place.aside.into_iter().map(all).collect();
        scopes.push(Scope {
            asides: false,
            ..all(place.clause)
        });
        if place.aside.is_none() {
            scopes.push(all(place.clause));
        }
        let own = place.aside.unwrap_or(place.clause);
        if !self.names_the_unknown(own, place.sentence, span) {
            // A name in brackets goes with the figure before it, and with no later one.
            let wider = |span| Scope {
                before: true,
                asides: false,
                ..all(span)
            };
            scopes.push(wider(place.sentence));
            if place.item {
                scopes.push(wider(place.line));
            }
        }
        scopes
    }

    /// Whether a name stands here that no result has: what the figure is of may be written in another way.
    fn names_the_unknown(&self, own: Span, sentence: Span, figure: Span) -> bool {
        self.words.iter().any(|word| {
            own.holds(word.span)
                && word.capital()
                && word.span.start != sentence.start
                && !figure.holds(word.span)
                && !self.mentions.iter().any(|mention| mention.span.holds(word.span))
                && !self.is_ours(&word.low)
        })
    }

    /// Whether a word stands in the name of a result or column.
    pub(super) fn is_ours(&self, low: &str) -> bool {
        self.ours.contains(stem(low))
    }
}

/// Where the names of results and columns stand that are words with digits: these digits are no figures.
fn names(text: &str, index: &Index<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    for material in index.materials {
        let columns = material.table.columns.iter();
        let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
        for name in names.chain([material.title]) {
            let telling = name.contains(|c: char| c.is_ascii_digit()) && name.contains(char::is_alphabetic);
            if telling {
                let places = text.match_indices(name);
                found.extend(places.map(|(at, name)| Span::new(at, at + name.len())));
            }
        }
    }
    found
}

/// The words in the names of results and columns.
fn ours(index: &Index<'_>) -> HashSet<String> {
    let names = index.materials.iter().flat_map(|material| {
        let columns = material.table.columns.iter();
        let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
        names.chain([material.title])
    });
    names
        .flat_map(|name| {
            words(&name.replace('_', " "))
                .into_iter()
                .map(|word| stem(&word.low).to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn labels<'i>(words: &[Word<'_>], index: &'i Index<'i>) -> Vec<Mention<'i>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = words.get(at) {
        let (length, labels) = index.labels_at(words, at);
        let last = words.get((at + length).saturating_sub(1)).unwrap_or(first);
        let span = Span::new(first.span.start, last.span.end.max(first.span.end));
        found.extend(labels.into_iter().map(|label| Mention {
            span,
            what: What::Label(label),
        }));
        at += length.max(1);
    }
    found
}

fn columns<'i>(words: &[Word<'_>], index: &Index<'_>) -> Vec<Mention<'i>> {
    let mut found = Vec::new();
    for (material, shape) in index.shapes.iter().enumerate() {
        if shape.numeric.len() < 2 {
            continue;
        }
        for word in words {
            let named = |names: &Vec<String>| names.iter().any(|name| name == stem(&word.low));
            found.extend(
                shape
                    .column_words
                    .iter()
                    .filter(|(_, names)| named(names))
                    .map(|(column, _)| Mention {
                        span: word.span,
                        what: What::Column {
                            material,
                            column: *column,
                        },
                    }),
            );
        }
    }
    found
}
