//! Where other servers are, found in words: the addresses that the settings name, in whatever form somebody writes them, and
//! whatever else looks like an address.

use std::borrow::Cow;
use std::net::Ipv6Addr;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use url::{Host, Url};

use crate::app::App;
use crate::text::built_in_pattern;

/// What an address is called that is none of the settings.
const ANY: &str = "an address that is not shown";

/// Hosts of one word that say nothing of where a server is, and that sentences are made of as well.
const WORDS: [&str; 26] = [
    "anthropic",
    "api",
    "app",
    "azure",
    "bi",
    "cloud",
    "data",
    "dbt",
    "gateway",
    "gemini",
    "host",
    "litellm",
    "llama",
    "llm",
    "lmstudio",
    "metabase",
    "mistral",
    "model",
    "models",
    "ollama",
    "openai",
    "proxy",
    "server",
    "sglang",
    "vllm",
    "web",
];

/// Addresses as they stand in words: with a scheme, as numbers, as a name with a port.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(concat!(
        r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s"'`<>()\\]*[^\s"'`<>()\\.,;:!?]"#,
        r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/[^\s,;:)]*)?",
        r"|\[[0-9a-fA-F]*:[0-9a-fA-F:.]+(?:%[\w.-]+)?\](?::\d+)?(?:/[^\s,;:)]*)?",
        r"|\b[A-Za-z][A-Za-z0-9._-]*:\d{2,5}\b(?:/[^\s,;:)]*)?",
    ))
});

/// What may be an address of IPv6 without brackets.
static IPV6: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"[0-9A-Fa-f:]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*[0-9A-Fa-f](?:%[\w.-]+)?"));

/// Paths of at least two parts, and what stands before them.
static PATH: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r#"(^|[\s("'`])((?:/[\w.~%-]+){2,}/?)"#));

/// A server that the settings name.
#[derive(Debug)]
struct NamedServer {
    /// As it is compared: in small letters, addresses of IPv6 without brackets and in their shortest form.
    host: String,
    port: Option<u16>,
    name: &'static str,
}

/// The addresses that the settings name.
#[derive(Debug)]
pub(super) struct NamedAddresses {
    servers: Vec<NamedServer>,
    /// The names of hosts among them, as they stand in words: with or without a port, and with what may stand before and behind.
    bare: Option<Regex>,
}

impl NamedAddresses {
    pub(super) fn new(app: &App) -> Self {
        let settings = app.settings();
        let mut servers = Vec::new();
        let mut add = |url: &Url, name: &'static str| {
            let host = url.host().map(|host| match host {
                Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
                Host::Ipv4(ip) => ip.to_string(),
                Host::Ipv6(ip) => ip.to_string(),
            });
            let port = url.port_or_known_default();
            servers.extend(host.map(|host| NamedServer { host, port, name }));
        };
        if let Some(url) = &settings.model.base_url {
            add(url, "the model's server");
        }
        add(&app.server().metabase.url, "Metabase");
        for dbt in [&settings.dbt.cloud, &app.server().dbt].into_iter().flatten() {
            for url in [
                &dbt.addresses.administrative,
                &dbt.addresses.discovery,
                &dbt.addresses.semantic_layer,
            ] {
                add(url, "dbt");
            }
        }
        let bare = bare(&servers);
        Self { servers, bare }
    }

    /// What the server at this place is called; `None` where the settings name none there.
    fn name(&self, host: &str, port: Option<u16>) -> Option<&'static str> {
        let mut at_host = self
            .servers
            .iter()
            .filter(|server| server.host == host)
            .peekable();
        at_host.peek()?;
        let mut names = at_host
            .filter(|server| port.is_none() || server.port == port)
            .map(|server| server.name);
        let name = names.next();
        // Another port is another server, and several may be at the same place.
        let is_one = names.all(|other| Some(other) == name);
        Some(name.filter(|_| is_one).unwrap_or(ANY))
    }

    /// What an address is called; `None`, if it is none after all: `id:1234` is one word with a number.
    fn name_of(&self, written: &str) -> Option<&'static str> {
        let (host, port) = place_of(written);
        let looks_like_one =
            || written.contains("://") || written.contains('[') || host.contains('.') || host == "localhost";
        self.name(&host, port).or_else(|| looks_like_one().then_some(ANY))
    }

    /// A text without addresses, and without paths of them.
    pub(super) fn hidden<'a>(&self, text: &'a str) -> Cow<'a, str> {
        replaced(self.places_hidden(text), &PATH, |text, found| {
            let before: String = text.get(found)?.chars().take_while(|c| *c != '/').collect();
            Some(Cow::Owned(format!("{before}…")))
        })
    }

    /// A text without addresses. Paths by themselves stay.
    pub(super) fn places_hidden<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = replaced(Cow::Borrowed(text), &ADDRESS, |text, found| {
            self.name_of(text.get(found)?).map(Cow::Borrowed)
        });
        let text = self.hosts_hidden(text);
        replaced(text, &IPV6, |text, found| {
            let host = ipv6_at(text, found)?;
            Some(Cow::Borrowed(self.name(&host, None).unwrap_or(ANY)))
        })
    }

    fn hosts_hidden<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let Some(bare) = &self.bare else { return text };
        replaced(text, bare, |text, found| {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            let before = text.get(..found.start)?.chars().next_back();
            let behind = text.get(found.end..)?.chars().next();
            if before.is_some_and(|c| is_part(c) || c == '.') || behind.is_some_and(is_part) {
                return None;
            }
            let (host, port) = place_of(text.get(found)?);
            // It may be a longer name of the host.
            let longer = |server: &&NamedServer| {
                host.ends_with(&format!(".{}", server.host)) || host.starts_with(&format!("{}.", server.host))
            };
            let name = self.name(&host, port);
            let name = name.or_else(|| Some(self.servers.iter().find(longer)?.name));
            name.map(Cow::Borrowed)
        })
    }
}

/// A pattern of the hosts that have names; `None` where there are none.
fn bare(servers: &[NamedServer]) -> Option<Regex> {
    let names = servers.iter().map(|server| server.host.as_str());
    let names = names.filter(|host| host.contains(char::is_alphabetic) && !host.contains(':'));
    let patterns: Vec<String> = names
        .filter(|host| !WORDS.contains(host))
        .map(|host| {
            let name = regex::escape(host);
            if host.contains('.') {
                format!(r"(?:[\w-]+\.)*{name}")
            } else {
                format!(r"{name}(?:\.[\w-]+)*")
            }
        })
        .collect();
    let all = patterns.join("|");
    (!all.is_empty()).then(|| built_in_pattern(&format!(r"(?i)(?:{all})(?::\d{{1,5}})?")))
}

/// Host and port of an address, as they are compared.
fn place_of(written: &str) -> (String, Option<u16>) {
    let address = written.split_once("://").map_or(written, |(_, rest)| rest);
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let in_brackets = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match in_brackets {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => authority
            .rsplit_once(':')
            .map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    (
        ipv6(host).unwrap_or_else(|| host.trim_end_matches('.').to_ascii_lowercase()),
        port.and_then(|port| port.parse().ok()),
    )
}

/// An address of IPv6 as it is compared.
fn ipv6(host: &str) -> Option<String> {
    let (address, _) = host.split_once('%').unwrap_or((host, ""));
    let address: Ipv6Addr = address.parse().ok()?;
    Some(address.to_string())
}

/// The address of IPv6 that stands by itself at this place of a text.
fn ipv6_at(text: &str, found: Range<usize>) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let before = text.get(..found.start)?.chars().next_back();
    let behind = text.get(found.end..)?.chars().next();
    if before.is_some_and(is_part) || behind.is_some_and(is_part) {
        return None;
    }
    ipv6(text.get(found)?)
}

/// A text with something else in place of what a pattern finds in it, where `new` has something.
fn replaced<'a>(
    text: Cow<'a, str>,
    pattern: &Regex,
    new: impl Fn(&str, Range<usize>) -> Option<Cow<'static, str>>,
) -> Cow<'a, str> {
    let mut written = String::new();
    let mut end = 0;
    for found in pattern.find_iter(&text) {
        if let Some(new) = new(&text, found.range()) {
            written.push_str(text.get(end..found.start()).unwrap_or_default());
            written.push_str(&new);
            end = found.end();
        }
    }
    if end == 0 {
        return text;
    }
    written.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(written)
}
