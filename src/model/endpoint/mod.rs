mod errors;

use std::fmt;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::stream::{self, StreamExt};
use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::next_step::AskedServer;
use super::refusal::ServerRefusal;
use super::{ModelError, ModelId, ModelPlaces, NextStep, Provider};
use crate::model::ModelSettings;
use crate::principal::Principal;
use crate::wire::{CacheRule, Policy, Purpose, RequestBody, WireRequest, WireResponse};

/// Most bytes of one completion, its stream's framing included.
const COMPLETION_CAP: usize = 64 << 20;
/// Most of a web page that is read for its title.
const PAGE_BYTES: usize = 16 << 10;

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
            return Err(self.is_page(&String::from_utf8_lossy(&first), |_| self.address_step()));
        }
        let before = [Ok(first.freeze())].into_iter().chain(broken.map(Err));
        let rest = std::mem::replace(&mut response.body, stream::empty().boxed());
        response.body = stream::iter(before).chain(rest).boxed();
        Ok(response)
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
        if is_without_content(&response) {
            return Err(self.unreadable_until(
                &format!("the server answered with status {status} and no content"),
                self.asked().after_silence(),
            ));
        }
        self.no_web_page(response).await.map(Ok)
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

/// Whether a response says of itself that nothing comes behind its head.
fn is_without_content(response: &WireResponse) -> bool {
    let length = response.headers.get(http::header::CONTENT_LENGTH);
    matches!(response.status.as_u16(), 204 | 205) || length.is_some_and(|length| length == "0")
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
