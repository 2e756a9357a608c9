use serde_json::{Value, json};

use crate::error::ApiError;

/// Where something stands in a program, e.g. `operations[0][1]`.
#[derive(Debug, Clone)]
pub(super) struct ProgramPath(String);

impl ProgramPath {
    /// The operation at a place.
    pub(super) fn operation(at: usize) -> Self {
        Self(format!("operations[{at}]"))
    }

    pub(super) fn item(&self, at: usize) -> Self {
        Self(format!("{}[{at}]", self.0))
    }

    /// The 400 of a program that breaks a rule.
    pub(super) fn invalid(&self, message: &str, more: Value) -> ApiError {
        self.error("Generated program is invalid.", message, more)
    }

    /// The 400 of a helper that failed on what it was given.
    pub(super) fn failed(&self, operator: &str, cause: &str) -> ApiError {
        let more = json!({ "operator": operator });
        self.error("Generated program could not be evaluated.", cause, more)
    }

    fn error(&self, message: &str, detail: &str, more: Value) -> ApiError {
        let mut data = json!({
            "error": "invalid-generated-program",
            "path": self.0,
            "details": format!("{}: {detail}", self.0),
        });
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        ApiError::rejected(message, data)
    }
}
