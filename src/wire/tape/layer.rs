use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::Instant;
use tower::ServiceExt;

use super::file::Tape;
use super::record::Record;
use crate::telemetry::Exchange;
use crate::wire::stack::{Answer, Next};
use crate::wire::watch::{End, Watcher, watched};
use crate::wire::{WireError, WireRequest, WireResponse};

/// Logs every exchange and, when there is a tape, records it: as the agent sees it, above every other layer.
#[derive(Debug, Clone)]
pub(in crate::wire) struct Taping {
    next: Next,
    tape: Option<Tape>,
}

impl Taping {
    pub(in crate::wire) fn new(next: Next, tape: Option<Tape>) -> Self {
        Self { next, tape }
    }
}

impl tower::Service<WireRequest> for Taping {
    type Response = WireResponse;
    type Error = WireError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WireError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: WireRequest) -> Self::Future {
        let Self { next, tape } = self.clone();
        Box::pin(async move {
            let mut watch = Observer::new(&request, tape);
            match next.oneshot(request).await {
                Ok(mut response) => {
                    watch.head(&response);
                    response.held = None;
                    response.body = watched(response.body, watch);
                    Ok(response)
                }
                Err(error) => {
                    watch.end(End::Failed(error.clone()));
                    Err(error)
                }
            }
        })
    }
}

/// Sees one exchange.
struct Observer {
    exchange: Exchange,
    began: Instant,
    recording: Option<(Tape, Record)>,
    ended: bool,
}

impl Observer {
    fn new(request: &WireRequest, tape: Option<Tape>) -> Self {
        Self {
            exchange: Exchange::new(request),
            began: Instant::now(),
            recording: tape.map(|tape| {
                let record = Record::new(tape.begin(), request);
                (tape, record)
            }),
            ended: false,
        }
    }

    fn head(&mut self, response: &WireResponse) {
        self.exchange.head(response);
        if let Some((_, record)) = &mut self.recording {
            record.head(response);
        }
    }
}

impl Watcher for Observer {
    fn chunk(&mut self, chunk: &Bytes) {
        self.exchange.bytes = self.exchange.bytes.saturating_add(chunk.len());
        if let Some((_, record)) = &mut self.recording {
            record.chunk(chunk);
        }
    }

    fn end(&mut self, end: End) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.exchange.end(
            match &end {
                End::Complete => "complete",
                End::Failed(_) => "failed",
                End::Dropped => "dropped",
            },
            self.began.elapsed(),
        );
        if let Some((tape, mut record)) = self.recording.take() {
            record.end(&end);
            tape.write(&record);
        }
    }
}

impl Drop for Observer {
    /// A request that is dropped before its response came is an exchange too.
    fn drop(&mut self) {
        self.end(End::Dropped);
    }
}
