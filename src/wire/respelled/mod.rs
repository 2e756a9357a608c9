//! Credentials in another spelling: in other capitals, with blanks, line ends, tags or signs between their characters, as base64
//! (alone or behind a name, in either alphabet), as hexadecimal digits, as lists of numbers, in forms of letters such as `ｓ` and
//! `𝐬`, any of that behind the escapes of JSON, HTML and addresses; and parts of one.
//!
//! A text is read as the letters and digits in it, without case ([`Signs`]), and so is each spelling of a credential (a
//! [`Needle`]). Every eight signs in a row of a needle are in one table with a small filter before it, so that a text is read once,
//! whatever is looked for. Where eight are found the needle is followed as far as the text goes with it.
//!
//! What counts depends on the text. A whole needle always does. So does a part of eight signs or more beside dots or stars, which
//! stand for the rest. Where a text is a failure, eight signs of a credential as it is written are enough: nothing is lost there.
//! Elsewhere its first twelve are, and any twelve that are no words. What stands behind a prefix such as `sk-proj-` is as good as the
//! whole.

mod forms;
mod needle;
mod signs;

use std::ops::Range;

use self::needle::{Needle, Spelling, add_needles, number};
use self::signs::{LatestSigns, Signs, TextSign};

/// Signs that are looked up together.
const WINDOW: usize = 8;
/// Most bytes of base64 around what was found that belong to it.
const AROUND: usize = 96;
/// Bits of the filter.
const FILTER_BITS: usize = 1 << 15;

/// Which parts of a credential count, beside the whole and what is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountedParts {
    None,
    /// What tells which it is, as it is written: its first twelve signs, or any twelve with letters and digits among them.
    Telling,
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

/// Where credentials are in a text.
#[derive(Debug)]
pub(super) struct RespelledPlaces {
    /// In order.
    pub(super) whole: Vec<Range<usize>>,
    /// Where one begins that the text ends within.
    pub(super) open: Option<usize>,
    /// Where the latest signs begin, so many that one of which they are a part would not have been found.
    pub(super) recent: usize,
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
            let signs = (0u16..).zip(needle.signs.windows(WINDOW));
            let signs = signs.filter(|(at, _)| needle.is_looked_for_from(usize::from(*at)));
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

    /// All places in a text.
    pub(super) fn find(&self, text: &[u8], look: TextLook) -> RespelledPlaces {
        let (mut found, mut open) = (Vec::new(), None);
        if self.needles.is_empty() {
            return RespelledPlaces {
                whole: found,
                open,
                recent: text.len(),
            };
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
        let signs_begin = latest.start_of(latest.count.min(WINDOW - 1));
        RespelledPlaces {
            whole: found,
            recent: signs_begin.unwrap_or(signs.at).min(open.unwrap_or(usize::MAX)),
            open,
        }
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
        if needle.is_whole(run) {
            return true;
        }
        if run.length < needle.spelling.least() {
            return false;
        }
        let as_written = needle.spelling != Spelling::Plain || needle.is_written(text, run);
        match parts {
            _ if is_masked(text, &run.place) => as_written,
            CountedParts::None => false,
            CountedParts::Telling => as_written && needle.is_told_by(run),
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
            let mut needles = self.needles.iter();
            needles
                .any(|needle| needle.begins_with(written, length))
                .then(|| latest.start_of(length))?
        })
    }
}

#[inline]
fn filter_bit(window: u64) -> usize {
    // The upper bits of a product depend on all signs.
    let mixed = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49;
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
