use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::redact::{kept_headers, redacted_body};
use super::request;
use crate::wire::limit::setting_named;
use crate::wire::watch::BodyEnd;
use crate::wire::{ServedBy, WireError, WireResponse};

/// One request and what came of it, as the agent saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The canonical request: an object with `purpose`, `principal`, `method`, `path`, `query` (pairs), and `body` (JSON)
    /// or `text`.
    pub request: Value,
    /// The response's head; `None` when there was no response.
    pub response: Option<ResponseHead>,
    /// The body, in the pieces it came in.
    pub chunks: Vec<Bytes>,
    pub end: ExchangeEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseHead {
    pub status: u16,
    /// The headers that a tape keeps, names in lower case.
    pub headers: BTreeMap<String, String>,
    pub served_by: ServedBy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeEnd {
    /// The body was read to its end.
    Complete,
    /// The reader went away before.
    Dropped,
    /// With a failure of the wire.
    Failed(RecordedFailure),
}

/// A failure of the wire as a tape holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case", deny_unknown_fields)]
pub enum RecordedFailure {
    /// [`WireError::Connect`].
    Connect {
        /// Host and port.
        host: String,
        reason: String,
    },
    /// [`WireError::Broken`].
    Broken {
        /// Host and port.
        host: String,
        reason: String,
    },
    /// [`WireError::Timeout`].
    Timeout {
        /// Host and port.
        host: String,
        after_ms: u64,
    },
    /// [`WireError::TooLarge`].
    TooLarge {
        /// Host and port.
        host: String,
        /// The cap, in bytes.
        cap: usize,
    },
    /// [`WireError::NotGranted`].
    NotGranted {
        method: String,
        path: String,
    },
    /// [`WireError::Denied`].
    Denied {
        doing: String,
        reason: String,
    },
    /// [`WireError::NotLogged`].
    NotLogged {
        doing: String,
        reason: String,
    },
    /// [`WireError::Busy`].
    Busy {
        /// Host and port.
        host: String,
        /// How many may be in flight.
        most: usize,
        /// The setting that says so.
        setting: String,
        after_ms: u64,
    },
    Invalid {
        reason: String,
    },
}

impl From<&WireError> for RecordedFailure {
    fn from(error: &WireError) -> Self {
        match error.clone() {
            WireError::Connect { host, reason } => Self::Connect { host, reason },
            WireError::Broken { host, reason } => Self::Broken { host, reason },
            WireError::Timeout { host, after } => Self::Timeout {
                host,
                after_ms: milliseconds(after),
            },
            WireError::TooLarge { host, cap } => Self::TooLarge { host, cap },
            WireError::NotGranted { method, path } => Self::NotGranted { method, path },
            WireError::Denied { doing, reason } => Self::Denied { doing, reason },
            WireError::NotLogged { doing, reason } => Self::NotLogged { doing, reason },
            WireError::Invalid { reason } => Self::Invalid { reason },
            WireError::Busy {
                host,
                most,
                setting,
                after,
            } => Self::Busy {
                host,
                most,
                setting: setting.to_owned(),
                after_ms: milliseconds(after),
            },
            WireError::OffTape(miss) => Self::Invalid {
                reason: miss.to_string(),
            },
            WireError::Tape(error) => Self::Invalid {
                reason: error.to_string(),
            },
        }
    }
}

impl From<RecordedFailure> for WireError {
    fn from(failure: RecordedFailure) -> Self {
        match failure {
            RecordedFailure::Connect { host, reason } => Self::Connect { host, reason },
            RecordedFailure::Broken { host, reason } => Self::Broken { host, reason },
            RecordedFailure::Timeout { host, after_ms } => Self::Timeout {
                host,
                after: Duration::from_millis(after_ms),
            },
            RecordedFailure::TooLarge { host, cap } => Self::TooLarge { host, cap },
            RecordedFailure::Busy {
                host,
                most,
                setting,
                after_ms,
            } => Self::Busy {
                host,
                most,
                setting: setting_named(&setting),
                after: Duration::from_millis(after_ms),
            },
            RecordedFailure::NotGranted { method, path } => Self::NotGranted { method, path },
            RecordedFailure::Denied { doing, reason } => Self::Denied { doing, reason },
            RecordedFailure::NotLogged { doing, reason } => Self::NotLogged { doing, reason },
            RecordedFailure::Invalid { reason } => Self::Invalid { reason },
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<&BodyEnd> for ExchangeEnd {
    fn from(end: &BodyEnd) -> Self {
        match end {
            BodyEnd::Complete => Self::Complete,
            BodyEnd::Dropped => Self::Dropped,
            BodyEnd::Failed(error) => Self::Failed(error.into()),
        }
    }
}

impl ResponseHead {
    pub(super) fn of(response: &WireResponse) -> Self {
        let kept = kept_headers(&response.headers).into_iter();
        Self {
            status: response.status.as_u16(),
            headers: kept.map(|(name, value)| (name.to_owned(), value)).collect(),
            served_by: response.served_by,
        }
    }
}

impl Exchange {
    /// Takes secrets out of its body; the request has none already. A body that held one is in one piece then. Returns the
    /// body, and whether nothing in it begins like a credential.
    pub(super) fn redact(&mut self) -> (Bytes, bool) {
        let whole = joined(&self.chunks);
        let redacted = match str::from_utf8(&whole) {
            // Bytes that are not text are not JSON either.
            Err(_) => return (whole, false),
            Ok(text) => redacted_body(text),
        };
        let Some(clean) = redacted.text else {
            return (whole, redacted.harmless);
        };
        let clean = Bytes::from(clean);
        self.chunks = vec![clean.clone()];
        (clean, redacted.harmless)
    }

    /// Method and path, for people.
    pub fn name(&self) -> String {
        request::name(&self.request)
    }

    /// Whether it is a model's completion.
    pub fn is_completion(&self) -> bool {
        request::is_completion(&self.request)
    }
}

/// The pieces of a body as one; no copy when there is one piece.
fn joined(chunks: &[Bytes]) -> Bytes {
    match chunks {
        [only] => only.clone(),
        chunks => chunks.concat().into(),
    }
}
