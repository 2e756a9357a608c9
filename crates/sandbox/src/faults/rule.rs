use std::time::Duration;

/// One fault: which requests it hits, how often, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRule {
    /// Requests it applies to.
    pub route: RoutePattern,
    /// What happens to them.
    pub kind: FaultKind,
    /// Matching requests that pass untouched before the first is hit.
    pub skip: u64,
    /// How many requests it hits; `None` means every one.
    pub count: Option<u64>,
}

/// What happens to a request that a rule hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The answer is right, but starts this much later.
    Latency(Duration),
    /// Status and headers come at once, the first byte of the body this much later.
    SlowFirstByte(Duration),
    /// A plain error status instead of an answer; `retry_after` in seconds becomes the header of that name.
    Status {
        /// HTTP status, 400..=599.
        status: u16,
        /// Seconds for `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 202 with the failed-query envelope in the body.
    FailedInBody,
    /// The connection breaks after this many bytes of the right body; no terminating chunk is sent.
    Cut(u64),
    /// After this many bytes of the right body an error object follows, and the response ends as if complete.
    Glue(u64),
    /// A complete, valid query result of at least this many bytes, streamed without being held in memory.
    Huge(u64),
    /// 401 as for a JWT that is too old.
    ExpiredJwt,
}

/// A method (or any) and a path in which `*` stands for one segment and a last `**` for any number of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePattern {
    method: Option<String>,
    segments: Vec<String>,
}

impl RoutePattern {
    /// A pattern for `method` (`*` for any) and `path`.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: (method != "*").then(|| method.to_ascii_uppercase()),
            segments: segments(path).map(str::to_owned).collect(),
        }
    }

    /// Whether a request for `method` and `path` (without its query) is meant.
    pub fn matches(&self, method: &str, path: &str) -> bool {
        if self.method.as_deref().is_some_and(|wanted| wanted != method) {
            return false;
        }
        let mut actual = segments(path);
        for wanted in &self.segments {
            if wanted == "**" {
                return true;
            }
            match actual.next() {
                Some(segment) if wanted == "*" || wanted == segment => {}
                _ => return false,
            }
        }
        actual.next().is_none()
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}
