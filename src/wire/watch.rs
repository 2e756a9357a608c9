//! Tells how a body ended, once, whoever reads it and however far.

use bytes::Bytes;
use futures_util::StreamExt;

use super::{BodyStream, WireError};

/// How a body ended.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// Complete.
    Complete,
    /// With an error.
    Failed(WireError),
    /// The reader went away before the end.
    Dropped,
}

/// Sees a body go by.
pub(super) trait Watcher: Send + 'static {
    /// A piece of the body.
    fn chunk(&mut self, chunk: &Bytes);
    /// Its end; called once.
    fn end(&mut self, end: End);
}

/// Calls [`Watcher::end`] however the stream ends, also by being dropped.
struct Guard<W: Watcher> {
    watcher: W,
    ended: bool,
}

impl<W: Watcher> Guard<W> {
    fn end(&mut self, end: End) {
        if !self.ended {
            self.ended = true;
            self.watcher.end(end);
        }
    }
}

impl<W: Watcher> Drop for Guard<W> {
    fn drop(&mut self) {
        self.end(End::Dropped);
    }
}

/// The same body, watched.
pub(super) fn watched<W: Watcher>(mut body: BodyStream, watcher: W) -> BodyStream {
    let mut guard = Guard {
        watcher,
        ended: false,
    };
    async_stream::stream! {
        while let Some(chunk) = body.next().await {
            match &chunk {
                Ok(bytes) => guard.watcher.chunk(bytes),
                Err(error) => guard.end(End::Failed(error.clone())),
            }
            yield chunk;
        }
        guard.end(End::Complete);
    }
    .boxed()
}
