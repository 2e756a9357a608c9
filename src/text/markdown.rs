//! Text from outside in a Markdown document of ours.

use super::line::visible;

/// `text` as one line of Markdown in which nothing is markup, a link or the end of a table's cell. What cannot be seen
/// becomes visible.
pub fn markdown_literal(text: &str) -> String {
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
