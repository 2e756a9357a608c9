//! What may be sent at all: method and path against an endpoint table, deny by default.

use std::sync::Arc;

use http::Method;
use tower::ServiceExt;
use url::{Origin, Url};

use super::service::{LayerResult, LayerService};
use super::{WireError, WireRequest};

/// Longest path segment that an `{id}` stands for.
const MAX_ID: usize = 64;

/// One thing that may be asked of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedEndpoint {
    pub method: Method,
    /// The path below the server's base path, such as `/api/card/{id}/query`. A segment in braces stands for one
    /// segment of 1 to 64 ASCII letters, digits, `-` and `_`: numbers, entity ids, field ids. Every other segment
    /// stands for itself.
    pub path: &'static str,
}

impl GrantedEndpoint {
    /// A `GET`.
    pub const fn get(path: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
        }
    }

    /// A `POST`.
    pub const fn post(path: &'static str) -> Self {
        Self {
            method: Method::POST,
            path,
        }
    }

    /// Whether a request with this method and this path (below the base path, as sent) is this endpoint.
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        self.method == *method
            && self.path.split('/').count() == path.split('/').count()
            && self
                .path
                .split('/')
                .zip(path.split('/'))
                .all(|(pattern, segment)| {
                    if pattern.starts_with('{') && pattern.ends_with('}') {
                        is_id(segment)
                    } else {
                        pattern == segment
                    }
                })
    }
}

/// No dots, no escapes, nothing empty: what a server decodes or resolves into something else is not an id.
fn is_id(segment: &str) -> bool {
    (1..=MAX_ID).contains(&segment.len())
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// One server, and what may be asked of it.
#[derive(Debug)]
struct GrantedServer {
    origin: Origin,
    /// Without a slash at its end.
    base_path: String,
    endpoints: &'static [GrantedEndpoint],
}

/// Which requests may be sent, and where to. What is not listed is not sent.
#[derive(Debug, Clone)]
pub struct Grants {
    servers: Vec<Arc<GrantedServer>>,
    everything: bool,
}

impl Grants {
    pub const fn none() -> Self {
        Self {
            servers: Vec::new(),
            everything: false,
        }
    }

    /// Everything, everywhere. For tests and experiments.
    pub(super) const fn everything() -> Self {
        Self {
            servers: Vec::new(),
            everything: true,
        }
    }

    /// These endpoints too, at this server. The path of `base` comes before the paths of the endpoints.
    #[must_use]
    pub fn and(mut self, base: &Url, endpoints: &'static [GrantedEndpoint]) -> Self {
        self.servers.push(Arc::new(GrantedServer {
            origin: base.origin(),
            base_path: base.path().trim_end_matches('/').to_owned(),
            endpoints,
        }));
        self
    }

    /// What `others` grant too.
    #[must_use]
    pub fn joined(mut self, others: Self) -> Self {
        self.servers.extend(others.servers);
        self.everything |= others.everything;
        self
    }

    /// Whether a request may be sent.
    pub fn allow(&self, method: &Method, url: &Url) -> bool {
        self.everything
            || self.servers.iter().any(|server| {
                url.origin() == server.origin
                    && url.username().is_empty()
                    && url.password().is_none()
                    && url.path().strip_prefix(&server.base_path).is_some_and(|path| {
                        server
                            .endpoints
                            .iter()
                            .any(|endpoint| endpoint.matches(method, path))
                    })
            })
    }

    /// Whether anything may be sent to the host (scheme, name and port) of this address.
    pub(super) fn names_origin(&self, url: &Url) -> bool {
        self.everything || self.servers.iter().any(|server| server.origin == url.origin())
    }
}

/// Lets granted requests through, and sends nothing else.
pub(super) async fn granted(below: LayerService, grants: Grants, request: WireRequest) -> LayerResult {
    if grants.allow(&request.method, &request.url) {
        return below.oneshot(request).await;
    }
    Err(WireError::NotGranted {
        method: request.method.to_string(),
        path: request.url.path().to_owned(),
    })
}
