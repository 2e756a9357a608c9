use axum::extract::Request;
use http::header::HOST;

/// Names of this machine that no name server can point elsewhere.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Which names of hosts requests may ask for. A page of somebody else can have a name that leads to this machine, and then it
/// is of the same origin to a browser.
#[derive(Debug)]
pub(super) struct HostRules {
    /// In lower case, with or without a port; empty: any.
    allowed: Vec<String>,
}

impl HostRules {
    pub(super) fn new(configured: &[String], open: bool) -> Self {
        let mut allowed = configured.to_vec();
        if open || !allowed.is_empty() {
            allowed.extend(LOOPBACK.map(str::to_owned));
        }
        Self { allowed }
    }

    /// Whether the request asks for a host that is this server.
    pub(super) fn allow(&self, request: &Request) -> bool {
        if self.allowed.is_empty() {
            return true;
        }
        let mut named = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else {
            return false;
        };
        let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
        // In an absolute request the address counts for proxies, and the header for others: both have to be good.
        let absolute = request
            .uri()
            .authority()
            .map(|authority| authority.as_str().to_ascii_lowercase());
        self.names(&host) && absolute.is_none_or(|absolute| self.names(&absolute))
    }

    fn names(&self, host: &str) -> bool {
        let bare = without_port(host);
        self.allowed
            .iter()
            .any(|allowed| allowed == host || allowed == bare)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !bare.ends_with(':') => bare,
        _ => host,
    }
}
