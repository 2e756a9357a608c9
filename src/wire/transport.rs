use std::time::Duration;

use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use http_body_util::Full;
use url::Host;

use super::service::{LayerResult, LayerService};
use super::{Grants, WireError, WireRequest, WireResponse, WireSettings, tls};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("cardinal/", env!("CARGO_PKG_VERSION"));

/// The innermost layer: the only place in the crate that opens a connection. It goes to the granted origins only,
/// follows no redirect, and stops reading at the cap.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
    /// Never through a proxy that the environment names: this machine is not behind it.
    loopback: reqwest::Client,
    grants: Grants,
}

impl Transport {
    pub(super) fn new(settings: &WireSettings) -> Result<Self, WireError> {
        let base = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls::config())
                .user_agent(USER_AGENT)
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIMEOUT)
        };
        let built = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| WireError::Invalid {
                reason: root_cause(&error),
            })
        };
        Ok(Self {
            client: built(base())?,
            loopback: built(base().no_proxy())?,
            grants: settings.grants.clone(),
        })
    }

    pub(super) fn service(&self) -> LayerService {
        let transport = self.clone();
        LayerService::new(move |request| transport.clone().send(request))
    }

    async fn send(self, request: WireRequest) -> LayerResult {
        let client = self.client_for(&request)?;
        if request.url.scheme() == "https" {
            tls::read_certificates().await;
        }
        send(client, request).await
    }

    fn client_for(&self, request: &WireRequest) -> Result<reqwest::Client, WireError> {
        let url = &request.url;
        if !self.grants.names_origin(url) {
            return Err(WireError::Invalid {
                reason: format!("{} is not one of the configured hosts", request.host()),
            });
        }
        let near = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        Ok(if near { &self.loopback } else { &self.client }.clone())
    }
}

async fn send(client: reqwest::Client, request: WireRequest) -> LayerResult {
    let host = request.host();
    let (cap, timeout) = (request.policy.cap, request.policy.timeout);
    let late = move |host: &str| WireError::Timeout {
        host: host.to_owned(),
        after: timeout,
    };
    let too_large = move |host: &str| WireError::TooLarge {
        host: host.to_owned(),
        cap,
    };
    let mut outgoing = reqwest::Request::new(request.method, request.url);
    *outgoing.headers_mut() = request.headers;
    if let Some(body) = request.body {
        // As a stream of one piece: of a body that can be sent again the client would keep a copy.
        *outgoing.body_mut() = Some(reqwest::Body::wrap(Full::new(body.take()?)));
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    let sent = tokio::time::timeout(timeout, client.execute(outgoing)).await;
    let response = match sent {
        Err(_) => return Err(late(&host)),
        Ok(Err(error)) => return Err(failure(&host, &error)),
        Ok(Ok(response)) => response,
    };
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > cap) {
        return Err(too_large(&host));
    }
    let (status, headers) = (response.status(), own_headers(response.headers()));
    let mut chunks = response.bytes_stream();
    let body = async_stream::stream! {
        let mut left = cap;
        loop {
            match tokio::time::timeout(timeout, chunks.next()).await {
                Err(_) => { yield Err(late(&host)); return; }
                Ok(None) => return,
                Ok(Some(Err(error))) => {
                    yield Err(WireError::Broken { reason: root_cause(&error), host });
                    return;
                }
                Ok(Some(Ok(chunk))) => {
                    let Some(rest) = left.checked_sub(chunk.len()) else {
                        yield Err(too_large(&host));
                        return;
                    };
                    left = rest;
                    yield Ok(chunk);
                }
            }
        }
    };
    Ok(WireResponse::streaming(status, headers, body.boxed()))
}

/// A copy of its own: as they came, headers are parts of the buffer that a connection was read into, and would keep all of it.
fn own_headers(headers: &HeaderMap) -> HeaderMap {
    let copied = headers.iter().filter_map(|(name, value)| {
        let mut own = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        own.set_sensitive(value.is_sensitive());
        Some((name.clone(), own))
    });
    let mut all = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in copied {
        all.append(name, value);
    }
    all
}

fn failure(host: &str, error: &reqwest::Error) -> WireError {
    let (host, reason) = (host.to_owned(), root_cause(error));
    if error.is_connect() {
        WireError::Connect { host, reason }
    } else if error.is_builder() {
        WireError::Invalid { reason }
    } else {
        WireError::Broken { host, reason }
    }
}

/// The innermost cause: reqwest's own text repeats the address, which may not be shown.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{CacheRule, GrantedEndpoint, Policy, Purpose};
    use super::*;
    use crate::principal::Principal;

    #[tokio::test]
    async fn goes_to_the_configured_hosts_only() {
        let configured = Url::parse("http://127.0.0.1:9/").unwrap();
        let settings =
            WireSettings::new(Grants::none().and(&configured, const { &[GrantedEndpoint::get("/")] }));
        let transport = Transport::new(&settings).unwrap();
        for elsewhere in [
            "http://127.0.0.1:10/",
            "https://127.0.0.1:9/",
            "http://who:pw@localhost:9/",
        ] {
            let request = WireRequest {
                method: http::Method::GET,
                url: Url::parse(elsewhere).unwrap(),
                headers: http::HeaderMap::new(),
                body: None,
                policy: Policy {
                    purpose: Purpose::Metadata,
                    principal: Principal::default(),
                    idempotent: true,
                    buffered: true,
                    cap: 1,
                    timeout: Duration::from_secs(1),
                    opening: None,
                    loading: None,
                    cache: CacheRule::Never,
                },
            };
            let error = transport.clone().send(request).await.unwrap_err();
            assert!(matches!(error, WireError::Invalid { .. }), "{error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }
}
