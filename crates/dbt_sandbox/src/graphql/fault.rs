use graphql_parser::Pos;
use serde_json::{Value, json};

/// Something wrong with a request, as the `errors` of a response list it.
#[derive(Debug, Clone)]
pub(crate) struct GraphqlFault {
    message: String,
    at: Option<(usize, usize)>,
    path: Vec<Value>,
    code: Option<&'static str>,
}

impl GraphqlFault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at: None,
            path: Vec::new(),
            code: None,
        }
    }

    /// With the place in the document.
    pub(super) fn at(mut self, position: Pos) -> Self {
        self.at = Some((position.line, position.column));
        self
    }

    /// With the place in the response.
    pub(super) fn below(mut self, path: &[Value]) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// With `extensions.code`.
    pub(crate) fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn json(&self) -> Value {
        let mut error = json!({ "message": self.message });
        if let Some(object) = error.as_object_mut() {
            if let Some((line, column)) = self.at {
                object.insert(
                    "locations".to_owned(),
                    json!([{ "line": line, "column": column }]),
                );
            }
            if !self.path.is_empty() {
                object.insert("path".to_owned(), Value::from(self.path.clone()));
            }
            if let Some(code) = self.code {
                object.insert("extensions".to_owned(), json!({ "code": code }));
            }
        }
        error
    }
}
