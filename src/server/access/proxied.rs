use http::HeaderMap;

/// Headers that proxies, tunnels and gateways add. On an open server any of them, whatever it says, means that the request is not
/// from this machine.
const ADDED: [&str; 21] = [
    "cdn-loop",
    "cf-connecting-ip",
    "cf-ray",
    "client-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "forwarded",
    "remote-user",
    "true-client-ip",
    "via",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-forwarded",
    "x-nf-client-connection-ip",
    "x-original-url",
    "x-real-ip",
    "x-remote-user",
    "x-vercel-forwarded-for",
];
/// How others of them begin.
const FAMILIES: [&str; 5] = [
    "cf-access-",
    "tailscale-user-",
    "x-auth-request-",
    "x-forwarded-",
    "x-original-",
];

/// Whether a request says that it came through a proxy.
pub(super) fn came_through_proxy(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        ADDED.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
    })
}
