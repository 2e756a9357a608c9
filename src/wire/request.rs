use std::time::Duration;

use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{JudgeLoading, JudgeOpening, RequestBody};
use crate::principal::Principal;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Getting or exchanging a credential.
    Auth,
    /// Reading what exists: catalog loading, field values, health.
    Metadata,
    /// Running a query: at most one at a time per session.
    DataQuery,
    Completion,
    Dbt,
}

/// The entry of a catalog whose rows a response holds: `card` and 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowsOf {
    pub kind: &'static str,
    pub id: u32,
}

/// Whether a response may be kept and served again.
#[derive(Debug, Clone, Copy)]
pub enum CacheRule {
    Never,
    /// Kept for the cache's time to live when this says that status and whole body are a success.
    WhenSuccessful(fn(http::StatusCode, &[u8]) -> bool),
    /// The same; it is forgotten when something made the rows of this entry anew.
    RowsWhenSuccessful(RowsOf, fn(http::StatusCode, &[u8]) -> bool),
}

/// How the stack treats one request.
#[derive(Debug, Clone)]
pub struct Policy {
    pub purpose: Purpose,
    pub principal: Principal,
    /// Whether sending it twice does no harm; only such requests are retried.
    pub idempotent: bool,
    /// Whether the whole body may be held in memory before it is passed on, so that a body cut on the way can be
    /// retried. Streams that a person watches are not held.
    pub buffered: bool,
    /// Most bytes of the (decompressed) body that are ever taken into memory.
    pub cap: usize,
    /// Longest wait for the response to be complete (for a stream: for its next bytes).
    pub timeout: Duration,
    /// Whether the response may be kept.
    pub cache: CacheRule,
    /// Judges how a streamed body begins, so that a failure told inside a response with status 200 is retried like one that
    /// is told by its status.
    pub opening: Option<JudgeOpening>,
    /// Judges the body of a failure: whether the server is still loading what is asked for, which is waited for.
    pub loading: Option<JudgeLoading>,
}

/// A request below serialisation: what goes over the network, apart from the transport's own headers.
#[derive(Debug, Clone)]
pub struct WireRequest {
    pub method: Method,
    /// The whole address. Never holds a secret.
    pub url: Url,
    /// Headers; credentials among them are marked sensitive.
    pub headers: HeaderMap,
    pub body: Option<RequestBody>,
    /// How the stack treats it.
    pub policy: Policy,
}

impl Policy {
    /// Whether the whole body is read before the response is handed on.
    pub(super) fn holds_body(&self) -> bool {
        self.buffered || !matches!(self.cache, CacheRule::Never)
    }
}

impl WireRequest {
    /// Host and port, as errors name them; never a user name or password.
    pub(super) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or("an unnamed host");
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}
