use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use super::auth::{Authenticator, CredentialStep, SignIn, SigningClock};
use super::endpoints::{self, Route};
use super::in_flight::InFlight;
use super::{FailureClass, MetabaseError, failure};
use crate::metabase::MetabaseSettings;
use crate::principal::Principal;
use crate::result::{EntryKind, exact_numbers_quoted};
use crate::wire::{CacheRule, Policy, Purpose, RowsOf, ServedBy, Wire, WireError, WireRequest};

/// Sends requests of the endpoint table with the principal's credential.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) settings: Arc<MetabaseSettings>,
    pub(super) wire: Wire,
    shared: Arc<CallerIdentity>,
    /// How many requests are in flight at once, where many are sent: while a catalog is loaded.
    pace: Option<Arc<InFlight>>,
    /// The entry whose rows are read.
    rows_of: Option<RowsOf>,
}

/// What every clone has in common, over whichever wire it sends.
#[derive(Debug)]
struct CallerIdentity {
    principal: Principal,
    auth: Authenticator,
    /// One sign-in at a time: Metabase throttles them per person.
    signing_in: Mutex<()>,
}

/// One request, before it has an address and a credential.
#[derive(Debug, Clone, Default)]
pub(super) struct ApiCall<'a> {
    /// What is tried, on which thing, for errors: `run card 7`.
    pub(super) action: String,
    /// What stands in the path's `{id}`.
    pub(super) ids: Vec<String>,
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) body: Option<Value>,
    /// Whether a kept response will do, where the endpoint allows one.
    pub(super) cached: bool,
}

/// A whole response of any status.
#[derive(Debug)]
pub(super) struct ApiReply {
    pub(super) action: String,
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    pub(super) served_by: ServedBy,
    /// The scope that the route needs.
    scope: Option<&'static str>,
    /// Where the credential comes from, where it is not the usual variable.
    credential_from: Option<String>,
}

impl ApiReply {
    /// The body as `T`: only for a 2xx status and complete JSON with nothing after it.
    pub(super) fn json<'b, T: Deserialize<'b>>(&'b self) -> Result<T, MetabaseError> {
        self.read(&self.body)
    }

    /// The same for rows: a number that a float does not hold comes as text, with all its digits.
    pub(super) fn json_of_rows<T: for<'b> Deserialize<'b>>(&self) -> Result<T, MetabaseError> {
        self.read(&exact_numbers_quoted(&self.body))
    }

    fn read<'b, T: Deserialize<'b>>(&self, body: &'b [u8]) -> Result<T, MetabaseError> {
        if !self.status.is_success() {
            return Err(self.failure());
        }
        serde_json::from_slice(body)
            .map_err(|error| failure::unreadable(&self.action, self.status, &self.body, &error))
    }

    /// The error this response is.
    pub(super) fn failure(&self) -> MetabaseError {
        let from = self.credential_from.as_deref();
        failure::from_response(&self.action, self.status, &self.body, (self.scope, from))
    }

    /// Whether it says that there is no such route, which is another thing than that what was asked for is not there.
    pub(super) fn is_absent_route(&self) -> bool {
        let says = |words: &str| String::from_utf8_lossy(&self.body).contains(words);
        self.status == StatusCode::NOT_FOUND && says("API endpoint does not exist")
    }

    /// Whether it says that the token has not the scope for it.
    pub(super) fn lacks_scope(&self) -> bool {
        failure::lacks_scope(&self.body)
    }
}

impl Caller {
    pub(super) fn principal(&self) -> &Principal {
        &self.shared.principal
    }

    pub(super) fn new(
        settings: MetabaseSettings,
        wire: Wire,
        principal: Principal,
        clock: SigningClock,
    ) -> Self {
        let shared = CallerIdentity {
            principal,
            auth: Authenticator::new(settings.auth.clone(), clock),
            signing_in: Mutex::default(),
        };
        Self {
            settings: Arc::new(settings),
            wire,
            shared: Arc::new(shared),
            pace: None,
            rows_of: None,
        }
    }

    /// The same caller, for the rows of this entry.
    pub(super) fn for_rows_of(&self, kind: EntryKind, id: u32) -> Self {
        Self {
            rows_of: Some(rows_of(kind, id)),
            ..self.clone()
        }
    }

    /// The same caller, with a number of requests in flight that follows what the server can take.
    pub(super) fn paced(&self) -> Self {
        Self {
            pace: Some(Arc::new(InFlight::at_most(self.settings.max_concurrency))),
            ..self.clone()
        }
    }

    /// Sends `call` and reads the whole response. A refused credential is renewed once where it can be.
    pub(super) async fn send(&self, endpoint: Route, call: ApiCall<'_>) -> Result<ApiReply, MetabaseError> {
        let headers = self.credential(endpoint).await?;
        let reply = self.send_with(endpoint, &call, headers.clone()).await?;
        if reply.status == StatusCode::UNAUTHORIZED && self.shared.auth.forget(&headers).await {
            let headers = self.credential(endpoint).await?;
            return self.send_with(endpoint, &call, headers).await;
        }
        Ok(reply)
    }

    /// Like [`Caller::send`], and reads the body as `T`.
    pub(super) async fn fetch<T: DeserializeOwned>(
        &self,
        endpoint: Route,
        call: ApiCall<'_>,
    ) -> Result<T, MetabaseError> {
        self.send(endpoint, call).await?.json()
    }

    pub(super) async fn send_public(
        &self,
        endpoint: Route,
        call: ApiCall<'_>,
    ) -> Result<ApiReply, MetabaseError> {
        self.send_with(endpoint, &call, HeaderMap::new()).await
    }

    /// When a response may be kept.
    fn kept(&self, purpose: Purpose) -> CacheRule {
        let is_success = if purpose == Purpose::DataQuery {
            failure::is_completed
        } else {
            failure::is_whole_json
        };
        match self.rows_of {
            Some(rows_of) => CacheRule::RowsWhenSuccessful(rows_of, is_success),
            None => CacheRule::WhenSuccessful(is_success),
        }
    }

    async fn credential(&self, endpoint: Route) -> Result<HeaderMap, MetabaseError> {
        if let CredentialStep::Headers(headers) = self.shared.auth.need(endpoint.is_agent()).await? {
            return Ok(headers);
        }
        let _turn = self.shared.signing_in.lock().await;
        match self.shared.auth.need(endpoint.is_agent()).await? {
            CredentialStep::Headers(headers) => Ok(headers),
            CredentialStep::SignIn(sign_in) => {
                self.sign_in(sign_in).await?;
                match self.shared.auth.need(endpoint.is_agent()).await? {
                    CredentialStep::Headers(headers) => Ok(headers),
                    CredentialStep::SignIn(_) => Err(failure::local(
                        "sign in to Metabase",
                        FailureClass::Unauthorized,
                        "the session was refused right after it was made; try again",
                    )),
                }
            }
        }
    }

    async fn sign_in(&self, sign_in: SignIn) -> Result<(), MetabaseError> {
        let (endpoint, body, key) = match sign_in {
            SignIn::Password(body) => (endpoints::SIGN_IN, body, "id"),
            SignIn::Jwt(body) => (endpoints::JWT_TO_SESSION, body, "session_token"),
        };
        let call = ApiCall {
            action: "sign in to Metabase".into(),
            body: Some(body),
            ..ApiCall::default()
        };
        let answer: Value = self.send_public(endpoint, call).await?.json()?;
        match answer.get(key).and_then(Value::as_str) {
            Some(session) => {
                self.shared
                    .auth
                    .keep_session(SecretString::from(session.to_owned()))
                    .await;
                Ok(())
            }
            None if answer.get("mfa_required").is_some() => Err(failure::local(
                "sign in to Metabase",
                FailureClass::Unauthorized,
                "this person needs a second factor, which cannot be given here; use an API key",
            )),
            None => Err(failure::local(
                "sign in to Metabase",
                FailureClass::Unreadable,
                "the server accepted the credential but returned no session",
            )),
        }
    }

    async fn send_with(
        &self,
        endpoint: Route,
        call: &ApiCall<'_>,
        mut headers: HeaderMap,
    ) -> Result<ApiReply, MetabaseError> {
        let action = &call.action;
        let ids: Vec<&str> = call.ids.iter().map(String::as_str).collect();
        let Some(mut url) = endpoint.url(&self.settings.url, &ids) else {
            let message = format!("{} cannot be the base of an address", self.settings.url.scheme());
            return Err(failure::local(action, FailureClass::Unreadable, &message));
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = WireRequest {
            method: endpoint.method(),
            url,
            headers,
            body: call.body.as_ref().map(|body| body.to_string().into()),
            policy: Policy {
                purpose: endpoint.purpose,
                principal: self.shared.principal.clone(),
                idempotent: endpoint.idempotent,
                buffered: true,
                cap: self.settings.max_response_bytes,
                timeout: self.settings.timeout,
                opening: None,
                loading: None,
                cache: if endpoint.cacheable && call.cached {
                    self.kept(endpoint.purpose)
                } else {
                    CacheRule::Never
                },
            },
        };
        let sent = async {
            let permit = match &self.pace {
                Some(pace) => pace.permit().await,
                None => None,
            };
            let received = async {
                let response = self.wire.send(request).await?;
                let (status, served_by, attempts) = (response.status, response.served_by, response.attempts);
                Ok((status, served_by, attempts, response.bytes().await?))
            };
            let received = received.await;
            if let Some(permit) = permit {
                permit.settle(is_too_much(&received));
            }
            received.map(|(status, served_by, _, body)| (status, served_by, body))
        };
        let (status, served_by, body) = sent.await.map_err(|error| failure::from_wire(action, error))?;
        Ok(ApiReply {
            action: action.clone(),
            status,
            body,
            served_by,
            scope: endpoint.scope,
            credential_from: self.settings.other_credential().map(str::to_owned),
        })
    }
}

/// How kept rows of an entry are told from those of others.
pub fn rows_of(kind: EntryKind, id: u32) -> RowsOf {
    let kind = match kind {
        EntryKind::Card => "card",
        EntryKind::Metric => "metric",
        EntryKind::Table => "table",
    };
    RowsOf { kind, id }
}

/// Whether a request was more than the server could take.
fn is_too_much<T>(received: &Result<(StatusCode, ServedBy, u32, T), WireError>) -> bool {
    const TOO_MUCH: [StatusCode; 3] = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    match received {
        // What came only when it was sent again was too much the first time.
        Ok((status, _, attempts, _)) => *attempts > 1 || TOO_MUCH.contains(status),
        Err(error) => matches!(error, WireError::Timeout { .. }),
    }
}

/// What served a result made of several responses: the server, as soon as one of them came from it.
pub(super) fn combined(served: impl IntoIterator<Item = ServedBy>) -> ServedBy {
    served
        .into_iter()
        .reduce(|left, right| match (left, right) {
            (ServedBy::Live, _) | (_, ServedBy::Live) => ServedBy::Live,
            (ServedBy::Tape, _) | (_, ServedBy::Tape) => ServedBy::Tape,
            (ServedBy::Cache, ServedBy::Cache) => ServedBy::Cache,
        })
        .unwrap_or(ServedBy::Live)
}
