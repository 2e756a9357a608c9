//! Reading what a request carries.

use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::de::DeserializeOwned;

use crate::server::http_error::HttpError;
use crate::server::state::SharedState;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// A JSON body. It has to say that it is JSON, so that no form of a foreign page is taken for one.
#[derive(Debug)]
pub(super) struct JsonRequest<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<SharedState> for JsonRequest<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &SharedState) -> Result<Self, HttpError> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let kind = kind
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "the body has to be JSON: send the header `Content-Type: application/json`";
            return Err(HttpError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "bad_request",
                detail,
            ));
        }
        let coded = request.headers().get_all(CONTENT_ENCODING).iter();
        if coded
            .into_iter()
            .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
        {
            let detail = "the body has to be sent as it is: leave the header `Content-Encoding` out";
            return Err(HttpError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "bad_request",
                detail,
            ));
        }
        let most = state.settings.max_body_bytes;
        let too_long =
            || format!("the body is longer than {most} bytes; `max_body_kb` under [server] is the limit");
        let bytes = whole(request.into_body(), most, too_long).await?;
        // A list would be read as the values of an object's fields, in some order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(HttpError::bad_request("the body has to be one JSON object"));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| HttpError::bad_request(format!("the body cannot be read: {error}")))
    }
}

/// The whole body, if it is no longer than `most` bytes and arrives in time.
pub(in crate::server) async fn whole(
    body: Body,
    most: usize,
    too_long: impl Fn() -> String,
) -> Result<Bytes, HttpError> {
    // A client that says how long it is may wait to be told to send it.
    if body.size_hint().lower() > most as u64 {
        return Err(HttpError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            too_long(),
        ));
    }
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, most)).await;
    let Ok(read) = read else {
        let detail = "the body took too long to arrive";
        return Err(HttpError::new(StatusCode::REQUEST_TIMEOUT, "bad_request", detail));
    };
    read.map_err(|error| {
        if is_too_long(&error) {
            HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", too_long())
        } else {
            HttpError::bad_request("the body was cut")
        }
    })
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        next = error.source();
    }
    false
}
