//! Text from outside in a Markdown document of ours, and Markdown of a model as HTML.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

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

/// Whether an address is a page's, and nothing that a browser would run.
pub(crate) fn is_web_address(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

/// Markdown as HTML for a document that people open. What would be HTML in it becomes text, images are left out so that
/// nothing is loaded, and only links to web pages stay links.
pub(crate) fn markdown_to_html(markdown: &str) -> String {
    let mut links: Vec<bool> = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let keep = is_web_address(dest_url);
            links.push(keep);
            keep.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or_default().then_some(event),
        other => Some(other),
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    body
}

/// `text` as the content of an HTML element or of an attribute in double quotes.
pub(crate) fn escape_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
