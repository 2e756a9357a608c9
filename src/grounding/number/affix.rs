//! What stands directly before and after the digits: sign, currency, scale, percent.

/// Signs and codes of currencies.
const CURRENCIES: [(&str, &str); 19] = [
    ("US$", "USD"),
    ("R$", "BRL"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("zł", "PLN"),
    ("USD", "USD"),
    ("EUR", "EUR"),
    ("GBP", "GBP"),
    ("JPY", "JPY"),
    ("CHF", "CHF"),
    ("PLN", "PLN"),
    ("CNY", "CNY"),
    ("INR", "INR"),
    ("BRL", "BRL"),
    ("dollars", "USD"),
    ("euros", "EUR"),
];

/// Words for powers of ten.
const SCALES: [(&str, i32); 33] = [
    ("thousand", 3),
    ("million", 6),
    ("millions", 6),
    ("billion", 9),
    ("billions", 9),
    ("trillion", 12),
    ("K", 3),
    ("k", 3),
    ("M", 6),
    ("MM", 6),
    ("mn", 6),
    ("mln", 6),
    ("mil", 6),
    ("B", 9),
    ("bn", 9),
    ("Bn", 9),
    ("BN", 9),
    ("tn", 12),
    ("mio", 6),
    ("Mio", 6),
    ("Tsd", 3),
    ("Tausend", 3),
    ("Millionen", 6),
    ("millones", 6),
    ("milhões", 6),
    ("milioni", 6),
    ("miljoen", 6),
    ("Mrd", 9),
    ("mld", 9),
    ("Md", 9),
    ("Milliarden", 9),
    ("milliards", 9),
    ("miliardi", 9),
];
/// Those that a full stop may end within a sentence.
const SHORTENED: [&str; 5] = ["Tsd", "Mio", "Mrd", "mln", "mld"];

/// Words for powers of ten that are something else without a currency.
const MONEY_SCALES: [(&str, i32); 3] = [("m", 6), ("b", 9), ("T", 12)];

/// Words for percent.
const PERCENT: [&str; 14] = [
    "%",
    "percentage points",
    "percentage point",
    "percent",
    "per cent",
    "pct",
    "Prozentpunkte",
    "Prozent",
    "pour cent",
    "por ciento",
    "por cento",
    "per cento",
    "procent",
    "pp",
];

/// What stands before the digits.
pub(super) struct NumberHead {
    /// The first byte of it.
    pub(super) start: usize,
    pub(super) minus: bool,
    pub(super) currency: Option<&'static str>,
}

/// What stands after the digits.
#[derive(Default)]
pub(super) struct NumberTail {
    pub(super) length: usize,
    /// The power of ten.
    pub(super) scale: i32,
    pub(super) percent: bool,
    pub(super) currency: Option<&'static str>,
    pub(super) ordinal: bool,
}

/// Reads backwards from the first digit, not further than `floor`.
pub(super) fn head(text: &str, floor: usize, leading_point: bool) -> NumberHead {
    let mut left = text;
    if leading_point {
        left = left.strip_suffix(['.', ',']).unwrap_or(left);
    }
    let (inner, mut minus) = sign(left, floor);
    left = inner;
    let mut currency = None;
    if let Some((rest, code)) = currency_before(left, floor) {
        left = rest;
        currency = Some(code);
        if !minus {
            (left, minus) = sign(left, floor);
        }
    }
    NumberHead {
        start: left.len(),
        minus,
        currency,
    }
}

/// Takes a sign from the end, if it is one and no hyphen or bullet.
fn sign(left: &str, floor: usize) -> (&str, bool) {
    let Some(mark) = left
        .chars()
        .next_back()
        .filter(|c| "-\u{2212}\u{2013}+".contains(*c))
    else {
        return (left, false);
    };
    let rest = left.get(..left.len() - mark.len_utf8()).unwrap_or_default();
    let glued = rest
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || ")%]".contains(c) || c == mark);
    if rest.len() < floor || glued || (rest.len() == floor && floor > 0) {
        return (left, false);
    }
    (rest, mark != '+')
}

fn currency_before(left: &str, floor: usize) -> Option<(&str, &'static str)> {
    let trimmed = left.strip_suffix([' ', '\u{a0}', '\u{202f}']).unwrap_or(left);
    CURRENCIES.iter().find_map(|(sign, code)| {
        let rest = trimmed.strip_suffix(sign)?;
        let letters = sign.chars().all(char::is_alphabetic);
        let glued = letters && rest.ends_with(char::is_alphanumeric);
        (!glued && rest.len() >= floor).then_some((rest, *code))
    })
}

/// Reads forwards from the last digit.
pub(super) fn tail(text: &str, money: bool) -> NumberTail {
    let mut tail = NumberTail::default();
    if ["st", "nd", "rd", "th"].iter().any(|suffix| word(text, suffix)) {
        tail.length = 2;
        tail.ordinal = true;
        return tail;
    }
    let rest = |tail: &NumberTail| text.get(tail.length..).unwrap_or_default();
    let money: &[(&str, i32)] = if money { &MONEY_SCALES } else { &[] };
    let scales = SCALES.iter().chain(money);
    let found = scales
        .filter_map(|(name, power)| Some((spaced(text, name, name.len() > 2)?, *power)))
        .max();
    if let Some((length, power)) = found {
        tail.length = length;
        tail.scale = power;
    }
    if let Some(length) = PERCENT
        .iter()
        .filter_map(|name| spaced(rest(&tail), name, true))
        .max()
    {
        tail.length += length;
        tail.percent = true;
        return tail;
    }
    // `482,3 Tsd. €`
    let scale = text.get(..tail.length).unwrap_or_default().to_lowercase();
    let short = SHORTENED.iter().any(|name| scale.ends_with(&name.to_lowercase()));
    let dotted = rest(&tail).strip_prefix('.').unwrap_or_default();
    if short
        && dotted
            .trim_start_matches([' ', '\u{a0}', '\u{202f}'])
            .starts_with('€')
    {
        tail.length += 1;
    }
    let currency = CURRENCIES.iter().find_map(|(sign, code)| {
        let length = spaced(rest(&tail), sign, sign.chars().any(char::is_lowercase))?;
        // `5 $3`: the sign belongs to the next number.
        let next = rest(&tail).get(length..).unwrap_or_default();
        (!next.starts_with(|c: char| c.is_ascii_digit())).then_some((length, *code))
    });
    if let Some((length, code)) = currency {
        tail.length += length;
        tail.currency = Some(code);
    }
    tail
}

/// The bytes of a word after at most one space or hyphen, if the text begins so. Words may be written in any case.
fn spaced(text: &str, name: &str, any_case: bool) -> Option<usize> {
    let space = text
        .chars()
        .next()
        .filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-'))
        .map_or(0, char::len_utf8);
    let rest = text.get(space..)?;
    let begins = rest.get(..name.len())?;
    let same = if any_case {
        begins.eq_ignore_ascii_case(name)
    } else {
        begins == name
    };
    let hyphened = text.starts_with('-') && name.len() < 3;
    (same && !hyphened && ends(rest, name)).then_some(space + name.len())
}

fn word(text: &str, name: &str) -> bool {
    text.starts_with(name) && ends(text, name)
}

/// Whether nothing that belongs to a word follows.
fn ends(text: &str, name: &str) -> bool {
    let letters = name.ends_with(char::is_alphabetic);
    let next = text.get(name.len()..).unwrap_or_default().chars().next();
    !(letters && next.is_some_and(char::is_alphanumeric))
}
