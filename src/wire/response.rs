use std::fmt;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::WireError;

/// The body as it arrives. Ends with an error when the connection broke, the cap was reached or time ran out; an
/// end without an error means the transport saw the body's proper end.
pub type BodyStream = BoxStream<'static, Result<Bytes, WireError>>;

/// What answered a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServedBy {
    /// The server, now.
    Live,
    /// The cache.
    Cache,
    /// A tape.
    Tape,
}

/// A response whose body has not been read yet.
pub struct WireResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; capped.
    pub body: BodyStream,
    /// What answered.
    pub served_by: ServedBy,
}

impl WireResponse {
    /// The whole body. The stack's cap holds: a longer body is an error, never a shorter body.
    pub async fn bytes(mut self) -> Result<Bytes, WireError> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.body.next().await {
            whole.extend_from_slice(&chunk?);
        }
        Ok(whole.freeze())
    }
}

impl fmt::Debug for WireResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireResponse")
            .field("status", &self.status)
            .field("served_by", &self.served_by)
            .finish_non_exhaustive()
    }
}
