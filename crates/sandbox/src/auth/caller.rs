use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::identity::{Identity, within};
use super::jwt::bearer_token;
use crate::error::ApiError;
use crate::generation::ScopeRefusal;
use crate::state::AppState;

/// The caller of a route of the Agent API.
#[derive(Debug)]
pub(crate) struct AgentCaller(pub(crate) Identity);

/// The caller of any other route that needs one.
#[derive(Debug)]
pub(crate) struct ClassicCaller(pub(crate) Identity);

/// Why the Agent API does not know its caller: 401 with an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    /// Nothing was sent, or a key or session that is not good.
    Missing,
    /// `Authorization` is not Bearer.
    Format,
    /// The token is forged, malformed, too old, or names nobody who may sign in.
    InvalidJwt,
    /// This server has no shared secret.
    JwtNotConfigured,
}

impl From<AuthFailure> for ApiError {
    fn from(failure: AuthFailure) -> Self {
        let (error, message) = match failure {
            AuthFailure::Missing => (
                "missing_authorization",
                "Authentication required. Use X-Metabase-Session header or Authorization: Bearer <jwt>.",
            ),
            AuthFailure::Format => (
                "invalid_authorization_format",
                "Authorization header must use Bearer scheme: Authorization: Bearer <jwt>",
            ),
            AuthFailure::InvalidJwt => ("invalid_jwt", "Invalid or expired JWT token."),
            AuthFailure::JwtNotConfigured => (
                "jwt_not_configured",
                "JWT authentication is not configured. Set the JWT shared secret in admin settings.",
            ),
        };
        Self::Json {
            status: StatusCode::UNAUTHORIZED,
            body: json!({ "error": error, "message": message }),
            challenge: None,
        }
    }
}

impl IntoResponse for AuthFailure {
    fn into_response(self) -> Response {
        ApiError::from(self).into_response()
    }
}

impl FromRequestParts<Arc<AppState>> for AgentCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        app.settings.check_agent_api()?;
        if let Some(mut identity) = ordinary(&parts.headers, app) {
            identity.scopes = allowed_scopes(app, None);
            return Ok(Self(identity));
        }
        let header =
            header_text(&parts.headers, header::AUTHORIZATION.as_str()).ok_or(AuthFailure::Missing)?;
        let token = bearer_token(header).ok_or(AuthFailure::Format)?;
        let key = app.jwt.as_ref().ok_or(AuthFailure::JwtNotConfigured)?;
        let claims = key.verify(token).ok_or(AuthFailure::InvalidJwt)?;
        let mut identity = app
            .person_by_email(&claims.email)
            .ok_or(AuthFailure::InvalidJwt)?;
        identity.scopes = allowed_scopes(app, claims.scopes);
        Ok(Self(identity))
    }
}

impl FromRequestParts<Arc<AppState>> for ClassicCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        ordinary(&parts.headers, app)
            .map(Self)
            .ok_or_else(|| ApiError::text(StatusCode::UNAUTHORIZED, "Unauthenticated"))
    }
}

/// What a credential may do: what it claims, within the most that any may; `None` is everything.
fn allowed_scopes(app: &AppState, claimed: Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    if app.settings.facts.scopes == ScopeRefusal::Never {
        return None;
    }
    let Some(most) = &app.settings.scopes else {
        return claimed;
    };
    Some(claimed.map_or_else(|| most.clone(), |claimed| within(&claimed, most)))
}

/// A session or key, which every route understands.
fn ordinary(headers: &HeaderMap, app: &AppState) -> Option<Identity> {
    session_token(headers)
        .and_then(|token| app.sessions.user(token))
        .and_then(|user_id| app.person(user_id))
        .or_else(|| header_text(headers, "x-api-key").and_then(|key| app.key_holder(key)))
}

/// The session token of a request: its header, or its cookie.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, "x-metabase-session").or_else(|| {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("metabase.SESSION="))
    })
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
