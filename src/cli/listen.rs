//! Where to listen, as people write it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address with its port. `localhost` and a port alone are this machine; who means all that a machine has, says so.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Ok(port) = text.parse() {
        return Ok(here(port));
    }
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(here(port));
    }
    let bare = text.trim_matches(['[', ']']);
    Err(match (bare.parse::<IpAddr>(), text.strip_prefix(':')) {
        (Ok(ip), _) => format!("write its port too, such as {}", SocketAddr::from((ip, 8600))),
        (_, Some(port)) => format!(
            "write 127.0.0.1:{port} for this machine alone, or 0.0.0.0:{port} for whoever can reach it"
        ),
        _ => "write an address of this machine and a port, such as 127.0.0.1:8600 or 0.0.0.0:8600".to_owned(),
    })
}
