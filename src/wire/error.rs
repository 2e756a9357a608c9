use std::time::Duration;

use super::{Miss, TapeError};

/// Why no response, or no whole response, was had. Addresses in it carry no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The connection could not be made.
    #[error("failed to connect to {host}: {reason}")]
    Connect {
        /// Host and port.
        host: String,
        reason: String,
    },
    /// The connection broke before the response was complete.
    #[error("the connection to {host} broke before the response was complete: {reason}")]
    Broken {
        /// Host and port.
        host: String,
        reason: String,
    },
    /// The response did not come in time.
    #[error("no complete response from {host} within {after:?}")]
    Timeout {
        /// Host and port.
        host: String,
        /// The limit that ran out.
        after: Duration,
    },
    /// The body is longer than we take into memory.
    #[error("the response from {host} is longer than the cap of {cap} bytes")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The cap, in bytes.
        cap: usize,
    },
    /// As many requests as we allow are in flight, and have been for the whole wait. The request was not sent.
    #[error(
        "the request waited {after:?} for its turn, because {most} others to {host} were in flight all the time; raise \
         {setting}, or ask less at once"
    )]
    Busy {
        /// Host and port.
        host: String,
        /// How many may be in flight.
        most: usize,
        /// The setting that says so.
        setting: &'static str,
        /// How long it waited.
        after: Duration,
    },
    /// The endpoint table does not list the request, so it was not sent.
    #[error("{method} {path} is not granted, so it was not sent")]
    NotGranted {
        method: String,
        /// The path, without query.
        path: String,
    },
    /// The grants do not allow the operation, so it was not sent.
    #[error("the request to {doing} was not sent: {reason}")]
    Denied {
        /// What was asked for, in words: `trigger job 5 (Daily build)`.
        doing: String,
        /// Which rule says so, and what a person can do.
        reason: String,
    },
    /// The call log cannot be written, so nothing was sent.
    #[error("the request to {doing} was not sent, because it could not be written down first: {reason}")]
    NotLogged {
        /// What was asked for, in words.
        doing: String,
        /// Why not, and what to do about it.
        reason: String,
    },
    /// The request could not be built, or its host is not the configured one.
    #[error("the request could not be sent: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// The turn is replayed, and the request is not on its tape. Nothing was sent.
    #[error(transparent)]
    OffTape(Box<Miss>),
    /// The turn is recorded, and cannot be any longer. The request was not sent.
    #[error(transparent)]
    Tape(Box<TapeError>),
}

impl WireError {
    /// Whether the connection broke, or nothing more came over it in time.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Timeout { .. })
    }
}
