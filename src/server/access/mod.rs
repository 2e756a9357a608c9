//! Who asks, and whether they may.
//!
//! The idea: every request is one [`Requester`] before a handler sees it. Beyond loopback nobody is one without a credential.
//! On loopback everybody on this machine is, so there the two ways in which a page of somebody else could ask in their name
//! are closed: a foreign host name that leads here (`host.rs`), and a request from a foreign origin (`origin.rs`).

mod caller;
mod guard;
mod host;
mod jwt;
mod lent;
mod origin;
mod rate;

pub(super) use caller::{LOCAL, Requester, Scope};
pub(super) use guard::{admit, guard_all};
pub(super) use lent::WANTED as SESSION_WANTED;

use std::net::SocketAddr;

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
    /// The rules of a server that listens there.
    pub(super) fn new(settings: &ServerSettings, address: SocketAddr) -> Result<Self, WireError> {
        let lends = settings.credential == CredentialPolicy::Session;
        let open = settings.auth == AuthPolicy::Loopback && address.ip().is_loopback() && !lends;
        let lent = lends.then(LentSessions::new).transpose();
        Ok(Self {
            open,
            hosts: HostRules::new(&settings.hosts, open),
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
