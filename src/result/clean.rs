//! Text that came from elsewhere, made safe to stand in a line of ours.

use std::fmt::Write as _;

/// Whether a character is invisible or changes how its neighbours are read: controls, line separators, bidirectional
/// marks, zero-width characters, tags and fillers. Such characters are never passed on as they are.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// One line of at most `max_chars` characters: hidden characters and runs of white space become one space, double
/// quotes become single ones (the line is shown in double quotes), and what was cut is marked by `…`.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    let mut out = String::new();
    let mut kept = 0usize;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || is_hidden(c) {
            gap = !out.is_empty();
            continue;
        }
        if kept + usize::from(gap) >= max_chars {
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
            kept += 1;
            gap = false;
        }
        out.push(if c == '"' { '\'' } else { c });
        kept += 1;
    }
    out
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
