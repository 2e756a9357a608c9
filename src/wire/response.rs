use std::fmt;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::WireError;

/// The body as it arrives. Ends with an error when the connection broke, the cap was reached or time ran out; an
/// end without an error means the transport saw the body's proper end. (A server that announces neither a length
/// nor chunks ends its body by closing the connection; nothing tells that end from a cut, so whoever reads such a
/// body must know its end by its content, as JSON and event streams do.)
pub(crate) type BodyStream = BoxStream<'static, Result<Bytes, WireError>>;

/// What answered a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body; capped.
    pub body: BodyStream,
    pub served_by: ServedBy,
    /// How many times the request was sent for this response; zero when nothing was sent.
    pub attempts: u32,
    /// The whole body, when it was complete before the response was handed on. `body` yields the same bytes.
    pub(super) held: Option<Bytes>,
    /// The status that a failure stands for which the body tells before it says anything else.
    pub(super) failed_opening: Option<StatusCode>,
    /// Whether its body says that the server is still loading what was asked for.
    pub(super) is_loading: bool,
}

impl WireResponse {
    /// A response whose body is still on its way.
    pub(super) fn streaming(status: StatusCode, headers: HeaderMap, body: BodyStream) -> Self {
        Self {
            status,
            headers,
            body,
            served_by: ServedBy::Live,
            attempts: 1,
            held: None,
            failed_opening: None,
            is_loading: false,
        }
    }

    /// A response whose body is complete.
    pub(super) fn whole(status: StatusCode, headers: HeaderMap, body: Bytes, served_by: ServedBy) -> Self {
        Self {
            status,
            headers,
            body: stream::iter([Ok(body.clone())]).boxed(),
            served_by,
            attempts: u32::from(served_by == ServedBy::Live),
            held: Some(body),
            failed_opening: None,
            is_loading: false,
        }
    }

    /// The whole body. The stack's cap holds: a longer body is an error, never a shorter body.
    pub async fn bytes(mut self) -> Result<Bytes, WireError> {
        let Some(first) = self.body.next().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.body.next().await.transpose()? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
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
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
