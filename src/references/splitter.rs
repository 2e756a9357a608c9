//! Finds references in a text that comes in pieces. Text goes on as soon as it is known to be text; only an open `{{` waits,
//! and never for more than [`MOST_BYTES`].

use super::syntax::{Reference, open_quote, quoted};

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
        self.decided(true)
    }

    fn decided(&mut self, ended: bool) -> Vec<TextPiece> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut pieces = Vec::new();
        // What is text so far begins at `from`; what has been looked at ends at `at`.
        let (mut from, mut at) = (0usize, 0usize);
        while let Some(found) = waiting.get(at..).and_then(|rest| rest.find('{')) {
            let open = at + found;
            let rest = waiting.get(open..).unwrap_or_default();
            match opened(rest, ended) {
                BraceStart::Undecided if !ended => {
                    text(&mut pieces, waiting.get(from..open));
                    rest.clone_into(&mut self.waiting);
                    return pieces;
                }
                BraceStart::Undecided if rest.strip_prefix(OPEN).is_some_and(Reference::begins) => {
                    text(&mut pieces, waiting.get(from..open));
                    let inside = rest.get(OPEN.len()..).unwrap_or_default();
                    pieces.push(TextPiece::Unclosed(inside.to_owned()));
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

/// What begins with the brace that `rest` begins with. Braces in the quotes of a key are data.
fn opened(rest: &str, ended: bool) -> BraceStart {
    let Some(inside) = rest.strip_prefix(OPEN) else {
        return if rest.len() < OPEN.len() {
            BraceStart::Undecided
        } else {
            BraceStart::NotOne
        };
    };
    let most = MOST_BYTES + CLOSE.len();
    let mut end = inside.len().min(most);
    while !inside.is_char_boundary(end) {
        end -= 1;
    }
    let window = inside.get(..end).unwrap_or_default();
    let line = window.split('\n').next().unwrap_or_default();
    // Whether more of this line may come.
    let goes_on = !ended && line.len() == window.len() && inside.len() < most;
    let quoted = quoted(line);
    let outside = |mark: &str| {
        let inside = |at: &usize| quoted.iter().any(|(from, to)| (from..to).contains(&at));
        line.match_indices(mark).map(|(at, _)| at).find(|at| !inside(at))
    };
    let (close, open) = (outside(CLOSE), outside(OPEN));
    let waits = open_quote(line).is_some_and(|quote| close.is_none_or(|close| quote < close));
    if goes_on && waits {
        return BraceStart::Undecided;
    }
    match close {
        Some(length) if open.is_some_and(|open| open < length) => BraceStart::NotOne,
        Some(length) if inside.get(..length).is_some_and(Reference::begins) => {
            BraceStart::Reference { length }
        }
        Some(_) => BraceStart::NotOne,
        None if open.is_some() || line.len() < window.len() || inside.len() >= most => BraceStart::NotOne,
        None => BraceStart::Undecided,
    }
}

fn text(pieces: &mut Vec<TextPiece>, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        pieces.push(TextPiece::Text(text.to_owned()));
    }
}
