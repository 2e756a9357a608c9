//! What a written figure admits: a span of sizes, signs, and what its words say of how it was computed.

use super::cues::{ChangeDirection, Cues};
use super::number::{Number, Sign};
use super::scope::FigureContext;
use super::text::{Span, TextWord};
use super::vocabulary::Concept;

#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of the figure as written"
)]
pub(super) struct Tolerance {
    low: f64,
    high: f64,
    negative: bool,
    positive: bool,
    /// Whether the sentence speaks of what is taken off, so that a column of amounts below nought may be told without its sign.
    pub(super) lessened: bool,
    pub(super) percent: bool,
    /// Significant digits that say something: without zeros before the first, and without those at the end of a
    /// figure that is said to be about right.
    pub(super) digits: u32,
    /// Whether it is said to be a bound: `more than`, `under`.
    pub(super) bound: bool,
    /// Whether it is in percentage points.
    pub(super) points: bool,
    /// Whether it is in a currency.
    pub(super) money: bool,
    /// Whether it is a whole number without currency or percent.
    pub(super) count: bool,
    /// Whether it is written with decimals, and without a word for thousands or millions.
    pub(super) decimals: bool,
    pub(super) cues: Cues,
}

/// What the figures under a header are multiplied by, where it says so: `Revenue (USD bn)`, `Umsatz (Tsd. €)`.
pub(super) fn scale_of_header(number: &Number, seat: &FigureContext<'_, '_, '_>) -> Option<f64> {
    let header = seat.place.row.and_then(|cell| cell.header)?;
    let unit = header
        .of(seat.context.text)
        .split_once(['(', ',', '['])
        .map(|(_, unit)| unit)?;
    let own = number.percent || (number.last_place > 1.0);
    let words = super::text::words(unit);
    let scale = words.iter().find_map(|word| match word.low.as_str() {
        "k" | "thousand" | "thousands" | "tsd" | "000" => Some(1e3),
        "m" | "mn" | "mio" | "mm" | "million" | "millions" => Some(1e6),
        "bn" | "b" | "mrd" | "billion" | "billions" => Some(1e9),
        _ => None,
    });
    scale.filter(|_| !own)
}

/// Whether the words right behind a figure say that it lies below: `4 minutes early`, `$7,100 short of plan`.
fn is_told_below(number: &Number, seat: &FigureContext<'_, '_, '_>) -> bool {
    const NEAR: usize = 2;
    const BELOW: [&str; 6] = ["early", "short", "below", "under", "less", "fewer"];
    // `over by €1.2M`, of what is left
    let left = seat.context.text.get(..number.start).unwrap_or_default();
    if ["over by ", "overspent by ", "over budget by "]
        .iter()
        .any(|words| left.trim_end_matches(['*', '_']).ends_with(words))
    {
        return true;
    }
    let words = seat.context.words_from(number.end).iter().take(NEAR);
    let mut inside = words.filter(|word| seat.place.sentence.holds(word.span));
    inside.any(|word| BELOW.contains(&word.low.as_str()))
}

impl Tolerance {
    pub(super) fn of(number: &Number, seat: &FigureContext<'_, '_, '_>) -> Self {
        let cues = Cues::of(seat);
        // The sign may stand in the header alone: `| % of orders |`.
        let header = seat.place.row.and_then(|cell| cell.header);
        let in_percent = header.is_some_and(|header| header.of(seat.context.text).contains('%'));
        let percent = number.percent || (in_percent && number.currency.is_none());
        let size = number.value.abs();
        let left = seat.context.text.get(..number.start).unwrap_or_default();
        let phrase = left.rfind(|c: char| c.is_ascii_digit() || matches!(c, ':' | ';' | '(' | '\n' | '|'));
        let close = Span::new(phrase.map_or(0, |at| at + 1), number.start);
        let before: Vec<&TextWord<'_>> = seat.context.words_in(close).iter().rev().take(3).collect();
        let said = |concept: Concept| before.iter().any(|word| concept.has(&word.low));
        let is_one_of = |words: [&str; 3]| before.iter().any(|word| words.contains(&word.low.as_str()));
        let tilde = seat
            .context
            .text
            .get(..number.start)
            .is_some_and(|left| left.trim_end().ends_with(['~', '≈', '>', '<', '+', '∼']));
        let mut place = number.last_place;
        let mut digits = number.digits;
        let than = before.iter().any(|word| word.low == "than");
        let at = |bound: &str| {
            let mut pairs = before.windows(2);
            pairs.any(|pair| matches!(pair, [word, at] if at.low == "at" && word.low == bound))
        };
        // `von 1,43 im Oktober über 1,49 im November auf 1,50`
        let passed = is_one_of(["über", "vía", "via"]) && {
            let sentence = Span::new(seat.place.sentence.start, number.start);
            let mut words = seat.context.words_in(sentence).iter();
            words.any(|word| matches!(word.low.as_str(), "von" | "de" | "from"))
        };
        // `not much above the 3.4% of Q3` is set against that figure.
        let known = before
            .first()
            .is_some_and(|word| matches!(word.low.as_str(), "the" | "den" | "der" | "dem" | "les" | "los"))
            && number.last_place < 1.0;
        let (about, over, under) = (
            said(Concept::About) || tilde,
            (said(Concept::Over) && !passed)
                || at("least")
                || (than && is_one_of(["more", "greater", "higher"])),
            said(Concept::Under) || at("most") || (than && is_one_of(["less", "fewer", "lower"])),
        );
        let (over, under) = (over && !known, under && !known);
        if about || over || under {
            while digits > 1 && (size / (place * 10.0)).fract() < f64::EPSILON {
                place *= 10.0;
                digits -= 1;
            }
        }
        let slack = size * 1e-12 + place * 1e-9;
        let (low, high) = match (over && !about, under) {
            (true, _) => (size - slack, size + place + slack),
            (_, true) => (size - place - slack, size + place / 2.0 + slack),
            _ => (size - place / 2.0 - slack, size + place / 2.0 + slack),
        };
        Self {
            low: low.max(0.0),
            high,
            negative: number.sign != Sign::Positive || cues.falls || is_told_below(number, seat),
            positive: number.sign != Sign::Negative || cues.lessening,
            lessened: {
                let mut words = seat.context.words_in(seat.place.sentence).iter();
                words.any(|word| Concept::Lessening.has(&word.low) || Concept::Down.has(&word.low))
            },
            percent,
            digits,
            bound: over || under,
            points: percent && {
                let own = seat.span.of(seat.context.text);
                own.contains("oint") || own.contains("pp") || own.contains("unkt")
            },
            money: number.currency.is_some(),
            count: (number.last_place - 1.0).abs() < f64::EPSILON && !percent && number.currency.is_none(),
            decimals: number.last_place < 1.0,
            cues,
        }
    }

    /// The same figure, read as what the question asks for, if that says more than the words around the figure.
    pub(super) fn and_asked(mut self, question: u64) -> Option<Self> {
        self.cues = self.cues.and_asked(question)?;
        Some(self)
    }

    /// The same figure under a header that says it is in thousands or millions.
    pub(super) fn scaled(mut self, scale: f64) -> Self {
        (self.low, self.high) = (self.low * scale, self.high * scale);
        (self.count, self.decimals) = (false, false);
        self
    }

    /// Whether a value below nought is what was written.
    pub(super) fn may_be_negative(&self) -> bool {
        self.negative
    }

    /// The spans of values that may be meant, each times `scale`.
    pub(super) fn spans(&self, scale: f64) -> impl Iterator<Item = (f64, f64)> {
        let positive = self.positive.then_some((self.low * scale, self.high * scale));
        let negative = (self.negative || self.lessened).then_some((-self.high * scale, -self.low * scale));
        positive.into_iter().chain(negative)
    }

    /// Whether a value is what was written.
    pub(super) fn admits(&self, value: f64) -> bool {
        let size = value.abs();
        let signed = size == 0.0 || if value < 0.0 { self.negative } else { self.positive };
        self.low <= size && size <= self.high && signed
    }

    /// Whether a change is what was written: its sign may be said by a word.
    pub(super) fn admits_change(&self, value: f64) -> bool {
        let size = value.abs();
        let only_negative = self.negative && !self.positive;
        let way = match self.cues.way {
            _ if only_negative => value <= 0.0,
            ChangeDirection::Up => value >= 0.0,
            ChangeDirection::Down => value <= 0.0,
            ChangeDirection::Open => true,
        };
        self.low <= size && size <= self.high && way
    }
}
