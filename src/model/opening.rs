//! Whether a server has begun to answer. Inside a response with status 200 it may still say that it is overloaded, or end
//! before it said a word; nobody heard anything then, so that the request may be sent again like one that was refused.
//! The wire asks while the body begins; what a stream of some protocol says is that protocol's to know.

use http::StatusCode;
use serde_json::Value;

use super::pieces::unwrapped;
use super::sse::{SseItem, SseParser};
use crate::wire::Opening;

/// A body that is longer has begun, whatever it holds.
const LONGEST: usize = 64 << 10;

/// Looks at the beginning of a body. `look` says what one object of the stream is: the failure that it tells, or whether
/// the completion has begun with it. `knows` says whether an object is a piece of the protocol, and no envelope around one.
pub(super) fn judge(
    body: &[u8],
    ended: bool,
    look: fn(&Value) -> Opening,
    knows: fn(&Value) -> bool,
) -> Opening {
    // A web page, which asking again does not mend.
    if body.trim_ascii_start().starts_with(b"<") {
        return Opening::Begun;
    }
    let (mut parser, mut items) = (SseParser::default(), Vec::new());
    parser.push(body, &mut items);
    if ended {
        parser.finish(&mut items);
    }
    let decided = |json: Value| {
        let pieces = unwrapped(json, knows);
        let mut openings = pieces.iter().map(look);
        openings.find(|opening| *opening != Opening::Undecided)
    };
    let mut openings = items.into_iter().map(|item| match item {
        SseItem::Event { json, .. } => decided(json).unwrap_or(Opening::Undecided),
        SseItem::End => Opening::Failed(StatusCode::SERVICE_UNAVAILABLE),
        // What is not the protocol does not become it by asking again.
        SseItem::Noise(_) => Opening::Begun,
    });
    match openings.find(|opening| *opening != Opening::Undecided) {
        Some(decided) => decided,
        None if ended => Opening::Failed(StatusCode::SERVICE_UNAVAILABLE),
        None if body.len() > LONGEST => Opening::Begun,
        None => Opening::Undecided,
    }
}
