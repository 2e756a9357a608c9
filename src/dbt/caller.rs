use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::distill::{DistillError, distill};
use super::door::{DbtThrottle, RequestPace};
use super::error::{self, DbtError, DbtFailure};
use super::run_ends::{RunEndWatch, RunEnds};
use super::settings::DbtCloudSettings;
use crate::operations::{Api, Operation, OperationAccess, build_path};
use crate::principal::Principal;
use crate::wire::{CacheRule, Policy, Purpose, ServedBy, Wire, WireRequest, WireResponse};

/// No artifact of an account is read beyond so many bytes, nor for longer.
const MOST_DISTILLED: usize = 512 * 1024 * 1024;
const LONGEST_DISTILLING: Duration = Duration::from_secs(600);

/// Sends operations to an account with its token.
#[derive(Debug, Clone)]
pub(super) struct DbtCaller {
    pub(super) settings: Arc<DbtCloudSettings>,
    pub(super) wire: Wire,
    principal: Principal,
    shared: Arc<SharedByAccount>,
}

/// What all clients of an account have in common: the door that a 429 closes, the pace, and what is told of runs. Clones are
/// the same.
#[derive(Debug, Clone)]
pub(crate) struct SharedAccount(Arc<SharedByAccount>);

impl SharedAccount {
    pub(crate) fn new(settings: &DbtCloudSettings) -> Self {
        Self(Arc::new(SharedByAccount {
            door: DbtThrottle::default(),
            discovery: RequestPace::per_minute(settings.discovery_per_minute),
            run_ends: RunEnds::default(),
        }))
    }

    /// Tells whoever follows this run that it is over.
    pub(crate) fn run_ended(&self, run: u64) {
        self.0.run_ends.tell(run);
    }
}

#[derive(Debug)]
struct SharedByAccount {
    door: DbtThrottle,
    discovery: RequestPace,
    run_ends: RunEnds,
}

/// One request, before it has an address and a token.
#[derive(Debug, Clone, Default)]
pub(super) struct DbtRequest<'a> {
    /// What stands for the parameters of the path, but for the account.
    pub(super) parameters: Vec<(&'static str, &'a str)>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// Whether an answer of the last minute will do.
    pub(super) cached: bool,
}

/// A whole, successful response.
#[derive(Debug)]
pub(super) struct DbtReply {
    pub(super) action: String,
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    pub(super) served_by: ServedBy,
}

impl DbtCaller {
    pub(super) fn new(
        settings: DbtCloudSettings,
        wire: Wire,
        principal: Principal,
        SharedAccount(shared): SharedAccount,
    ) -> Self {
        Self {
            settings: Arc::new(settings),
            wire,
            principal,
            shared,
        }
    }

    /// The same account over another wire; the door, the pace and the token stay shared.
    pub(super) fn over(&self, wire: Wire) -> Self {
        Self { wire, ..self.clone() }
    }

    /// Hears of every run that is told to be over from now on.
    pub(super) fn watch_run_ends(&self) -> RunEndWatch {
        self.shared.run_ends.watch()
    }

    /// Sends an operation and reads the whole response. Everything but a success is an error. What writes is sent once.
    pub(super) async fn send(
        &self,
        operation: &Operation,
        request: DbtRequest<'_>,
    ) -> Result<DbtReply, DbtError> {
        let policy = self.policy(operation, request.cached);
        let (action, response) = self.open(operation, request, policy).await?;
        let (status, served_by) = (response.status, response.served_by);
        let body = response.bytes().await;
        let body = body.map_err(|error| error::from_wire(&action, error))?;
        Ok(DbtReply {
            action,
            status,
            body,
            served_by,
        })
    }

    /// Sends an operation whose response is JSON that may be large, and keeps of it what `T` keeps. It is read as it arrives, so
    /// that memory holds no more than that; one that is cut on its way is not asked for again.
    pub(super) async fn distilled<T: DeserializeOwned + Send + 'static>(
        &self,
        operation: &Operation,
        request: DbtRequest<'_>,
    ) -> Result<T, DbtError> {
        let policy = Policy {
            buffered: false,
            cap: MOST_DISTILLED,
            ..self.policy(operation, false)
        };
        let opened = self.open(operation, request, policy).await;
        let (action, response) = opened.map_err(too_large)?;
        let read = tokio::time::timeout(LONGEST_DISTILLING, distill(response.body)).await;
        match read {
            Ok(Ok(kept)) => Ok(kept),
            Ok(Err(DistillError::Wire(error))) => Err(too_large(error::from_wire(&action, error))),
            Ok(Err(DistillError::Form(said))) => {
                let message = format!("it does not have dbt's form: {}", error::clean(&said));
                Err(error::local(&action, DbtFailure::Unreadable, message))
            }
            Err(_) => {
                let seconds = LONGEST_DISTILLING.as_secs();
                let message = format!("it had not arrived whole after {seconds} s");
                Err(error::local(&action, DbtFailure::Timeout, message))
            }
        }
    }

    /// Sends an operation, and gives its response before the body is read; with what it does, for errors.
    async fn open(
        &self,
        operation: &Operation,
        request: DbtRequest<'_>,
        policy: Policy,
    ) -> Result<(String, WireResponse), DbtError> {
        let account = self.settings.account_id.to_string();
        let mut parameters = vec![("account_id", account.as_str())];
        parameters.extend(request.parameters.iter().copied());
        let action = action(operation, &parameters);
        let Some(path) = build_path(operation.path, &parameters) else {
            let message = "an id in its path is not one: ids are letters, digits, - and _";
            return Err(error::local(&action, DbtFailure::Invalid, message));
        };
        if let Some(left) = self.shared.door.closed_for(operation.api) {
            return Err(closed(&action, left));
        }
        if operation.api == Api::DbtDiscovery {
            self.shared.discovery.wait().await;
        }
        let mut url = self.base(operation.api).clone();
        url.set_path(&path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let wire_request = WireRequest {
            method: operation.verb.method(),
            url,
            headers: self.headers(&action, operation.api, request.body.is_some())?,
            body: request.body.map(|body| body.to_string().into()),
            policy,
        };
        let response = self.wire.send(wire_request).await;
        let response = response.map_err(|error| error::from_wire(&action, error))?;
        let status = response.status;
        if status == StatusCode::TOO_MANY_REQUESTS {
            let wait = self.shared.door.close(operation.api, &response.headers);
            return Err(DbtError {
                status: Some(status.as_u16()),
                ..closed(&action, wait)
            });
        }
        if !status.is_success() {
            let body = response.bytes().await;
            let body = body.map_err(|error| error::from_wire(&action, error))?;
            return Err(error::from_response(&action, operation, &host, status, &body));
        }
        Ok((action, response))
    }

    fn base(&self, api: Api) -> &Url {
        let addresses = &self.settings.addresses;
        match api {
            Api::DbtDiscovery => &addresses.discovery,
            Api::DbtSemanticLayer => &addresses.semantic_layer,
            Api::DbtAdministrative | Api::DbtLocal | Api::Metabase => &addresses.administrative,
        }
    }

    fn headers(&self, action: &str, api: Api, has_body: bool) -> Result<HeaderMap, DbtError> {
        // The Semantic Layer is documented to take one of the two ways only.
        let scheme = match api {
            Api::DbtSemanticLayer => "Bearer",
            Api::DbtAdministrative | Api::DbtDiscovery | Api::DbtLocal | Api::Metabase => "Token",
        };
        let token = format!("{scheme} {}", self.settings.token.expose_secret());
        let mut token = HeaderValue::from_str(&token).map_err(|_| {
            let message = "the token in DBT_TOKEN has characters that no token has";
            error::local(action, DbtFailure::Unauthorized, message)
        })?;
        token.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(headers)
    }

    fn policy(&self, operation: &Operation, cached: bool) -> Policy {
        let reads = operation.access == OperationAccess::Read;
        Policy {
            purpose: Purpose::Dbt,
            principal: self.principal.clone(),
            idempotent: reads,
            buffered: true,
            cap: self.settings.max_response_bytes,
            timeout: self.settings.timeout,
            opening: None,
            loading: None,
            cache: if reads && cached {
                CacheRule::WhenSuccessful(is_whole_success)
            } else {
                CacheRule::Never
            },
        }
    }
}

fn is_whole_success(status: StatusCode, body: &[u8]) -> bool {
    status.is_success()
        && serde_json::from_slice::<Value>(body)
            .is_ok_and(|body| body.get("errors").is_none_or(Value::is_null))
}

/// What an operation does, for errors: `read run 9`.
fn action(operation: &Operation, parameters: &[(&'static str, &str)]) -> String {
    parameters
        .iter()
        .fold(operation.words.to_owned(), |words, (name, value)| {
            words.replace(&format!("{{{name}}}"), &error::clean(value))
        })
}

/// The same, where an artifact is larger than any that is read: no setting changes that.
fn too_large(error: DbtError) -> DbtError {
    if error.class != DbtFailure::TooLarge {
        return error;
    }
    let most = MOST_DISTILLED / (1024 * 1024);
    let message = format!("it is larger than {most} MiB, and no artifact of an account is read beyond that");
    DbtError { message, ..error }
}

fn closed(action: &str, left: Duration) -> DbtError {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let message = format!("dbt asked to be left alone (429), so nothing is sent for another {seconds} s");
    error::local(action, DbtFailure::Closed, message)
}
