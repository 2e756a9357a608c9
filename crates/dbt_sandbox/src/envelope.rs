//! What answers of the Administrative API look like.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::access::TokenRight;

/// A success with one thing in it.
pub(crate) fn success(status: StatusCode, data: &Value) -> Response {
    (
        status,
        Json(json!({ "data": data, "status": told(status, true, "Success!", None) })),
    )
        .into_response()
}

/// 200 with one thing in it.
pub(crate) fn found(data: &Value) -> Response {
    success(StatusCode::OK, data)
}

/// A success of a webhook route, whose status says less.
pub(crate) fn thin(status: StatusCode, data: &Value) -> Response {
    (
        status,
        Json(json!({ "data": data, "status": { "code": status.as_u16() } })),
    )
        .into_response()
}

fn told(status: StatusCode, success: bool, user: &str, developer: Option<&str>) -> Value {
    json!({
        "code": status.as_u16(),
        "is_success": success,
        "user_message": user,
        "developer_message": developer,
    })
}

/// Why a request of the Administrative API was not done.
#[derive(Debug, Clone)]
pub(crate) enum AdminFault {
    /// No token, or one that is not known here. A server of another region says the same.
    Unauthorized,
    /// The token's permission sets do not allow it.
    Forbidden(TokenRight),
    /// It is not there, or not for this token.
    NotFound,
    /// The body or the query is not as it has to be: a field and what is wrong with it.
    Invalid(Vec<(String, String)>),
    MethodNotAllowed,
}

impl AdminFault {
    pub(crate) fn invalid(field: &str, what: &str) -> Self {
        Self::Invalid(vec![(field.to_owned(), what.to_owned())])
    }
}

impl IntoResponse for AdminFault {
    fn into_response(self) -> Response {
        let (status, user, developer, data) = match self {
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "Invalid token.".to_owned(),
                None,
                Value::Null,
            ),
            Self::Forbidden(capability) => (
                StatusCode::FORBIDDEN,
                format!(
                    "You do not have permission to perform this action. It needs the permission set {}.",
                    capability.set_name()
                ),
                Some(format!("required permission set: {}", capability.set())),
                Value::Null,
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "The requested resource was not found. Please check that you have the proper permissions."
                    .to_owned(),
                None,
                Value::Null,
            ),
            Self::Invalid(fields) => {
                let data = fields.iter().map(|(field, what)| (field.clone(), json!([what])));
                (
                    StatusCode::BAD_REQUEST,
                    "The request was invalid. Please double check the provided data and try again."
                        .to_owned(),
                    Some(
                        fields
                            .iter()
                            .map(|(field, what)| format!("{field}: {what}"))
                            .collect::<Vec<_>>()
                            .join("; "),
                    ),
                    Value::Object(data.collect()),
                )
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed.".to_owned(),
                None,
                Value::Null,
            ),
        };
        let body = json!({ "data": data, "status": told(status, false, &user, developer.as_deref()) });
        (status, Json(body)).into_response()
    }
}
