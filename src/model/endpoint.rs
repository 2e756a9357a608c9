use std::fmt;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::stream::{self, StreamExt};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Host, Url};

use super::loading;
use super::missing_route;
use super::next_step::AskedServer;
use super::refusal::ServerRefusal;
use super::sse_line::is_sign_of_life;
use super::web_page;
use super::{ModelError, ModelId, ModelPlaces, NextStep, Provider};
use crate::model::ModelSettings;
use crate::principal::Principal;
use crate::wire::{CacheRule, Policy, Purpose, RequestBody, WireError, WireRequest, WireResponse};

/// Most bytes of one completion, its stream's framing included.
const COMPLETION_CAP: usize = 64 << 20;
/// Most of a web page that is read for its title.
const PAGE_BYTES: usize = 16 << 10;
/// Longest message of a provider that an error repeats, in characters.
const MESSAGE_CHARS: usize = 400;
/// Values shorter than this are not worth hiding: they would make every message unreadable.
const SHORTEST_SECRET: usize = 4;

/// Where a model lives and what every request to it carries.
#[derive(Clone)]
pub(super) struct ModelEndpoint {
    id: ModelId,
    base: Url,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    secrets: Vec<SecretString>,
    has_key: bool,
    places: ModelPlaces,
    timeout: Duration,
}

impl ModelEndpoint {
    /// The endpoint that the settings name. `default_base` is the provider's own address; `key` and `fixed` are the
    /// headers of its protocol. Headers of the settings win over these.
    pub(super) fn new(
        settings: &ModelSettings,
        default_base: &str,
        key: Option<(HeaderName, String)>,
        fixed: &[(HeaderName, &'static str)],
    ) -> Result<Self, ModelError> {
        let not_usable = |reason: String| ModelError::NotUsable {
            model: settings.id.to_string(),
            reason,
        };
        let mut base = match &settings.base_url {
            Some(url) => url.clone(),
            None => Url::parse(default_base).map_err(|error| not_usable(error.to_string()))?,
        };
        if !base.username().is_empty() || base.password().is_some() {
            let variable = settings.places.address.clone();
            let variable = variable.unwrap_or_else(|| address_variable(settings.id.provider).to_owned());
            return Err(not_usable(format!(
                "{variable} holds a name or password: set a key or a header instead"
            )));
        }
        let mut query: Vec<(String, String)> = base.query_pairs().into_owned().collect();
        query.extend(settings.query.iter().cloned());
        base.set_query(None);
        base.set_fragment(None);

        let mut headers = HeaderMap::new();
        for (name, value) in fixed {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        let has_key = key.is_some();
        if let Some((name, value)) = key {
            headers.insert(
                name,
                sensitive(&value).ok_or_else(|| not_usable("its key is not a header value".into()))?,
            );
        }
        let mut secrets: Vec<SecretString> = settings.api_key.iter().cloned().collect();
        for (name, value) in &settings.headers {
            let parsed = HeaderName::try_from(name.as_str())
                .ok()
                .zip(sensitive(value.expose_secret()));
            let (header, parsed) =
                parsed.ok_or_else(|| not_usable(format!("the header {name} cannot be sent")))?;
            headers.insert(header, parsed);
            secrets.push(value.clone());
        }
        Ok(Self {
            id: settings.id.clone(),
            base,
            query,
            headers,
            secrets,
            has_key,
            places: settings.places.clone(),
            timeout: settings.timeout,
        })
    }

    pub(super) fn id(&self) -> &ModelId {
        &self.id
    }

    /// The base address, without query.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The address of `path` below the base, without query.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// A request to `path` with this endpoint's headers and query.
    pub(super) fn request(&self, method: Method, path: &str, body: Option<RequestBody>) -> WireRequest {
        let mut url = self.url(path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut headers = self.headers.clone();
        if body.is_some() {
            headers.insert(
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        WireRequest {
            method,
            url,
            headers,
            body,
            policy: self.policy(),
        }
    }

    /// How the wire treats a completion. It leaves nothing behind at the provider, so that it may be sent again while
    /// its answer has not begun.
    pub(super) fn policy(&self) -> Policy {
        Policy {
            purpose: Purpose::Completion,
            principal: Principal::default(),
            idempotent: true,
            buffered: false,
            cap: COMPLETION_CAP,
            timeout: self.timeout,
            cache: CacheRule::Never,
            opening: None,
            loading: None,
        }
    }

    /// What a next step speaks of.
    fn asked(&self) -> AskedServer<'_> {
        AskedServer {
            id: &self.id,
            base: &self.base,
            places: &self.places,
            has_key: self.has_key,
        }
    }

    /// The wire's failure as this model's.
    pub(super) fn wire_error(&self, source: WireError) -> ModelError {
        ModelError::Wire {
            model: self.id.to_string(),
            next: self.asked().after_wire(&source),
            source,
        }
    }

    /// An answer that cannot be read.
    pub(super) fn unreadable(&self, reason: impl fmt::Display) -> ModelError {
        self.unreadable_until(&reason.to_string(), NextStep::none())
    }

    fn unreadable_until(&self, reason: &str, next: NextStep) -> ModelError {
        ModelError::Unreadable {
            model: self.id.to_string(),
            reason: self.presentable(reason),
            next,
        }
    }

    /// What to change about the address.
    fn address_step(&self) -> NextStep {
        NextStep::is(missing_route::hint(
            self.id.provider,
            &self.base,
            &self.asked().address(),
        ))
    }

    /// The response, unless it is a web page: what is at the address is not the API of a model then. Some servers call a
    /// stream so, and its first bytes tell.
    async fn no_web_page(&self, mut response: WireResponse) -> Result<WireResponse, ModelError> {
        let kind = response.headers.get(http::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("text/html") {
            return Ok(response);
        }
        let mut first = BytesMut::new();
        let mut broken = None;
        while first.trim_ascii().is_empty() && broken.is_none() {
            match response.body.next().await {
                Some(Ok(piece)) => first.extend_from_slice(&piece),
                Some(Err(error)) => broken = Some(error),
                None => break,
            }
        }
        let begins = first.trim_ascii_start();
        let is_page = begins.is_empty() || begins.starts_with(b"<");
        if broken.is_none() && is_page {
            while first.len() < PAGE_BYTES && broken.is_none() {
                match response.body.next().await {
                    Some(Ok(piece)) => first.extend_from_slice(&piece),
                    Some(Err(_)) | None => break,
                }
            }
            let page = web_page::described(&String::from_utf8_lossy(&first));
            return Err(self.unreadable_until(&format!("it is {page}"), self.address_step()));
        }
        let before = [Ok(first.freeze())].into_iter().chain(broken.map(Err));
        let rest = std::mem::replace(&mut response.body, stream::empty().boxed());
        response.body = stream::iter(before).chain(rest).boxed();
        Ok(response)
    }

    /// A stream that ended before the completion did, or reported an error in its middle.
    pub(super) fn broke_off(&self, message: &str) -> ModelError {
        let (model, message) = (self.id.to_string(), self.presentable(message));
        if says_too_long(&message) {
            return ModelError::TooLong { model, message };
        }
        if missing_route::says_so(&message) {
            return self.no_route(200, message);
        }
        if loading::says_so(StatusCode::OK, &message) {
            return ModelError::Loading { model, message };
        }
        let next = self.asked().after_refusal(StatusCode::OK, &message, &[]);
        let message = before(message, &next);
        ModelError::BrokeOff { model, message, next }
    }

    /// A stream that ended before the completion did. `noise` is what it said beside the protocol.
    pub(super) fn ended_early(&self, noise: Option<&str>) -> ModelError {
        match noise {
            None => self.broke_off("the stream ended before the completion did"),
            Some(noise) if noise.trim_start().starts_with('<') => self.unreadable_until(
                &format!("it is {}", web_page::described(noise)),
                self.asked().after_refusal(StatusCode::OK, "a web page", &[]),
            ),
            Some(noise) => {
                self.unreadable(format!("it is not a completion, and its last words are: {noise}"))
            }
        }
    }

    /// The error of words that stand in a stream where a piece of the completion belongs. `has_begun` says whether there was any
    /// before; words that only say that the connection lives are no error.
    pub(super) fn lost_piece(&self, words: &str, has_begun: bool) -> Option<ModelError> {
        let is_lost = words.starts_with('{') || (has_begun && !is_sign_of_life(words));
        let words = match words.trim_start() {
            page if page.starts_with('<') => web_page::described(page),
            words => words.to_owned(),
        };
        is_lost.then(|| self.unreadable(format!("a piece of the stream cannot be read: {words}")))
    }

    /// The error of a piece that nobody can read.
    pub(super) fn lost_object(&self, piece: &Value) -> ModelError {
        self.unreadable(format!("a piece of the stream cannot be read: {piece}"))
    }

    /// A completion that stopped without the reason that its protocol has for an end.
    pub(super) fn unexplained(&self) -> ModelError {
        self.broke_off("the completion ended without saying why, so that it may be cut")
    }

    /// A completion that the server cut for a reason of its own.
    pub(super) fn cut(&self, reason: &str) -> ModelError {
        self.broke_off(&format!(
            "the server ended the completion early, with the reason `{reason}`"
        ))
    }

    /// The response if it may hold a completion, or the server's refusal.
    pub(super) async fn accepted(
        &self,
        response: WireResponse,
    ) -> Result<Result<WireResponse, ServerRefusal>, ModelError> {
        let status = response.status;
        if let Some(encoding) = unasked_encoding(&response.headers) {
            return Err(self.unreadable_until(
                &format!("the server answered with status {status} in the encoding {encoding}, which was not asked for"),
                NextStep::is(format!(
                    "let the server, or the proxy before it, honour Accept-Encoding; {} names it",
                    self.asked().address()
                )),
            ));
        }
        if status.is_redirection()
            && let Some(error) = self.moved(&response)
        {
            return Err(error);
        }
        if !status.is_success() {
            let body = response.bytes().await.map_err(|source| self.wire_error(source))?;
            return Ok(Err(ServerRefusal::read(status, &body)));
        }
        self.no_web_page(response).await.map(Ok)
    }

    /// The error that a redirection stands for: nothing is followed, because a key goes to the configured address alone.
    fn moved(&self, response: &WireResponse) -> Option<ModelError> {
        let location = response.headers.get(http::header::LOCATION)?.to_str().ok()?;
        let mut to = self.base.join(location).ok()?;
        to.set_query(None);
        to.set_fragment(None);
        let _ = to.set_username("").and_then(|()| to.set_password(None));
        let variable = self.asked().address();
        let base = missing_route::without_route(to.path(), self.id.provider).to_owned();
        let is_route = base != to.path().trim_end_matches('/');
        let lower = to.path().to_ascii_lowercase();
        let is_login = ["login", "signin", "sign-in", "sso", "oauth", "saml"]
            .iter()
            .any(|word| lower.contains(word));
        let is_near = to.host_str() == self.base.host_str() && !is_login;
        if is_route || is_near {
            to.set_path(&base);
        }
        let there = self.presentable(to.as_str().trim_end_matches('/'));
        let here = self.base.as_str().trim_end_matches('/');
        let next = if there == here {
            format!(
                "the address in {variable} is right but for the way its server redirects: let it answer POST there itself"
            )
        } else if is_route || is_near {
            format!("if you trust it, set {variable} to {there}")
        } else {
            format!(
                "that is no address of an API and may be a login page: a proxy stands before the server that {variable} names"
            )
        };
        Some(ModelError::NoRoute {
            model: self.id.to_string(),
            status: response.status.as_u16(),
            message: format!("what is asked for is at another address, {there}"),
            next: NextStep::is(next),
            moved_to: Url::parse(&there).ok().map(Box::new),
        })
    }

    /// The error that a refusal stands for.
    pub(super) fn refused(&self, refusal: &ServerRefusal) -> ModelError {
        let (model, mut message) = (self.id.to_string(), self.presentable(&refusal.message));
        if message.is_empty() {
            refusal
                .status
                .canonical_reason()
                .unwrap_or("no words")
                .clone_into(&mut message);
        }
        let status = refusal.status.as_u16();
        let told = match self.presentable(&refusal.told) {
            told if told.is_empty() => message.clone(),
            told => told,
        };
        if loading::says_so(refusal.status, &told) {
            return ModelError::Loading { model, message };
        }
        if matches!(status, 400 | 413 | 422) && says_too_long(&told) {
            return ModelError::TooLong { model, message };
        }
        if missing_route::is_missing(refusal.status, &told) {
            return self.no_route(status, message);
        }
        let next = self.asked().after_refusal(refusal.status, &told, &refusal.listed);
        let message = before(message, &next);
        ModelError::Status {
            model,
            status,
            message,
            next,
        }
    }

    fn no_route(&self, status: u16, message: String) -> ModelError {
        ModelError::NoRoute {
            model: self.id.to_string(),
            status,
            message,
            next: self.address_step(),
            moved_to: None,
        }
    }

    /// A provider's words, short, on one line and without any secret of ours.
    fn presentable(&self, message: &str) -> String {
        let mut clean = message.to_owned();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if secret.len() >= SHORTEST_SECRET {
                clean = clean.replace(secret, "[redacted]");
            }
        }
        let words = clean
            .split(|c: char| c.is_control() || c.is_whitespace())
            .filter(|word| !word.is_empty());
        let clean = words.collect::<Vec<_>>().join(" ");
        if clean.chars().count() <= MESSAGE_CHARS {
            return clean;
        }
        clean.chars().take(MESSAGE_CHARS).chain(['…']).collect()
    }
}

impl fmt::Debug for ModelEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// A server's words as they stand before a next step: the sentence goes on.
fn before(mut message: String, next: &NextStep) -> String {
    if next.words().is_some() {
        message.truncate(message.trim_end_matches(['.', ' ']).len());
    }
    message
}

/// The encoding of a body that was not undone: the transport takes off the name of one that it undid.
fn unasked_encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = headers.get(http::header::CONTENT_ENCODING)?;
    let encoding = encoding.to_str().unwrap_or("?").trim().to_ascii_lowercase();
    (!matches!(encoding.as_str(), "" | "identity" | "none" | "utf-8")).then_some(encoding)
}

/// The variable that holds a provider's key.
pub(super) fn key_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::Openai | Provider::OpenaiResponses | Provider::Offline => "OPENAI_API_KEY",
    }
}

/// The variable that holds a provider's address.
pub(super) fn address_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "ANTHROPIC_BASE_URL",
        Provider::Openai | Provider::OpenaiResponses | Provider::Offline => "OPENAI_BASE_URL",
    }
}

/// Whether the address is this machine or a private network: what runs there has no list price.
pub(super) fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            !name.contains('.')
                || [".local", ".internal", ".localhost"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        None => false,
    }
}

fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The usual ways to say that the conversation does not fit into the model's context.
fn says_too_long(message: &str) -> bool {
    let message = message.to_lowercase();
    // So many in so short a time.
    if message.contains("wait before trying again") || message.contains("throttl") {
        return false;
    }
    [
        "context_length_exceeded",
        "context length",
        "context window",
        "context size",
        "maximum context",
        "prompt is too long",
        "context limit",
        "too many tokens",
        "input is too long",
        "exceeds the maximum number of tokens",
        "maximum prompt length",
        "maximum model length",
        "exceeds max length",
        "exceeded model token limit",
        "range of input length",
        "reduce the length of the messages",
        "reduce the length of the input",
    ]
    .iter()
    .any(|phrase| message.contains(phrase))
}
