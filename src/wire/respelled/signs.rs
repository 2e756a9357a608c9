//! Reads a text as letters and digits without case.

use super::{WINDOW, forms};

/// Most bytes between two signs of one credential.
const GAP: usize = 16;
/// Longest tag and longest entity of HTML that are read, in bytes.
const LONGEST_TAG: usize = 16;
const LONGEST_ENTITY: usize = 10;
/// Longest number between braces, as in `\u{73}`, with its brace.
const LONGEST_NUMBER: usize = 7;

/// What a byte is where signs are read: a sign without case, none, or what may begin an escape or a tag.
const BYTE_KINDS: [u8; 256] = {
    let mut kinds = [NO_SIGN; 256];
    let (mut rest, mut byte) = (kinds.as_mut_slice(), 0u8);
    while let Some((kind, behind)) = rest.split_first_mut() {
        *kind = match byte {
            b'\\' | b'%' | b'&' | b'<' | 0xe2 | 0xef | 0xf0 => MAY_STAND_FOR_SIGN,
            sign if sign.is_ascii_alphanumeric() => sign.to_ascii_lowercase(),
            _ => NO_SIGN,
        };
        rest = behind;
        byte = byte.wrapping_add(1);
    }
    kinds
};
const NO_SIGN: u8 = 0;
const MAY_STAND_FOR_SIGN: u8 = 1;

/// The signs that were read last, and where each begins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LatestSigns {
    pub(super) number: u64,
    pub(super) count: usize,
    starts: [usize; WINDOW],
}

impl LatestSigns {
    /// Reads on until the latest eight signs, as one number, are wanted; `false` where the text ends before that. All that comes in
    /// passes here byte by byte, so bytes that stand for themselves are looked up in a table.
    pub(super) fn read_until(&mut self, signs: &mut Signs<'_>, is_wanted: impl Fn(u64) -> bool) -> bool {
        loop {
            let (mut latest, mut end, mut is_found) = (*self, signs.at, false);
            for (start, byte) in (end..).zip(signs.text.get(end..).unwrap_or_default()) {
                let sign = BYTE_KINDS.get(usize::from(*byte)).copied().unwrap_or_default();
                if sign == NO_SIGN {
                    continue;
                }
                if sign == MAY_STAND_FOR_SIGN {
                    break;
                }
                latest.push(TextSign {
                    sign,
                    start,
                    is_apart: start.wrapping_sub(end) > GAP,
                });
                end = start.wrapping_add(1);
                is_found = is_wanted(latest.number);
                if is_found {
                    break;
                }
            }
            *self = latest;
            signs.at = end;
            if is_found {
                return true;
            }
            // A sign that is written in another way, or the end.
            let Some(sign) = signs.next() else {
                return false;
            };
            self.push(sign);
            if is_wanted(self.number) {
                return true;
            }
        }
    }

    #[inline]
    fn push(&mut self, sign: TextSign) {
        if sign.is_apart {
            *self = Self::default();
        }
        self.number = (self.number << 8) | u64::from(sign.sign);
        if let Some(start) = self.starts.get_mut(self.count % WINDOW) {
            *start = sign.start;
        }
        self.count = self.count.wrapping_add(1);
    }

    /// Where the latest eight begin, when there are as many.
    pub(super) fn start(&self) -> Option<usize> {
        self.start_of(WINDOW)
    }

    pub(super) fn start_of(&self, length: usize) -> Option<usize> {
        let first = self.count.checked_sub(length).filter(|_| length > 0)?;
        self.starts.get(first % WINDOW).copied()
    }
}

/// A letter or digit of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextSign {
    pub(super) sign: u8,
    pub(super) start: usize,
    /// Whether so much stands before it that it begins something new.
    is_apart: bool,
}

/// The letters and digits of a text without case, with escapes undone and tags left out.
#[derive(Debug)]
pub(super) struct Signs<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    /// Whether nothing comes behind the text: otherwise an escape or a tag that it ends within is not read.
    pub(super) is_end: bool,
}

impl Iterator for Signs<'_> {
    type Item = TextSign;

    fn next(&mut self) -> Option<TextSign> {
        let before = self.at;
        loop {
            let start = self.at;
            let byte = *self.text.get(start)?;
            if !self.is_end && self.is_cut_off(byte) {
                return None;
            }
            let sign = if byte.is_ascii_alphanumeric() {
                self.at = start.saturating_add(1);
                Some(byte)
            } else {
                self.other(byte)
            };
            if let Some(sign) = sign {
                return Some(TextSign {
                    sign: sign.to_ascii_lowercase(),
                    start,
                    is_apart: start.saturating_sub(before) > GAP,
                });
            }
        }
    }
}

impl Signs<'_> {
    /// Whether the text ends within the escape or tag that begins here.
    fn is_cut_off(&self, byte: u8) -> bool {
        let rest = self.text.get(self.at.saturating_add(1)..).unwrap_or_default();
        let short = |longest: usize| rest.len() < longest;
        match byte {
            b'<' => short(LONGEST_TAG) && !rest.contains(&b'>'),
            b'&' => {
                let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
                short(LONGEST_ENTITY) && rest.iter().all(is_name)
            }
            b'%' => short(2) || (rest.starts_with(b"25") && short(4)),
            b'\\' => {
                let behind = rest.iter().position(|byte| *byte != b'\\');
                match behind.and_then(|at| rest.get(at..)) {
                    Some([b'u' | b'x', b'{', digits @ ..]) => {
                        digits.len() < LONGEST_NUMBER && digits.iter().all(u8::is_ascii_hexdigit)
                    }
                    // A first half goes on in another escape of the same length.
                    Some(
                        [
                            b'u',
                            b'd' | b'D',
                            b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B',
                            digits @ ..,
                        ],
                    ) => digits.len() < 7 + behind.unwrap_or_default().saturating_add(1),
                    Some([b'u', digits @ ..]) => digits.len() < 4,
                    Some([b'x', digits @ ..]) => digits.len() < 2,
                    Some(digits @ [b'0'..=b'3', ..]) => digits.len() < 3,
                    Some(_) => false,
                    None => true,
                }
            }
            0xe2 | 0xef => short(2),
            0xf0 => short(3),
            _ => false,
        }
    }

    /// Goes on behind what is no letter and no digit, unless it stands for one.
    fn other(&mut self, byte: u8) -> Option<u8> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (taken, meant) = match byte {
            b'\\' => escape(rest),
            b'%' => percent(rest),
            b'&' => entity(rest),
            b'<' => (tag(rest), None),
            0xe2 | 0xef => other_form(rest, 3),
            0xf0 => other_form(rest, 4),
            _ => (1, None),
        };
        self.at = self.at.saturating_add(taken.max(1));
        let meant = meant.and_then(|meant| u8::try_from(meant).ok().or_else(|| forms::plain(meant)));
        meant.filter(u8::is_ascii_alphanumeric)
    }
}

fn escape(rest: &[u8]) -> (usize, Option<u32>) {
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    let behind = rest.get(slashes..).unwrap_or_default();
    let digits = match behind.first() {
        Some(b'u' | b'x') if behind.get(1) == Some(&b'{') => {
            let digits = behind.get(2..).unwrap_or_default();
            let count = digits.iter().take(LONGEST_NUMBER).position(|byte| *byte == b'}');
            let meant = count.and_then(|count| hexadecimal(digits.get(..count)));
            let taken = count
                .filter(|_| meant.is_some())
                .map_or(0, |count| count.saturating_add(3));
            return (slashes.saturating_add(taken), meant);
        }
        Some(b'u') => 4,
        Some(b'x') => 2,
        Some(b'0'..=b'3') => {
            let digits = behind.get(..3).and_then(|digits| str::from_utf8(digits).ok());
            return match digits.and_then(|digits| u32::from_str_radix(digits, 8).ok()) {
                Some(meant) => (slashes.saturating_add(3), Some(meant)),
                None => (slashes, None),
            };
        }
        Some(b'n' | b'r' | b't' | b'b' | b'f') => return (slashes.saturating_add(1), None),
        _ => return (slashes, None),
    };
    let taken = slashes.saturating_add(digits + 1);
    match hexadecimal(behind.get(1..digits + 1)) {
        Some(first @ 0xd800..=0xdbff) => match second_half(rest.get(taken..).unwrap_or_default()) {
            Some((more, second)) => {
                let meant = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                (taken.saturating_add(more), Some(meant))
            }
            None => (taken, None),
        },
        Some(meant) => (taken, Some(meant)),
        None => (slashes, None),
    }
}

/// The second half of a character that JSON writes as two escapes, and its length.
fn second_half(rest: &[u8]) -> Option<(usize, u32)> {
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    let digits = rest.get(slashes..)?.strip_prefix(b"u")?.get(..4);
    let half = hexadecimal(digits).filter(|half| slashes > 0 && (0xdc00..=0xdfff).contains(half))?;
    Some((slashes.saturating_add(5), half))
}

/// A character of so many bytes that may be another form of a letter or digit.
fn other_form(rest: &[u8], length: usize) -> (usize, Option<u32>) {
    let character = rest.get(..length).and_then(|bytes| str::from_utf8(bytes).ok());
    match character.and_then(|text| text.chars().next()) {
        Some(c) => (length, Some(u32::from(c))),
        None => (1, None),
    }
}

fn percent(rest: &[u8]) -> (usize, Option<u32>) {
    let mut at = 1usize;
    while rest.get(at..).unwrap_or_default().starts_with(b"25")
        && hexadecimal(rest.get(at + 2..at + 4)).is_some()
    {
        at += 2;
    }
    match hexadecimal(rest.get(at..at + 2)) {
        Some(meant) => (at + 2, Some(meant)),
        None => (1, None),
    }
}

fn entity(rest: &[u8]) -> (usize, Option<u32>) {
    let Some(end) = rest.iter().take(LONGEST_ENTITY).position(|byte| *byte == b';') else {
        return (1, None);
    };
    let name = rest.get(1..end).and_then(|name| str::from_utf8(name).ok());
    let meant =
        name.and_then(|name| name.strip_prefix('#'))
            .and_then(|name| match name.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => name.parse().ok(),
            });
    (end.saturating_add(1), meant)
}

/// The length of a tag such as `<br>` and `</b>`.
fn tag(rest: &[u8]) -> usize {
    let is_tag = rest
        .get(1)
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'/');
    let end = rest.iter().take(LONGEST_TAG).position(|byte| *byte == b'>');
    end.filter(|_| is_tag).map_or(1, |end| end.saturating_add(1))
}

fn hexadecimal(digits: Option<&[u8]>) -> Option<u32> {
    let digits = str::from_utf8(digits?).ok()?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u32::from_str_radix(digits, 16).ok())?
}
