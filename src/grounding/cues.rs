//! What the words around a figure say of how it was computed: a change, a share, a mean, a sum.

use std::ops::Range;

use super::number::{Kind, Number};
use super::scope::FigureContext;
use super::text::{Span, TextWord};
use super::vocabulary::{Concept, said_by};

/// What a word may say of how a figure was computed, in the order of the fields that [`Cues`] is read into.
const CUES: [Concept; 13] = [
    Concept::Up,
    Concept::Down,
    Concept::Change,
    Concept::Share,
    Concept::Mean,
    Concept::Sum,
    Concept::Ratio,
    Concept::Gap,
    Concept::Running,
    Concept::Rest,
    Concept::Total,
    Concept::Median,
    Concept::Lessening,
];
/// Their bits: they are the first of all concepts.
const CUE_BITS: u64 = Concept::About.bit() - 1;

/// What each word of a text says. A word in the name of a metric says what it is, not how the figure was computed:
/// `average order value`.
pub(super) fn said(words: &[TextWord<'_>], is_name: impl Fn(&str) -> bool) -> Vec<u64> {
    let of = |(at, word): (usize, &TextWord<'_>)| match said_by(&word.low) & CUE_BITS {
        0 => 0,
        bits if !is_name(&word.low) && !bounds(words, at) => bits,
        bits if Concept::Mean.has(&word.low) && is_over_all(words, at) => bits & Concept::Mean.bit(),
        _ => 0,
    };
    words.iter().enumerate().map(of).collect()
}

/// Whether a word is of all of something, whatever a column is called: `the average over the eight clubs`.
fn is_over_all(words: &[TextWord<'_>], at: usize) -> bool {
    let low = |at: usize| words.get(at).map_or("", |word| word.low.as_str());
    match low(at + 1) {
        "over" | "across" | "über" => true,
        "of" => matches!(low(at + 2), "the" | "all" | "these" | "those"),
        _ => false,
    }
}

/// Whether a word is of a bound, not of a change: `more than half`, `less than 400`.
fn bounds(words: &[TextWord<'_>], at: usize) -> bool {
    const PARTS: &str = "half a an one two three four five six seven eight nine ten twice double doubled doubling \
        tripled triple halved third quarter";
    let low = |at: usize| words.get(at).map_or("", |word| word.low.as_str());
    let than = match (low(at), low(at + 1)) {
        ("more" | "less" | "fewer" | "higher" | "lower", "than") => at + 1,
        ("than", _) if at > 0 && matches!(low(at - 1), "more" | "less" | "fewer" | "higher" | "lower") => at,
        _ => return false,
    };
    let next = low(than + 1);
    next.starts_with(|c: char| c.is_ascii_digit()) || PARTS.split_ascii_whitespace().any(|part| part == next)
}

/// What the words of a question ask for.
pub(super) fn asked(question: &str) -> u64 {
    let words = super::text::words(question);
    // `Sales per region` asks for groups.
    let telling = words.iter().filter(|word| !Concept::Per.has(&word.low));
    telling.fold(0, |all, word| all | said_by(&word.low)) & CUE_BITS
}

/// Bytes behind a figure whose words speak of it, wherever its clause ends.
const BEHIND: usize = 16;

/// Which way a change is said to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeDirection {
    Up,
    Down,
    /// Not said, or both.
    Open,
}

/// What the words of a clause say.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a group of words that may or may not be there"
)]
pub(super) struct Cues {
    pub(super) way: ChangeDirection,
    pub(super) change: bool,
    pub(super) share: bool,
    pub(super) mean: bool,
    /// Whether anything in the sentence is for one of something: `$75.53 per unit, the tent $195.57`.
    pub(super) per: bool,
    pub(super) sum: bool,
    pub(super) ratio: bool,
    pub(super) gap: bool,
    pub(super) running: bool,
    /// What is left of a whole without something.
    pub(super) rest: bool,
    pub(super) total: bool,
    /// The whole that another figure is a part of: `1,621 of 5,300`.
    pub(super) whole: bool,
    pub(super) median: bool,
    /// Whether it plainly goes down.
    pub(super) falls: bool,
    /// Whether it is spent or taken off.
    pub(super) lessening: bool,
    /// Whether a mean is only what the sentence before speaks of.
    pub(super) mean_before: bool,
    /// Whether only the figure's own sign says that it is a change.
    pub(super) by_sign: bool,
    /// Whether the sentence tells of one of something, without a word like `per`.
    pub(super) each: bool,
}

impl Cues {
    pub(super) fn of(seat: &FigureContext<'_, '_, '_>) -> Self {
        Self {
            each: super::each::is_for_one(seat),
            ..Self::told(seat)
        }
    }

    fn told(seat: &FigureContext<'_, '_, '_>) -> Self {
        let close = Self::read(seat, near(seat));
        if seat.place.row.is_some() {
            return close;
        }
        let sentence = seat.place.sentence;
        let all = Self::read(seat, bits(seat, seat.context.word_range(sentence), |_| true));
        // `Eastgate fell by 4,306 and Westhill by 745`: the verb stands before.
        let by = || {
            let before = seat.context.word_before(seat.span.start);
            let before = before.and_then(|at| seat.context.words.get(at));
            before.is_some_and(|word| word.low == "by")
        };
        let nothing_else = Self {
            running: false,
            ..close
        };
        if close.any() && (nothing_else.any() || !by()) {
            // What is left out stands where the sentence begins: `Everything except Outdoor makes 965, or 64 %`.
            return Self {
                rest: close.rest || (close.share && all.rest),
                // `Harbour fell most, by 12.5 %, and Oak Street by 3.7 %`
                falls: close.falls || (close.way == ChangeDirection::Open && all.falls),
                per: all.mean,
                ..close
            };
        }
        // `In January it was 125.91`: it is what the sentence before speaks of.
        let pointing = || {
            let mut words = seat.context.words_in(sentence).iter();
            words.any(|word| matches!(word.low.as_str(), "it" | "that" | "this" | "es"))
        };
        // `Ternen earned $3.29 per kg. Nordlys made $2.39.`
        let per_unit = |before: Span| {
            let mut words = seat.context.words_in(before).iter();
            words.any(|word| Concept::Per.has(&word.low))
        };
        // `Umsatz je m²:` above `1. Basel: 3.938 €`
        let lead = seat
            .place
            .item
            .then(|| seat.context.lead_of_list(seat.place.line))
            .flatten();
        if let Some(lead) = lead.filter(|_| !all.any()) {
            let told = Self::read(seat, bits(seat, seat.context.word_range(lead), |_| true));
            return all.as_told_before(&told);
        }
        let goes_on = |before: &Span| !all.any() && (pointing() || per_unit(*before));
        if let Some(before) = seat.place.before.filter(goes_on) {
            let told = Self::read(seat, bits(seat, seat.context.word_range(before), |_| true));
            return Self {
                rest: told.rest,
                ..all.as_told_before(&told)
            };
        }
        all
    }

    /// The same, with what words before the sentence say that its figures are.
    fn as_told_before(self, told: &Self) -> Self {
        Self {
            share: told.share,
            mean: told.mean,
            mean_before: told.mean,
            per: told.per,
            ratio: told.ratio,
            ..self
        }
    }

    /// The same, where the question has asked for what the answer then gives in bare words: a share, a mean.
    pub(super) fn and_asked(self, question: u64) -> Option<Self> {
        let has = |concept: Concept| question & concept.bit() != 0;
        let (share, mean, ratio) = (has(Concept::Share), has(Concept::Mean), has(Concept::Ratio));
        let more = (share && !self.share) || (mean && !self.mean) || (ratio && !self.ratio);
        more.then_some(Self {
            share: self.share || share,
            mean: self.mean || mean,
            ratio: self.ratio || ratio,
            ..self
        })
    }

    fn any(&self) -> bool {
        self.change || self.share || self.mean || self.sum || self.ratio || self.gap || self.running
    }

    fn read(seat: &FigureContext<'_, '_, '_>, bits: u64) -> Self {
        let [
            up,
            down,
            change,
            share,
            mean,
            sum,
            ratio,
            gap,
            running,
            rest,
            total,
            median,
            lessening,
        ] = CUES.map(|cue| bits & cue.bit() != 0);
        let text = seat.context.text;
        let place = seat.place;
        let around = match place.row {
            Some(cell) => cell.header.unwrap_or(cell.cell),
            None => place.clause,
        };
        let signs = |marks: &[char]| around.of(text).contains(marks);
        let behind = Span::new(seat.span.start, place.sentence.end);
        let of_total = [
            "% of",
            "percent of",
            "per cent of",
            "% del total",
            "% de todos",
            "% de todas",
            "% du total",
            "% des",
            "% der",
            "% aller",
            "% vom",
        ]
        .iter()
        .any(|mark| behind.of(text).contains(mark));
        let own = seat.span.of(text);
        let (plus, minus) = (
            own.contains('+'),
            own.contains(['-', '−']) && (own.contains('%') || own.starts_with('(')),
        );
        let follows = text.get(seat.span.end..).unwrap_or_default();
        let fold = ["x ", "x,", "x.", "x)", "× ", "×", "-fold"]
            .iter()
            .any(|mark| follows.starts_with(mark));
        Self {
            mean_before: false,
            each: false,
            by_sign: (plus || minus) && !(up || down || change),
            way: match (up, down) {
                _ if plus => ChangeDirection::Up,
                (true, false) => ChangeDirection::Up,
                (false, true) => ChangeDirection::Down,
                _ => ChangeDirection::Open,
            },
            change: up || down || change || plus || minus || signs(&['Δ', '±']),
            share: share || of_total || (place.row.is_some() && signs(&['%'])),
            mean: mean || is_each(follows) || signs(&['/', 'Ø']),
            per: mean,
            sum,
            ratio: ratio || fold || signs(&['×']),
            gap,
            running,
            rest,
            total,
            whole: follows_a_part(seat),
            median,
            falls: down && !up,
            lessening,
        }
    }
}

/// Whether words behind a figure say that it is for one of something: `53.3 a day`.
fn is_each(follows: &str) -> bool {
    const UNITS: [&str; 8] = [
        "day", "week", "month", "quarter", "year", "hour", "order", "customer",
    ];
    let rest = follows.trim_start_matches(['*', '_']);
    let unit = rest.strip_prefix(" a ").or_else(|| rest.strip_prefix(" an "));
    unit.is_some_and(|unit| {
        // `$14.90 a bowl.`
        let behind = unit.trim_start_matches(char::is_alphabetic);
        let ends = behind.len() < unit.len()
            && (behind.is_empty() || behind.starts_with(['.', ',', ';', ')', '\n']));
        ends || UNITS.iter().any(|one| unit.starts_with(one))
    })
}

/// Parts of a whole in words.
const PARTS: [&str; 12] = [
    "half", "third", "thirds", "quarter", "quarters", "most", "majority", "fifth", "tenth", "bulk", "none",
    "out",
];
/// Whether words with these bits speak of a change.
pub(super) fn tells_a_change(bits: u64) -> bool {
    bits & (Concept::Up.bit() | Concept::Down.bit() | Concept::Change.bit()) != 0
}

/// Whether a column is of changes by its name: `improvement`, `yoy_change`.
pub(super) fn names_a_change(name: &str, label: &str) -> bool {
    let words = super::keys::name_words(&format!("{name} {label}"));
    let mut said = words.iter().map(|word| said_by(word));
    said.any(|bits| tells_a_change(bits) || bits & Concept::Gap.bit() != 0)
}

/// Words between a part and the `of` before its whole, the part among them: `1,621 orders out of 5,300`.
const PART_WORDS: usize = 3;

/// Whether `of` and, a few words before that, another figure or a fraction stand before this one; or it is all of
/// something that the sentence then takes apart: `Of 1,112 reviews`.
fn follows_a_part(seat: &FigureContext<'_, '_, '_>) -> bool {
    let money = |c: char| "$€£¥".contains(c);
    let left = seat.context.text.get(..seat.span.start).unwrap_or_default();
    let left = left.trim_end_matches(|c: char| c.is_whitespace() || money(c));
    let opening = left.get(seat.place.sentence.start..).unwrap_or_default();
    let opening = opening.trim_start_matches(['*', '_', ' ']);
    if ["Of", "Of the", "Of all", "Of our", "Out of", "Von"].contains(&opening) {
        return true;
    }
    let left = [
        "the",
        "all",
        "our",
        "these",
        "those",
        "a total of",
        "its",
        "their",
    ]
    .iter()
    .find_map(|word| left.strip_suffix(word))
    .map_or(left, str::trim_end);
    ["of", "von", "sur"]
        .iter()
        .filter_map(|word| left.strip_suffix(word))
        .filter(|before| before.ends_with(char::is_whitespace))
        .any(|before| {
            let mut words = before.split_whitespace().rev().take(PART_WORDS);
            words.any(|word| {
                let low = word.trim_matches(['*', '_', '(']).to_lowercase();
                low.starts_with(|c: char| c.is_ascii_digit() || money(c)) || PARTS.contains(&low.as_str())
            })
        })
}

/// What the words say that speak of a figure: of its clause; in a table of its row and header.
fn near(seat: &FigureContext<'_, '_, '_>) -> u64 {
    let place = seat.place;
    let spans = match place.row {
        Some(cell) => [Some(place.line), cell.header],
        None => [Some(place.clause), place.aside],
    };
    // What the figure is compared with may stand in the next clause: `3.20 ahead of the rest`.
    let behind = Span::new(seat.span.end, (seat.span.end + BEHIND).min(place.sentence.end));
    let close = spans.iter().flatten().map(|close| {
        let words = seat.context.word_range(*close);
        bits(seat, words, |span| !seat.speaks_of_another(span))
    });
    // The word that `behind` begins in, if it does in one, ends behind its first byte.
    let first = seat.context.word_before(behind.start).map_or(0, |at| at + 1);
    let touched = seat.context.words.iter().skip(first);
    let touched = touched.take_while(|word| behind.touches(word.span)).count();
    close.fold(bits(seat, first..first + touched, |_| true), |all, bits| {
        all | bits
    })
}

/// What some words say, but for the figure's own.
fn bits(seat: &FigureContext<'_, '_, '_>, words: Range<usize>, counts: impl Fn(Span) -> bool) -> u64 {
    let context = seat.context;
    context.work.spend(words.len());
    let cues = context.cues.get(words.clone()).unwrap_or_default();
    let words = context.words.get(words).unwrap_or_default().iter().zip(cues);
    words
        .filter(|(word, bits)| **bits != 0 && !seat.span.holds(word.span) && counts(word.span))
        .fold(0, |all, (_, bits)| all | bits)
}

/// Whether a figure is said to be the whole of a part that is greater: `US customers brought 446 of 220 orders`.
pub(super) fn is_less_than_its_part(seat: &FigureContext<'_, '_, '_>, number: &Number) -> bool {
    let context = seat.context;
    let Some(part) = context
        .number_before(number.start)
        .filter(|part| part.kind == Kind::Quantity)
    else {
        return false;
    };
    let between = context
        .text
        .get(part.end..number.start)
        .unwrap_or_default()
        .replace(['*', '_'], "");
    // `14 open of 401 claims`
    let plain = between.starts_with(' ') && between.chars().all(|c| c.is_alphabetic() || c == ' ');
    let plain = plain && !between.contains(" and ");
    // `318 visits took place out of 264`
    let outright = between.ends_with(" out of ");
    let most = if outright { 2 * PART_WORDS } else { PART_WORDS };
    let close = between.split_ascii_whitespace().count() <= most;
    let ends = [" of ", " out of ", " of the ", " of all ", " of our "]
        .iter()
        .any(|end| between.ends_with(end));
    let of = plain && close && ends;
    let alike = part.percent == number.percent && part.currency == number.currency && !number.percent;
    of && alike && part.value > number.value && number.value > 0.0
}

/// Words before `from` that say which way it went.
const REACH: usize = 5;

/// Whether a figure is where something is said to have gone to, and that lies the other way: `fell from 28 to 37`.
pub(super) fn contradicts_its_way(seat: &FigureContext<'_, '_, '_>, number: &Number) -> bool {
    let context = seat.context;
    let start = seat.span.start;
    if contradicts_its_verb(seat) {
        return true;
    }
    let sentence = Span::new(seat.place.sentence.start, start);
    let mut before = context.numbers_in(sentence).iter().rev();
    let Some(from) = before.find(|other| other.kind == Kind::Quantity) else {
        return false;
    };
    let word_before = |at: usize| context.word_before(at);
    let low = |at: usize| context.words.get(at).map_or("", |word| word.low.as_str());
    let (Some(to), Some(since)) = (word_before(start), word_before(from.start)) else {
        return false;
    };
    let close = Span::new(from.end, start).of(context.text);
    // `between $95.93 and $22.38`
    let between = low(to) == "and" && low(since) == "between" && from.percent == number.percent;
    if between && from.currency == number.currency && !close.contains([';', ':', '(']) {
        return number.value < from.value;
    }
    let ends = (low(since), low(to));
    if !matches!(ends, ("from", "to") | ("von", "auf") | ("de", "à" | "a"))
        || from.percent != number.percent
        || close.contains([';', ':', '('])
    {
        return false;
    }
    let before = since.saturating_sub(REACH)..since;
    if before.clone().any(|at| low(at).starts_with("improv")) {
        return false;
    }
    // `runs from $49,900 to $71,400`
    let mut words = context.words_in(sentence).iter();
    if words.any(|word| matches!(word.low.as_str(), "runs" | "run" | "range" | "ranges" | "ranging")) {
        return number.value < from.value && number.currency == from.currency;
    }
    let verbs = before
        // `The others stayed below, from 11.4K to 29.2K`
        .filter(|at| !matches!(low(*at), "below" | "above" | "under" | "over"))
        .filter(|at| {
            context
                .words
                .get(*at)
                .is_some_and(|word| seat.place.sentence.holds(word.span))
        })
        .filter_map(|at| context.cues.get(at).copied())
        .fold(0, |all, bits| all | bits);
    match (verbs & Concept::Up.bit() != 0, verbs & Concept::Down.bit() != 0) {
        (true, false) => number.value <= from.value && from.value > 0.0,
        (false, true) => number.value >= from.value && from.value > 0.0,
        _ => false,
    }
}

/// Whether a change in brackets has another sign than the verb before it says: `fell to 65,401 (+8.5 %)`.
fn contradicts_its_verb(seat: &FigureContext<'_, '_, '_>) -> bool {
    const LOSSES: [&str; 6] = ["loss", "losses", "deficit", "negative", "minus", "debt"];
    let context = seat.context;
    let own = seat.span.of(context.text);
    let Some(sign) = seat
        .sign_written()
        .filter(|_| own.starts_with('(') && own.ends_with(')'))
    else {
        return false;
    };
    let before = Span::new(seat.place.clause.start, seat.span.start);
    let words = context.words_in(before);
    let (mut up, mut down) = (false, false);
    for word in words {
        let said = said_by(&word.low);
        if LOSSES.contains(&word.low.as_str()) || said & Concept::Lessening.bit() != 0 {
            return false;
        }
        up |= said & Concept::Up.bit() != 0;
        down |= said & Concept::Down.bit() != 0;
    }
    let moves = words.iter().any(|word| Concept::Moves.has(&word.low));
    moves && matches!((up, down, sign), (true, false, '-') | (false, true, '+'))
}
