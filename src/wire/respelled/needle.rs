//! The spellings of a credential that are looked for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{CommonRun, WINDOW};

/// Bytes of a beginning that tells which credential it is.
const BEGINNING: usize = 12;
/// Shorter credentials are words that people write in other capitals and with blanks as well. With a digit among their letters
/// they may be shorter.
const SHORTEST: usize = 16;
const SHORTEST_WITH_DIGIT: usize = 12;
/// Shortest credential that is looked for as base64 and hexadecimal digits, in bytes: as in data.
const SHORTEST_ENCODED: usize = 8;
/// Longest one that is looked for in spellings that are rare: tokens that are longer would take too much time for each response.
const LONGEST_RARE: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    Base64,
    Hexadecimal,
    /// One that is looked for from where it or its core begins only: as lists of numbers, as base32, as base64 twice.
    Rare,
}

#[derive(Debug)]
pub(super) struct Needle {
    pub(super) spelling: Spelling,
    pub(super) signs: Vec<u8>,
    /// The credential, and where each sign stands in it.
    plain: Vec<u8>,
    places: Vec<usize>,
    /// Where what is secret of it begins: behind a prefix that many credentials have.
    pub(super) core: usize,
    /// The first signs of both, as one number each.
    beginnings: [u64; 2],
}

impl Needle {
    fn new(spelling: Spelling, text: &[u8], core: usize) -> Self {
        let signs = signs_of(text);
        let beginning = |from: usize| number(signs.get(from..from + WINDOW - 1).unwrap_or_default());
        Self {
            spelling,
            beginnings: [beginning(0), beginning(core)],
            signs,
            plain: Vec::new(),
            places: Vec::new(),
            core,
        }
    }

    /// Where windows of it begin that are looked for.
    pub(super) fn is_looked_for_from(&self, at: usize) -> bool {
        self.spelling != Spelling::Rare || at == 0 || at == self.core
    }

    /// Whether it, or what is secret of it, begins with so many signs.
    pub(super) fn begins_with(&self, written: u64, length: usize) -> bool {
        let more = WINDOW.saturating_sub(1).saturating_sub(length);
        self.beginnings
            .iter()
            .any(|beginning| beginning >> (8 * more) == written)
    }

    /// Whether a run is all that is secret of it.
    pub(super) fn is_whole(&self, run: &CommonRun) -> bool {
        run.from <= self.core && run.from.saturating_add(run.length) == self.signs.len() && self.is_sure()
    }

    /// Whether a run is so much of it that it is met nowhere else: its beginning, or letters and digits that are half as many again
    /// as those of a part.
    pub(super) fn is_told_by(&self, run: &CommonRun) -> bool {
        if run.from == 0 || run.from == self.core {
            return run.place.len() >= BEGINNING;
        }
        let signs = self.signs.get(run.from..).unwrap_or_default();
        let signs = signs.get(..run.length).unwrap_or_default();
        run.length >= self.spelling.least().saturating_mul(3) / 2 && is_mixed(signs)
    }

    /// Whether it is too long to be met by chance and to be a word.
    pub(super) fn is_sure(&self) -> bool {
        self.spelling != Spelling::Plain
            || self.signs.len() >= SHORTEST
            || (is_mixed(&self.signs) && self.signs.len() >= SHORTEST_WITH_DIGIT)
    }

    /// Whether a run of the text is as the credential itself has it.
    pub(super) fn is_written(&self, text: &[u8], run: &CommonRun) -> bool {
        let first = self.places.get(run.from);
        let last = self.places.get((run.from + run.length).saturating_sub(1));
        let (Some(first), Some(last)) = (first, last) else {
            return false;
        };
        text.get(run.place.clone()) == self.plain.get(*first..last.saturating_add(1))
    }
}

impl Spelling {
    /// Signs that eight bytes of a credential take.
    pub(super) fn least(self) -> usize {
        match self {
            Self::Plain => WINDOW,
            Self::Base64 => 11,
            Self::Hexadecimal => 2 * WINDOW,
            // Of bits.
            Self::Rare => 8 * WINDOW,
        }
    }
}

/// The spellings of a credential that are long enough to be looked for.
pub(super) fn add_needles(secret: &[u8], needles: &mut Vec<Needle>) {
    /// Longer ones would not be counted by a window.
    const LONGEST: usize = 16 << 10;
    if secret.len() > LONGEST {
        return;
    }
    let places: Vec<usize> = (0..secret.len())
        .filter(|at| secret.get(*at).is_some_and(u8::is_ascii_alphanumeric))
        .collect();
    let core = core_of(secret);
    let core_sign = places.iter().take_while(|at| **at < core).count();
    let plain = Needle {
        plain: secret.to_vec(),
        places,
        ..Needle::new(Spelling::Plain, secret, core_sign)
    };
    let has_parts = plain.is_sure();
    needles.extend(Some(plain).filter(|needle| has_parts && needle.signs.len() >= WINDOW));
    if secret.len() < SHORTEST_ENCODED {
        return;
    }
    let mut encoded = |spelling, text: &[u8], core: usize| {
        let needle = Needle::new(spelling, text, core);
        needles.extend((needle.signs.len() >= WINDOW).then_some(needle));
    };
    let (text, core_sign) = numbers(secret, core, HEXADECIMAL);
    encoded(Spelling::Hexadecimal, &text, core_sign);
    let lists = LISTS.into_iter().filter(|_| secret.len() <= LONGEST_RARE);
    for form in lists {
        let (text, core_sign) = numbers(secret, core, form);
        encoded(Spelling::Rare, &text, core_sign);
    }
    // What stands before it shifts it by none, one or two bytes. Characters that hold bits of neighbours are left out.
    for (before, first) in [(0, 0), (1, 2), (2, 3)] {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        let text = STANDARD_NO_PAD.encode(&bytes);
        let shared = usize::from(bytes.len() % 3 != 0);
        let last = text.len().saturating_sub(shared);
        let text = text.as_bytes();
        // Only letters and digits of it are signs.
        let core_at = (8 * (before + core)).div_ceil(6).min(last);
        let core_sign = signs_of(text.get(first..core_at).unwrap_or_default()).len();
        encoded(
            Spelling::Base64,
            text.get(first..last).unwrap_or_default(),
            core_sign,
        );
    }
    // What stands before it changes all of these.
    let core = secret.get(core..).filter(|_| core > 0);
    let texts = [Some(secret), core].into_iter().flatten();
    for text in texts.filter(|text| text.len() <= LONGEST_RARE) {
        let twice = STANDARD_NO_PAD.encode(STANDARD.encode(text));
        // The last character holds bits of what may follow.
        let twice = twice.as_bytes().split_last().map_or(&[][..], |(_, rest)| rest);
        encoded(Spelling::Rare, twice, 0);
        encoded(Spelling::Rare, base32(text).as_bytes(), 0);
    }
}

/// How the number of a character is written: what stands before it, the base, and how many digits it has at least.
type NumberForm = (&'static [u8], u32, u32);

const HEXADECIMAL: NumberForm = (b"", 16, 2);
/// As in `115, 107`, `0x73 0x6b`, `U+0073`, in octal digits and as bits.
const LISTS: [NumberForm; 5] = [
    (b"", 10, 1),
    (b"0x", 16, 2),
    (b"u00", 16, 2),
    (b"", 8, 3),
    (b"", 2, 8),
];

/// The numbers of all characters, and where in them those of the core begin.
fn numbers(secret: &[u8], core: usize, (before, base, least): NumberForm) -> (Vec<u8>, usize) {
    let (mut text, mut core_sign) = (Vec::with_capacity(secret.len() * 8), 0);
    for (at, byte) in secret.iter().map(|byte| u32::from(*byte)).enumerate() {
        if at == core {
            core_sign = text.len();
        }
        text.extend_from_slice(before);
        let count = byte.checked_ilog(base).map_or(1, |most| most + 1).max(least);
        let digits = (0..count).rev().map(|place| byte / base.pow(place) % base);
        text.extend(digits.filter_map(|digit| u8::try_from(char::from_digit(digit, base)?).ok()));
    }
    (text, core_sign)
}

/// Without a last character that holds fewer than five bits.
fn base32(secret: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut count, mut text) = (0u32, 0u32, String::new());
    for byte in secret {
        bits = (bits << 8 | u32::from(*byte)) & 0xfff;
        count += 8;
        while count >= 5 {
            count -= 5;
            let five = usize::try_from(bits >> count & 31).unwrap_or_default();
            text.extend(ALPHABET.get(five).map(|letter| char::from(*letter)));
        }
    }
    text
}

/// Where what is secret of a credential begins, in bytes: behind words that tell whose it is and for what, such as `sk-proj-`,
/// `sk-ant-api03-` and `mb_`. What is left is long and no word.
fn core_of(secret: &[u8]) -> usize {
    const MOST_WORDS: usize = 4;
    const LONGEST_WORD: usize = 8;
    let mut core = 0;
    for _ in 0..MOST_WORDS {
        let rest = secret.get(core..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'-' | b'_')) else {
            break;
        };
        let (word, behind) = rest.split_at_checked(end).unwrap_or_default();
        let digits = word.iter().skip_while(|byte| byte.is_ascii_lowercase());
        let digits: Vec<_> = digits.collect();
        let is_word = (1..=LONGEST_WORD).contains(&word.len())
            && digits.len() <= 2
            && digits.len() < word.len()
            && digits.iter().all(|byte| byte.is_ascii_digit());
        let behind = behind.get(1..).unwrap_or_default();
        let has = |kind: fn(&u8) -> bool| behind.iter().any(kind);
        let is_secret =
            has(u8::is_ascii_digit) || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
        if !is_word || !is_secret || signs_of(behind).len() < SHORTEST {
            break;
        }
        core += end + 1;
    }
    core
}

fn is_mixed(signs: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| signs.iter().any(kind);
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

fn signs_of(text: &[u8]) -> Vec<u8> {
    let signs = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
    signs.map(u8::to_ascii_lowercase).collect()
}

pub(super) fn number(signs: &[u8]) -> u64 {
    signs
        .iter()
        .fold(0, |number, sign| (number << 8) | u64::from(*sign))
}
