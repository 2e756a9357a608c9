use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::exchange::{Exchange, ExchangeEnd, ResponseHead};
use super::redact::credentials;
use super::sent::{SentBody, SentRequest};
use super::write::Tape;
use crate::wire::{WireError, WireRequest, WireResponse};

/// An exchange on its way to a tape.
#[derive(Debug)]
pub(super) struct ExchangeRecording {
    tape: Tape,
    open: OpenExchange,
}

/// An exchange that has begun and may not have ended. Clones are the same exchange: whoever ends it first writes it.
#[derive(Debug, Clone)]
pub(super) struct OpenExchange {
    completion: bool,
    unfinished: Arc<Mutex<Option<UnfinishedExchange>>>,
}

#[derive(Debug)]
pub(super) struct UnfinishedExchange {
    /// The request of a completion lacks its body.
    pub(super) exchange: Exchange,
    pub(super) body: Option<SentBody>,
    /// Values that must not stand anywhere in its record.
    pub(super) credentials: Vec<String>,
}

impl ExchangeRecording {
    /// Begins to record, unless the request may not be sent while this tape is recorded. A completion that is still
    /// being read by a client library is over for the agent, which has gone on to this request. What has ended stands in the
    /// file before anything that follows from it is sent.
    pub(super) async fn begin(tape: &Tape, request: &WireRequest) -> Result<Self, WireError> {
        let sent = SentRequest::of(request, tape.last_body().as_ref());
        tape.close_open(OpenExchange::is_completion);
        tape.flush().await;
        tape.admit(&sent)
            .map_err(|error| WireError::Tape(Box::new(error)))?;
        let open = OpenExchange {
            completion: sent.body.is_some(),
            unfinished: Arc::new(Mutex::new(Some(UnfinishedExchange {
                exchange: Exchange {
                    request: sent.request,
                    response: None,
                    chunks: Vec::new(),
                    end: ExchangeEnd::Dropped,
                },
                body: sent.body,
                credentials: credentials(&request.headers),
            }))),
        };
        tape.opened(open.clone());
        Ok(Self {
            tape: tape.clone(),
            open,
        })
    }

    pub(super) fn head(&self, response: &WireResponse) {
        if self.open.completion && (!response.status.is_success() || response.failed_opening.is_some()) {
            self.tape.refused();
        }
        self.open
            .change(|exchange| exchange.response = Some(ResponseHead::of(response)));
    }

    pub(super) fn chunk(&self, chunk: &Bytes) {
        self.open.change(|exchange| exchange.chunks.push(chunk.clone()));
    }

    /// Writes it, if nobody has.
    pub(super) fn end(&self, end: ExchangeEnd) {
        self.tape.write(self.open.end(end));
    }
}

impl OpenExchange {
    /// Takes it out, ended so; `None` when somebody has.
    pub(super) fn end(&self, end: ExchangeEnd) -> Option<UnfinishedExchange> {
        let mut ended = self
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        ended.exchange.end = end;
        Some(ended)
    }

    /// Whether it was taken out.
    pub(super) fn is_over(&self) -> bool {
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    /// Whether it is a completion.
    pub(super) fn is_completion(&self) -> bool {
        self.completion
    }

    fn change(&self, change: impl FnOnce(&mut Exchange)) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(unfinished) = unfinished.as_mut() {
            change(&mut unfinished.exchange);
        }
    }
}
