use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::exchange::{Ended, Exchange, Head};
use super::redact::credentials;
use super::request::{canonical, is_completion};
use super::write::Tape;
use crate::wire::{WireError, WireRequest, WireResponse};

/// An exchange on its way to a tape. Clones are the same exchange: whoever ends it first writes it.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    tape: Tape,
    completion: bool,
    open: Arc<Mutex<Option<Open>>>,
}

#[derive(Debug)]
struct Open {
    exchange: Exchange,
    credentials: Vec<String>,
}

impl Recording {
    /// Begins to record, unless the request may not be sent while this tape is recorded. A completion that is still
    /// being read by a client library is over for the agent, which has gone on to this request.
    pub(super) fn begin(tape: &Tape, request: &WireRequest) -> Result<Self, WireError> {
        let canonical = canonical(request);
        tape.close_open(Self::is_completion);
        tape.admit(&canonical)
            .map_err(|error| WireError::Tape(Box::new(error)))?;
        let recording = Self {
            tape: tape.clone(),
            completion: is_completion(&canonical),
            open: Arc::new(Mutex::new(Some(Open {
                exchange: Exchange {
                    request: canonical,
                    response: None,
                    chunks: Vec::new(),
                    end: Ended::Dropped,
                },
                credentials: credentials(&request.headers),
            }))),
        };
        tape.opened(recording.clone());
        Ok(recording)
    }

    pub(super) fn head(&self, response: &WireResponse) {
        if let Some(open) = self.lock().as_mut() {
            open.exchange.response = Some(Head::of(response));
        }
    }

    pub(super) fn chunk(&self, chunk: &Bytes) {
        if let Some(open) = self.lock().as_mut() {
            open.exchange.chunks.push(chunk.clone());
        }
    }

    /// Writes it, if nobody has.
    pub(super) fn end(&self, end: Ended) {
        let open = self.lock().take();
        if let Some(Open {
            mut exchange,
            credentials,
        }) = open
        {
            exchange.end = end;
            self.tape.write(exchange, &credentials);
        }
    }

    /// Whether it was written.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_none()
    }

    /// Whether it is a completion.
    pub(super) fn is_completion(&self) -> bool {
        self.completion
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
