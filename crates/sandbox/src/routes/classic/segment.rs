use axum::Json;
use serde_json::{Value, json};

use super::metadata_body::{measure_body, segment_body};
use crate::error::ApiError;
use crate::routes::extract::{PathId, SignedInCaller};

/// `GET /api/segment`: the named filters of the tables that the caller may query.
pub(super) async fn segments(SignedInCaller { app, access, .. }: SignedInCaller) -> Json<Value> {
    let readable = app.model().segments.iter();
    let readable = readable.filter(|segment| access.tables.contains(&segment.table_id));
    Json(
        readable
            .map(|segment| segment_body(app.model(), segment))
            .collect(),
    )
}

/// `GET /api/segment/:id`.
pub(super) async fn segment(
    SignedInCaller { app, access, .. }: SignedInCaller,
    PathId(id): PathId,
) -> Result<Json<Value>, ApiError> {
    let found = app.model().segment(id);
    let segment = found.ok_or_else(ApiError::not_found)?;
    if !access.tables.contains(&segment.table_id) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(segment_body(app.model(), segment)))
}

/// `GET /api/measure`: the named aggregations of the tables that the caller may query.
pub(super) async fn measures(SignedInCaller { app, access, .. }: SignedInCaller) -> Json<Value> {
    let readable = app.model().measures.iter();
    let readable = readable.filter(|measure| access.tables.contains(&measure.table_id));
    Json(
        readable
            .map(|measure| measure_body(app.model(), measure))
            .collect(),
    )
}

/// `GET /api/measure/:id`.
pub(super) async fn measure(
    SignedInCaller { app, access, .. }: SignedInCaller,
    PathId(id): PathId,
) -> Result<Json<Value>, ApiError> {
    let found = app.model().measures.iter().find(|measure| measure.id == id);
    let measure = found.ok_or_else(ApiError::not_found)?;
    if !access.tables.contains(&measure.table_id) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(measure_body(app.model(), measure)))
}

/// `GET /api/activity/recents`: the sandbox does not remember what anybody looked at.
pub(super) async fn recents(_: SignedInCaller) -> Json<Value> {
    Json(json!({ "recents": [] }))
}

/// `GET /api/native-query-snippet`: the sandbox has none.
pub(super) async fn snippets(_: SignedInCaller) -> Json<Value> {
    Json(json!([]))
}

/// `GET /api/native-query-snippet/:id`.
pub(super) async fn snippet(_: SignedInCaller, _: PathId) -> ApiError {
    ApiError::not_found()
}
