use std::fmt::Write as _;

use crate::result::is_hidden;

/// Makes text from outside (names, descriptions, values, an asker's name) safe to show on one line of a prompt.
///
/// White space, line breaks included, becomes single spaces. Characters that cannot be seen or that reorder what is
/// seen (control, bidirectional, zero-width, tags, variation selectors) become visible as `[U+202E]`. What would open
/// or close the fence around the data loses its bracket. At most `max_chars` characters stay, the last one `…` when
/// some were cut. Cleaning twice is the same as cleaning once.
pub fn clean(text: &str, max_chars: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            if is_invisible(c) {
                // Writing to a string cannot fail.
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            } else {
                out.push(c);
            }
        }
    }
    cut(&defuse_fences(&out), max_chars)
}

/// The fences used in the prompt.
const FENCES: [&str; 2] = ["catalog", "asker"];

fn defuse_fences(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let name = after.trim_start_matches(['/', ' ', '<']).to_lowercase();
        let fence = FENCES.iter().any(|fence| name.starts_with(fence));
        out.push(if fence { '‹' } else { '<' });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Hidden characters, and the variation selectors that can carry a message nobody sees. The emoji selector (U+FE0F) is
/// left alone: it only says that a sign is shown in colour.
fn is_invisible(c: char) -> bool {
    is_hidden(c) || matches!(c, '\u{fe00}'..='\u{fe0e}' | '\u{fff0}'..='\u{fff8}')
}
