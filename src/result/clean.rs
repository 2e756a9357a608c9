//! Text that came from elsewhere, made safe to stand in a line of ours.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::hidden::marked;
use super::signs::signs;

/// What stands for the bracket, or before the word, of something that could be read as a mark of ours or of a model
/// server.
const DEFUSED: char = '‹';

/// Text from outside as one line of data, of at most `max_chars` characters.
///
/// White space, line breaks included, becomes single spaces. Characters that cannot be seen or that reorder what is
/// seen become visible as `[U+202E]`. What could be read as the end of a fence, as a mark of a model server, as
/// somebody speaking or as a line of ours begins with `‹`: `‹/catalog>`, `‹|im_start|>`, `‹Human: `. What was cut is
/// marked by `…`. Doing it twice is the same as doing it once.
pub fn defuse(text: &str, max_chars: usize) -> String {
    let (text, whole) = beginning(text, max_chars);
    let line = collapse(&without_signs(text));
    // Line breaks are gone now, which may have brought together what was apart.
    cut(&without_signs(&line), max_chars, whole)
}

/// [`defuse`], with double quotes made single ones: the line is shown in double quotes.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    defuse(&text.replace('"', "'"), max_chars)
}

/// Text for a person as one line of at most `max_chars` characters: white space and what cannot be seen are handled
/// as [`defuse`] does, the words stay as they are.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let (text, whole) = beginning(text, max_chars);
    cut(&collapse(text), max_chars, whole)
}

/// `text` with what cannot be seen made visible, as `[U+202E]`; lines and tabs stay. Doing it twice is the same as doing
/// it once.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (_, c, hidden) in marked(text) {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {}
            c if hidden => {
                // Writing to a string cannot fail.
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// `text` as one line of Markdown in which nothing is markup, a link or the end of a table's cell. What cannot be seen
/// becomes visible.
pub fn literal(text: &str) -> String {
    let line = visible(text);
    let mut safe = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        let rest = line.get(at + c.len_utf8()..).unwrap_or_default();
        let begun = line.get(..at).unwrap_or_default();
        let links = c == ':' && rest.starts_with("//")
            || c == '.'
                && begun
                    .get(begun.len().saturating_sub(3)..)
                    .is_some_and(|www| www.eq_ignore_ascii_case("www"));
        match c {
            '\n' | '\t' => safe.push(' '),
            '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '\\' => {
                safe.push('\\');
                safe.push(c);
            }
            c if links => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// As much of `text` as can matter for a line of `max_chars` characters, and whether that is all of it.
fn beginning(text: &str, max_chars: usize) -> (&str, bool) {
    let most = max_chars.saturating_mul(4).saturating_add(200);
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or(text), false),
        None => (text, true),
    }
}

fn without_signs(text: &str) -> String {
    let signs: BTreeSet<usize> = signs(text).into_iter().collect();
    if signs.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            c if !signs.contains(&at) => out.push(c),
            '`' | '~' | '｀' | '～' => out.push('\''),
            c if c.is_alphanumeric() => {
                out.push(DEFUSED);
                out.push(c);
            }
            _ => out.push(DEFUSED),
        }
    }
    out
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for (_, c, hidden) in marked(text) {
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        if hidden {
            // Writing to a string cannot fail.
            let _ = write!(out, "[U+{:04X}]", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn cut(text: &str, max_chars: usize, whole: bool) -> String {
    if whole && text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    // A joiner or selector that lost what it joined would no longer be in its place.
    let kept = kept.trim_end_matches(|c: char| c.is_whitespace() || super::is_hidden(c));
    format!("{kept}…")
}

/// `text`, or its beginning and a marker that says how many bytes were left out, in at most `max_bytes` bytes of
/// valid UTF-8.
pub fn cut_to_bytes(mut text: String, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text;
    }
    let whole = text.len();
    let room = max_bytes.saturating_sub(" …[18446744073709551615 bytes left out]".len());
    text.truncate(char_boundary(&text, room));
    let left_out = whole - text.len();
    let mut marked = text.clone();
    let _ = write!(marked, " …[{left_out} bytes left out]");
    if marked.len() <= max_bytes {
        marked
    } else {
        text.truncate(char_boundary(&text, max_bytes));
        text
    }
}

/// The greatest character boundary at or below `at`.
fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}
