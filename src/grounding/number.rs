//! Numbers in prose, with the bytes they stand at. What only looks like a figure (years, days, list numbers, ranks,
//! names such as `Q1`) is read too and told apart by its [`Kind`].

mod affix;
mod context;
mod digits;

pub(super) use digits::{is_apostrophe, is_fixed_space};

/// How a text groups digits and marks decimals. Never guessed: `1.234` is two different numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Separators {
    /// `1,234.5`; also `1 234.5` and `1'234.5`, with a space that does not break lines
    #[default]
    English,
    /// `1.234,5`, `1'234,5`
    German,
    /// `1 234,5`, with a space of any width that does not break lines, or a plain one
    French,
    /// `1'234.5`
    Swiss,
}

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Quantity,
    /// A year: `in 2025`.
    Year,
    /// A date, a time of day, or a part of one: `2025-03-01`, `June 5`.
    Date,
    /// A rank: `1st`, `#3`, `top 5`.
    Ordinal,
    /// The number of a list's item.
    ListMarker,
    /// Part of a name: `Q1`, `v2.0.1`.
    Label,
    /// A span of time that was asked for: `last 12 months`.
    Span,
}

/// The sign a number is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// None, or a plus.
    Positive,
    /// A minus, or brackets where only accounting has them.
    Negative,
    /// Brackets, which mean minus in accounting and an aside in prose; the value is without it.
    Bracketed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// First byte in the text, sign and currency included.
    pub start: usize,
    /// The byte after it, scale, percent and currency included.
    pub end: usize,
    /// The value, with sign and scale: `-1.2K` is -1200. A percentage is what stands before its sign.
    pub value: f64,
    /// What one unit of the last digit written is worth: 100 for `1.2K`.
    pub last_place: f64,
    /// Significant digits written, zeros at the end included.
    pub digits: u32,
    /// How the sign is written.
    pub sign: Sign,
    /// Whether it is in percent or percentage points.
    pub percent: bool,
    /// The currency's code, as far as its sign or code is known.
    pub currency: Option<&'static str>,
    pub kind: Kind,
}

/// All numbers of a text, in order.
pub fn numbers(text: &str, separators: Separators) -> Vec<Number> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = text
        .get(from..)
        .and_then(|rest| rest.find(|c: char| c.is_ascii_digit()))
    {
        let start = from + offset;
        let number = read(text, from, start, separators);
        from = number.end.max(start + 1);
        found.push(number);
    }
    mark_numbering(text, &mut found);
    found
}

/// Makes the numbers of items that stand in a sentence list numbers: `1) Submarine, 2) The Vault`, `(1) Submarine and (2) The Vault`.
fn mark_numbering(text: &str, numbers: &mut [Number]) {
    let is_item = |number: &Number| {
        let own = text.get(number.start..number.end).unwrap_or_default();
        let (left, right) = (text.get(..number.start), text.get(number.end..));
        let opens = left.is_some_and(|left| left.is_empty() || left.ends_with([' ', '\n', '\u{a0}', '*']));
        let text_follows = |right: &str| {
            let rest = right.strip_prefix(' ').unwrap_or_default();
            rest.trim_start_matches(['*', '_', '"'])
                .starts_with(char::is_alphabetic)
        };
        let closed = match own.strip_prefix('(').and_then(|own| own.strip_suffix(')')) {
            Some(digits) => {
                digits.bytes().all(|byte| byte.is_ascii_digit()) && right.is_some_and(text_follows)
            }
            None => {
                own.bytes().all(|byte| byte.is_ascii_digit())
                    && right
                        .and_then(|right| right.strip_prefix(')'))
                        .is_some_and(text_follows)
            }
        };
        opens && closed
    };
    let marks: Vec<usize> = (0..numbers.len())
        .filter(|at| numbers.get(*at).is_some_and(is_item))
        .collect();
    let counts = |(place, at): (usize, &usize)| {
        let value = numbers.get(*at).map_or(0.0, |number| number.value.abs());
        u32::try_from(place + 1).is_ok_and(|wanted| (value - f64::from(wanted)).abs() < f64::EPSILON)
    };
    if marks.len() < 2 || !marks.iter().enumerate().all(counts) {
        return;
    }
    for at in marks {
        if let Some(number) = numbers.get_mut(at) {
            number.kind = Kind::ListMarker;
        }
    }
}

/// Reads the number whose first digit is at `first`; `floor` is where the one before it ended.
fn read(text: &str, floor: usize, first: usize, separators: Separators) -> Number {
    let before = text.get(floor..first).unwrap_or_default();
    let rest = text.get(first..).unwrap_or_default();
    if let Some(length) = context::date(rest) {
        return other(first, first + length, Kind::Date);
    }
    if let Some(length) = context::label(text.get(..first).unwrap_or_default(), rest) {
        return other(first, first + length, Kind::Label);
    }
    let digits = digits::read(before, rest, separators);
    let head = affix::head(text.get(..first).unwrap_or_default(), floor, digits.leading_point);
    let mut end = first + digits.length;
    let tail = affix::tail(text.get(end..).unwrap_or_default(), head.currency.is_some());
    end += tail.length;
    let mut start = head.start;
    let bare_end = end;
    let brackets = context::brackets(text, start, end);
    if brackets != Sign::Positive {
        start = start.saturating_sub(1);
        end += 1;
    }
    // `(+2)` says that it is no minus.
    let plus = text.get(start..first).is_some_and(|head| head.contains('+'));
    let sign = match (head.minus, plus) {
        (true, _) => Sign::Negative,
        (false, true) => Sign::Positive,
        (false, false) => brackets,
    };
    let exponent = tail.scale - digits.decimals;
    let magnitude = number(&format!("{}e{exponent}", digits.all));
    let plain = digits.plain && tail.length == 0 && head.start == first;
    let kind = match tail.ordinal {
        true => Kind::Ordinal,
        false if plain => context::kind(text, first, bare_end, magnitude),
        false => Kind::Quantity,
    };
    Number {
        start,
        end,
        value: if sign == Sign::Negative {
            -magnitude
        } else {
            magnitude
        },
        last_place: number(&format!("1e{exponent}")),
        digits: u32::try_from(digits.all.trim_start_matches('0').len()).unwrap_or(u32::MAX),
        sign,
        percent: tail.percent,
        currency: head.currency.or(tail.currency),
        kind,
    }
}

/// Digits with an exponent are always a number; one out of range becomes infinite or zero.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// Something with digits that is no figure.
fn other(start: usize, end: usize, kind: Kind) -> Number {
    Number {
        start,
        end,
        value: f64::NAN,
        last_place: f64::NAN,
        digits: 0,
        sign: Sign::Positive,
        percent: false,
        currency: None,
        kind,
    }
}
