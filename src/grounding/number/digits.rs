use super::Separators;

/// The digits of a number, without what stands around them.
pub(super) struct Digits {
    pub(super) all: String,
    /// How many of them are decimals, less an exponent's value.
    pub(super) decimals: i32,
    /// Bytes from the first digit on.
    pub(super) length: usize,
    /// Whether they are nothing but a run of digits.
    pub(super) plain: bool,
    /// Whether a decimal mark without a digit stands before them.
    pub(super) leading_point: bool,
}

impl Separators {
    fn groups(self, c: char) -> bool {
        match self {
            Self::English => c == ',' || is_fixed_space(c) || is_apostrophe(c),
            Self::German => c == '.' || is_apostrophe(c),
            Self::French => c == ' ' || is_fixed_space(c),
            Self::Swiss => is_apostrophe(c),
        }
    }

    fn decimal(self) -> char {
        match self {
            Self::English | Self::Swiss => '.',
            Self::German | Self::French => ',',
        }
    }
}

/// Whether a space parts the digits of one number: it breaks no line, or is narrower than one between words.
pub(in crate::grounding) fn is_fixed_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2008}' | '\u{2009}')
}

pub(in crate::grounding) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{2032}')
}

/// Reads digits, groups, decimals and an exponent from the start of `rest`.
pub(super) fn read(before: &str, rest: &str, separators: Separators) -> Digits {
    let point = separators.decimal();
    let leading_point = before
        .strip_suffix(point)
        .is_some_and(|head| !head.ends_with(|c: char| c.is_alphanumeric() || c == point));
    let first = run(rest);
    let mut all = first.to_owned();
    let mut length = first.len();
    if leading_point {
        let decimals = i32::try_from(length).unwrap_or(i32::MAX);
        return exponent(
            rest,
            Digits {
                all,
                decimals,
                length,
                plain: false,
                leading_point,
            },
        );
    }
    if first.len() <= 3 && !first.starts_with('0') {
        let mut mark = None;
        while let Some((between, group, bytes)) = group(rest.get(length..).unwrap_or_default(), separators) {
            if *mark.get_or_insert(between) != between && separators == Separators::English {
                break;
            }
            all.push_str(group);
            length += bytes;
        }
    }
    let mut decimals = 0;
    let after = rest.get(length..).unwrap_or_default();
    if let Some(fraction) = after
        .strip_prefix(point)
        .map(run)
        .filter(|fraction| !fraction.is_empty())
    {
        all.push_str(fraction);
        decimals = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
        length += point.len_utf8() + fraction.len();
    }
    let plain = length == first.len();
    exponent(
        rest,
        Digits {
            all,
            decimals,
            length,
            plain,
            leading_point,
        },
    )
}

/// A separator and exactly three digits.
fn group(rest: &str, separators: Separators) -> Option<(char, &str, usize)> {
    let mark = rest.chars().next().filter(|c| separators.groups(*c))?;
    let group = run(rest.get(mark.len_utf8()..)?);
    (group.len() == 3).then_some((mark, group, mark.len_utf8() + 3))
}

/// Takes a scientific exponent along: `1.2e6`.
fn exponent(rest: &str, mut read: Digits) -> Digits {
    let after = rest.get(read.length..).unwrap_or_default();
    let Some(tail) = after.strip_prefix(['e', 'E']) else {
        return read;
    };
    let signed = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    let power = run(signed);
    let ends = !signed
        .get(power.len()..)
        .unwrap_or_default()
        .starts_with(char::is_alphanumeric);
    if let (true, Ok(value)) = (ends, power.parse::<i32>()) {
        let value = if tail.starts_with('-') { -value } else { value };
        read.decimals = read.decimals.saturating_sub(value);
        read.length += after.len() - signed.len() + power.len();
        read.plain = false;
    }
    read
}

/// The digits at the start.
pub(super) fn run(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
