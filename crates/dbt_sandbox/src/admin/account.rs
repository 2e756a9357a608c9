use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::AdminState;
use crate::envelope::{AdminFault, found};

/// The account of the path. Any known token may see that it is there.
pub(super) async fn get_account(
    State(app): State<AdminState>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.tokens.caller(&headers).ok_or(AdminFault::Unauthorized)?;
    if account.parse() != Ok(app.account.id) {
        return Err(AdminFault::NotFound);
    }
    Ok(found(&app.account.details()))
}

pub(super) async fn list_accounts(
    State(app): State<AdminState>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.tokens.caller(&headers).ok_or(AdminFault::Unauthorized)?;
    Ok(found(&json!([app.account.details()])))
}

pub(super) async fn who_am_i(
    State(app): State<AdminState>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    let caller = app.tokens.caller(&headers).ok_or(AdminFault::Unauthorized)?;
    Ok(found(&json!({
        "user": { "id": null, "email": null, "first_name": null, "last_name": null },
        "service_token": { "id": caller.token_id, "name": caller.name },
        "accounts": [app.account.details()],
        "permissions": [],
    })))
}
