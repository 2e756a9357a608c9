//! As much of GraphQL as dbt's two GraphQL APIs need: a schema from a file, requests checked against it, and one walk
//! that takes what was asked for out of JSON.
//!
//! A schema says which fields there are; a [`FieldResolver`] says what those hold that are not simply a property of the
//! JSON object around them. A field that the schema does not have is an error, as it is on a real server, so that a
//! client's misspelled query fails here too.

mod check;
mod coerce;
mod execute;
mod fault;
mod respond;
mod schema;

use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use fault::GraphqlFault;
pub(crate) use respond::respond;
pub(crate) use schema::GraphqlSchema;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PostedQuery {
    pub(crate) query: String,
    #[serde(default)]
    pub(crate) variables: Option<Map<String, Value>>,
    /// Which of its operations is meant, when it has several.
    #[serde(default, rename = "operationName")]
    pub(crate) operation: Option<String>,
}

/// One field that is looked up.
#[derive(Debug)]
pub(crate) struct FieldCall<'a> {
    /// Name of the object type that it belongs to.
    pub(crate) on: &'a str,
    pub(crate) field: &'a str,
    /// Its arguments, checked and with defaults.
    pub(crate) arguments: Map<String, Value>,
    /// The object that it belongs to; null for the root.
    pub(crate) parent: &'a Value,
}

impl FieldCall<'_> {
    /// An argument; null when it was not given.
    pub(crate) fn argument(&self, name: &str) -> &Value {
        self.arguments.get(name).unwrap_or(&Value::Null)
    }

    /// An argument that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.argument(name).as_str()
    }

    /// An argument that is a whole number, which clients also send as text when its type is `BigInt`.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        let value = self.argument(name);
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }
}

/// Looks fields up that are more than a property of the object around them.
pub(crate) trait FieldResolver {
    /// The field's value; `None` takes the parent's property of that name. Values of abstract types have a `__typename`.
    fn resolve(&self, call: &FieldCall<'_>) -> Result<Option<Value>, GraphqlFault>;
}
