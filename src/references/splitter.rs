//! Finds references in a text that comes in pieces. Text goes on as soon as it is known to be text; only an open `{{` waits,
//! and never for more than [`MOST_BYTES`].

use super::syntax::Reference;

/// Most bytes between the braces of a reference.
pub(super) const MOST_BYTES: usize = 400;
const OPEN: &str = "{{";
const CLOSE: &str = "}}";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPiece {
    Text(String),
    /// A reference, without its braces.
    Reference(String),
    /// A reference that the end of the text left open, without its braces.
    Unclosed(String),
}

/// Takes a text in pieces, cut anywhere, and gives the same text and references whatever the cuts were.
#[derive(Debug, Default)]
pub struct TextSplitter {
    waiting: String,
}

/// What begins at an open brace.
enum BraceStart {
    Reference { length: usize },
    NotOne,
    Undecided,
}

impl TextSplitter {
    /// Takes more text, and gives what is decided by now.
    pub fn push(&mut self, more: &str) -> Vec<TextPiece> {
        self.waiting.push_str(more);
        self.decided(false)
    }

    /// The text has ended: what waits is text, or a reference that is not closed.
    pub fn finish(&mut self) -> Vec<TextPiece> {
        match self.waiting.strip_prefix(OPEN) {
            Some(inside) if Reference::begins(inside) => {
                let inside = inside.to_owned();
                self.waiting.clear();
                vec![TextPiece::Unclosed(inside)]
            }
            _ => self.decided(true),
        }
    }

    fn decided(&mut self, ended: bool) -> Vec<TextPiece> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut pieces = Vec::new();
        // What is text so far begins at `from`; what has been looked at ends at `at`.
        let (mut from, mut at) = (0usize, 0usize);
        while let Some(found) = waiting.get(at..).and_then(|rest| rest.find('{')) {
            let open = at + found;
            let rest = waiting.get(open..).unwrap_or_default();
            match opened(rest) {
                BraceStart::Undecided if !ended => {
                    text(&mut pieces, waiting.get(from..open));
                    rest.clone_into(&mut self.waiting);
                    return pieces;
                }
                BraceStart::Undecided | BraceStart::NotOne => at = open + 1,
                BraceStart::Reference { length } => {
                    text(&mut pieces, waiting.get(from..open));
                    let inside = rest.get(OPEN.len()..OPEN.len() + length).unwrap_or_default();
                    pieces.push(TextPiece::Reference(inside.to_owned()));
                    at = open + OPEN.len() + length + CLOSE.len();
                    from = at;
                }
            }
        }
        text(&mut pieces, waiting.get(from..));
        pieces
    }
}

/// What begins with the brace that `rest` begins with.
fn opened(rest: &str) -> BraceStart {
    let Some(inside) = rest.strip_prefix(OPEN) else {
        return if rest.len() < OPEN.len() {
            BraceStart::Undecided
        } else {
            BraceStart::NotOne
        };
    };
    let bytes = inside.as_bytes();
    let window = bytes.get(..MOST_BYTES + CLOSE.len()).unwrap_or(bytes);
    let end = window
        .windows(CLOSE.len())
        .position(|two| two == CLOSE.as_bytes());
    let looked_at = window.get(..end.unwrap_or(window.len())).unwrap_or_default();
    let broken =
        looked_at.contains(&b'\n') || looked_at.windows(OPEN.len()).any(|two| two == OPEN.as_bytes());
    match end {
        _ if broken => BraceStart::NotOne,
        Some(length) if inside.get(..length).is_some_and(Reference::begins) => {
            BraceStart::Reference { length }
        }
        Some(_) => BraceStart::NotOne,
        None if window.len() == MOST_BYTES + CLOSE.len() => BraceStart::NotOne,
        None => BraceStart::Undecided,
    }
}

fn text(pieces: &mut Vec<TextPiece>, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        pieces.push(TextPiece::Text(text.to_owned()));
    }
}
