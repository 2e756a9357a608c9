/// Why a query of the Semantic Layer cannot be answered, in words for whoever asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SemanticFault {
    message: String,
}

impl SemanticFault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl From<rusqlite::Error> for SemanticFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::new(format!("Database Error: {error}"))
    }
}
