use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::account::AdminObjectKind;
use crate::artifacts::{files_of, paths_of};
use crate::envelope::{AdminFault, found};
use crate::paging::pairs;
use crate::runs::is_over;

/// The files of a run that is over; null before, and when there are none.
pub(super) async fn list(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobViewer)?;
    let run = request.object(AdminObjectKind::Run, "run")?;
    let paths = if is_over(&run) {
        paths_of(&app.project, &run)
    } else {
        Vec::new()
    };
    Ok(found(&if paths.is_empty() {
        Value::Null
    } else {
        json!(paths)
    }))
}

/// One file, raw: that of the step `?step=N`, or of the last step that left files.
pub(super) async fn get(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::MetadataOnly)?;
    let run = request.object(AdminObjectKind::Run, "run")?;
    if !is_over(&run) {
        return Err(AdminFault::NotFound);
    }
    let step = pairs(&request.query).into_iter().find(|(key, _)| key == "step");
    let step = match step {
        None => None,
        Some((_, text)) => Some(
            text.parse::<usize>()
                .map_err(|_| AdminFault::invalid("step", "A valid integer is required."))?,
        ),
    };
    let (project, path) = (
        std::sync::Arc::clone(&app.project),
        request.text("path").to_owned(),
    );
    // The artifacts are read and written out here for the first time.
    let file = tokio::task::spawn_blocking(move || files_of(&project, &run, step, &path)).await;
    let text = file.ok().flatten().ok_or(AdminFault::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
