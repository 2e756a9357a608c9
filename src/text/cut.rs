//! Text cut to a number of bytes, which says that it was cut.

use std::fmt::Write as _;

/// `text`, or its beginning and a marker that says how many bytes were left out, in at most `max_bytes` bytes of
/// valid UTF-8.
pub(crate) fn cut_to_bytes(mut text: String, max_bytes: usize) -> String {
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
