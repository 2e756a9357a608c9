//! Path ids, query parameters and JSON bodies, decoded as leniently as the wire says.

use std::convert::Infallible;

use axum::body::to_bytes;
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// A positive whole number in a path, or the 400 that names the parameter.
pub(super) fn path_id(name: &str, text: &str) -> Result<i64, ApiError> {
    text.parse::<i64>().ok().filter(|id| *id > 0).ok_or_else(|| {
        ApiError::invalid(
            name,
            "value must be an integer greater than zero.",
            &format!("should be a positive int, received: {}", Value::from(text)),
        )
    })
}

/// The query string's parameters, in order, repeated ones included.
#[derive(Debug, Clone, Default)]
pub(super) struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    /// The last value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().rev().filter(|(key, _)| key == name);
        values.next().map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be repeated.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(ApiError::invalid(
                name,
                "nullable value must be a valid boolean string ('true' or 'false').",
                &format!("should be a boolean, received: {}", Value::from(other)),
            )),
        }
    }

    /// A whole number that is at least `least`.
    pub(super) fn number(&self, name: &str, least: u64) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => {
                let what = if least > 0 { "positive" } else { "non-negative" };
                Err(ApiError::invalid(
                    name,
                    &format!("value must be a {what} integer."),
                    &format!("should be a {what} int, received: {}", Value::from(text)),
                ))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryParams {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // Every query string decodes to a list of pairs.
        let pairs = Query::from_request_parts(parts, state).await;
        Ok(pairs.map(|Query(pairs)| Self(pairs)).unwrap_or_default())
    }
}

/// A JSON body. No body, one of another content type, and `null` are an empty object.
#[derive(Debug)]
pub(super) struct JsonBody(Value);

impl JsonBody {
    /// The body's members; a body that is not an object is a 400.
    pub(super) fn into_object(self) -> Result<Map<String, Value>, ApiError> {
        match self.0 {
            Value::Object(object) => Ok(object),
            other => Err(ApiError::Validation {
                status: StatusCode::BAD_REQUEST,
                errors: Value::from("map"),
                specific: Some(Value::from(vec![format!("invalid type, received: {other}")])),
            }),
        }
    }
}

/// The members of a JSON body, or the fields of a form, whose texts are read as JSON where they are JSON.
#[derive(Debug)]
pub(super) struct FormOrJson(JsonBody);

impl FormOrJson {
    /// As [`JsonBody::into_object`].
    pub(super) fn into_object(self) -> Result<Map<String, Value>, ApiError> {
        self.0.into_object()
    }
}

impl<S: Send + Sync> FromRequest<S> for FormOrJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !has_content_type(&request, "application/x-www-form-urlencoded") {
            return JsonBody::from_request(request, state).await.map(Self);
        }
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|_| ApiError::text(StatusCode::BAD_REQUEST, "Malformed form in request body."))?;
        let members = fields.into_iter().map(|(name, text)| {
            let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            (name, value)
        });
        Ok(Self(JsonBody(Value::Object(members.collect()))))
    }
}

fn has_content_type(request: &Request, wanted: &str) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with(wanted))
}

/// A member of a body that has to be text and not blank.
pub(super) fn required_text<'a>(body: &'a Map<String, Value>, field: &str) -> Result<&'a str, ApiError> {
    let problem = match body.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => return Ok(text),
        Some(other) => format!("should be a non-blank string, received: {other}"),
        None => "missing required key, received: nil".to_owned(),
    };
    Err(ApiError::invalid(
        field,
        "value must be a non-blank string.",
        &problem,
    ))
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json = has_content_type(&request, "application/json");
        let malformed = || ApiError::text(StatusCode::BAD_REQUEST, "Malformed JSON in request body.");
        // The cap was enforced where the request was remembered.
        let bytes = to_bytes(request.into_body(), usize::MAX)
            .await
            .map_err(|_| malformed())?;
        if !is_json || bytes.is_empty() {
            return Ok(Self(Value::Object(Map::new())));
        }
        match serde_json::from_slice(&bytes).map_err(|_| malformed())? {
            Value::Null => Ok(Self(Value::Object(Map::new()))),
            value => Ok(Self(value)),
        }
    }
}
