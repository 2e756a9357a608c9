//! Whether a server has begun to answer. Inside a response with status 200 it may still say that it is overloaded, or end
//! before it said a word; nobody heard anything then, so that the request may be sent again like one that was refused.
//! Thoughts are no words of an answer: nobody hears them either.
//! The wire asks while the body begins; what a stream of some protocol says is that protocol's to know.

use http::StatusCode;
use serde_json::Value;

use super::pieces::unwrapped;
use super::sse::{SseItem, SseParser};
use super::web_page;
use crate::wire::{Opening, OpeningJudge};

/// A body that is longer has begun, whatever it holds.
const LONGEST: usize = 64 << 10;
/// The same of one that begins with thoughts.
const LONGEST_THOUGHTS: usize = 512 << 10;

/// What one object of a stream says about whether the answer has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpeningSign {
    /// Nothing.
    None,
    /// The model thinks.
    Thoughts,
    Begun,
    /// The server failed, as if it had answered with this status.
    Failed(StatusCode),
}

/// Looks at the beginning of a body. `look` says what one object of the stream is, `knows` whether an object is a piece of the
/// protocol, and no envelope around one.
pub(super) fn judge(look: fn(&Value) -> OpeningSign, knows: fn(&Value) -> bool) -> OpeningJudge {
    let mut body = BodyBeginning {
        look,
        knows,
        parser: SseParser::default(),
        page: Vec::new(),
        seen: 0,
        thinks: false,
        is_streamed: false,
    };
    Box::new(move |piece, ended| body.push(piece, ended))
}

/// The beginning of a body, as far as it has come.
struct BodyBeginning {
    look: fn(&Value) -> OpeningSign,
    knows: fn(&Value) -> bool,
    parser: SseParser,
    /// What may be a web page.
    page: Vec<u8>,
    seen: usize,
    /// Whether thoughts have come.
    thinks: bool,
    is_streamed: bool,
}

impl BodyBeginning {
    fn push(&mut self, piece: &[u8], ended: bool) -> Opening {
        self.seen = self.seen.saturating_add(piece.len());
        if self.seen == piece.len() || !self.page.is_empty() {
            self.page.extend_from_slice(piece);
            match self.page.trim_ascii_start().first() {
                Some(b'<') => return self.page_opening(ended),
                // Blanks may stand before a page.
                None => {}
                Some(_) => self.page.clear(),
            }
        }
        let mut items = Vec::new();
        self.parser.push(piece, &mut items);
        if ended {
            self.parser.finish(&mut items);
        }
        let decided = items.into_iter().map(|item| self.of_item(item));
        let mut decided = decided.filter(|opening| *opening != Opening::Undecided);
        if let Some(decided) = decided.next() {
            return decided;
        }
        let longest = if self.thinks { LONGEST_THOUGHTS } else { LONGEST };
        match ended {
            true => self.ended(false),
            false if self.seen > longest => Opening::Begun,
            false => Opening::Undecided,
        }
    }

    fn of_item(&mut self, item: SseItem) -> Opening {
        match item {
            SseItem::Event { framed, json } => {
                self.is_streamed |= framed;
                let signs = unwrapped(json, self.knows);
                for sign in signs.iter().map(self.look) {
                    match sign {
                        OpeningSign::None => {}
                        OpeningSign::Thoughts => self.thinks = true,
                        OpeningSign::Begun => return Opening::Begun,
                        OpeningSign::Failed(status) => return Opening::Failed(status),
                    }
                }
                Opening::Undecided
            }
            SseItem::End => self.ended(true),
            // What is not the protocol does not become it by asking again.
            SseItem::Noise(_) => Opening::Begun,
        }
    }

    /// What a body is that ends before an answer began. Some models call tools in their thoughts and say nothing else.
    fn ended(&self, is_marked: bool) -> Opening {
        if self.thinks && (is_marked || !self.is_streamed) {
            Opening::Begun
        } else {
            Opening::Failed(StatusCode::SERVICE_UNAVAILABLE)
        }
    }

    /// What a web page is. One that a proxy shows while the server behind it is away passes; asking again mends no other.
    fn page_opening(&self, ended: bool) -> Opening {
        let page = String::from_utf8_lossy(&self.page);
        match web_page::failure(&page) {
            Some(status) => Opening::Failed(status),
            None if ended || web_page::has_told(&page) => Opening::Begun,
            None => Opening::Undecided,
        }
    }
}
