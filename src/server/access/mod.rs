//! Who asks, and whether they may.
//!
//! The idea: every request is one [`Requester`] before a handler sees it. Beyond loopback nobody is one without a credential.
//! On loopback everybody on this machine is, so there the two ways in which a page of somebody else could ask in their name
//! are closed: a foreign host name that leads here (`host.rs`), and a request from a foreign origin (`origin.rs`).

mod caller;
mod cors;
mod guard;
mod host;
mod jwt;
mod lent;
mod origin;
mod proxied;
mod rate;

pub use caller::principal_fault;
pub(super) use caller::{LOCAL, Requester, Scope};
pub(super) use guard::{admit, guard_all};
pub(super) use lent::WANTED as SESSION_WANTED;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use host::HostRules;
use jwt::JwtVerifier;
use lent::LentSessions;
use origin::OriginRules;
use rate::RequestRates;

use crate::config::{AuthPolicy, CredentialPolicy, ProxySettings, ServerSettings};
use crate::wire::WireError;

/// The rules of this server.
#[derive(Debug)]
pub(super) struct AccessRules {
    /// Whether everybody on this machine may ask.
    pub(super) open: bool,
    hosts: HostRules,
    origins: OriginRules,
    admins: Vec<String>,
    proxy: Option<ProxySettings>,
    jwt: Option<JwtVerifier>,
    /// Where people ask with their own session of Metabase.
    lent: Option<LentSessions>,
    rates: RequestRates,
}

impl AccessRules {
    /// What there is to say of the keys of JWTs.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        self.jwt.as_ref()?.trouble()
    }

    /// The rules of a server that listens there.
    pub(super) fn new(settings: &ServerSettings, address: SocketAddr) -> Result<Self, WireError> {
        let lends = settings.credential == CredentialPolicy::Session;
        let open = settings.auth == AuthPolicy::Loopback && address.ip().is_loopback() && !lends;
        let lent = lends.then(LentSessions::new).transpose();
        // A browser on this machine comes from where the proxy comes from: a page of somebody else that reaches it by a name of
        // its own could name any principal.
        let believes_this_machine = settings.proxy.as_ref().is_some_and(|proxy| {
            let here = [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                IpAddr::from(Ipv6Addr::LOCALHOST),
            ];
            proxy
                .from
                .iter()
                .any(|net| here.iter().any(|ip| net.contains(ip)))
        });
        Ok(Self {
            open,
            hosts: HostRules::new(&settings.hosts, open || believes_this_machine),
            origins: OriginRules::new(&settings.origins),
            admins: settings.admins.clone(),
            proxy: settings.proxy.clone(),
            jwt: settings.jwt.clone().map(JwtVerifier::new).transpose()?,
            lent: lent.map_err(|error| WireError::Invalid {
                reason: format!("the system gives no random numbers: {error}"),
            })?,
            rates: RequestRates::new(settings.max_requests_per_minute),
        })
    }
}
