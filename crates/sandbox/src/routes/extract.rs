//! What every handler begins with, as extractors: who sends the request, whether the token's scope covers the route, the
//! thing that the path names, and whether the sender may read it. A handler that runs has passed all of that.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::decode::path_id;
use super::lookup;
use crate::auth::{AgentCaller, ClassicCaller, RequiredScope};
use crate::error::ApiError;
use crate::semantic::{Access, Card, Collection, Dashboard, DatabaseMetadata, FieldMetadata, TableMetadata};
use crate::state::AppState;

/// A signed-in caller of a classic route.
#[derive(Debug)]
pub(super) struct SignedInCaller {
    pub(super) app: Arc<AppState>,
    pub(super) access: Access,
    pub(super) user_id: i64,
}

impl FromRequestParts<Arc<AppState>> for SignedInCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let ClassicCaller(caller) = ClassicCaller::from_request_parts(parts, app).await?;
        Ok(Self {
            app: Arc::clone(app),
            access: caller.access,
            user_id: caller.user_id,
        })
    }
}

/// Something that the path's `{id}` names and that the caller may read; 404 when it does not exist, 403 when it is not
/// for them.
#[derive(Debug)]
pub(super) struct Readable<T> {
    pub(super) app: Arc<AppState>,
    pub(super) access: Access,
    pub(super) item: T,
}

impl<T: NamedByPath> FromRequestParts<Arc<AppState>> for Readable<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let SignedInCaller { app, access, .. } = SignedInCaller::from_request_parts(parts, app).await?;
        let id = path_text(parts, &app, "id").await;
        let item = T::find(&app, &access, &id)?;
        Ok(Self { app, access, item })
    }
}

/// What can be named by the `{id}` of a path.
pub(super) trait NamedByPath: Sized {
    /// Finds it among what the caller may read.
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError>;
}

impl NamedByPath for Card {
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError> {
        lookup::card(app, access, id).cloned()
    }
}

/// `None` is the root.
impl NamedByPath for Option<Collection> {
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError> {
        Ok(lookup::collection(app, access, id)?.cloned())
    }
}

impl NamedByPath for Dashboard {
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError> {
        lookup::dashboard(app, access, id).cloned()
    }
}

impl NamedByPath for DatabaseMetadata {
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError> {
        lookup::database(app, access, path_id("id", id)?).cloned()
    }
}

impl NamedByPath for TableMetadata {
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError> {
        lookup::table(app, access, path_id("id", id)?).cloned()
    }
}

impl NamedByPath for FieldMetadata {
    fn find(app: &AppState, access: &Access, id: &str) -> Result<Self, ApiError> {
        let (_, field) = lookup::field(app, access, path_id("id", id)?)?;
        Ok(field.clone())
    }
}

/// A caller of the Agent API whose token covers the scope of the route.
#[derive(Debug)]
pub(super) struct AgentRequest<S> {
    pub(super) app: Arc<AppState>,
    pub(super) access: Access,
    scope: PhantomData<S>,
}

/// The scope that a route of the Agent API demands.
pub(super) trait RouteScope {
    /// What a scoped token needs.
    const REQUIRED: RequiredScope;
}

impl<S: RouteScope> FromRequestParts<Arc<AppState>> for AgentRequest<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let AgentCaller(caller) = AgentCaller::from_request_parts(parts, app).await?;
        Ok(Self {
            app: Arc::clone(app),
            access: caller.permit(S::REQUIRED, app.settings.facts.scopes)?.clone(),
            scope: PhantomData,
        })
    }
}

/// The `{id}` of a path: a positive whole number.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathId(pub(super) i64);

impl FromRequestParts<Arc<AppState>> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let id = path_text(parts, app, "id").await;
        path_id("id", &id).map(Self)
    }
}

/// A part of the path by the name that its route gives it.
async fn path_text(parts: &mut Parts, app: &Arc<AppState>, name: &str) -> String {
    // A path whose percent signs do not decode names nothing.
    let Ok(params) = RawPathParams::from_request_parts(parts, app).await else {
        return String::new();
    };
    let found = params.iter().find(|(key, _)| *key == name);
    found.map(|(_, text)| text.to_owned()).unwrap_or_default()
}
