//! Errors as each protocol writes them. A handler returns one [`HttpError`]; which form it gets is decided by the path, in
//! one place.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::access::SESSION_WANTED;
use super::apps::{AppUnavailable, in_public};
use super::store::SessionStoreError;
use super::turns::SubmitError;
use crate::telemetry::causes;

/// What went wrong with a request.
#[derive(Debug, Clone)]
pub(super) struct HttpError {
    pub(super) status: StatusCode,
    /// For programs.
    pub(super) code: &'static str,
    /// For people: what happened, to what, what to do next.
    pub(super) detail: String,
    /// Seconds after which it is worth another try.
    pub(super) retry_after: Option<u64>,
}

impl HttpError {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after: None,
        }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    pub(super) fn no_session(id: &str) -> Self {
        let detail = format!("there is no session {id}; GET /v1/sessions lists yours");
        Self::new(StatusCode::NOT_FOUND, "no_such_session", detail)
    }

    pub(super) fn no_answer(id: &str) -> Self {
        let detail = format!(
            "there is no answer {id}; GET /v1/sessions lists your sessions and GET /v1/sessions/ID their answers"
        );
        Self::new(StatusCode::NOT_FOUND, "no_such_answer", detail)
    }

    /// The same, worth another try after so many seconds.
    #[must_use]
    pub(super) fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }
}

impl From<SessionStoreError> for HttpError {
    fn from(error: SessionStoreError) -> Self {
        if let SessionStoreError::Unreachable(_) = error {
            tracing::warn!(%error, "the store was away");
            let detail = "the store cannot be reached now; ask again in a moment";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_away", detail).after(2);
        }
        tracing::error!(%error, "the store failed");
        let detail = "the store failed; the server's log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl From<AppUnavailable> for HttpError {
    fn from(error: AppUnavailable) -> Self {
        match error {
            AppUnavailable::NotAPerson(_) => Self::forbidden(error.to_string()),
            AppUnavailable::NoSession => {
                Self::new(StatusCode::UNAUTHORIZED, SESSION_WANTED, error.to_string())
            }
            AppUnavailable::Store(error) => error.into(),
            AppUnavailable::App(reason) => {
                let why = in_public(&reason);
                let error = causes(&reason).join(": ");
                tracing::warn!(error, "the catalog of a principal could not be loaded");
                let detail = format!("what you may ask could not be loaded: {why}");
                Self::new(StatusCode::BAD_GATEWAY, "no_catalog", detail)
            }
        }
    }
}

impl From<SubmitError> for HttpError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::NoSession(id) => Self::no_session(&id),
            SubmitError::Busy => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "session_busy",
                "too many questions wait in this session; ask again when one is answered",
            )
            .after(5),
            SubmitError::NotFinished(_) => Self::new(
                StatusCode::CONFLICT,
                "not_finished",
                format!("{error}; wait for it, then go on from it"),
            ),
            SubmitError::TooMany => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_turns",
                "too many questions are being answered; ask again in a moment",
            )
            .after(2),
            SubmitError::Stopping => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "stopping",
                "the server is ending; ask again in a moment",
            )
            .after(5),
            SubmitError::NoCredential => AppUnavailable::NoSession.into(),
            SubmitError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem as RFC 9457 writes it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProblemBody {
    /// Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status of the response.
    status: u16,
    /// The status in words.
    title: &'static str,
    /// For programs.
    code: &'static str,
    /// For people: what happened, to what, what to do next.
    detail: String,
}

/// An error as OpenAI's clients read it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OpenAiErrorBody {
    error: OpenAiError,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OpenAiError {
    /// For people: what happened, to what, what to do next.
    message: String,
    /// The kind of error, as OpenAI names it.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always null.
    param: Option<String>,
    /// For programs.
    code: &'static str,
}

/// How errors are written on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorForm {
    /// RFC 9457.
    Problem,
    /// As OpenAI's API writes them.
    OpenAi,
    /// As the AI SDK shows them: the body is the message.
    Plain,
}

impl ErrorForm {
    /// The form on this path.
    pub(super) fn of(path: &str) -> Self {
        let openai = ["/v1/chat/", "/v1/responses", "/v1/models"];
        if openai.iter().any(|prefix| path.starts_with(prefix)) {
            Self::OpenAi
        } else if path.starts_with("/api/chat") {
            Self::Plain
        } else {
            Self::Problem
        }
    }

    fn body(self, error: &HttpError) -> (&'static str, String) {
        match self {
            Self::Problem => {
                let body = ProblemBody {
                    kind: "about:blank",
                    status: error.status.as_u16(),
                    title: error.title(),
                    code: error.code,
                    detail: error.detail.clone(),
                };
                ("application/problem+json", json!(body).to_string())
            }
            Self::OpenAi => ("application/json", openai_body(error)),
            Self::Plain => ("text/plain; charset=utf-8", error.detail.clone()),
        }
    }
}

/// An error in OpenAI's form, as JSON.
pub(super) fn openai_body(error: &HttpError) -> String {
    let kind = match error.status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    };
    let error = OpenAiError {
        message: error.detail.clone(),
        kind,
        param: None,
        code: error.code,
    };
    json!(OpenAiErrorBody { error }).to_string()
}

/// Writes the error that a handler left in its response, in the form of the path.
pub(super) async fn write_errors(request: Request, next: Next) -> Response {
    let form = ErrorForm::of(request.uri().path());
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<HttpError>() {
        Some(error) => error,
        None if is_rejection(&response) => {
            let status = response.status();
            let (head, body) = response.into_parts();
            response = Response::from_parts(head, Body::empty());
            let said = to_bytes(body, LONGEST_REJECTION).await.unwrap_or_default();
            HttpError::new(status, "bad_request", String::from_utf8_lossy(&said))
        }
        None => return response,
    };
    let (kind, body) = form.body(&error);
    let mut written = (error.status, body).into_response();
    let headers = written.headers_mut();
    headers.extend(response.headers().clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.remove(http::header::CONTENT_LENGTH);
    if let Some(seconds) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"cardinal\""),
        );
    }
    written
}

/// What stands in place of the empty response to a request that cannot be read, of which no path is known: a problem that is an
/// error of OpenAI's form as well. `None` for a status that no such response has.
pub(super) fn unread_request(status: u16) -> Option<String> {
    let (status, code, detail) = match status {
        400 => (
            StatusCode::BAD_REQUEST,
            "bad_request",
            "what came is no request of HTTP/1.1 that can be read: check its first line, its header and its length",
        ),
        408 => (
            StatusCode::REQUEST_TIMEOUT,
            "bad_request",
            "the header of the request took too long to arrive",
        ),
        414 => (
            StatusCode::URI_TOO_LONG,
            "too_large",
            "the address of the request is too long",
        ),
        431 => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "too_large",
            "the header of the request is too long: leave out cookies and headers that nothing here reads",
        ),
        _ => return None,
    };
    both_forms(&HttpError::new(status, code, detail))
}

/// What stands in the response to a request of HTTP/1.1 that does not say which host it is for: it is bad on every path.
pub(super) fn no_host() -> Option<String> {
    both_forms(&HttpError::bad_request(
        "a request of HTTP/1.1 names the host that it is for, once, in the header `Host`",
    ))
}

/// A problem that is an error in OpenAI's form as well.
fn both_forms(error: &HttpError) -> Option<String> {
    let mut both: Value = serde_json::from_str(&ErrorForm::Problem.body(error).1).ok()?;
    let openai: Value = serde_json::from_str(&openai_body(error)).ok()?;
    if let (Some(both), Value::Object(openai)) = (both.as_object_mut(), openai) {
        both.extend(openai);
    }
    Some(both.to_string())
}

/// Longest text of a rejection, in bytes.
const LONGEST_REJECTION: usize = 4096;

/// Whether the router itself refused a part of the request, in plain text: a query or a path that cannot be read.
fn is_rejection(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    response.status().is_client_error() && kind.is_some_and(|kind| kind.starts_with(b"text/plain"))
}
