//! The spellings of a credential that are looked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{CommonRun, WINDOW};

/// Shorter credentials are words that people write in other capitals and with blanks as well. With a digit among their letters
/// they may be shorter.
const SHORTEST: usize = 16;
const SHORTEST_WITH_DIGIT: usize = 12;
/// Shortest credential that is looked for as base64 and hexadecimal digits, in bytes: as in data.
const SHORTEST_ENCODED: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    Base64,
    Hexadecimal,
}

#[derive(Debug)]
pub(super) struct Needle {
    pub(super) spelling: Spelling,
    pub(super) signs: Vec<u8>,
    /// The credential, and where each sign stands in it.
    plain: Vec<u8>,
    places: Vec<usize>,
}

impl Needle {
    /// Whether it is too long to be met by chance and to be a word.
    pub(super) fn is_sure(&self) -> bool {
        let has = |kind: fn(&u8) -> bool| self.signs.iter().any(kind);
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        self.spelling != Spelling::Plain
            || self.signs.len() >= SHORTEST
            || (is_mixed && self.signs.len() >= SHORTEST_WITH_DIGIT)
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
    let plain = Needle {
        spelling: Spelling::Plain,
        signs: signs_of(secret),
        plain: secret.to_vec(),
        places,
    };
    let has_parts = plain.is_sure();
    needles.extend(Some(plain).filter(|needle| has_parts && needle.signs.len() >= WINDOW));
    if secret.len() < SHORTEST_ENCODED {
        return;
    }
    let mut encoded = |spelling, text: &[u8]| {
        let signs = signs_of(text);
        needles.extend((signs.len() >= WINDOW).then(|| Needle {
            spelling,
            signs,
            plain: Vec::new(),
            places: Vec::new(),
        }));
    };
    let digit = |half: u8| char::from_digit(u32::from(half), 16);
    let digits = secret.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits.filter_map(digit).collect();
    encoded(Spelling::Hexadecimal, digits.as_bytes());
    // What stands before it shifts it by none, one or two bytes. Characters that hold bits of neighbours are left out.
    for (before, first) in [(0, 0), (1, 2), (2, 3)] {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        let text = STANDARD_NO_PAD.encode(&bytes);
        let shared = usize::from(bytes.len() % 3 != 0);
        let last = text.len().saturating_sub(shared);
        encoded(
            Spelling::Base64,
            text.as_bytes().get(first..last).unwrap_or_default(),
        );
    }
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
