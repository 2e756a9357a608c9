use url::Url;

use super::address::address;
use super::cleaned_text::CleanedText;
use super::page::MetabasePages;
use super::servers::ServerAddresses;
use super::syntax::{inline, pointed};
use crate::text::visible;

/// Most times a text is looked at again because taking a link out may have put another together.
const ROUNDS: usize = 6;
/// Most links inside labels of links that are looked into.
const DEPTH: usize = 8;

/// Which links may leave with an answer: to pages of one Metabase, each named by its id alone.
#[derive(Debug, Clone)]
pub struct LinkRules {
    pages: MetabasePages,
    /// What may be named besides.
    servers: ServerAddresses,
}

/// A text whose links all follow the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutLinks {
    /// The text. Where something was taken out it says so.
    pub text: String,
    /// Links and images that were taken out.
    pub removed: u32,
}

impl LinkRules {
    /// Links to pages of this Metabase may stay.
    pub fn to(metabase: &Url) -> Self {
        Self {
            pages: MetabasePages::of(metabase),
            servers: ServerAddresses::default(),
        }
    }

    /// The same rules for words of our own, which may name these servers: an error says which one it is about.
    #[must_use]
    pub fn naming<'u>(&self, servers: impl IntoIterator<Item = &'u Url>) -> Self {
        Self {
            pages: self.pages.clone(),
            servers: ServerAddresses::of(servers),
        }
    }

    /// The same rules, which may name these as well, word for word.
    #[must_use]
    pub(crate) fn also_naming(&self, words: &[String]) -> Self {
        Self {
            pages: self.pages.clone(),
            servers: self.servers.and(words),
        }
    }

    /// `text` without links, images and HTML, but for links to pages of the Metabase: words stay, targets go, and
    /// `‹link removed›` or `‹image removed›` stands in their place. What cannot be seen becomes visible, as
    /// `[U+202E]`. Doing it twice is the same as doing it once.
    pub fn apply(&self, text: &str) -> WithoutLinks {
        let mut text = visible(text);
        let mut removed = 0u32;
        for _ in 0..ROUNDS {
            let mut written = CleanedText::default();
            self.scan(&text, &mut written, DEPTH);
            removed = removed.saturating_add(written.removed);
            if written.text == text {
                return WithoutLinks { text, removed };
            }
            text = written.text;
        }
        // Still changing: no ordinary text is. Words and figures stay.
        WithoutLinks {
            text: words(&text),
            removed: removed.saturating_add(1),
        }
    }

    fn scan(&self, text: &str, out: &mut CleanedText, depth: usize) {
        let mut rest = text;
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            let taken = self.link(rest, before, out, depth).unwrap_or_else(|| {
                let tag = c == '<' && rest.chars().nth(1).is_some_and(opens_tag);
                out.push(if tag { '‹' } else { c });
                c.len_utf8()
            });
            before = rest.get(..taken).and_then(|taken| taken.chars().next_back());
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Handles the link that `rest` begins with, and returns its bytes; `None` when there is none.
    fn link(&self, rest: &str, before: Option<char>, out: &mut CleanedText, depth: usize) -> Option<usize> {
        if rest.starts_with(['[', '!'])
            && depth > 0
            && let Some(link) = inline(rest)
        {
            if !link.image && self.pages.is_page(link.target) && self.is_plain(link.label) {
                out.keep(&format!("[{}]({})", link.label, link.target));
            } else {
                self.scan(link.label, out, depth - 1);
                out.mark(link.image);
            }
            return Some(link.length);
        }
        if let Some((address, length)) = pointed(rest) {
            if self.pages.is_page(address) {
                out.keep(&format!("<{address}>"));
            } else {
                out.mark(false);
            }
            return Some(length);
        }
        if before.is_none_or(|c| !c.is_alphanumeric())
            && let Some(page) = self.pages.at(rest)
        {
            out.keep(page);
            return Some(page.len());
        }
        let length = address(rest, before)?;
        match rest.get(..length) {
            Some(named) if self.servers.has(named) => out.keep(named),
            _ => out.mark(false),
        }
        Some(length)
    }

    /// Whether a label is words alone.
    fn is_plain(&self, label: &str) -> bool {
        let mut written = CleanedText::default();
        self.scan(label, &mut written, 1);
        written.text == label && !label.contains(['[', ']', '<', '>', '!', '`', '\n', '\\'])
    }
}

fn opens_tag(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let point = matches!(c, '.' | ',')
            && chars
                .peek()
                .is_none_or(|c| c.is_ascii_digit() || c.is_whitespace());
        out.push(
            if c.is_alphanumeric() || c.is_whitespace() || point || matches!(c, '%' | '-' | '$' | '€') {
                c
            } else {
                ' '
            },
        );
    }
    out
}
