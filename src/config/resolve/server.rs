use std::time::Duration;

use jsonwebtoken::Algorithm;
use url::Host;

use super::proxy::proxy;
use super::value::{address, required};
use crate::config::error::ConfigError;
use crate::config::load::SettingOrigins;
use crate::config::server::{
    AuthPolicy, CredentialPolicy, JwtConfig, JwtSettings, ServerConfig, ServerSettings,
};
use crate::metabase::{AuthSettings, MetabaseSettings};

pub(super) fn server(
    file: ServerConfig,
    metabase: Option<&MetabaseSettings>,
    origins: &SettingOrigins,
) -> Result<ServerSettings, ConfigError> {
    let default = ServerSettings::default();
    // Their ranges are those of the schema; none is more than a machine can count.
    let count = |written: Option<u64>, usual: usize| {
        written.map_or(usual, |most| usize::try_from(most).unwrap_or(usize::MAX))
    };
    let seconds = |written: Option<u64>, usual: Duration| written.map_or(usual, Duration::from_secs);
    let credential = file.credential.unwrap_or_default();
    let mints = metabase.is_some_and(|metabase| matches!(metabase.auth, AuthSettings::Jwt { .. }));
    if credential == CredentialPolicy::Person && !mints {
        let problem = "\"person\" needs `auth = \"jwt\"` under [metabase]: only with Metabase's secret can a token be made for a \
                       person";
        return Err(ConfigError::setting(origins.place("server.credential"), problem));
    }
    let lends = credential == CredentialPolicy::Session;
    if lends && metabase.is_none() {
        let problem = "\"session\" needs a Metabase: set `url` under [metabase]";
        return Err(ConfigError::setting(origins.place("server.credential"), problem));
    }
    if lends && file.auth == Some(AuthPolicy::Loopback) {
        let problem = "\"loopback\" lets everybody on this machine in, and `credential = \"session\"` needs a session of each: \
                       write \"required\" or leave it out";
        return Err(ConfigError::setting(origins.place("server.auth"), problem));
    }
    // Where people are told apart, nobody gets in by being near: a proxy mostly is on the same machine.
    let usual = if lends || file.jwt.is_some() || file.proxy.is_some() {
        AuthPolicy::Required
    } else {
        AuthPolicy::default()
    };
    Ok(ServerSettings {
        credential,
        auth: file.auth.unwrap_or(usual),
        hosts: host_names(file.hosts, origins)?,
        origins: web_origins(file.origins, origins)?,
        admins: principals(file.admins, origins)?,
        max_body_bytes: count(
            file.max_body_kb.map(|kb| kb.saturating_mul(1024)),
            default.max_body_bytes,
        ),
        max_turns: count(file.max_turns, default.max_turns),
        max_turns_per_principal: count(file.max_turns_per_principal, default.max_turns_per_principal),
        max_waiting: file.max_waiting.unwrap_or(default.max_waiting),
        max_kept_bytes: file
            .max_kept_mb
            .map_or(default.max_kept_bytes, |mb| mb.saturating_mul(1024 * 1024)),
        max_requests_per_minute: file.max_requests_per_minute,
        grace: seconds(file.grace_seconds, default.grace),
        drain: seconds(file.drain_seconds, default.drain),
        jwt: file.jwt.map(|jwt| self::jwt(jwt, origins)).transpose()?,
        proxy: file.proxy.map(|file| proxy(file, origins)).transpose()?,
    })
}

/// Names of hosts as a request's header has them: a name, with or without a port.
fn host_names(written: Option<Vec<String>>, origins: &SettingOrigins) -> Result<Vec<String>, ConfigError> {
    let all = written.unwrap_or_default().into_iter();
    all.map(|text| {
        let name = text.trim().to_ascii_lowercase();
        if !is_host(&name) {
            let problem = format!(
                "{text:?} is not the name of a host: write each name that people use, such as cardinal.example.com or \
                 localhost:8600"
            );
            return Err(ConfigError::setting(origins.place("server.hosts"), problem));
        }
        Ok(name)
    })
    .collect()
}

/// Whether this may be what a request names as its host: a name or an address, with or without a port that there is.
fn is_host(name: &str) -> bool {
    let (host, port) = match name.rsplit_once(':') {
        // The last part of an address of IPv6 is no port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (name, None),
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    let is_name = !host.is_empty()
        && !host.contains(['/', '*', '@', '?', '#', ':', '[', ']'])
        && !host.contains(char::is_whitespace);
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_name || (is_address && Host::parse(host).is_ok())) && port.is_none_or(is_port)
}

/// Names of principals, which have to be those that requests come with, to the letter.
fn principals(written: Option<Vec<String>>, origins: &SettingOrigins) -> Result<Vec<String>, ConfigError> {
    let all = written.unwrap_or_default().into_iter();
    all.map(|text| {
        if text.trim().is_empty() || text.trim() != text {
            let problem = format!("{text:?} names nobody: write a principal, without white space around it");
            return Err(ConfigError::setting(origins.place("server.admins"), problem));
        }
        Ok(text)
    })
    .collect()
}

/// Origins as browsers write them: scheme, host, port, and nothing behind.
fn web_origins(written: Option<Vec<String>>, origins: &SettingOrigins) -> Result<Vec<String>, ConfigError> {
    let place = || origins.place("server.origins");
    let all = written.unwrap_or_default().into_iter();
    all.map(|text| {
        let origin = address(&text, &place())?.origin().ascii_serialization();
        if origin == text.trim_end_matches('/').to_ascii_lowercase() {
            Ok(origin)
        } else {
            let problem = format!("{text:?} is not an origin: write it like {origin}");
            Err(ConfigError::setting(place(), problem))
        }
    })
    .collect()
}

fn jwt(file: JwtConfig, origins: &SettingOrigins) -> Result<JwtSettings, ConfigError> {
    let jwks_url = required(file.jwks_url, "server.jwt.jwks_url", origins)?;
    let place = origins.place("server.jwt.jwks_url");
    let mut jwks_url = address(&jwks_url, &place)?;
    // An address of ours ends in a slash, so that paths can be joined to it; this one is a file.
    let here = match jwks_url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if jwks_url.scheme() != "https" && !here {
        let problem =
            "keys are not fetched without TLS, where anybody on the way could put theirs in: write https://";
        return Err(ConfigError::setting(place, problem));
    }
    let path = jwks_url.path().trim_end_matches('/').to_owned();
    jwks_url.set_path(&path);
    let names = file
        .algorithms
        .unwrap_or_else(|| vec!["RS256".to_owned(), "ES256".to_owned()]);
    if names.is_empty() {
        let problem = "is empty, so that no token would be good: write RS256, or leave it out";
        return Err(ConfigError::setting(
            origins.place("server.jwt.algorithms"),
            problem,
        ));
    }
    let algorithms: Result<Vec<Algorithm>, ConfigError> =
        names.iter().map(|name| algorithm(name, origins)).collect();
    Ok(JwtSettings {
        issuer: required(file.issuer, "server.jwt.issuer", origins)?,
        audience: required(file.audience, "server.jwt.audience", origins)?,
        jwks_url,
        algorithms: algorithms?,
        claim: file.claim.unwrap_or_else(|| "sub".to_owned()),
    })
}

/// Only algorithms whose keys may be published: with a shared secret, a public key would do as one.
fn algorithm(name: &str, origins: &SettingOrigins) -> Result<Algorithm, ConfigError> {
    match name {
        "RS256" => Ok(Algorithm::RS256),
        "RS384" => Ok(Algorithm::RS384),
        "RS512" => Ok(Algorithm::RS512),
        "PS256" => Ok(Algorithm::PS256),
        "PS384" => Ok(Algorithm::PS384),
        "PS512" => Ok(Algorithm::PS512),
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        "EdDSA" => Ok(Algorithm::EdDSA),
        other => Err(ConfigError::setting(
            origins.place("server.jwt.algorithms"),
            format!(
                "{other:?} is not allowed; write RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA"
            ),
        )),
    }
}
