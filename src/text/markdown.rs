//! Text from outside in a Markdown document of ours.

use super::line::visible;

/// `text` as one line of Markdown in which nothing is markup, a link or the end of a table's cell. What cannot be seen
/// becomes visible.
pub(crate) fn markdown_literal(text: &str) -> String {
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

/// `text` in a line of Markdown, such as an answer's, with only those signs escaped that would be markup there: names such as
/// `north_west` and addresses stay readable. It ends no cell of a table.
pub(crate) fn markdown_inline(text: &str) -> String {
    let line = visible(text);
    let mut safe = String::with_capacity(line.len());
    let mut before = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let in_word = |c: Option<&char>| {
            c.is_some_and(|c| c.is_alphanumeric()) && before.is_some_and(char::is_alphanumeric)
        };
        let markup = match c {
            '|' | '*' | '`' | '[' | ']' | '<' | '\\' => true,
            '_' => !in_word(rest.peek()),
            _ => false,
        };
        if markup {
            safe.push('\\');
        }
        safe.push(if matches!(c, '\n' | '\t') { ' ' } else { c });
        before = Some(c);
    }
    safe
}
