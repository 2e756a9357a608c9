//! Finds credentials in bytes, however they are written there: as they are, with escapes of JSON and other languages (`\u002d`,
//! `\/`, `\u{2d}`, `\055`), as
//! entities of HTML (`&#45;`) or as parts of an address (`%2d`), any of their characters in any of these ways. Further spellings,
//! and parts of longer credentials, are found by `respelled`.

use std::ops::Range;
use std::sync::Arc;

use super::REDACTED;
use super::respelled::{CountedParts, RespelledPlaces, RespelledSecrets, TextLook};

/// Shorter credentials may stand inside of other words.
const SHORTEST_ANYWHERE: usize = 8;
/// Longest entity of HTML that is read, in bytes.
const LONGEST_ENTITY: usize = 10;
/// What a character begins with that is written otherwise.
const ESCAPES: [u8; 3] = [b'\\', b'%', b'&'];
/// Entities with names, of characters that stand in credentials.
const ENTITIES: [(&str, char); 16] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("sol", '/'),
    ("equals", '='),
    ("plus", '+'),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("colon", ':'),
    ("period", '.'),
    ("num", '#'),
    ("percnt", '%'),
    ("commat", '@'),
];

/// Texts that are not passed on.
#[derive(Debug, Clone, Default)]
pub(super) struct SecretTexts {
    texts: Arc<Vec<SecretText>>,
    beginnings: Arc<SecretBeginnings>,
    respelled: Arc<RespelledSecrets>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SecretText {
    characters: Vec<char>,
    length: usize,
}

/// What such texts begin with, in whatever way it is written.
#[derive(Debug, Default)]
struct SecretBeginnings {
    first: ByteSet,
    /// What stands behind a first character that is written as it is.
    second: ByteSet,
}

#[derive(Debug)]
struct ByteSet([bool; 256]);

/// Where such texts are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SecretPlaces {
    pub(super) whole: Vec<Range<usize>>,
    /// Where one begins that the text ends within.
    pub(super) open: Option<usize>,
    /// Where the latest signs begin: what stands before is not needed to find one that goes on behind the text.
    pub(super) recent: usize,
}

/// What stands at a place where a character is looked for.
enum CharacterAt {
    /// The character, in so many bytes.
    Found(usize),
    /// What may be its beginning, and nothing behind it.
    CutOff,
    Other,
}

impl SecretTexts {
    /// These texts, the longest first, so that no rest of one stays behind when another is a part of it.
    pub(super) fn of(mut texts: Vec<String>) -> Self {
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        let respelled = RespelledSecrets::of(texts.iter().map(String::as_str));
        let texts = texts.into_iter().map(|text| SecretText {
            length: text.len(),
            characters: text.chars().collect(),
        });
        let texts: Vec<SecretText> = texts.collect();
        Self {
            beginnings: Arc::new(SecretBeginnings::of(&texts)),
            texts: Arc::new(texts),
            respelled: Arc::new(respelled),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// All places in a text, in order.
    pub(super) fn find(&self, text: &[u8], look: TextLook) -> SecretPlaces {
        let mut places = self.written(text);
        let RespelledPlaces {
            whole: mut respelled,
            open,
            recent,
        } = self.respelled.find(text, look);
        // What goes on there as it is written ends later.
        if let Some(at) = places.open.filter(|_| !look.is_end) {
            respelled.retain(|place| place.start < at);
        }
        if !respelled.is_empty() {
            places.whole = joined(places.whole, respelled);
        }
        places.open = places.open.into_iter().chain(open).min();
        let last = places.whole.last().map_or(0, |place| place.end);
        places.open = places.open.filter(|at| *at >= last);
        places.recent = recent.max(last);
        places
    }

    /// Most bytes that one of them takes, however it is written.
    pub(super) fn most_written(&self) -> usize {
        /// For a character, with what may stand before it.
        const MOST: usize = 32;
        let longest = self.texts.iter().map(|text| text.length).max();
        longest.unwrap_or_default().saturating_mul(MOST)
    }

    /// All places of credentials as they are, or with escapes.
    fn written(&self, text: &[u8]) -> SecretPlaces {
        let begins = |byte: &u8| self.beginnings.first.has(*byte);
        let mut places = SecretPlaces::default();
        let mut from = 0;
        while let Some(next) = text.get(from..).and_then(|rest| rest.iter().position(begins)) {
            let at = from.saturating_add(next);
            from = at.saturating_add(1);
            if !self.beginnings.may_go_on(text.get(at), text.get(from)) {
                continue;
            }
            for secret in &*self.texts {
                match secret.at(text, at) {
                    CharacterAt::Found(length) => {
                        let end = at.saturating_add(length);
                        if secret.length >= SHORTEST_ANYWHERE || stands_alone(text, at, end) {
                            places.whole.push(at..end);
                            from = end;
                            break;
                        }
                    }
                    CharacterAt::CutOff => places.open = places.open.or(Some(at)),
                    CharacterAt::Other => {}
                }
            }
        }
        // What holds or comes before a whole one is not kept for another.
        let last = places.whole.last().map_or(0, |place| place.end);
        places.open = places.open.filter(|at| *at >= last);
        places
    }

    /// A text that is a failure, or of one, without them; `None` when it holds none.
    pub(super) fn clean(&self, text: &[u8]) -> Option<Vec<u8>> {
        let look = TextLook {
            parts: CountedParts::Any,
            is_end: true,
            open_from: usize::MAX,
        };
        without(text, &self.find(text, look).whole)
    }
}

impl SecretBeginnings {
    fn of(texts: &[SecretText]) -> Self {
        let mut beginnings = Self::default();
        let first_byte = |c: char| c.encode_utf8(&mut [0; 4]).as_bytes().first().copied();
        for SecretText { characters, .. } in texts {
            let first = characters.first();
            beginnings.first.add(first.and_then(|c| first_byte(*c)));
            match characters.get(1).filter(|_| first.is_some_and(char::is_ascii)) {
                // A blank may be written as a plus.
                Some(' ') | None => beginnings.second.add(0..=u8::MAX),
                Some(second) => beginnings.second.add(first_byte(*second)),
            }
        }
        beginnings.first.add(ESCAPES);
        beginnings.second.add(ESCAPES);
        beginnings
    }

    /// Whether one may begin with these two bytes. Most of what begins like one is another word.
    fn may_go_on(&self, first: Option<&u8>, second: Option<&u8>) -> bool {
        first.is_some_and(|first| ESCAPES.contains(first))
            || second.is_none_or(|second| self.second.has(*second))
    }
}

impl Default for ByteSet {
    fn default() -> Self {
        Self([false; 256])
    }
}

impl ByteSet {
    fn add(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            if let Some(place) = self.0.get_mut(usize::from(byte)) {
                *place = true;
            }
        }
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).is_some_and(|has| *has)
    }
}

/// Places in order, those that touch as one.
fn joined(mut places: Vec<Range<usize>>, more: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.extend(more);
    places.sort_by_key(|place| (place.start, place.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for place in places {
        match joined.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

/// The text without what stands at these places; `None` when there are none.
pub(super) fn without(text: &[u8], places: &[Range<usize>]) -> Option<Vec<u8>> {
    if places.is_empty() {
        return None;
    }
    let mut clean = Vec::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        clean.extend_from_slice(text.get(from..place.start).unwrap_or_default());
        clean.extend_from_slice(REDACTED.as_bytes());
        from = place.end;
    }
    clean.extend_from_slice(text.get(from..).unwrap_or_default());
    Some(clean)
}

impl SecretText {
    /// Whether it stands at this place of a text.
    fn at(&self, text: &[u8], at: usize) -> CharacterAt {
        let mut rest = text.get(at..).unwrap_or_default();
        let mut length: usize = 0;
        for c in &self.characters {
            match character(rest, *c) {
                CharacterAt::Found(taken) => {
                    length = length.saturating_add(taken);
                    rest = rest.get(taken..).unwrap_or_default();
                }
                other => return other,
            }
        }
        CharacterAt::Found(length)
    }
}

/// Whether a text begins with a character, in whatever way it is written.
fn character(text: &[u8], c: char) -> CharacterAt {
    let mut buffer = [0; 4];
    let plain = c.encode_utf8(&mut buffer).as_bytes();
    if text.starts_with(plain) {
        return CharacterAt::Found(plain.len());
    }
    if plain.starts_with(text) {
        return CharacterAt::CutOff;
    }
    match text.first() {
        Some(b'\\') => escaped(text, c),
        Some(b'%') => in_address(text, plain),
        Some(b'&') => entity(text, c),
        Some(b'+') if c == ' ' => CharacterAt::Found(1),
        _ => CharacterAt::Other,
    }
}

/// A character behind any number of backslashes, for JSON that was written into JSON.
fn escaped(text: &[u8], c: char) -> CharacterAt {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let behind = text.get(slashes..).unwrap_or_default();
    let digits = match behind.first() {
        None => return CharacterAt::CutOff,
        Some(b'u' | b'x') if behind.get(1) == Some(&b'{') => {
            let digits = behind.get(2..).unwrap_or_default();
            return match numbered(digits, 16, 6, b"}", c) {
                CharacterAt::Found(taken) => {
                    CharacterAt::Found(slashes.saturating_add(2).saturating_add(taken))
                }
                other => other,
            };
        }
        Some(b'u') => 4,
        Some(b'x') => 2,
        Some(b'0'..=b'3') => {
            return match numbered(behind, 8, 3, b"", c) {
                CharacterAt::Found(taken) => CharacterAt::Found(slashes.saturating_add(taken)),
                other => other,
            };
        }
        Some(byte) if u32::from(*byte) == u32::from(c) && b"\"/'&".contains(byte) => {
            return CharacterAt::Found(slashes.saturating_add(1));
        }
        Some(_) => return CharacterAt::Other,
    };
    match hexadecimal(behind.get(1..).unwrap_or_default(), digits) {
        HexAt::Number(number) if number == u32::from(c) => {
            CharacterAt::Found(slashes.saturating_add(1).saturating_add(digits))
        }
        HexAt::CutOff => CharacterAt::CutOff,
        HexAt::Number(_) | HexAt::Other => CharacterAt::Other,
    }
}

/// Whether a character's number stands there, with what ends it. With nothing that does, it has all `most` digits.
fn numbered(text: &[u8], radix: u32, most: usize, end: &[u8], c: char) -> CharacterAt {
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let count = text.iter().take(most).take_while(is_digit).count();
    let (digits, behind) = text.split_at_checked(count).unwrap_or_default();
    if behind.is_empty() && (count < most || !end.is_empty()) {
        return CharacterAt::CutOff;
    }
    let number = str::from_utf8(digits).ok();
    let number = number.and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let is_whole = behind.starts_with(end) && (count == most || !end.is_empty());
    if is_whole && number == Some(u32::from(c)) {
        CharacterAt::Found(count.saturating_add(end.len()))
    } else {
        CharacterAt::Other
    }
}

/// The bytes of a character, each behind a percent sign, which may be written in this way again.
fn in_address(text: &[u8], plain: &[u8]) -> CharacterAt {
    let mut rest = text;
    for byte in plain {
        match rest.split_first() {
            None => return CharacterAt::CutOff,
            Some((b'%', behind)) => rest = behind,
            Some(_) => return CharacterAt::Other,
        }
        while let Some(behind) = rest.strip_prefix(b"25") {
            match hexadecimal(behind, 2) {
                HexAt::Number(_) => rest = behind,
                HexAt::CutOff => return CharacterAt::CutOff,
                HexAt::Other => break,
            }
        }
        match hexadecimal(rest, 2) {
            HexAt::Number(number) if number == u32::from(*byte) => rest = rest.get(2..).unwrap_or_default(),
            HexAt::CutOff => return CharacterAt::CutOff,
            HexAt::Number(_) | HexAt::Other => return CharacterAt::Other,
        }
    }
    CharacterAt::Found(text.len().saturating_sub(rest.len()))
}

/// `&#45;`, `&#x2d;`, `&quot;`.
fn entity(text: &[u8], c: char) -> CharacterAt {
    let beginning = text.get(..text.len().min(LONGEST_ENTITY)).unwrap_or_default();
    let Some(end) = beginning.iter().position(|byte| *byte == b';') else {
        let inside = beginning.get(1..).unwrap_or_default();
        let is_name = inside
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        let is_cut = is_name && text.len() < LONGEST_ENTITY;
        return if is_cut {
            CharacterAt::CutOff
        } else {
            CharacterAt::Other
        };
    };
    let name = beginning.get(1..end).and_then(|name| str::from_utf8(name).ok());
    let number = |name: &str| match name.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => name.parse().ok(),
    };
    let meant = name.and_then(|name| match name.strip_prefix('#') {
        Some(name) => number(name).and_then(char::from_u32),
        None => ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    });
    if meant == Some(c) {
        CharacterAt::Found(end.saturating_add(1))
    } else {
        CharacterAt::Other
    }
}

enum HexAt {
    Number(u32),
    CutOff,
    Other,
}

/// The number in so many hexadecimal digits that a text begins with.
fn hexadecimal(text: &[u8], digits: usize) -> HexAt {
    let written = text.get(..text.len().min(digits)).unwrap_or_default();
    if !written.iter().all(u8::is_ascii_hexdigit) {
        return HexAt::Other;
    }
    if written.len() < digits {
        return HexAt::CutOff;
    }
    let number = str::from_utf8(written).ok();
    let number = number.and_then(|written| u32::from_str_radix(written, 16).ok());
    number.map_or(HexAt::Other, HexAt::Number)
}

/// Whether a short secret is a word of its own there: the `test` in `latest` is not.
fn stands_alone(text: &[u8], at: usize, end: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    !is_word(before) && !is_word(text.get(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> SecretTexts {
        SecretTexts::of(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn short_credentials_are_words_of_their_own() {
        let seen = secrets(&["test"]).clean(b"the latest key 'test' failed").unwrap();
        assert_eq!(seen, b"the latest key '[redacted]' failed");
    }

    #[test]
    fn every_character_may_be_written_in_every_way() {
        for written in [
            r"sk-a/b=c_1",
            r"sk\u002da\/b\u003Dc_1",
            r"\u0073\u006b\u002d\u0061\u002f\u0062\u003d\u0063\u005f\u0031",
            r"sk\\u002da\\/b=c_1",
            r"sk\x2da/b=c_1",
            r"sk\u{2d}a\u{02F}b=c_1",
            r"\163\153\055a/b\075c_1",
            "sk%2da%2Fb%3Dc_1",
            "%73%6B%2D%61%2F%62%3D%63%5F%31",
            "sk%252da%252Fb=c_1",
            "sk&#45;a&#x2F;b&#061;c&lowbar;1",
            "sk-a&sol;b&equals;c_1",
        ] {
            let text = format!("the key {written}, again");
            let seen = secrets(&["sk-a/b=c_1"]).clean(text.as_bytes()).unwrap();
            assert_eq!(
                str::from_utf8(&seen).unwrap(),
                "the key [redacted], again",
                "{written}"
            );
            // However much of it is there, it is known where it begins.
            for cut in 9..text.find(',').unwrap() {
                let places = secrets(&["sk-a/b=c_1"]).written(&text.as_bytes()[..cut]);
                assert_eq!((places.open, places.whole), (Some(8), vec![]), "{written} {cut}");
            }
        }
        for other in [
            "sk-a/b=c_",
            r"sk\u002ea/b=c_1",
            "sk%2ea/b=c_1",
            "sk&#46;a/b=c_1",
            "sk&amp;a/b=c_1",
        ] {
            assert_eq!(secrets(&["sk-a/b=c_1"]).clean(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn the_longer_of_two_is_taken_out_and_a_repeated_beginning_is_no_hindrance() {
        let seen = secrets(&["abcdefgh", "abcdefghijkl"])
            .clean(b"abcdefghijkl abcdefgh")
            .unwrap();
        assert_eq!(seen, b"[redacted] [redacted]");
        let seen = secrets(&["aabaabaac"]).clean(b"aabaabaabaac").unwrap();
        assert_eq!(seen, b"aab[redacted]");
    }
}
