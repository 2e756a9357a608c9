//! What a browser is told that asks for a page of another origin which may ask.

use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Headers that requests may have.
const TAKEN: &str = "accept, authorization, cache-control, content-type, idempotency-key, last-event-id, openai-beta, \
     openai-organization, openai-project, traceparent, tracestate, user-agent, x-cardinal-session, x-metabase-session";
/// And families of them: OpenAI's clients send a dozen of their own, more with each version.
const TAKEN_FAMILIES: [&str; 2] = ["x-cardinal-", "x-stainless-"];
/// Headers of responses that a page may read.
const SHOWN: &str = "content-disposition, retry-after, www-authenticate, x-cardinal-answer, x-cardinal-session, \
     x-vercel-ai-ui-message-stream";
/// How long a browser need not ask again, in seconds.
const LASTS: &str = "600";

/// The answer to a browser that asks what its page may send.
pub(super) fn preflight(asked: &HeaderMap, origin: HeaderValue) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow(headers, origin);
    headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    let methods = HeaderValue::from_static("GET, POST, PATCH, DELETE");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(LASTS));
    let wanted = asked
        .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .filter_map(|names| names.to_str().ok())
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| TAKEN_FAMILIES.iter().any(|family| name.starts_with(family)));
    let taken: Vec<String> = std::iter::once(TAKEN.to_owned()).chain(wanted).collect();
    if let Ok(taken) = HeaderValue::from_str(&taken.join(", ")) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, taken);
    }
    response
}

/// Lets a page of this origin read a response.
pub(super) fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SHOWN));
}
