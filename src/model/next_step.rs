//! What a person can do when a model's server refuses or cannot be reached: one next step, which names the variable or
//! setting to change. What the server says stays in front of it.

use std::fmt;

use http::StatusCode;
use url::Url;

use super::endpoint::{address_variable, is_private, key_variable};
use super::{ModelId, ModelPlaces};
use crate::wire::WireError;

/// One next step behind an error, or none. Small, because every error of a model has room for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NextStep(Option<Box<StepWords>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct StepWords(String);

/// Models of a server that are named, of all that it lists.
const NAMED: usize = 6;
/// Longest name of a model that is repeated, in bytes.
const LONGEST_NAME: usize = 100;

/// What servers say when they do not have the model that was asked for, together with a word for one.
const NO_MODEL: [&str; 22] = [
    "not found",
    "not_found",
    "not exist",
    "n't exist",
    "no such",
    "unknown",
    "not a valid",
    "invalid model",
    "model identifier is invalid",
    "try pulling it",
    "have access to",
    "has access to",
    "lacks access",
    "access to model",
    "to access model",
    "not supported by any provider",
    "no models loaded",
    "no model loaded",
    "no model is loaded",
    "could not load model",
    "not available",
    "no available",
];
/// Words for a model.
const MODEL: [&str; 3] = ["model", "deployment", "engine"];
/// What they say of a key, whatever the status.
const KEY: [&str; 15] = [
    "api key",
    "api_key",
    "apikey",
    "api-key",
    "access token",
    "auth token",
    "bearer",
    "unauthorized",
    "unauthenticated",
    "authentication",
    "not authenticated",
    "invalid token",
    "credentials",
    "authorization header",
    "subscription key",
];
/// What they say of an account without money.
const CREDIT: [&str; 9] = [
    "insufficient_quota",
    "exceeded your current quota",
    "insufficient balance",
    "insufficient credit",
    "credit balance",
    "requires more credits",
    "payment required",
    "billing",
    "余额不足",
];

/// What is known of the server that a step speaks of.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedServer<'a> {
    pub(super) id: &'a ModelId,
    pub(super) base: &'a Url,
    pub(super) places: &'a ModelPlaces,
    /// Whether a key was sent with the provider's own header.
    pub(super) has_key: bool,
}

impl NextStep {
    pub(super) fn is(step: impl Into<String>) -> Self {
        Self(Some(Box::new(StepWords(step.into()))))
    }

    pub(super) fn none() -> Self {
        Self(None)
    }

    /// The step in words.
    pub fn words(&self) -> Option<&str> {
        self.0.as_ref().map(|step| step.0.as_str())
    }
}

impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().map_or(Ok(()), |step| write!(f, "; {step}"))
    }
}

/// Whether a server's words say that it does not have the model.
pub(super) fn says_no_model(status: StatusCode, message: &str) -> bool {
    let message = message.to_lowercase();
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    let bare =
        status == StatusCode::NOT_FOUND && (message.starts_with("model:") || message.contains("model not"));
    !matches!(status.as_u16(), 401 | 402 | 407 | 429)
        && (bare || (has(&MODEL) && has(&NO_MODEL)))
        && !has(&["endpoints found", "tool"])
}

impl AskedServer<'_> {
    /// The variable or setting that holds the address.
    pub(super) fn address(&self) -> String {
        let usual = address_variable(self.id.provider);
        self.places.address.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn key(&self) -> String {
        let usual = key_variable(self.id.provider);
        self.places.key.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The step after a refusal in these words. `listed` is what the server says it has.
    pub(super) fn after_refusal(&self, status: StatusCode, message: &str, listed: &[String]) -> NextStep {
        let words = message.to_lowercase();
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        let number = status.as_u16();
        let is_down = matches!(number, 502..=504 | 520..=530);
        if words.starts_with("a web page") && !is_down && !matches!(number, 407 | 413) {
            let address = self.address();
            let page = format!(
                "a proxy or a login page seems to stand before the model's server: check the address in {address}"
            );
            return NextStep::is(match number {
                401 | 403 => format!("{page}; {}", self.key_step("check that it is one for")),
                _ => page,
            });
        }
        if number == 413 && has(&["tokens per min", "tpm", "rate limit"]) {
            return NextStep::is(format!(
                "the account behind {} may not send so many tokens in a minute: name another model with --model, curate less, or have \
                 its limit raised",
                self.key()
            ));
        }
        if number == 413 {
            return NextStep::is(format!(
                "the request is longer than the server at {}, or the proxy before it, lets through: raise its limit (nginx: \
                 client_max_body_size), or curate less",
                self.host()
            ));
        }
        if number == 407 {
            return NextStep::is("the proxy wants a password: check HTTPS_PROXY and HTTP_PROXY");
        }
        if number == 402 && has(&["can only afford"]) {
            return NextStep::is(format!(
                "the account behind {} has to be given credit, or set max_output_tokens in [model] to what it can pay for",
                self.key()
            ));
        }
        if number == 402 || has(&CREDIT) {
            return NextStep::is(format!(
                "the account behind {} has to be given credit, or name another model with --model",
                self.key()
            ));
        }
        if number == 403 && has(&["country", "region", "territory", "your location"]) {
            return NextStep::is(
                "it is not offered where it is asked from: name another model or another server",
            );
        }
        if says_no_model(status, message) || (number == 410 && has(&MODEL)) {
            return NextStep::is(self.other_model(&words, listed));
        }
        let is_open = matches!(number, 200 | 400 | 404 | 422 | 500);
        if number == 401 || (is_open && has(&KEY)) {
            let step = self.key_step("check that it is one for");
            // Gateways look for it under names of their own.
            let is_missed = self.has_key && has(&["missing", "no api key", "not provided", "not found in"]);
            return NextStep::is(if is_missed {
                format!("{step}, or send it under the header that is wanted, with headers_env in [model]")
            } else {
                step
            });
        }
        match number {
            403 => NextStep::is(self.key_step("check what it may do at")),
            400 if has(&["wait before trying again"]) => NextStep::is("ask again later"),
            404 if has(&["data policy", "endpoints found"]) => NextStep::is(
                "no server behind the gateway takes it as its account is set: change that there, or name another model with --model",
            ),
            429 => NextStep::is("ask again later, or set max_concurrency in [model] to ask less at once"),
            _ if is_down => NextStep::is(format!(
                "the server behind {} cannot answer just now: ask again, and see its log if it stays so",
                self.host()
            )),
            500 if !is_private(self.base) => {
                NextStep::is("ask again later, or name another model with --model")
            }
            500 => NextStep::is(format!("see the log of the server at {}", self.host())),
            _ => NextStep::none(),
        }
    }

    /// The step where a stream ended too early, and nothing says why.
    pub(super) fn after_end(&self) -> NextStep {
        let host = self.host();
        NextStep::is(format!(
            "ask again; if it stays so, see the log of the server at {host}"
        ))
    }

    /// The step where a server answers without a word.
    pub(super) fn after_silence(&self) -> NextStep {
        let (host, address) = (self.host(), self.address());
        NextStep::is(format!(
            "the server at {host} does not say why: see its log, and check that {address} is the base of its API"
        ))
    }

    /// What was sent to show who asks, where it comes from, and what to `check` about it.
    fn key_step(&self, check: &str) -> String {
        let (key, host) = (self.key(), self.host());
        let headers = self.places.headers.iter();
        let headers: Vec<String> = headers
            .map(|(header, variable)| format!("the header {header} from {variable}"))
            .collect();
        let headers = headers.join(" and ");
        match (self.has_key, headers.is_empty()) {
            (true, true) => format!("the key was read from {key}: {check} {host}"),
            (true, false) => format!("the key was read from {key}, and {headers}: {check} {host}"),
            (false, true) => format!("{key} is not set, so no key was sent: set it"),
            (false, false) => {
                format!("only {headers} was sent: {check} {host}, or set {key} if a key is wanted")
            }
        }
    }

    /// Which other model could be asked.
    fn other_model(&self, words: &str, listed: &[String]) -> String {
        let (id, name) = (self.id.to_string(), &self.id.name);
        let provider = id.split(':').next().unwrap_or_default();
        let mut step = if words.contains("try pulling") {
            format!("run `ollama pull {name}`, or name another with --model {provider}:NAME")
        } else if words.contains("loaded") {
            format!(
                "load it in the server (LM Studio: `lms load {name}`), or name another with --model {provider}:NAME"
            )
        } else if words.contains("deployment") {
            format!("name the deployment, not the model behind it, with --model {provider}:DEPLOYMENT")
        } else {
            format!("name another model with --model {provider}:NAME, CARDINAL_MODEL or `id` in [model]")
        };
        let named = named(name, listed);
        if !named.is_empty() {
            let more = if listed.len() > named.len() { ", …" } else { "" };
            step = format!("{step}; the server has {}{more}", named.join(", "));
        }
        step
    }

    /// The step where no answer came.
    pub(super) fn after_wire(&self, error: &WireError) -> NextStep {
        let (address, host) = (self.address(), self.host());
        match error {
            WireError::Connect { reason, .. } | WireError::Broken { reason, .. } => {
                self.after_connecting(&reason.to_lowercase())
            }
            WireError::Timeout { .. } => NextStep::is(format!(
                "see whether the server at {host} is there ({address} names it) and not too busy, or give it more time \
                 with timeout_seconds in [model]"
            )),
            _ => NextStep::none(),
        }
    }

    fn after_connecting(&self, reason: &str) -> NextStep {
        let (address, host) = (self.address(), self.host());
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| reason.contains(phrase));
        if has(&["refused", "unreachable", "no route"]) {
            let start = if self.base.port() == Some(11434) {
                " (`ollama serve` starts it)"
            } else if is_private(self.base) {
                ""
            } else {
                ", and may it be reached from here, or only through a proxy (HTTPS_PROXY)"
            };
            return NextStep::is(format!(
                "is the server running at {host}{start}? {address} names it"
            ));
        }
        if has(&[
            "lookup",
            "name or service",
            "nodename",
            "resolve",
            "dns",
            "no such host",
        ]) {
            return NextStep::is(format!("no such host is known: check the address in {address}"));
        }
        // A server that speaks plain HTTP, greeted with TLS.
        if self.base.scheme() == "https"
            && has(&[
                "corrupt message",
                "invalidcontenttype",
                "wrong version",
                "packet length",
            ])
        {
            return NextStep::is(format!(
                "it speaks http and not https: write http in place of https in {address}"
            ));
        }
        // A server that speaks TLS, greeted with plain HTTP.
        if self.base.scheme() == "http" && has(&["http version", "invalid http", "parse", "header"]) {
            return NextStep::is(format!(
                "it does not speak http, and may speak https: write https in place of http in {address}"
            ));
        }
        if has(&["notvalidforname", "not valid for name"]) {
            return NextStep::is(format!(
                "its certificate is for another host: set {address} to the name in the certificate"
            ));
        }
        if has(&["expired", "notvalidyet", "not valid yet"]) {
            return NextStep::is(
                "its certificate is not valid today: renew it, and check this machine's clock",
            );
        }
        if has(&["causedasendentity"]) {
            return NextStep::is(
                "its certificate is that of a signer, which nobody takes for a server's: give the server one that is signed by \
                 it and is none itself",
            );
        }
        if has(&["certificate", "unknownissuer", "unknown issuer"]) {
            return NextStep::is(
                "this machine does not trust its certificate: add the one that signed it to the system's certificates, or \
                 name the file with SSL_CERT_FILE",
            );
        }
        if has(&["timed out", "timeout", "deadline"]) {
            return NextStep::is(format!(
                "see whether {host} can be reached from here, or only through a proxy (HTTPS_PROXY); {address} names it"
            ));
        }
        let other = if self.base.scheme() == "http" && has(&["reset", "closed"]) {
            format!(", or write https in place of http in {address} if it speaks that")
        } else {
            format!(" ({address} names it)")
        };
        NextStep::is(format!(
            "ask again; if it stays so, see the log of the server at {host}{other}"
        ))
    }
}

/// The names to show, those like the asked one first.
fn named<'a>(asked: &str, listed: &'a [String]) -> Vec<&'a str> {
    let usable = |name: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c);
        !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(plain)
    };
    let mut names: Vec<&str> = listed.iter().map(String::as_str).filter(usable).collect();
    let asked = asked.to_lowercase();
    let alike = |name: &str| {
        let name = name.to_lowercase();
        let same = name
            .chars()
            .zip(asked.chars())
            .take_while(|(a, b)| a == b)
            .count();
        if name.contains(&asked) || asked.contains(&name) {
            name.len().min(asked.len())
        } else {
            same
        }
    };
    names.sort_by_key(|name| std::cmp::Reverse(alike(name)));
    names.truncate(NAMED);
    names
}
