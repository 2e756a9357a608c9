//! Documents of GraphQL, sent as operations. A failure comes with status 200 there, and perhaps with half of the data, so an
//! answer with errors is a failure whatever else it holds.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::caller::{DbtCaller, DbtRequest};
use super::error::{self, DbtError, DbtFailure};
use crate::operations::{BodyForm, Operation};
use crate::wire::ServedBy;

/// Most errors of an answer that are repeated.
const SHOWN: usize = 3;

/// The data is read once it is known that there are no errors: with errors it may be half of what was asked for.
#[derive(Deserialize)]
struct GraphQlReply<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    errors: Option<Vec<GraphQlError>>,
}

#[derive(Deserialize)]
struct GraphQlError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Option<ErrorExtensions>,
}

#[derive(Deserialize)]
struct ErrorExtensions {
    #[serde(default)]
    code: Option<String>,
}

#[derive(Debug)]
pub(super) struct GraphQlAnswer<T> {
    /// What was asked for; null in an answer that says nothing.
    pub(super) data: Option<T>,
    /// What was done, for errors.
    pub(super) action: String,
    pub(super) served_by: ServedBy,
    pub(super) bytes: u64,
}

impl DbtCaller {
    /// Sends the document of an operation with these variables.
    pub(super) async fn graphql<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        variables: Value,
        cached: bool,
    ) -> Result<GraphQlAnswer<T>, DbtError> {
        let BodyForm::Document(document) = operation.body else {
            let message = "it is no GraphQL operation";
            return Err(error::local(operation.words, DbtFailure::Invalid, message));
        };
        let request = DbtRequest {
            body: Some(json!({ "query": document, "variables": variables })),
            cached,
            ..DbtRequest::default()
        };
        let reply = self.send(operation, request).await?;
        let answer: GraphQlReply<'_> = reply.json()?;
        let errors = answer.errors.unwrap_or_default();
        if !errors.is_empty() {
            return Err(failed(&reply.action, operation, &errors));
        }
        let data = match answer.data {
            Some(data) => reply.read(data.get().as_bytes())?,
            None => None,
        };
        Ok(GraphQlAnswer {
            data,
            bytes: reply.body.len() as u64,
            served_by: reply.served_by,
            action: reply.action,
        })
    }
}

fn failed(action: &str, operation: &Operation, errors: &[GraphQlError]) -> DbtError {
    let said: Vec<String> = errors
        .iter()
        .take(SHOWN)
        .map(|error| error::clean(&error.message))
        .collect();
    let refused = said
        .iter()
        .any(|text| text.to_lowercase().contains("not authorized"));
    let absent = errors.iter().any(|error| {
        let extensions = error.extensions.as_ref();
        extensions.and_then(|of| of.code.as_deref()) == Some("NOT_FOUND")
    });
    let (class, advice) = if refused {
        let advice = match operation.permission {
            Some(permission) => format!("; the token needs the permission set {}", permission.title()),
            None => String::new(),
        };
        (DbtFailure::Forbidden, advice)
    } else if absent {
        (DbtFailure::NotFound, "; check DBT_PROD_ENV_ID".to_owned())
    } else {
        (DbtFailure::Invalid, String::new())
    };
    error::local(action, class, format!("dbt said: {}{advice}", said.join("; ")))
}
