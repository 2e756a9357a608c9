//! What a written figure admits: a span of sizes, signs, and what its words say of how it was computed.

use super::number::{Number, Sign};
use super::scope::Seat;
use super::text::{Span, Word};

/// Words, by what they say of the figure in their clause.
const UP: &str = "up rise rises rose risen rising grow grows grew grown growing growth increase increases increased \
    increasing higher more gain gained gains improve improved improvement above ahead exceeded exceeds exceeding \
    climbed climb jumped jump surged bigger larger greater gestiegen mehr höher wuchs plus";
const DOWN: &str = "down fall falls fell fallen falling drop drops dropped dropping decline declines declined declining \
    decrease decreases decreased decreasing lower less fewer shrank shrunk lost loss losses below behind under dip \
    dipped slipped reduced reduction smaller worse contracted negative minus gefallen weniger gesunken niedriger short";
const CHANGE: &str = "change changes changed changing versus vs against compared comparison delta yoy mom qoq swing \
    veränderung variation than trend evolution difference differences differed";
const SHARE: &str = "share shares portion proportion percentage accounts accounted accounting account makes made make \
    represents represented represent contributes contributed contribute constitutes comprised comprises split anteil \
    fraction part mix rest remaining remainder others responsible concentrated";
const MEAN: &str = "average averages averaged averaging mean avg per each median typical durchschnitt durchschnittlich \
    pro ø";
const SUM: &str = "total totals totaled totalled totaling totalling sum sums summed together combined overall altogether \
    cumulative cumulatively aggregate collectively jointly all whole entire insgesamt gesamt plus add adds added \
    brought generated remaining rest others other";
const RATIO: &str = "times x fold twice double triple ratio multiple factor mal ×";
const GAP: &str = "difference gap margin lead leads leading ahead behind between spread range points point pp apart \
    separates separated distance lag";
const RUNNING: &str = "cumulative cumulatively running reached far ytd date by through accumulated so";
const REST: &str =
    "rest remaining remainder others other else without excluding except left balance übrigen rest";
const TOTAL: &str = "total totals totaled totalled altogether combined overall sum insgesamt";
const ABOUT: &str =
    "about roughly approximately approx around circa ca some nearly almost ~ ≈ rund etwa environ close";
const OVER: &str = "over above exceeding exceeded exceeds least beyond";
const UNDER: &str = "under below nearly almost most";

/// Bytes behind a figure whose words speak of it, wherever its clause ends.
const BEHIND: usize = 16;

/// Which way a change is said to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
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
    pub(super) way: Way,
    pub(super) change: bool,
    pub(super) share: bool,
    pub(super) mean: bool,
    pub(super) sum: bool,
    pub(super) ratio: bool,
    pub(super) gap: bool,
    pub(super) running: bool,
    /// What is left of a whole without something.
    pub(super) rest: bool,
    /// Plainly a sum.
    pub(super) total: bool,
    pub(super) median: bool,
}

impl Cues {
    fn of(seat: &Seat<'_, '_, '_>) -> Self {
        let close = Self::read(seat, &near(seat).collect::<Vec<_>>());
        if close.any() || seat.place.row.is_some() {
            return close;
        }
        let sentence = seat.place.sentence;
        let words = seat.context.words.iter().filter(|word| sentence.holds(word.span));
        Self::read(seat, &words.collect::<Vec<_>>())
    }

    fn any(&self) -> bool {
        self.change || self.share || self.mean || self.sum || self.ratio || self.gap || self.running
    }

    fn read(seat: &Seat<'_, '_, '_>, words: &[&Word<'_>]) -> Self {
        // A word in the name of a metric says what it is, not how the figure was computed: `average order value`.
        let own = |word: &Word<'_>| seat.context.is_ours(&word.low);
        let has = |list: &str| words.iter().any(|word| among(list, &word.low) && !own(word));
        let text = seat.context.text;
        let signs = |marks: &[char]| {
            let place = seat
                .place
                .row
                .map_or(seat.place.clause, |cell| cell.header.unwrap_or(cell.cell));
            place.of(text).contains(marks)
        };
        let way = match (has(UP), has(DOWN)) {
            (true, false) => Way::Up,
            (false, true) => Way::Down,
            _ => Way::Open,
        };
        let of_total = ["% of", "percent of", "per cent of"].iter().any(|mark| {
            let from = Span::new(seat.span.start, seat.place.sentence.end);
            from.of(text).contains(mark)
        });
        Self {
            way,
            change: has(UP) || has(DOWN) || has(CHANGE) || signs(&['Δ', '±']),
            share: has(SHARE) || of_total || (seat.place.row.is_some() && signs(&['%'])),
            mean: has(MEAN) || signs(&['/', 'Ø']),
            sum: has(SUM),
            ratio: has(RATIO) || signs(&['×']),
            gap: has(GAP),
            running: has(RUNNING),
            rest: has(REST),
            total: has(TOTAL),
            median: has("median"),
        }
    }
}

/// The words that speak of a figure: of its clause; in a table of its header and the row's first cell.
fn near<'s>(seat: &'s Seat<'_, '_, '_>) -> impl Iterator<Item = &'s Word<'s>> {
    let place = seat.place;
    let spans = match place.row {
        Some(cell) => [Some(place.line), cell.header],
        None => [Some(place.clause), place.aside],
    };
    let figure = seat.span;
    // What the figure is compared with may stand in the next clause: `3.20 ahead of the rest`.
    let behind = Span::new(figure.end, (figure.end + BEHIND).min(place.sentence.end));
    seat.context.words.iter().filter(move |word| {
        let close = spans.iter().flatten().any(|span| span.holds(word.span));
        (close || behind.touches(word.span)) && !figure.holds(word.span)
    })
}

fn among(list: &str, low: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == low)
}

/// What a figure admits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The least size.
    low: f64,
    /// The greatest size.
    high: f64,
    negative: bool,
    positive: bool,
    pub(super) percent: bool,
    /// Significant digits that say something: without zeros before the first, and without those at the end of a
    /// figure that is said to be about right.
    pub(super) digits: u32,
    /// Whether it is said to be a bound: `more than`, `under`.
    pub(super) bound: bool,
    /// Whether it is a whole number without currency or percent.
    pub(super) count: bool,
    pub(super) cues: Cues,
}

impl Wanted {
    pub(super) fn of(number: &Number, seat: &Seat<'_, '_, '_>) -> Self {
        let cues = Cues::of(seat);
        let size = number.value.abs();
        let left = seat.context.text.get(..number.start).unwrap_or_default();
        let phrase = left.rfind(|c: char| c.is_ascii_digit() || matches!(c, ':' | ';' | '(' | '\n' | '|'));
        let close = Span::new(phrase.map_or(0, |at| at + 1), number.start);
        let words = seat.context.words.iter().rev();
        let before: Vec<&Word<'_>> = words.filter(|word| close.holds(word.span)).take(3).collect();
        let said = |list: &str| before.iter().any(|word| among(list, &word.low));
        let tilde = seat
            .context
            .text
            .get(..number.start)
            .is_some_and(|left| left.trim_end().ends_with(['~', '≈', '>', '<', '+', '∼']));
        let mut place = number.last_place;
        let mut digits = number.digits;
        let than = said("than");
        let (about, over, under) = (
            said(ABOUT) || tilde,
            said(OVER) || (than && said("more greater higher")),
            said(UNDER) || (than && said("less fewer lower")),
        );
        if about || over || under {
            while digits > 1 && (size / (place * 10.0)).fract() == 0.0 {
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
        let falls = cues.way != Way::Up && near(seat).any(|word| among(DOWN, &word.low));
        let lessening = near(seat).any(|word| {
            [
                "refund",
                "refunded",
                "refunds",
                "discount",
                "discounts",
                "cost",
                "costs",
            ]
            .contains(&word.low.as_str())
        });
        Self {
            low: low.max(0.0),
            high,
            negative: number.sign != Sign::Positive || falls,
            positive: number.sign != Sign::Negative || lessening,
            percent: number.percent,
            digits,
            bound: over || under,
            count: number.last_place == 1.0 && !number.percent && number.currency.is_none(),
            cues,
        }
    }

    /// The spans of values that may be meant, each times `scale`.
    pub(super) fn spans(&self, scale: f64) -> impl Iterator<Item = (f64, f64)> {
        let positive = self.positive.then_some((self.low * scale, self.high * scale));
        let negative = self.negative.then_some((-self.high * scale, -self.low * scale));
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
        let way = match (self.positive, self.negative, self.cues.way) {
            (false, true, _) => value <= 0.0,
            (_, _, Way::Up) => value >= 0.0,
            (_, _, Way::Down) => value <= 0.0,
            _ => true,
        };
        self.low <= size && size <= self.high && way
    }
}
