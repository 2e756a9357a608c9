use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::error::ApiError;

/// What does not fit the schema, nested like the body it is about.
#[derive(Debug)]
pub(in crate::routes::agent) enum BodyError {
    Leaf {
        /// What would have been right.
        description: String,
        /// The wrong value, or that it is missing.
        detail: String,
    },
    Map(BTreeMap<String, BodyError>),
    /// Items are wrong; `None` stands for those that are not.
    List(Vec<Option<BodyError>>),
}

impl BodyError {
    /// A value that should have been something else.
    pub(in crate::routes::agent) fn wrong(
        description: impl Into<String>,
        detail: &str,
        received: &Value,
    ) -> Self {
        Self::Leaf {
            description: description.into(),
            detail: format!("{detail}, received: {received}"),
        }
    }

    /// A key that has to be there.
    pub(in crate::routes::agent) fn missing(description: impl Into<String>) -> Self {
        Self::Leaf {
            description: description.into(),
            detail: "missing required key, received: nil".to_owned(),
        }
    }

    /// A key that must not be there.
    pub(in crate::routes::agent) fn disallowed(received: &Value) -> Self {
        Self::wrong("disallowed key", "disallowed key", received)
    }

    /// The 400 that tells about it.
    pub(in crate::routes::agent) fn into_error(self) -> ApiError {
        ApiError::Validation {
            status: StatusCode::BAD_REQUEST,
            errors: self.show(&|description, _| json!(description)),
            specific: Some(self.show(&|_, detail| json!([detail]))),
        }
    }

    fn show(&self, leaf: &impl Fn(&str, &str) -> Value) -> Value {
        match self {
            Self::Leaf { description, detail } => leaf(description, detail),
            Self::Map(members) => members
                .iter()
                .map(|(key, problem)| (key.clone(), problem.show(leaf)))
                .collect(),
            Self::List(items) => items
                .iter()
                .map(|item| item.as_ref().map_or(Value::Null, |problem| problem.show(leaf)))
                .collect(),
        }
    }
}
