use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::operation::{BodyForm, Operation};
use super::strict_json;
use super::template::path_parameters;

/// A request, read as one of the operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationCall {
    pub operation: &'static Operation,
    /// What stands for the parameters of its path.
    pub parameters: BTreeMap<&'static str, String>,
    /// Fields of the body that override how a job is defined.
    pub overrides: Vec<String>,
}

/// A GraphQL request, as servers take it. A field that is written twice is an error: two servers may read two things.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what may be there, and is not looked at")]
struct GraphQlBody<'a> {
    query: String,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "operationName")]
    operation_name: Option<&'a RawValue>,
}

/// The operation that a request is, by its method, its path as it is sent, and its body. Or why it is none.
pub fn identify(
    operations: &'static [Operation],
    method: &Method,
    path: &str,
    body: Option<&[u8]>,
) -> Result<OperationCall, String> {
    let body = body.unwrap_or_default();
    let mut problem = None;
    for operation in operations {
        if operation.verb.method() != *method {
            continue;
        }
        let paths = std::iter::once(operation.path).chain(operation.alias);
        let Some(parameters) = paths
            .into_iter()
            .find_map(|template| path_parameters(template, path))
        else {
            continue;
        };
        match overrides(operation.body, body) {
            Ok(overrides) => {
                return Ok(OperationCall {
                    operation,
                    parameters,
                    overrides,
                });
            }
            Err(reason) => problem = Some(reason),
        }
    }
    Err(problem.unwrap_or_else(|| "the table of operations does not list it".to_owned()))
}

/// Checks the body, and returns the fields that override a job's definition.
fn overrides(form: BodyForm, body: &[u8]) -> Result<Vec<String>, String> {
    match form {
        BodyForm::Any => Ok(Vec::new()),
        BodyForm::None if body.is_empty() => Ok(Vec::new()),
        BodyForm::None => Err("it takes no body".to_owned()),
        BodyForm::Object => object(body).map(|_| Vec::new()),
        BodyForm::Cause => {
            let fields = object(body)?;
            match fields.get("cause") {
                Some(Value::String(cause)) if !cause.trim().is_empty() => {}
                _ => return Err("its body has to say the cause in words".to_owned()),
            }
            Ok(fields
                .into_iter()
                .map(|(name, _)| name)
                .filter(|name| name != "cause")
                .collect())
        }
        BodyForm::Document(document) => {
            let sent: GraphQlBody<'_> = serde_json::from_slice(body)
                .map_err(|error| format!("its body is no GraphQL request: {error}"))?;
            if sent.query.trim() == document.trim() {
                Ok(Vec::new())
            } else {
                Err("its GraphQL document is none of the known ones".to_owned())
            }
        }
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    match strict_json::read(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("its body is not a JSON object".to_owned()),
        Err(error) => Err(format!(
            "its body is not a JSON object that says one thing: {error}"
        )),
    }
}

impl OperationCall {
    /// What it does, with the ids in their places, and behind each id the name that `name` knows for it:
    /// `trigger job 5 (Daily build)`.
    pub fn sentence(&self, name: impl Fn(&str, &str) -> Option<String>) -> String {
        let mut sentence = self.operation.words.to_owned();
        for (parameter, value) in &self.parameters {
            let place = format!("{{{parameter}}}");
            if sentence.contains(&place) {
                let known = name(parameter, value).map(|name| format!(" ({name})"));
                sentence = sentence.replace(&place, &format!("{value}{}", known.unwrap_or_default()));
            }
        }
        if !self.overrides.is_empty() {
            sentence.push_str(" with other settings than the job's: ");
            sentence.push_str(&self.overrides.join(", "));
        }
        sentence
    }
}
