//! What the words around a figure say it is of: which row, which column, which period.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

pub(super) use super::figure_context::FigureContext;
use super::index::CellIndex;
use super::mentions::{mentions, names, ours, unknown};
use super::number::{Kind, Number};
use super::text::{Layout, Span, TextPeriod, TextPlace, TextWord, held, stem, words};
use super::vocabulary::Concept;
use super::work::Work;

/// Something of the results that the text names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mention<'i> {
    pub(super) span: Span,
    pub(super) what: MentionTarget<'i>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum MentionTarget<'i> {
    TextPeriod(TextPeriod),
    Label(&'i super::labels::Label),
    Column { material: usize, column: usize },
}

/// Whether the words around a figure bear out that it is of a row, a column or a whole result: what is known as entailment,
/// contradiction and neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entailment {
    No,
    Nothing,
    /// It is this one, or one of several named.
    Yes,
}

impl Entailment {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (a, b) => a.max(b),
        }
    }
}

/// Bytes in which mentions count for a figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct MentionScope {
    pub(super) span: Span,
    /// Whether what stands in brackets counts too.
    pub(super) asides: bool,
    /// Whether only what stands before the figure counts.
    pub(super) before: bool,
}

/// A text, read against results.
pub(super) struct TextContext<'a, 'i> {
    pub(super) text: &'a str,
    pub(super) words: Vec<TextWord<'a>>,
    pub(super) numbers: &'a [Number],
    pub(super) layout: Layout,
    pub(super) index: &'i CellIndex<'i>,
    pub(super) mentions: Vec<Mention<'i>>,
    /// What each word says of how a figure was computed.
    pub(super) cues: Vec<u64>,
    /// Where numbers stand that name rows.
    pub(super) keys: Vec<Span>,
    /// Where names of results and columns that have digits stand.
    names: Vec<Span>,
    /// Words that begin with a capital letter and are in no result.
    unknown: Vec<Span>,
    /// Bytes of the longest mention and of the longest name, so that a look for those over a place can end.
    longest: (usize, usize),
    /// Characters before every so many bytes.
    characters: Vec<usize>,
    /// What has been done so far, and whether to go on.
    pub(super) work: &'i Work<'i>,
    pub(super) memo: TextMemo,
}

/// What was worked out of a text once and is asked for at many of its figures.
#[derive(Default)]
pub(super) struct TextMemo {
    /// Groups of rows, by result, kind of look-up and the places whose names count.
    pub(super) groups: RefCell<HashMap<GroupsKey, Rc<Vec<Vec<usize>>>>>,
    pub(super) rows: RefCell<HashMap<GroupsKey, Rc<Vec<usize>>>>,
    /// The rows that a period stands for, by result and column of days.
    pub(super) periods: RefCell<HashMap<PeriodKey, Rc<Vec<usize>>>>,
    /// The rows whose names the text lists, by result.
    pub(super) listed: RefCell<HashMap<usize, Rc<Vec<usize>>>>,
    /// The columns of a result that a header is the name of.
    pub(super) headers: RefCell<HeaderColumns>,
    /// The row of another result that is of the same thing.
    pub(super) same: RefCell<HashMap<(usize, usize, usize), Option<usize>>>,
    /// List items of the text.
    pub(super) items: OnceCell<usize>,
    /// Whether the text speaks of some rows only.
    pub(super) some: OnceCell<bool>,
    /// What each sentence tells of one of something.
    pub(super) each: RefCell<HashMap<Span, super::each::ToldOfOne>>,
}

/// The columns that a header is the name of, by the header's place and the result.
type HeaderColumns = HashMap<(Span, usize), Rc<Vec<usize>>>;

/// Which rows are asked for: the result, for what, and the places whose names count.
pub(super) type GroupsKey = (usize, u8, Span, Option<Span>, Option<Span>);

/// Which rows of a period are asked for: the result, the column of days, and the period.
type PeriodKey = (usize, usize, TextPeriod);

/// Bytes from one count of characters to the next.
const COUNTED: usize = 1024;

impl<'a, 'i> TextContext<'a, 'i> {
    pub(super) fn read(
        text: &'a str,
        numbers: &'a [Number],
        index: &'i CellIndex<'i>,
        work: &'i Work<'i>,
    ) -> Self {
        let words = words(text);
        let layout = Layout::of(text, numbers);
        let (mentions, keys) = mentions(text, &words, (numbers, &layout), index, work);
        let ours = ours(index);
        let unknown = unknown(&words, &mentions, |low| ours.contains(stem(low)));
        let mut names = names(text, index);
        names.extend(super::name_numbers::numbers_of_names(text, &words, index));
        names.sort_by_key(|name| (name.start, name.end));
        let long = |spans: &mut dyn Iterator<Item = Span>| spans.map(|span| span.end - span.start).max();
        let longest = (
            long(&mut mentions.iter().map(|mention| mention.span)).unwrap_or(0),
            long(&mut names.iter().copied()).unwrap_or(0),
        );
        Self {
            cues: super::cues::said(&words, |low| ours.contains(stem(low))),
            text,
            words,
            numbers,
            layout,
            keys,
            index,
            mentions,
            names,
            unknown,
            longest,
            characters: counted(text),
            work,
            memo: TextMemo::default(),
        }
    }

    /// The words that stand in some bytes.
    pub(super) fn words_in(&self, bytes: Span) -> &[TextWord<'a>] {
        self.words.get(self.word_range(bytes)).unwrap_or_default()
    }

    /// The places in [`Self::words`] of the words that stand in some bytes.
    pub(super) fn word_range(&self, bytes: Span) -> Range<usize> {
        held(&self.words, |word| word.span, bytes)
    }

    /// The last word that ends before a byte, by its place.
    pub(super) fn word_before(&self, byte: usize) -> Option<usize> {
        self.words
            .partition_point(|word| word.span.end <= byte)
            .checked_sub(1)
    }

    /// The words that begin at a byte or behind it.
    pub(super) fn words_from(&self, byte: usize) -> &[TextWord<'a>] {
        let first = self.words.partition_point(|word| word.span.start < byte);
        self.words.get(first..).unwrap_or_default()
    }

    /// The mentions that stand in some bytes.
    pub(super) fn mentions_in(&self, bytes: Span) -> impl Iterator<Item = &Mention<'i>> {
        self.mention_range(bytes)
            .filter_map(|at| self.mentions.get(at))
            .filter(move |mention| bytes.holds(mention.span))
    }

    /// The places in [`Self::mentions`] of those that begin in some bytes.
    pub(super) fn mention_range(&self, bytes: Span) -> Range<usize> {
        let from = self
            .mentions
            .partition_point(|mention| mention.span.start < bytes.start);
        let to = self
            .mentions
            .partition_point(|mention| mention.span.start <= bytes.end);
        self.work.spend(to.saturating_sub(from));
        from..to.max(from)
    }

    /// The mentions that hold some bytes.
    pub(super) fn mentions_over(&self, bytes: Span) -> impl Iterator<Item = &Mention<'i>> {
        let to = self
            .mentions
            .partition_point(|mention| mention.span.start <= bytes.start);
        let least = bytes.end.saturating_sub(self.longest.0);
        let before = self.mentions.get(..to).unwrap_or_default().iter().rev();
        before
            .take_while(move |mention| mention.span.start >= least)
            .filter(move |mention| mention.span.holds(bytes))
    }

    /// Whether bytes are part of the name of a result or column.
    pub(super) fn in_name(&self, bytes: Span) -> bool {
        let to = self.names.partition_point(|name| name.start <= bytes.start);
        let least = bytes.end.saturating_sub(self.longest.1);
        let mut before = self.names.get(..to).unwrap_or_default().iter().rev();
        before
            .by_ref()
            .take_while(|name| name.start >= least)
            .any(|name| name.holds(bytes))
    }

    /// Whether a number names a row.
    pub(super) fn is_key(&self, number: Span) -> bool {
        let from = self.keys.partition_point(|key| key.start < number.start);
        self.keys.get(from).is_some_and(|key| number.holds(*key))
    }

    /// The numbers that stand in some bytes.
    pub(super) fn numbers_in(&self, bytes: Span) -> &'a [Number] {
        let range = held(self.numbers, |number| Span::new(number.start, number.end), bytes);
        self.work.spend(range.len());
        self.numbers.get(range).unwrap_or_default()
    }

    /// Whether any figure of the text is written with a currency.
    pub(super) fn writes_currency(&self) -> bool {
        self.numbers.iter().any(|number| number.currency.is_some())
    }

    /// The last number that ends before a byte.
    pub(super) fn number_before(&self, byte: usize) -> Option<&'a Number> {
        let at = self.numbers.partition_point(|number| number.end <= byte);
        self.numbers.get(at.checked_sub(1)?)
    }

    /// The first number that begins at a byte or behind it.
    pub(super) fn number_from(&self, byte: usize) -> Option<&'a Number> {
        self.numbers
            .get(self.numbers.partition_point(|number| number.start < byte))
    }

    /// How many characters stand before a byte.
    pub(super) fn characters_before(&self, byte: usize) -> usize {
        let (at, from) = (byte / COUNTED, byte / COUNTED * COUNTED);
        let rest = self.text.as_bytes().get(from..byte).unwrap_or_default();
        self.characters.get(at).copied().unwrap_or_default() + begun(rest)
    }

    /// What stands at a date: names go with dates in turn, as they do with figures.
    pub(super) fn seat_of_date(&self, span: Span) -> FigureContext<'_, 'a, 'i> {
        FigureContext {
            is_date: true,
            ..self.seat(span)
        }
    }

    /// What stands at a number.
    pub(super) fn seat(&self, span: Span) -> FigureContext<'_, 'a, 'i> {
        let place = self.layout.place(span);
        FigureContext {
            context: self,
            span,
            is_date: false,
            place,
            scopes: self.scopes(span, &place),
            memo: super::figure_context::FigureMemo::default(),
        }
    }

    fn scopes(&self, span: Span, place: &TextPlace) -> Vec<MentionScope> {
        let all = |span| MentionScope {
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
        let mut scopes: Vec<MentionScope> = place.aside.into_iter().map(all).collect();
        scopes.push(MentionScope {
            asides: false,
            ..all(place.clause)
        });
        if place.aside.is_none() {
            scopes.push(all(place.clause));
        }
        // `and the first the fewest (37)`: the names before it are of another figure.
        if let Some(other) = self.other_of_its_kind(place.sentence, span) {
            for scope in &mut scopes {
                scope.span.start = scope.span.start.max(other).min(scope.span.end);
            }
            return scopes;
        }
        let own = place.aside.unwrap_or(place.clause);
        if !self.names_the_unknown(own, place.sentence, span) {
            // A name in brackets goes with the figure before it, and with no later one.
            let wider = |span| MentionScope {
                before: true,
                asides: false,
                ..all(span)
            };
            scopes.push(wider(place.sentence));
            if place.item {
                scopes.push(wider(place.line));
                scopes.extend(self.lead_of_list(place.line).map(wider));
            }
        }
        scopes
    }

    /// The line that leads into a list, if it only says what the list is of: `In March 2026:`.
    pub(super) fn lead_of_list(&self, item: Span) -> Option<Span> {
        const MOST_ITEMS: usize = 12;
        let mut end = item.start;
        for _ in 0..MOST_ITEMS {
            let above = self.text.get(..end)?.strip_suffix('\n')?;
            let start = above.rfind('\n').map_or(0, |at| at + 1);
            let line = Span::new(start, above.len());
            let written = line.of(self.text).trim();
            let place = self.layout.place(Span::new(start, (start + 1).min(line.end)));
            if !written.is_empty() && !place.item {
                let leads = written.len() < 80
                    && self
                        .numbers_in(line)
                        .iter()
                        .all(|number| number.kind != Kind::Quantity);
                return leads.then_some(line);
            }
            end = start;
        }
        None
    }

    /// Where a sentence speaks of another of the same kind without its name, between the figure before and this one: `the
    /// first`, `the other`.
    fn other_of_its_kind(&self, sentence: Span, figure: Span) -> Option<usize> {
        // `to $61.98 (1,166 orders) in the last`
        let aside = self.layout.aside(figure).map_or(figure.end, |aside| aside.end);
        let unnamed = |word: &TextWord<'_>| self.mentions_over(word.span).next().is_none();
        let near = |at: usize| match self.words_from(at) {
            [first, article, other, ..] => {
                let close = self
                    .text
                    .get(at..first.span.start)
                    .is_some_and(|gap| gap.trim_matches([')', '*', ' ']).is_empty());
                close
                    && first.low == "in"
                    && article.low == "the"
                    && Concept::Other.has(&other.low)
                    && unnamed(other)
            }
            _ => false,
        };
        let behind_aside = || {
            let open = self
                .text
                .get(figure.end..)
                .filter(|rest| rest.starts_with(" ("))?;
            Some(figure.end + open.find(')')? + 1)
        };
        if near(figure.end) || near(aside) || behind_aside().is_some_and(near) {
            return Some(figure.start);
        }
        let before = self.number_before(figure.start).map_or(0, |number| number.end);
        let words = self.words_in(Span::new(before.max(sentence.start), figure.start));
        words.windows(2).rev().find_map(|pair| {
            let [article, other] = pair else { return None };
            let named = self.mentions_over(other.span).next().is_some();
            (article.low == "the" && Concept::Other.has(&other.low) && !named).then_some(article.span.start)
        })
    }

    /// Whether a name stands here that no result has: what the figure is of may be written in another way.
    fn names_the_unknown(&self, own: Span, sentence: Span, figure: Span) -> bool {
        let unknown = self.unknown.get(held(&self.unknown, |word| *word, own));
        let mut unknown = unknown.unwrap_or_default().iter();
        unknown.any(|word| word.start != sentence.start && !figure.holds(*word))
    }
}

/// How many characters begin in some bytes.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count()
}

fn counted(text: &str) -> Vec<usize> {
    let mut before = 0;
    let mut counted = vec![0];
    for part in text.as_bytes().chunks(COUNTED) {
        before += begun(part);
        counted.push(before);
    }
    counted
}
