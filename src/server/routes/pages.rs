//! The page's files.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};

use crate::server::http_error::HttpError;
use crate::server::page::{self, PageFile};

/// Nothing inline, nothing from elsewhere, and HTML from the sanitiser alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types dompurify";

pub(super) async fn index() -> Response {
    let mut response = page::index().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    protect(headers);
    response
}

pub(super) async fn asset(Path((hash, name)): Path<(String, String)>) -> Result<Response, HttpError> {
    let none = || {
        let detail = format!("the page has no file {name}");
        HttpError::new(StatusCode::NOT_FOUND, "no_such_route", detail)
    };
    let file: &PageFile = page::file(&name)
        .filter(|_| hash == page::hash())
        .ok_or_else(none)?;
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.kind()));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    protect(headers);
    Ok(response)
}

fn protect(headers: &mut http::HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        headers.insert(name, HeaderValue::from_static("same-origin"));
    }
}
