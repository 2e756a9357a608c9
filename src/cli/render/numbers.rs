//! Numbers as people read them: `1,234,567.80` for `1234567.8`.

use serde_json::Value;

/// Digits before the point from which a number has separators whatever it stands beside.
const SURELY: usize = 5;

/// A number with more characters than this may have digits that nobody put there.
const MOST_DIGITS: usize = 15;

/// A number in plain digits, with what stands around it in the same word: `$1234.5`, `49.4 %`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlainNumber<'a> {
    before: &'a str,
    whole: &'a str,
    fraction: &'a str,
    after: &'a str,
}

impl<'a> PlainNumber<'a> {
    /// `None` for anything with separators, exponents or several numbers: it is left as it is.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (before, rest) = text.split_at_checked(text.find(|c: char| c.is_ascii_digit())?)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (whole, rest) = rest.split_at_checked(end)?;
        let (fraction, after) = match rest.strip_prefix('.') {
            Some(rest) => {
                rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?
            }
            None => ("", rest),
        };
        let digits = |text: &str| text.chars().any(char::is_numeric);
        let joins = after.starts_with([',', '.', '\'', 'e', 'E', '_', '/', ':']) || rest == ".";
        let padded = whole.len() > 1 && whole.starts_with('0');
        (!digits(before) && !digits(after) && !joins && !padded).then_some(Self {
            before,
            whole,
            fraction,
            after,
        })
    }

    pub(super) fn decimals(self) -> usize {
        self.fraction.len()
    }

    /// Its size, without sign and unit.
    pub(super) fn magnitude(self) -> Option<f64> {
        format!("{}.{:0<1}", self.whole, self.fraction).parse().ok()
    }

    /// Whether it can be nothing but a quantity: a year or a code is short and whole.
    pub(super) fn is_long(self) -> bool {
        self.whole.len() >= SURELY || !self.fraction.is_empty()
    }

    /// With separators, and with at least this many decimals.
    pub(super) fn written(self, decimals: usize) -> String {
        let Self {
            before,
            whole,
            fraction,
            after,
        } = self;
        let whole = grouped(whole);
        if fraction.is_empty() && decimals == 0 {
            return format!("{before}{whole}{after}");
        }
        format!("{before}{whole}.{fraction:0<decimals$}{after}")
    }
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Whether numbers of a column of this name tell things apart and count nothing.
pub(super) fn is_code(column: &str) -> bool {
    const CODES: [&str; 8] = ["id", "year", "zip", "postcode", "code", "number", "no", "phone"];
    let name = column.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    words.any(|word| CODES.contains(&word))
}

/// The cells of a column as people read them, with one number of decimals. Texts are `None`.
pub(in crate::cli) fn formatted_column(name: &str, cells: &[&Value]) -> Vec<Option<String>> {
    let texts: Vec<Option<String>> = cells
        .iter()
        .map(|cell| match cell {
            Value::Number(number) => Some(without_noise(number)),
            _ => None,
        })
        .collect();
    let numbers = || texts.iter().flatten().filter_map(|text| PlainNumber::read(text));
    let decimals = numbers().map(PlainNumber::decimals).max().unwrap_or(0);
    let plain = is_code(name) || !numbers().any(PlainNumber::is_long);
    texts
        .iter()
        .map(|text| {
            let text = text.as_ref()?;
            let number = PlainNumber::read(text).filter(|_| !plain);
            // Many decimals are the server's arithmetic: such a column stays as it is.
            Some(
                number
                    .filter(|_| decimals <= 4)
                    .map_or_else(|| text.clone(), |number| number.written(decimals)),
            )
        })
        .collect()
}

/// A number without what binary arithmetic left in its last digits: `13510.13` for `13510.130000000001`.
fn without_noise(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let Some(value) = number
        .as_f64()
        .filter(|_| text.len() > MOST_DIGITS && !text.contains('e'))
    else {
        return text;
    };
    let short = format!("{value:.6}");
    let short = short.trim_end_matches('0').trim_end_matches('.');
    let near = short
        .parse::<f64>()
        .is_ok_and(|short| (short - value).abs() <= value.abs() * 1e-12);
    if near { short.to_owned() } else { text }
}
