//! Looks at the beginning of a streamed body before it is handed on, so that a failure which a server tells inside a
//! response with status 200 is retried like one that it tells by its status.

use futures_util::stream::{self, StreamExt};
use http::StatusCode;
use tokio::time::{Instant, timeout_at};

use super::{JudgeLoading, WireResponse};

/// What the beginning of a streamed body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Too little to tell.
    Undecided,
    /// The answer has begun: whoever listens has to hear it.
    Begun,
    /// The server failed before it said anything, as if it had answered with this status.
    Failed(StatusCode),
}

/// Judges the beginning of one body, piece by piece: the next piece, and whether it is the last.
pub(crate) type OpeningJudge = Box<dyn FnMut(&[u8], bool) -> Opening + Send>;

/// Makes the judge of one body.
pub(crate) type JudgeOpening = fn() -> OpeningJudge;

/// The response, with its body as it was, once its opening was judged. Waits no longer than the deadline: what is not
/// decided by then is handed on.
pub(super) async fn judged(
    mut response: WireResponse,
    (judge, loading): (JudgeOpening, Option<JudgeLoading>),
    deadline: Option<Instant>,
) -> WireResponse {
    let mut pieces = Vec::new();
    let mut seen = Vec::new();
    let mut judge = judge();
    let mut opening = Opening::Undecided;
    while opening == Opening::Undecided {
        let next = response.body.next();
        let next = match deadline {
            None => next.await,
            Some(deadline) => match timeout_at(deadline, next).await {
                Ok(next) => next,
                Err(_) => break,
            },
        };
        opening = match next {
            Some(Ok(piece)) => {
                seen.extend_from_slice(&piece);
                let opening = judge(&piece, false);
                pieces.push(Ok(piece));
                opening
            }
            Some(Err(error)) => {
                // A body that breaks before it says anything failed as a connection does.
                pieces.push(Err(error));
                Opening::Failed(StatusCode::BAD_GATEWAY)
            }
            None => match judge(&[], true) {
                Opening::Undecided => Opening::Begun,
                decided => decided,
            },
        };
    }
    if let Opening::Failed(status) = opening {
        response.failed_opening = Some(status);
        response.is_loading = loading.is_some_and(|loading| loading(status, &seen));
    }
    let rest = std::mem::replace(&mut response.body, stream::empty().boxed());
    response.body = stream::iter(pieces).chain(rest).boxed();
    response
}
