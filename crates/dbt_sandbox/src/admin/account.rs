use axum::response::Response;
use serde_json::json;

use super::request::AdminRequest;
use crate::envelope::{AdminFault, found};

/// The account of the path. Any known token may see that it is there.
pub(super) async fn get_account(request: AdminRequest) -> Result<Response, AdminFault> {
    request.caller()?;
    let account = &request.app.account;
    if request.id("account")? != account.id {
        return Err(AdminFault::NotFound);
    }
    Ok(found(&account.details()))
}

pub(super) async fn list_accounts(request: AdminRequest) -> Result<Response, AdminFault> {
    request.caller()?;
    Ok(found(&json!([request.app.account.details()])))
}

pub(super) async fn who_am_i(request: AdminRequest) -> Result<Response, AdminFault> {
    let caller = request.caller()?;
    Ok(found(&json!({
        "user": { "id": null, "email": null, "first_name": null, "last_name": null },
        "service_token": { "id": caller.token_id, "name": caller.name },
        "accounts": [request.app.account.details()],
        "permissions": [],
    })))
}
