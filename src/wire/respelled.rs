//! Credentials in another spelling: in other capitals, with blanks, line ends, tags or signs between their characters, as base64
//! (alone or behind a name, in either alphabet), as hexadecimal digits, any of that behind the escapes of JSON, HTML and
//! addresses; and parts of one.
//!
//! A text is read as the letters and digits in it, without case ([`Signs`]), and so is each spelling of a credential (a
//! [`Needle`]). Every eight signs in a row of a needle are in one table with a small filter before it, so that a text is read once,
//! whatever is looked for. Where eight are found the needle is followed as far as the text goes with it.
//!
//! What counts depends on the text. A whole needle always does. So does a part of eight signs or more beside dots or stars, which
//! stand for the rest. Where a text is a failure, eight signs of a credential as it is written are enough: nothing is lost there.
//! Elsewhere its first twelve are.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Signs that are looked up together.
const WINDOW: usize = 8;
/// Shorter credentials are words that people write in other capitals and with blanks as well. With a digit among their letters
/// they may be shorter.
const SHORTEST: usize = 16;
const SHORTEST_WITH_DIGIT: usize = 12;
/// Shortest credential that is looked for as base64 and hexadecimal digits, in bytes: as in data.
const SHORTEST_ENCODED: usize = 8;
/// Bytes of a beginning that tells which credential it is.
const BEGINNING: usize = 12;
/// Most bytes between two signs of one credential.
const GAP: usize = 16;
/// Most bytes of base64 around what was found that belong to it.
const AROUND: usize = 96;
/// Longest tag and longest entity of HTML that are read, in bytes.
const LONGEST_TAG: usize = 16;
const LONGEST_ENTITY: usize = 10;
/// Bits of the filter.
const FILTER_BITS: usize = 1 << 14;

/// Which parts of a credential count, beside the whole and what is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountedParts {
    None,
    /// Its first twelve signs, as they are written.
    Beginning,
    /// Any eight in a row.
    Any,
}

/// How a text is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextLook {
    pub(super) parts: CountedParts,
    /// Whether nothing comes behind the text.
    pub(super) is_end: bool,
    /// Signs at the end of the text from which on they may be the beginning of a credential.
    pub(super) open_from: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Plain,
    Base64,
    Hexadecimal,
}

#[derive(Debug)]
struct Needle {
    spelling: Spelling,
    signs: Vec<u8>,
    /// The credential, and where each sign stands in it.
    plain: Vec<u8>,
    places: Vec<usize>,
}

/// Eight signs, as one number, of which needle and from where.
type Window = (u64, u16, u16);

#[derive(Debug, Default)]
pub(super) struct RespelledSecrets {
    needles: Vec<Needle>,
    /// In order.
    windows: Vec<Window>,
    filter: FilterWords,
}

/// Which windows there may be. Its length is known, so that looking at it takes no check of bounds.
#[derive(Debug)]
struct FilterWords(Box<[u64; FILTER_BITS / 64]>);

impl Default for FilterWords {
    fn default() -> Self {
        Self(Box::new([0; FILTER_BITS / 64]))
    }
}

/// What the text and a needle have in common.
struct CommonRun {
    needle: usize,
    from: usize,
    length: usize,
    place: Range<usize>,
    /// Whether the text ended first.
    is_cut: bool,
}

impl RespelledSecrets {
    pub(super) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut needles = Vec::new();
        for text in texts {
            add_needles(text.as_bytes(), &mut needles);
        }
        let mut windows = Vec::new();
        for (nth, needle) in (0..).zip(&needles) {
            let signs = (0..).zip(needle.signs.windows(WINDOW));
            windows.extend(signs.map(|(at, signs)| (number(signs), nth, at)));
        }
        windows.sort_unstable();
        let mut filter = FilterWords::default();
        for (window, ..) in &windows {
            let bit = filter_bit(*window);
            if let Some(word) = filter.0.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
        Self {
            needles,
            windows,
            filter,
        }
    }

    /// All places in a text, in order, and where one begins that the text ends within.
    pub(super) fn find(&self, text: &[u8], look: TextLook) -> (Vec<Range<usize>>, Option<usize>) {
        let (mut found, mut open) = (Vec::new(), None);
        if self.needles.is_empty() {
            return (found, open);
        }
        let is_end = look.is_end;
        let mut signs = Signs { text, at: 0, is_end };
        let mut latest = LatestSigns::default();
        while latest.read_until(&mut signs, |number| self.may_have(number)) {
            let Some(start) = latest.start() else { continue };
            let Some(run) = self.longest(latest.number, start, &signs) else {
                continue;
            };
            if run.is_cut && !look.is_end && run.length < self.length(&run) {
                open = open.or(Some(start));
                break;
            }
            if self.counts(text, &run, look.parts) {
                let place = self.with_its_rest(text, &run);
                signs.at = place.end;
                latest = LatestSigns::default();
                found.push(place);
            }
        }
        if open.is_none() && !look.is_end {
            open = self.begun(&latest, look.open_from);
        }
        (found, open)
    }

    #[inline]
    fn may_have(&self, window: u64) -> bool {
        let bit = filter_bit(window);
        let word = self.filter.0.get(bit / 64);
        word.is_some_and(|word| word & (1 << (bit % 64)) != 0)
    }

    fn length(&self, run: &CommonRun) -> usize {
        self.needles
            .get(run.needle)
            .map_or(0, |needle| needle.signs.len().saturating_sub(run.from))
    }

    /// The longest run from a window of the text on, behind which `signs` stand.
    fn longest(&self, window: u64, start: usize, signs: &Signs<'_>) -> Option<CommonRun> {
        let first = self.windows.partition_point(|(known, ..)| *known < window);
        let same = self.windows.get(first..)?.iter();
        let same = same.take_while(|(known, ..)| *known == window);
        let runs = same.filter_map(|(_, needle, from)| {
            let (needle, from) = (usize::from(*needle), usize::from(*from));
            let known = &self.needles.get(needle)?.signs;
            let mut rest = Signs { ..*signs };
            let (mut length, mut end) = (WINDOW, signs.at);
            let mut is_cut = false;
            while let Some(wanted) = known.get(from.saturating_add(length)) {
                match rest.next() {
                    Some(TextSign { sign, .. }) if sign == *wanted => {
                        length = length.saturating_add(1);
                        end = rest.at;
                    }
                    Some(_) => break,
                    None => {
                        is_cut = true;
                        break;
                    }
                }
            }
            Some(CommonRun {
                needle,
                from,
                length,
                place: start..end,
                is_cut,
            })
        });
        runs.max_by_key(|run| run.length)
    }

    fn counts(&self, text: &[u8], run: &CommonRun, parts: CountedParts) -> bool {
        let Some(needle) = self.needles.get(run.needle) else {
            return false;
        };
        if run.length == needle.signs.len() && needle.is_sure() {
            return true;
        }
        if run.length < needle.spelling.least() {
            return false;
        }
        let as_written = needle.spelling != Spelling::Plain || needle.is_written(text, run);
        match parts {
            _ if is_masked(text, &run.place) => as_written,
            CountedParts::None => false,
            CountedParts::Beginning => as_written && run.from == 0 && run.place.len() >= BEGINNING,
            CountedParts::Any => as_written,
        }
    }

    /// Where a run stands, with the base64 around it that belongs to it.
    fn with_its_rest(&self, text: &[u8], run: &CommonRun) -> Range<usize> {
        let is_base64 = self
            .needles
            .get(run.needle)
            .is_some_and(|needle| needle.spelling == Spelling::Base64);
        if !is_base64 {
            return run.place.clone();
        }
        let belongs = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
        let before = text.get(..run.place.start).unwrap_or_default();
        let before = before.iter().rev().take(AROUND).take_while(belongs).count();
        let behind = text.get(run.place.end..).unwrap_or_default();
        let behind = behind.iter().take(AROUND).take_while(belongs).count();
        run.place.start.saturating_sub(before)..run.place.end.saturating_add(behind)
    }

    /// Where the latest signs of a text begin that are the beginning of a needle.
    fn begun(&self, latest: &LatestSigns, least: usize) -> Option<usize> {
        let most = latest.count.min(WINDOW - 1);
        (least..=most).rev().find_map(|length| {
            let mask = (1u64 << (8 * length)).wrapping_sub(1);
            let written = latest.number & mask;
            let begins = |needle: &Needle| {
                let beginning = needle.signs.get(..length);
                beginning.is_some_and(|beginning| number(beginning) == written)
            };
            self.needles.iter().any(begins).then(|| latest.start_of(length))?
        })
    }
}

impl Needle {
    /// Whether it is too long to be met by chance and to be a word.
    fn is_sure(&self) -> bool {
        let has = |kind: fn(&u8) -> bool| self.signs.iter().any(kind);
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        self.spelling != Spelling::Plain
            || self.signs.len() >= SHORTEST
            || (is_mixed && self.signs.len() >= SHORTEST_WITH_DIGIT)
    }

    /// Whether a run of the text is as the credential itself has it.
    fn is_written(&self, text: &[u8], run: &CommonRun) -> bool {
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
    fn least(self) -> usize {
        match self {
            Self::Plain => WINDOW,
            Self::Base64 => 11,
            Self::Hexadecimal => 2 * WINDOW,
        }
    }
}

/// The spellings of a credential that are long enough to be looked for.
fn add_needles(secret: &[u8], needles: &mut Vec<Needle>) {
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

fn number(signs: &[u8]) -> u64 {
    signs
        .iter()
        .fold(0, |number, sign| (number << 8) | u64::from(*sign))
}

#[inline]
fn filter_bit(window: u64) -> usize {
    // The upper bits of a product depend on all signs.
    let mixed = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50;
    usize::try_from(mixed).unwrap_or_default() % FILTER_BITS
}

/// Whether dots or stars stand beside a place, for what is not shown.
fn is_masked(text: &[u8], place: &Range<usize>) -> bool {
    const MASKS: [&str; 7] = ["*", "…", "...", "•", "●", "xxx", "XXX"];
    let before = text.get(..place.start).unwrap_or_default();
    let behind = text.get(place.end..).unwrap_or_default();
    MASKS
        .iter()
        .any(|mask| before.ends_with(mask.as_bytes()) || behind.starts_with(mask.as_bytes()))
}

/// What a byte is where signs are read: a sign without case, none, or what may begin an escape or a tag.
const BYTE_KINDS: [u8; 256] = {
    let mut kinds = [NO_SIGN; 256];
    let (mut rest, mut byte) = (kinds.as_mut_slice(), 0u8);
    while let Some((kind, behind)) = rest.split_first_mut() {
        *kind = match byte {
            b'\\' | b'%' | b'&' | b'<' => MAY_STAND_FOR_SIGN,
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
struct LatestSigns {
    number: u64,
    count: usize,
    starts: [usize; WINDOW],
}

impl LatestSigns {
    /// Reads on until the latest eight signs, as one number, are wanted; `false` where the text ends before that. All that comes in
    /// passes here byte by byte, so bytes that stand for themselves are looked up in a table.
    fn read_until(&mut self, signs: &mut Signs<'_>, is_wanted: impl Fn(u64) -> bool) -> bool {
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
    fn start(&self) -> Option<usize> {
        self.start_of(WINDOW)
    }

    fn start_of(&self, length: usize) -> Option<usize> {
        let first = self.count.checked_sub(length)?;
        self.starts.get(first % WINDOW).copied()
    }
}

/// A letter or digit of a text.
#[derive(Debug, Clone, Copy)]
struct TextSign {
    sign: u8,
    start: usize,
    /// Whether so much stands before it that it begins something new.
    is_apart: bool,
}

/// The letters and digits of a text without case, with escapes undone and tags left out.
#[derive(Debug)]
struct Signs<'t> {
    text: &'t [u8],
    at: usize,
    /// Whether nothing comes behind the text: otherwise an escape or a tag that it ends within is not read.
    is_end: bool,
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
                    Some([b'u', digits @ ..]) => digits.len() < 4,
                    Some([b'x', digits @ ..]) => digits.len() < 2,
                    Some(_) => false,
                    None => true,
                }
            }
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
            _ => (1, None),
        };
        self.at = self.at.saturating_add(taken.max(1));
        let meant = meant.and_then(|meant| u8::try_from(meant).ok());
        meant.filter(u8::is_ascii_alphanumeric)
    }
}

fn escape(rest: &[u8]) -> (usize, Option<u32>) {
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    let behind = rest.get(slashes..).unwrap_or_default();
    let digits = match behind.first() {
        Some(b'u') => 4,
        Some(b'x') => 2,
        Some(b'n' | b'r' | b't' | b'b' | b'f') => return (slashes.saturating_add(1), None),
        _ => return (slashes, None),
    };
    match hexadecimal(behind.get(1..digits + 1)) {
        Some(meant) => (slashes.saturating_add(digits + 1), Some(meant)),
        None => (slashes, None),
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
