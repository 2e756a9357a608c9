//! The shapes in which Metabase fails, turned into one error. Whatever the server wrote is data: it is capped, cleaned
//! and quoted, and decides nothing but the class.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::trailing_error::trailing_error;
use super::{FailureClass, MetabaseError};
use crate::text::defuse;
use crate::wire::WireError;

const MAX_TEXT: usize = 500;
const MAX_FIELDS: usize = 8;

/// What the server said, as far as it could be understood.
#[derive(Debug, Default)]
struct ServerMessage {
    text: Option<String>,
    code: Option<String>,
    /// A query ran and failed, as opposed to a request that was refused.
    query_failed: bool,
}

impl ServerMessage {
    /// Whether it says that a token has not the scope for what it asked.
    fn lacks_scope(&self) -> bool {
        matches!(
            self.code.as_deref(),
            Some("unsupported_scope" | "scope_not_permitted")
        )
    }
}

/// Whether a body says that a token has not the scope for what it asked.
pub(super) fn lacks_scope(body: &[u8]) -> bool {
    message_of(body).lacks_scope()
}

/// An error of ours, with no response behind it.
pub(super) fn local(action: &str, class: FailureClass, message: &str) -> MetabaseError {
    MetabaseError {
        action: action.to_owned(),
        message: message.to_owned(),
        class,
        status: None,
        source: None,
    }
}

/// The error of a request that got no whole response.
pub(super) fn from_wire(action: &str, source: WireError) -> MetabaseError {
    let (class, advice) = match &source {
        WireError::Connect { .. } => (
            FailureClass::Unavailable,
            "check the address and that Metabase is running",
        ),
        WireError::Broken { .. } => (
            FailureClass::Unavailable,
            "nothing of it was used; newer servers break the connection when a query fails halfway, so ask for less",
        ),
        WireError::Timeout { .. } => (FailureClass::Timeout, "ask for less, or raise the timeout"),
        WireError::TooLarge { .. } => (FailureClass::TooLarge, "ask for fewer rows or groups"),
        WireError::NotGranted { .. } => (FailureClass::Forbidden, "the endpoint table does not list it"),
        WireError::Denied { .. } => (
            FailureClass::Forbidden,
            "grants are rules under [[grants.rules]] in the settings, where a person can allow it; `cardinal grants` shows \
             what holds",
        ),
        _ => (FailureClass::Unavailable, "nothing was sent"),
    };
    MetabaseError {
        action: action.to_owned(),
        message: format!("{source}; {advice}"),
        class,
        status: None,
        source: Some(source),
    }
}

/// The error of a whole response that is no success.
///
/// `scope` is what the route needs of a scoped token, and `from` the variable that holds the credential, where it is not the
/// usual one.
pub(super) fn from_response(
    action: &str,
    status: StatusCode,
    body: &[u8],
    (scope, from): (Option<&str>, Option<&str>),
) -> MetabaseError {
    let told = message_of(body);
    let class = class_of(status, &told);
    let said = told.text.as_deref().map_or_else(
        || format!("HTTP {} without a reason", status.as_u16()),
        |text| format!("Metabase said: {text}"),
    );
    let message = match (
        scope.filter(|_| told.lacks_scope()),
        advice(status, class, &told, from),
    ) {
        (Some(scope), _) => format!(
            "{said} (the credential lacks the scope {scope}; use one without scopes, or one that has it)"
        ),
        (None, Some(advice)) => format!("{said} ({advice})"),
        (None, None) => said,
    };
    MetabaseError {
        action: action.to_owned(),
        message,
        class,
        status: Some(status.as_u16()),
        source: None,
    }
}

/// The error of a 2xx response whose body is not complete JSON of the expected shape: cut off, with an error glued
/// to its end, or not Metabase's at all.
pub(super) fn unreadable(
    action: &str,
    status: StatusCode,
    body: &[u8],
    error: &serde_json::Error,
) -> MetabaseError {
    if let Some(blob) = trailing_error(body) {
        let mut failed = from_response(action, StatusCode::INTERNAL_SERVER_ERROR, &blob, (None, None));
        failed.message = format!(
            "the query failed after it had begun to return rows, none was used; {}",
            failed.message
        );
        failed.status = Some(status.as_u16());
        return failed;
    }
    let (class, message) = if error.is_eof() {
        let said =
            "the response ended before it was complete, nothing of it was used; ask again, or for less";
        (FailureClass::Unavailable, said.to_owned())
    } else if error.is_data() {
        let said = format!(
            "the response does not have Metabase's shape: {}",
            clean(&error.to_string())
        );
        (FailureClass::Unreadable, said)
    } else {
        let said =
            "the response is not JSON; check that the address is Metabase's and that no proxy answers for it";
        (FailureClass::Unreadable, said.to_owned())
    };
    MetabaseError {
        action: action.to_owned(),
        message,
        class,
        status: Some(status.as_u16()),
        source: None,
    }
}

/// Whether a response is a completed query, for the cache.
pub(super) fn is_completed(status: StatusCode, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        status: String,
        #[serde(rename = "data")]
        _data: IgnoredAny,
    }
    status.is_success()
        && serde_json::from_slice::<Probe>(body).is_ok_and(|probe| probe.status == "completed")
}

/// Whether a response is a success with whole JSON, for the cache.
pub(super) fn is_whole_json(status: StatusCode, body: &[u8]) -> bool {
    status.is_success() && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn message_of(body: &[u8]) -> ServerMessage {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(object)) => message_in(&Value::Object(object)),
        Ok(Value::String(text)) => plain(&text),
        Ok(_) => ServerMessage::default(),
        Err(_) => plain(&String::from_utf8_lossy(body)),
    }
}

fn plain(text: &str) -> ServerMessage {
    let text = text.trim();
    // A page of a proxy says nothing to a model; its status does.
    let shown = !text.is_empty() && !text.starts_with('<') && !text.starts_with('{');
    ServerMessage {
        text: shown.then(|| clean(text)),
        ..ServerMessage::default()
    }
}

fn message_in(body: &Value) -> ServerMessage {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let failed = text("status").is_some_and(|status| status != "completed") && body.get("data").is_some();
    if failed {
        return ServerMessage {
            text: text("error").or_else(|| text("status")).map(clean),
            code: text("error_type").or_else(|| text("class")).map(str::to_owned),
            query_failed: true,
        };
    }
    if let Some(errors) = body.get("errors").filter(|errors| !errors.is_null()) {
        let mut fields = Vec::new();
        flatten(errors, "", &mut fields);
        fields.truncate(MAX_FIELDS);
        return ServerMessage {
            text: (!fields.is_empty()).then(|| clean(&fields.join("; "))),
            ..ServerMessage::default()
        };
    }
    // The exception map names its cause more exactly than its outermost message.
    let message = text("message")
        .or_else(|| text("cause"))
        .or_else(|| text("error"));
    let hidden = message == Some("Something went wrong");
    ServerMessage {
        text: if hidden {
            Some("it hides the reason (stack traces are turned off there)".to_owned())
        } else {
            message.map(clean)
        },
        code: text("error").or_else(|| text("error_type")).map(str::to_owned),
        query_failed: false,
    }
}

fn flatten(errors: &Value, path: &str, into: &mut Vec<String>) {
    if into.len() >= MAX_FIELDS {
        return;
    }
    match errors {
        Value::String(text) if path.is_empty() => into.push(text.clone()),
        Value::String(text) => into.push(format!("{path}: {text}")),
        Value::Array(items) => items.iter().for_each(|item| flatten(item, path, into)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(value, &path, into);
            }
        }
        _ => {}
    }
}

fn class_of(status: StatusCode, told: &ServerMessage) -> FailureClass {
    let code = told
        .code
        .as_deref()
        .filter(|code| is_code(code))
        .unwrap_or_default();
    let text = told.text.as_deref().unwrap_or_default();
    if let Some(class) = match code {
        "missing-required-permissions" => Some(FailureClass::Forbidden),
        "timed-out" => Some(FailureClass::Timeout),
        _ if code.contains("Timeout") => Some(FailureClass::Timeout),
        _ => None,
    } {
        return class;
    }
    // An undeclared or retyped parameter is a 500 on the card routes, and only its text tells it from other ones; the
    // request itself had passed the catalog. Texts of databases, which may quote data, come as failed queries and are not
    // looked at; and the guard counts this class as it counts any other failure of the server.
    let of_a_route = status.is_server_error() && !told.query_failed;
    if of_a_route
        && (text.starts_with("Invalid parameter: Card") || text.starts_with("Invalid parameter value type"))
    {
        return FailureClass::CatalogDrift;
    }
    match status.as_u16() {
        // A failed query that still came as a success status: the database rejected it.
        200..=299 if told.query_failed => FailureClass::InvalidQuery,
        200..=299 => FailureClass::Unreadable,
        300..=399 => FailureClass::Unavailable,
        401 => FailureClass::Unauthorized,
        402 | 403 => FailureClass::Forbidden,
        404 | 410 => FailureClass::NotFound,
        408 | 504 => FailureClass::Timeout,
        429 => FailureClass::Throttled,
        400..=499 => FailureClass::InvalidQuery,
        _ if matches!(
            code,
            "invalid-query" | "invalid-parameter" | "missing-required-parameter"
        ) =>
        {
            FailureClass::InvalidQuery
        }
        _ => FailureClass::Unavailable,
    }
}

/// Whether it is a name that a program gave, not a sentence: some routes write either under the same key.
fn is_code(code: &str) -> bool {
    code.len() <= 100
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn advice(
    status: StatusCode,
    class: FailureClass,
    told: &ServerMessage,
    from: Option<&str>,
) -> Option<Cow<'static, str>> {
    let text = told.text.as_deref().unwrap_or_default();
    let advice = match class {
        FailureClass::Unauthorized => Some(match told.code.as_deref() {
            Some("invalid_jwt") => {
                "the token was refused: check the JWT shared secret, that the person exists there, and this clock"
            }
            Some("jwt_not_configured") => "set the JWT shared secret in Metabase, or use an API key",
            _ if text.starts_with("Too many attempts") => "wait before signing in again",
            _ if text.contains("password") => "check the user name and password",
            _ => {
                if let Some(variable) = from {
                    return Some(
                        format!("the credential is missing, wrong or expired; check {variable}").into(),
                    );
                }
                "the credential is missing, wrong or expired; check METABASE_API_KEY or the configured sign-in"
            }
        }),
        FailureClass::Forbidden if text.contains("not enabled") => {
            Some("an administrator has to turn it on; cards work without it")
        }
        FailureClass::Forbidden if status.as_u16() == 402 => Some("the server's licence does not cover this"),
        FailureClass::Forbidden => Some(
            "the credential's group may not do this; ask an administrator to let it view this data and collection",
        ),
        FailureClass::NotFound if text.starts_with("API endpoint does not exist") => Some(
            "this Metabase does not have this route; `cardinal doctor` says which generation of it answers",
        ),
        FailureClass::NotFound => Some("it is gone, or the credential may not see it"),
        FailureClass::Throttled => Some("wait, then ask again"),
        FailureClass::Timeout => Some("ask for less"),
        FailureClass::CatalogDrift => {
            Some("the card's parameters have changed since the catalog was loaded; refresh the catalog")
        }
        FailureClass::Unavailable if status.is_redirection() => {
            Some("redirects are not followed; configure the address it redirects to")
        }
        FailureClass::Unavailable if told.query_failed => Some("the database failed; ask again later"),
        FailureClass::Unavailable => Some("the server failed; ask again later"),
        FailureClass::InvalidQuery | FailureClass::TooLarge | FailureClass::Unreadable => None,
    };
    advice.map(Cow::Borrowed)
}

/// Text of a server as it may be shown: one line of at most 500 characters, with what is hidden in it made visible.
pub(super) fn clean(text: &str) -> String {
    defuse(text, MAX_TEXT)
}
