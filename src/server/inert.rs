//! Texts of others in a Markdown document of ours, which any program may show: nothing in them looks like a part of the document,
//! and nothing in them is a link. Programs differ in what they make of a text (autolinks, mathematics, struck out words), so
//! that what any of them knows is taken for markup.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::text::visible;

/// Signs that are markup somewhere.
const MARKUP: &str = "\\`*_[]<>|#!&~$^={}";
/// How often a text is looked at again after something in it was changed: what stood in HTML may be Markdown after that.
const LOOKS: usize = 8;

/// A text that means nothing, on one line. What cannot be seen becomes visible.
pub(super) fn inert_line(text: &str) -> String {
    let line = visible(text);
    let words: Vec<String> = line.split_whitespace().map(inert_word).collect();
    words.join(" ")
}

fn inert_word(word: &str) -> String {
    if !may_be_link(word) {
        return escaped(word);
    }
    // Programs make links of addresses also where signs of theirs are escaped, but never in code.
    let mut out = String::new();
    for part in word.split_inclusive(['`', '|', '\\']) {
        let (address, sign) = match part.char_indices().next_back() {
            Some((at, sign @ ('`' | '|' | '\\'))) => (part.get(..at).unwrap_or_default(), Some(sign)),
            _ => (part, None),
        };
        if !address.is_empty() {
            out.push('`');
            out.push_str(address);
            out.push('`');
        }
        out.extend(sign.into_iter().flat_map(|sign| ['\\', sign]));
    }
    out
}

/// Whether programs may make a link of a word: an address with its scheme, one that begins with `www.`, or one of e-mail.
fn may_be_link(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let mails = || lower.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    lower.contains("://")
        || lower.contains("www.")
        || lower.contains("mailto:")
        || lower.contains("xmpp:")
        || mails()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if MARKUP.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The Markdown of an answer as a quotation: its headings are bold lines, what would be HTML is text, and so are dollars and
/// tildes. Whatever it says, it says within the quotation.
pub(super) fn quotation(markdown: &str) -> String {
    let mut text = visible(markdown.trim());
    for _ in 0..LOOKS {
        let edits = edits_of(&text);
        if edits.is_empty() {
            return quoted(&text);
        }
        text = edited(&text, edits);
    }
    // It never comes to an end, so none of it is markup.
    let lines: Vec<String> = text.lines().map(inert_line).collect();
    quoted(&lines.join("  \n"))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(if line.trim().is_empty() { ">" } else { "> " });
        out.push_str(line.trim_end_matches('\r'));
        out.push('\n');
    }
    out
}

type TextEdit = (Range<usize>, String);

/// What has to be written in another way.
fn edits_of(text: &str) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = Vec::new();
    let mut in_code = false;
    // The one that is open: all of it, and what it says.
    let mut heading: Option<(Range<usize>, Option<Range<usize>>)> = None;
    for (event, at) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some((at, None)),
            Event::End(TagEnd::Heading(_)) => {
                if let Some((whole, inner)) = heading.take() {
                    let inner = inner.and_then(|inner| text.get(inner)).unwrap_or_default();
                    edits.push((heading_line(text, whole), bold(inner)));
                }
            }
            // A heading is written first, and what is in it at the next look.
            _ if heading.is_some() => {
                if let Some((_, inner)) = &mut heading {
                    let begin = inner.as_ref().map_or(at.start, |inner| inner.start.min(at.start));
                    let end = inner.as_ref().map_or(at.end, |inner| inner.end.max(at.end));
                    *inner = Some(begin..end);
                }
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Html(_) | Event::InlineHtml(_) => escape(text, at, &['<'], &mut edits),
            Event::Text(_) if !in_code => escape(text, at, &['$', '~'], &mut edits),
            _ => {}
        }
    }
    edits
}

/// The range of a heading without the end of its line.
fn heading_line(text: &str, whole: Range<usize>) -> Range<usize> {
    let line = text.get(whole.clone()).unwrap_or_default().trim_end();
    whole.start..whole.start + line.len()
}

/// A bold line; one that is bold already, or holds nothing, stays.
fn bold(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.contains("**") || text.contains("__") {
        text
    } else {
        format!("**{text}**")
    }
}

/// Puts a backslash before each of these signs that has none.
fn escape(text: &str, within: Range<usize>, signs: &[char], edits: &mut Vec<TextEdit>) {
    let part = text.get(within.clone()).unwrap_or_default();
    for (at, c) in part.char_indices().filter(|(_, c)| signs.contains(c)) {
        let begin = within.start + at;
        let before = text.get(..begin).unwrap_or_default();
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        if backslashes % 2 == 0 {
            edits.push((begin..begin + c.len_utf8(), format!("\\{c}")));
        }
    }
}

fn edited(text: &str, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|(at, _)| at.start);
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (at, new) in edits {
        // What overlaps is found again at the next look.
        if at.start < done {
            continue;
        }
        out.push_str(text.get(done..at.start).unwrap_or_default());
        out.push_str(&new);
        done = at.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
