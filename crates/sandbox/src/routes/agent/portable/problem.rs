use serde_json::{Value, json};

use crate::error::ApiError;

/// The 400 of a query that cannot be what was meant: a code for programs, a sentence that says what to do, and what it
/// is about.
pub(super) fn rejected(code: &str, message: impl Into<String>, more: Value) -> ApiError {
    let mut data = json!({ "error": code, "agent-error?": true });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    ApiError::rejected(message, data)
}
