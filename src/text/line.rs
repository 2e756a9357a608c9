//! Text that came from elsewhere, made safe to stand in a line of ours.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::hidden::{is_hidden, with_hidden};
use super::marks::mark_positions;
use super::plain::{is_plain, is_visible};

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
    if text.len() <= max_chars && is_one_line(text) && is_plain(text) {
        return text.to_owned();
    }
    let (text, whole) = beginning(text, max_chars);
    let line = collapse(&without_marks(text));
    // Line breaks are gone now, which may have brought together what was apart.
    cut(&without_marks(&line), max_chars, whole)
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
    if is_visible(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for (_, c, hidden) in with_hidden(text) {
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

/// Whether there is no white space to collapse, in text without white space but blanks.
fn is_one_line(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
}

/// As much of `text` as can matter for a line of `max_chars` characters, and whether that is all of it.
fn beginning(text: &str, max_chars: usize) -> (&str, bool) {
    let most = max_chars.saturating_mul(4).saturating_add(200);
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or(text), false),
        None => (text, true),
    }
}

fn without_marks(text: &str) -> String {
    let marks: BTreeSet<usize> = mark_positions(text).into_iter().collect();
    if marks.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            c if !marks.contains(&at) => out.push(c),
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
    for (_, c, hidden) in with_hidden(text) {
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
    let kept = kept.trim_end_matches(|c: char| c.is_whitespace() || is_hidden(c));
    format!("{kept}…")
}
