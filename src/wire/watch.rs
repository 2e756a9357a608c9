//! Tells how a body ended, once, whoever reads it and however far.

use bytes::Bytes;
use futures_util::StreamExt;

use super::{BodyStream, WireError};

#[derive(Debug, Clone)]
pub(super) enum BodyEnd {
    Complete,
    Failed(WireError),
    /// The reader went away before the end.
    Dropped,
}

/// Sees a body go by.
pub(super) trait BodyWatcher: Send + 'static {
    /// A piece of the body.
    fn chunk(&mut self, chunk: &Bytes);
    /// Its end; called once.
    fn end(&mut self, end: BodyEnd);
}

/// Calls [`BodyWatcher::end`] however the stream ends, also by being dropped.
struct WatchGuard<W: BodyWatcher> {
    watcher: W,
    ended: bool,
}

impl<W: BodyWatcher> WatchGuard<W> {
    fn end(&mut self, end: BodyEnd) {
        if !self.ended {
            self.ended = true;
            self.watcher.end(end);
        }
    }
}

impl<W: BodyWatcher> Drop for WatchGuard<W> {
    fn drop(&mut self) {
        self.end(BodyEnd::Dropped);
    }
}

pub(super) fn watched<W: BodyWatcher>(mut body: BodyStream, watcher: W) -> BodyStream {
    let mut guard = WatchGuard {
        watcher,
        ended: false,
    };
    async_stream::stream! {
        while let Some(chunk) = body.next().await {
            match &chunk {
                Ok(bytes) => guard.watcher.chunk(bytes),
                Err(error) => guard.end(BodyEnd::Failed(error.clone())),
            }
            yield chunk;
        }
        guard.end(BodyEnd::Complete);
    }
    .boxed()
}
