//! The log lines of the wire. What is logged is chosen field by field: no header, no query string, no body.

use std::time::Duration;

use http::StatusCode;

use super::{Purpose, ServedBy, TapeError, WireError, WireRequest, WireResponse};

/// One exchange, logged when its body has ended.
#[derive(Debug)]
pub(super) struct ExchangeLog {
    purpose: Purpose,
    method: String,
    path: String,
    status: Option<u16>,
    served_by: Option<ServedBy>,
    attempts: u32,
    /// Bytes of the body that the reader was given.
    pub(super) bytes: usize,
}

impl ExchangeLog {
    /// The exchange that begins with this request.
    pub(super) fn new(request: &WireRequest) -> Self {
        Self {
            purpose: request.policy.purpose,
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            status: None,
            served_by: None,
            attempts: 0,
            bytes: 0,
        }
    }

    pub(super) fn head(&mut self, response: &WireResponse) {
        self.status = Some(response.status.as_u16());
        self.served_by = Some(response.served_by);
        self.attempts = response.attempts;
    }

    /// The exchange is over: logs it.
    pub(super) fn end(&self, end: &'static str, after: Duration) {
        tracing::debug!(
            name: "wire.exchange",
            purpose = ?self.purpose,
            method = self.method,
            path = self.path,
            status = self.status,
            bytes = self.bytes,
            ms = milliseconds(after),
            served_by = self.served_by.map(tracing::field::debug),
            attempts = self.attempts,
            end,
            "exchange",
        );
    }
}

/// A request will be sent again.
pub(super) fn retry(
    request: &WireRequest,
    result: Result<StatusCode, &WireError>,
    attempt: u32,
    wait: Duration,
) {
    tracing::debug!(
        name: "wire.retry",
        method = request.method.as_str(),
        path = request.url.path(),
        status = result.ok().map(|status| status.as_u16()),
        error = result.err().map(tracing::field::display),
        attempt,
        wait_ms = milliseconds(wait),
        "will try again",
    );
}

/// A tape misses an exchange.
pub(super) fn tape_flaw(flaw: &TapeError) {
    tracing::error!(name: "wire.tape", error = %flaw, "the tape is not whole");
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
