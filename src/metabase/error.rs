use crate::wire::WireError;

/// Whether the model can do something about a failure, and which failures count as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The query or its parameters are wrong.
    InvalidQuery,
    /// The entry is gone or not readable; Metabase does not always say which.
    NotFound,
    /// The credential may not do this.
    Forbidden,
    /// The credential is missing, wrong or too old.
    Unauthorized,
    /// The server asked to slow down.
    Throttled,
    /// The query took too long.
    Timeout,
    /// The response is longer than the cap.
    TooLarge,
    /// The server failed, or the connection broke.
    Unavailable,
    /// The response cannot be read as Metabase's.
    Unreadable,
    /// What the catalog says no longer fits the server (a dimension vanished, a parameter changed).
    CatalogDrift,
}

impl FailureClass {
    /// Whether it says that the data source failed, rather than that what was asked of it was wrong.
    pub(crate) fn is_of_the_source(self) -> bool {
        match self {
            // Drift is told from a failing server by its words alone: they may not decide an outcome.
            Self::Unauthorized
            | Self::Throttled
            | Self::Timeout
            | Self::Unavailable
            | Self::Unreadable
            | Self::CatalogDrift => true,
            Self::InvalidQuery | Self::NotFound | Self::Forbidden | Self::TooLarge => false,
        }
    }
}

/// Why Metabase gave no whole, completed answer.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action}: {message}")]
pub struct MetabaseError {
    /// What was tried, on which thing: `run card 7`.
    pub action: String,
    /// What happened and what to do next, in words; capped, without secrets.
    pub message: String,
    pub class: FailureClass,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// The wire's error, if there was no response.
    #[source]
    pub source: Option<WireError>,
}

impl MetabaseError {
    /// Whether the grants of this program denied it, so that the server was never asked.
    pub(crate) fn is_denied_by_grants(&self) -> bool {
        matches!(self.source, Some(WireError::Denied { .. }))
    }
}
