//! The four body shapes a failure can have on this wire.
//!
//! Handlers return an [`ApiError`]; one middleware turns it into bytes, because what a body may show depends on the
//! instance's settings (stack traces hidden, failures of the query processor still answered with 202).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::ordered_json::push_members;
use super::query::{ParameterException, QueryFailure};
use super::query_stream::QueryRun;

/// Content type of plain text errors.
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=utf-8");
/// Content type of JSON bodies.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");

/// A request that was not answered with a success.
#[derive(Debug, Clone)]
pub(super) enum ApiError {
    /// Shape 1: the body is the message.
    Text { status: StatusCode, message: String },
    /// Shape 2: a body, path or query parameter that does not fit the route's schema.
    Validation {
        status: StatusCode,
        errors: Value,
        specific: Option<Value>,
    },
    /// Shape 3: an exception as a map; `data` is flattened into the top level.
    Exception {
        status: StatusCode,
        message: String,
        data: Map<String, Value>,
    },
    /// Shape 4: the query processor failed before the first byte.
    Failed(Box<FailedQuery>),
    /// A small JSON object of a layer of its own (authentication, scopes), with the challenge that goes with it.
    Json {
        status: StatusCode,
        body: Value,
        challenge: Option<String>,
    },
}

/// What the failed-query envelope says.
#[derive(Debug, Clone)]
pub(super) struct FailedQuery {
    /// What went wrong, and the status of servers that set one; older ones answer 202.
    pub(super) failure: QueryFailure,
    /// What was asked, of what, when.
    pub(super) run: QueryRun,
}

/// Settings of the instance that change how failures look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ErrorStyle {
    /// Exceptions say only that something went wrong; failed envelopes lose their traces.
    pub(super) hide_stacktraces: bool,
    /// Failures of the query processor are answered with 202, as servers before late v0.59 do.
    pub(super) legacy_failures: bool,
}

impl ApiError {
    pub(super) fn text(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Text {
            status,
            message: message.into(),
        }
    }

    /// 404 for a thing that does not exist, or must not be known to exist.
    pub(super) fn not_found() -> Self {
        Self::text(StatusCode::NOT_FOUND, "Not found.")
    }

    /// 403 for a thing the caller may not read or run.
    pub(super) fn forbidden() -> Self {
        Self::text(StatusCode::FORBIDDEN, "You don't have permissions to do that.")
    }

    /// 404 for a route this server does not have.
    pub(super) fn no_endpoint() -> Self {
        Self::text(StatusCode::NOT_FOUND, "API endpoint does not exist.")
    }

    /// 400 with one field's description and detail.
    pub(super) fn invalid(field: &str, description: &str, detail: &str) -> Self {
        Self::Validation {
            status: StatusCode::BAD_REQUEST,
            errors: json!({ field: description }),
            specific: Some(json!({ field: [detail] })),
        }
    }

    /// 402 for what this instance has no licence for.
    pub(super) fn unlicensed(feature: &str) -> Self {
        Self::Exception {
            status: StatusCode::PAYMENT_REQUIRED,
            message: format!(
                "{feature} is a paid feature not currently available to your instance. Please upgrade to use it. Learn \
                 more at metabase.com/upgrade/"
            ),
            data: Map::from_iter([("status".to_owned(), json!("error-premium-feature-not-available"))]),
        }
    }

    /// A 400 with what went wrong beside its message.
    pub(super) fn rejected(message: impl Into<String>, data: Value) -> Self {
        Self::Exception {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            data: match data {
                Value::Object(members) => members,
                _ => Map::new(),
            },
        }
    }

    /// An exception without a status of its own, hence a 500.
    pub(super) fn exception(message: impl Into<String>) -> Self {
        Self::Exception {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: message.into(),
            data: Map::new(),
        }
    }

    pub(super) fn render(self, style: ErrorStyle) -> Response {
        match self {
            Self::Text { status, message } => body(status, TEXT, message),
            Self::Validation {
                status,
                errors,
                specific,
            } => {
                let mut object = json!({ "errors": errors });
                if let (Some(map), Some(specific)) = (object.as_object_mut(), specific) {
                    map.insert("specific-errors".to_owned(), specific);
                }
                body(status, JSON, object.to_string())
            }
            Self::Exception { status, .. } if style.hide_stacktraces => body(
                status,
                JSON,
                json!({ "message": "Something went wrong" }).to_string(),
            ),
            Self::Exception {
                status,
                message,
                data,
            } => body(status, JSON, exception_body(&message, &data).to_string()),
            Self::Failed(failed) => {
                let status = if style.legacy_failures {
                    StatusCode::ACCEPTED
                } else {
                    StatusCode::from_u16(failed.failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
                };
                body(status, JSON, failed.envelope(style))
            }
            Self::Json {
                status,
                body: value,
                challenge,
            } => {
                let content_type = HeaderValue::from_static("application/json");
                let mut response = body(status, content_type, value.to_string());
                if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                response
            }
        }
    }
}

pub(super) fn failed(failure: QueryFailure, run: QueryRun) -> ApiError {
    ApiError::Failed(Box::new(FailedQuery { failure, run }))
}

/// An exception with a status and no data of its own is plain text; any other is the map.
impl From<ParameterException> for ApiError {
    fn from(exception: ParameterException) -> Self {
        let status = StatusCode::from_u16(exception.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if exception.data.is_empty() && status.is_client_error() {
            return Self::text(status, exception.message);
        }
        Self::Exception {
            status,
            message: exception.message,
            data: exception.data,
        }
    }
}

impl FailedQuery {
    fn envelope(&self, style: ErrorStyle) -> String {
        let QueryFailure {
            error,
            class,
            state,
            error_type,
            status: _,
        } = &self.failure;
        let mut fields = vec![
            ("row_count", json!(0)),
            ("status", json!("failed")),
            ("error", json!(error)),
            ("class", json!(class)),
        ];
        if let Some(state) = state {
            fields.push(("state", json!(state)));
        }
        if let Some(error_type) = error_type {
            fields.push(("error_type", json!(error_type)));
        }
        if !style.hide_stacktraces {
            fields.push(("stacktrace", trace()));
            fields.push(("via", json!([])));
        }
        fields.extend([
            ("json_query", self.run.json_query.clone()),
            ("database_id", json!(self.run.database_id)),
            ("started_at", json!(self.run.started_at.to_string())),
            ("running_time", json!(self.run.running_time())),
            ("context", json!(self.run.context)),
            ("ex-data", json!({ "type": error_type })),
        ]);
        let query = &self.run.json_query;
        if query.pointer("/stages/0/lib~1type") == Some(&json!("mbql.stage/mbql")) {
            fields.extend([("preprocessed", query.clone()), ("native", Value::Null)]);
        }
        let mut text = String::from(r#"{"data":{"rows":[],"cols":[]},"#);
        push_members(&mut text, &fields);
        text.push('}');
        text
    }
}

/// The glued error that servers before v0.62 write after a partial body.
pub(super) fn glued_error() -> String {
    exception_body("Error reducing result rows", &Map::new()).to_string()
}

fn exception_body(message: &str, data: &Map<String, Value>) -> Value {
    let mut object = data.clone();
    object.insert("message".to_owned(), json!(message));
    object.insert("cause".to_owned(), json!(message));
    object.insert("data".to_owned(), Value::Object(data.clone()));
    object.insert("trace".to_owned(), trace());
    object.insert(
        "via".to_owned(),
        json!([{ "type": "clojure.lang.ExceptionInfo", "message": message, "data": data, "at": null }]),
    );
    Value::Object(object)
}

/// The stand-in has no stack worth showing; the shape is what clients see.
fn trace() -> Value {
    json!([["sandbox", "invoke", "sandbox.rs", 1]])
}

fn body(status: StatusCode, content_type: HeaderValue, text: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], text.into()).into_response()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware: gives every failure its bytes.
pub(super) async fn render_errors(State(style): State<ErrorStyle>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.render(style),
        None => response,
    }
}
