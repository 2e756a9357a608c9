//! JSON as servers write it: several documents in a row, what is no number among its numbers, and halves of surrogate pairs.
//!
//! A character beyond the first 65 536 is a pair of escapes (`\ud83d\ude00`). Servers that stream by token may send one half in
//! one event and the other in the next. Strict JSON has no such texts, so a half is read as a character that stands for it
//! ([`half`]), and [`HalfPairs`] puts it together with the other half.

use serde_json::Value;

/// Where the characters begin that stand for halves: the last 2048 of the last plane, which nobody may give a meaning of their own.
const HALVES: u32 = 0x0010_f800;
/// The first of the first halves, and the first of the second ones.
const HIGH: u32 = 0xd800;
const LOW: u32 = 0xdc00;
/// The first that is no half any more.
const BEHIND: u32 = 0xe000;
/// What stands in place of a half that nothing completes.
const UNREADABLE: char = '\u{fffd}';

/// JSON, also with what strict JSON does not have.
pub(super) fn read(text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        return None;
    }
    let strict = |text: &str| serde_json::from_str(text).ok();
    strict(text).or_else(|| {
        let marked = with_marked_halves(text);
        let text = marked.as_deref().unwrap_or(text);
        strict(text).or_else(|| strict(&without_odd_numbers(text)?))
    })
}

/// The documents that a text consists of, if it consists of such.
pub(super) fn documents(text: &str) -> Option<Vec<Value>> {
    if let Some(one) = read(text) {
        return Some(vec![one]);
    }
    let marked = with_marked_halves(text);
    let values = serde_json::Deserializer::from_str(marked.as_deref().unwrap_or(text)).into_iter();
    let values: Result<Vec<Value>, _> = values.collect();
    values.ok().filter(|values| !values.is_empty())
}

/// The text with `null` in place of `NaN` and of infinite numbers; `None` when there are none.
fn without_odd_numbers(text: &str) -> Option<String> {
    const ODD: [&str; 6] = ["NaN", "-NaN", "Infinity", "-Infinity", "+Infinity", "+NaN"];
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut is_text, mut found) = (text, false, false);
    while let Some(next) = rest.chars().next() {
        let odd = ODD.iter().find(|odd| !is_text && rest.starts_with(**odd));
        let length = match (odd, next) {
            (Some(odd), _) => odd.len(),
            (None, '\\') if is_text => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            (None, next) => next.len_utf8(),
        };
        is_text ^= next == '"';
        let (part, after) = rest.split_at_checked(length)?;
        out.push_str(if odd.is_some() { "null" } else { part });
        found |= odd.is_some();
        rest = after;
    }
    found.then_some(out)
}

/// The text with a character for each half of a pair that stands alone; `None` when there are none.
fn with_marked_halves(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at)?;
        out.push_str(before);
        let (length, lone) = match (code(escape), escape.get(6..).and_then(code)) {
            (Some(HIGH..LOW), Some(LOW..BEHIND)) => (12, None),
            (Some(unit @ HIGH..BEHIND), _) => (6, half(unit)),
            (Some(_), _) => (6, None),
            // An escape of one character, which may have any length in bytes.
            (None, _) => (1 + escape.chars().nth(1).map_or(0, char::len_utf8), None),
        };
        let (escape, after) = escape.split_at_checked(length)?;
        match lone {
            Some(half) => out.push(half),
            None => out.push_str(escape),
        }
        found |= lone.is_some();
        rest = after;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The character that stands for a half.
fn half(unit: u32) -> Option<char> {
    char::from_u32(HALVES.checked_add(unit.checked_sub(HIGH)?)?)
}

/// The half that a character stands for.
fn unit(half: char) -> Option<u32> {
    u32::from(half).checked_sub(HALVES)?.checked_add(HIGH)
}

/// The number of an escape `\uXXXX` that a text begins with.
fn code(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Puts halves of pairs together that come in two events.
#[derive(Debug, Default)]
pub(super) struct HalfPairs {
    /// The first half of a pair that a text ended in, and where in its event the text stood.
    open: Option<(String, u32)>,
}

impl HalfPairs {
    /// Whether an event has to be looked at: it may hold a half, or the one before it did.
    pub(super) fn concern(&self, written: &str) -> bool {
        self.open.is_some() || written.contains("\\ud") || written.contains("\\uD")
    }

    /// Puts halves of an event together with those before. A first half that its text ends in is kept for the next one.
    pub(super) fn join(&mut self, event: &mut Value) {
        let mut place = String::new();
        let mut begun = None;
        self.visit(event, &mut place, &mut begun);
        self.open = begun.or(self.open.take());
    }

    fn visit(&mut self, value: &mut Value, place: &mut String, begun: &mut Option<(String, u32)>) {
        let length = place.len();
        match value {
            Value::String(text) => self.settle(text, place, begun),
            Value::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    place.push('/');
                    place.push_str(&at.to_string());
                    self.visit(item, place, begun);
                    place.truncate(length);
                }
            }
            Value::Object(fields) => {
                for (key, field) in fields.iter_mut() {
                    place.push('/');
                    place.push_str(key);
                    self.visit(field, place, begun);
                    place.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn settle(&mut self, text: &mut String, place: &str, begun: &mut Option<(String, u32)>) {
        if text.is_empty() {
            return;
        }
        let mut chars = text.chars();
        let mut out = String::with_capacity(text.len());
        if let Some((_, high)) = self.open.take_if(|(open, _)| open == place) {
            let low = chars.clone().next().and_then(unit).filter(|unit| *unit >= LOW);
            out.push(low.and_then(|low| whole(high, low)).unwrap_or(UNREADABLE));
            if low.is_some() {
                chars.next();
            }
        }
        while let Some(c) = chars.next() {
            match unit(c) {
                None => out.push(c),
                Some(high) if high < LOW && chars.as_str().is_empty() && begun.is_none() => {
                    *begun = Some((place.to_owned(), high));
                }
                Some(_) => out.push(UNREADABLE),
            }
        }
        *text = out;
    }
}

/// The character of a pair.
fn whole(high: u32, low: u32) -> Option<char> {
    let (high, low) = (u16::try_from(high).ok()?, u16::try_from(low).ok()?);
    char::decode_utf16([high, low]).next()?.ok()
}
