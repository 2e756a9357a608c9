//! The proxy that is believed when it says who asks.

use std::net::IpAddr;

use http::HeaderName;
use ipnet::{IpNet, Ipv4Net};

use super::value::required;
use crate::config::error::ConfigError;
use crate::config::load::SettingOrigins;
use crate::config::server::{ProxyConfig, ProxySettings};

/// Headers that say something else of a request: clients choose it, or proxies write it of any request.
const TAKEN_HEADERS: [&str; 62] = [
    "accept",
    "authorization",
    "baggage",
    "cache-control",
    "cdn-loop",
    "cf-connecting-ip",
    "cf-ipcountry",
    "cf-ray",
    "cf-visitor",
    "client-ip",
    "connection",
    "cookie",
    "date",
    "dnt",
    "expect",
    "fastly-client-ip",
    "fly-client-ip",
    "forwarded",
    "from",
    "host",
    "idempotency-key",
    "keep-alive",
    "last-event-id",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "save-data",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-api-key",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-correlation-id",
    "x-forwarded",
    "x-forwarded-by",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-path",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-forwarded-uri",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
];
/// How others of them begin.
const TAKEN_FAMILIES: [&str; 14] = [
    "accept-",
    "access-control-",
    "content-",
    "if-",
    "openai-",
    "sec-",
    "x-amzn-trace-",
    "x-b3-",
    "x-cardinal-",
    "x-csrf-",
    "x-http-method",
    "x-metabase-",
    "x-original-",
    "x-requested-",
];
/// The widest networks that may be a proxy's: bits that all addresses of one have in common, of IPv4 and IPv6.
const WIDEST: (u8, u8) = (8, 16);
/// Bits before an address of IPv4 that is written as one of IPv6.
const MAPPED: u8 = 96;

pub(super) fn proxy(file: ProxyConfig, origins: &SettingOrigins) -> Result<ProxySettings, ConfigError> {
    let header = required(file.header, "server.proxy.header", origins)?;
    let refused = |problem: String| ConfigError::setting(origins.place("server.proxy.header"), problem);
    let name = header.parse();
    let header: HeaderName = name.map_err(|_| refused(format!("{header:?} is not the name of a header")))?;
    let is_of_a_family = TAKEN_FAMILIES
        .iter()
        .any(|family| header.as_str().starts_with(family));
    if TAKEN_HEADERS.contains(&header.as_str()) || is_of_a_family {
        let problem = format!(
            "{header} is a header with a meaning of its own: write the one in which the proxy names who asks, such as \
             X-Forwarded-Email"
        );
        return Err(refused(problem));
    }
    let place = || origins.place("server.proxy.from");
    let from: Result<Vec<IpNet>, ConfigError> = file
        .from
        .unwrap_or_default()
        .iter()
        .map(|text| {
            network(text).ok_or_else(|| {
                let problem = format!("{text:?} is not an address: write 10.0.0.7 or 10.0.0.0/24");
                ConfigError::setting(place(), problem)
            })
        })
        .collect();
    let from = from?;
    if from.is_empty() {
        return Err(ConfigError::setting(
            place(),
            "is required here: without the proxy's address anyone could say who asks",
        ));
    }
    let wide = |net: &&IpNet| match net {
        IpNet::V4(net) => net.prefix_len() < WIDEST.0,
        IpNet::V6(net) => net.prefix_len() < WIDEST.1,
    };
    if let Some(net) = from.iter().find(wide) {
        let problem = format!(
            "{net} is much of the internet: anyone there could say who asks; write the proxy's own addresses"
        );
        return Err(ConfigError::setting(place(), problem));
    }
    Ok(ProxySettings { header, from })
}

/// A network as the addresses of those who connect are compared with it: IPv4 is written as such.
fn network(text: &str) -> Option<IpNet> {
    let one = text.parse::<IpAddr>().map(IpNet::from);
    let net = one.or_else(|_| text.parse()).ok()?;
    let IpNet::V6(wide) = net else { return Some(net) };
    let mapped = wide.network().to_ipv4_mapped();
    let Some((address, prefix)) = mapped.zip(wide.prefix_len().checked_sub(MAPPED)) else {
        return Some(net);
    };
    Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
}
