use axum::extract::Request;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method};

/// Whose pages may ask this server from a browser.
#[derive(Debug)]
pub(super) struct OriginRules {
    /// In lower case.
    allowed: Vec<String>,
}

/// Where a request comes from, as far as its browser says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestOrigin {
    /// No page, or a page of this server.
    Own,
    /// A page of an origin that may ask.
    Allowed(String),
    /// A page that may not.
    Foreign,
}

impl OriginRules {
    pub(super) fn new(allowed: &[String]) -> Self {
        Self {
            allowed: allowed.to_vec(),
        }
    }

    pub(super) fn of(&self, request: &Request) -> RequestOrigin {
        let headers = request.headers();
        let mut named = headers.get_all(ORIGIN).iter();
        let (origin, another) = (named.next(), named.next());
        if another.is_some() {
            return RequestOrigin::Foreign;
        }
        let Some(origin) = origin else {
            return if is_cross_site(headers) && !is_navigation(request) {
                RequestOrigin::Foreign
            } else {
                RequestOrigin::Own
            };
        };
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.unwrap_or_default().to_ascii_lowercase();
        let is_own = ["http://", "https://"].iter().any(|scheme| {
            origin
                .strip_prefix(scheme)
                .is_some_and(|rest| !host.is_empty() && rest == host)
        });
        if is_own {
            RequestOrigin::Own
        } else if self.allowed.contains(&origin) {
            RequestOrigin::Allowed(origin)
        } else {
            RequestOrigin::Foreign
        }
    }
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    matches!(site, Some("cross-site" | "same-site"))
}

/// A link that somebody followed: it shows a page, and changes nothing.
fn is_navigation(request: &Request) -> bool {
    let mode = request.headers().get("sec-fetch-mode");
    request.method() == Method::GET && mode.is_some_and(|mode| mode == "navigate")
}
