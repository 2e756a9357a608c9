use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::operations::Operation;
use crate::text::defuse;
use crate::wire::WireError;

/// Longest text of a server that is repeated, in characters.
const MAX_TEXT: usize = 500;

/// Which failures count as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DbtFailure {
    Invalid,
    /// The token is missing, wrong or at the wrong host.
    Unauthorized,
    /// The token may not do this.
    Forbidden,
    /// It is not there, or the token may not see it; dbt does not say which.
    NotFound,
    /// dbt asked to be left alone for a while.
    Closed,
    /// Grants do not allow it, or it could not be written down. Nothing was sent.
    Denied,
    /// The answer is longer than the cap.
    TooLarge,
    Timeout,
    /// dbt failed, or the connection broke.
    Unavailable,
    /// The answer cannot be read as dbt's.
    Unreadable,
    /// A file of the local project is missing or cannot be read.
    Artifact,
}

/// Why dbt gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action}: {message}")]
pub struct DbtError {
    /// What was tried, on which thing: `read run 9`.
    pub action: String,
    /// What happened and what to do next; capped, without secrets.
    pub message: String,
    pub class: DbtFailure,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// The wire's error, if there was no response.
    #[source]
    pub source: Option<WireError>,
}

/// What stands in the body of an error. Any of it may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    status: ErrorStatus,
    /// Other services write one of these instead.
    detail: Option<Value>,
    message: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorStatus {
    user_message: Option<String>,
    developer_message: Option<String>,
}

pub(super) fn local(action: &str, class: DbtFailure, message: impl Into<String>) -> DbtError {
    DbtError {
        action: action.to_owned(),
        message: message.into(),
        class,
        status: None,
        source: None,
    }
}

/// The error of a request that got no whole response.
pub(super) fn from_wire(action: &str, source: WireError) -> DbtError {
    let (class, advice) = match &source {
        WireError::Connect { .. } => (
            DbtFailure::Unavailable,
            Some("check DBT_HOST, and that this machine can reach it"),
        ),
        WireError::Timeout { .. } => (
            DbtFailure::Timeout,
            Some("ask again later, or raise dbt.timeout_seconds"),
        ),
        WireError::TooLarge { .. } => (DbtFailure::TooLarge, Some("raise dbt.max_response_bytes")),
        WireError::NotGranted { .. } => (DbtFailure::Denied, Some("it is no operation that Cardinal knows")),
        WireError::Denied { .. } => (
            DbtFailure::Denied,
            Some("`cardinal grants` shows what is granted"),
        ),
        WireError::NotLogged { .. } => (DbtFailure::Denied, None),
        _ => (DbtFailure::Unavailable, None),
    };
    let message = match advice {
        Some(advice) => format!("{source}; {advice}"),
        None => source.to_string(),
    };
    DbtError {
        action: action.to_owned(),
        message,
        class,
        status: None,
        source: Some(source),
    }
}

/// The error of a response that is no success.
pub(super) fn from_response(
    action: &str,
    operation: &Operation,
    host: &str,
    status: StatusCode,
    body: &[u8],
) -> DbtError {
    let said = said(body).map_or_else(
        || format!("HTTP {} without a reason", status.as_u16()),
        |text| format!("dbt said: {text}"),
    );
    let needs = operation.permission.map_or_else(
        || "the permission for it".to_owned(),
        |permission| format!("the permission set {}", permission.title()),
    );
    let (class, advice) = match status.as_u16() {
        300..=399 => (
            DbtFailure::Unavailable,
            "redirects are not followed: set DBT_HOST to the host that it leads to".to_owned(),
        ),
        401 => (
            DbtFailure::Unauthorized,
            format!(
                "check DBT_TOKEN; a good token is refused like this too when {host} is not the host of its account, which \
                 dbt shows under the account's access URLs"
            ),
        ),
        403 => (
            DbtFailure::Forbidden,
            format!("the token needs {needs}; an IP rule of the account can keep this machine out as well"),
        ),
        404 => (
            DbtFailure::NotFound,
            format!("it is not there, or the token may not see it, for which it needs {needs}"),
        ),
        429 => (DbtFailure::Closed, "wait, then ask again".to_owned()),
        408 | 504 => (DbtFailure::Timeout, "ask again later".to_owned()),
        400..=499 => (
            DbtFailure::Invalid,
            "the request itself has to be another one".to_owned(),
        ),
        _ => (DbtFailure::Unavailable, "dbt failed; ask again later".to_owned()),
    };
    DbtError {
        action: action.to_owned(),
        message: format!("{said} ({advice})"),
        class,
        status: Some(status.as_u16()),
        source: None,
    }
}

/// What the body of an error says, as one line of data.
fn said(body: &[u8]) -> Option<String> {
    let body: ErrorBody = serde_json::from_slice(body).ok()?;
    let text = |value: Option<Value>| value?.as_str().map(str::to_owned);
    let told = body
        .status
        .user_message
        .filter(|text| !text.trim().is_empty())
        .or(body.status.developer_message)
        .or_else(|| text(body.detail))
        .or_else(|| text(body.message))?;
    (!told.trim().is_empty()).then(|| clean(&told))
}

/// Text of a server as it may be shown.
pub(super) fn clean(text: &str) -> String {
    defuse(text, MAX_TEXT)
}
