//! Events of a turn as server-sent events.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::log::{TurnLog, has_seen_all};
use crate::server::event::TurnEvent;
use crate::server::record::AnswerRecord;
use crate::server::state::SharedState;
use crate::server::turns::LogCut;

/// How often a connection without events is kept alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Bytes after which no more events go out together.
const TOGETHER: usize = 16 * 1024;
/// How long the pieces of a text are gathered. Nobody sees so short a wait, and each write costs as much as many pieces.
const TEXT_TOGETHER: Duration = Duration::from_millis(5);
/// How long the last words of a stream that is cut have to go out.
const UNTIL_SENT: Duration = Duration::from_millis(50);
/// Keeps proxies from holding events back.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Writes one event.
fn frame(number: u64, event: &TurnEvent, out: &mut Vec<u8>) {
    // Memory can always be written to.
    let _ = write!(out, "id: {number}\nevent: {}\ndata: ", event.name());
    event.write(out);
    out.extend_from_slice(b"\n\n");
}

/// A response that streams. When the stream fails, the connection is reset: nobody takes a part for the whole.
pub(super) fn stream(frames: impl Stream<Item = Result<Bytes, LogCut>> + Send + 'static) -> Response {
    let mut response = Body::from_stream(frames).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    response
}

/// Events of a log as they come, with comments in between that keep the connection alive. `write` says how each is written;
/// what it writes nothing for is left out. Events that come together go out together.
pub(super) fn frames(
    mut log: TurnLog,
    mut write: impl FnMut(u64, &TurnEvent, &mut Vec<u8>) + Send + 'static,
) -> impl Stream<Item = Result<Bytes, LogCut>> + Send {
    async_stream::stream! {
        loop {
            match tokio::time::timeout(KEEP_ALIVE, log.next()).await {
                Err(_) => yield Ok(Bytes::from_static(b": still there\n\n")),
                Ok(None) => break,
                Ok(Some(Err(cut))) => {
                    yield Err(cut);
                    break;
                }
                Ok(Some(Ok((number, event)))) => {
                    // Whoever tells this one may be about to tell more.
                    match *event {
                        TurnEvent::Text { .. } => tokio::time::sleep(TEXT_TOGETHER).await,
                        _ => tokio::task::yield_now().await,
                    }
                    let mut together = Vec::new();
                    write(number, &event, &mut together);
                    while together.len() < TOGETHER
                        && let Some((number, event)) = log.next_now()
                    {
                        write(number, &event, &mut together);
                    }
                    if !together.is_empty() {
                        yield Ok(together.into());
                    }
                }
            }
        }
    }
}

/// The same stream for protocols whose clients take one that only ends for a whole one: a cut is told, with what `frame`
/// makes of the reason, and then the connection is reset.
pub(super) fn told_when_cut(
    frames: impl Stream<Item = Result<Bytes, LogCut>> + Send + 'static,
    frame: impl Fn(&str) -> Bytes + Send + 'static,
) -> impl Stream<Item = Result<Bytes, LogCut>> + Send {
    async_stream::stream! {
        let mut frames = std::pin::pin!(frames);
        while let Some(next) = frames.next().await {
            let Err(cut) = next else {
                yield next;
                continue;
            };
            yield Ok(frame("the server ends before the answer is there; ask again in a moment"));
            // What was written goes out only while nothing more is there; at a reset the rest is thrown away.
            tokio::time::sleep(UNTIL_SENT).await;
            yield Err(cut);
            return;
        }
    }
}

/// The native stream of a log.
pub(super) fn native(log: TurnLog) -> Response {
    stream(frames(log, frame))
}

/// The native stream of an answer from after what the client has seen. When it has seen all of it, clients that go on by
/// themselves are told with 204 not to.
pub(super) fn native_of(state: &SharedState, record: &AnswerRecord, headers: &HeaderMap) -> Response {
    let seen = last_seen(headers);
    if has_seen_all(record, seen) {
        return StatusCode::NO_CONTENT.into_response();
    }
    native(TurnLog::of(state, &record.id, seen))
}

/// The number of the last event that a client has seen.
fn last_seen(headers: &HeaderMap) -> u64 {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    seen.and_then(|id| id.trim().parse().ok()).unwrap_or_default()
}
