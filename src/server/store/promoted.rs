//! Answers that become cases of a suite.

use std::path::PathBuf;

use super::{SessionStore, SessionStoreError};
use crate::server::record::Feedback;

/// An answer of a server, with what a person thinks of it.
#[derive(Debug, Clone)]
pub(crate) struct RatedAnswer {
    /// Its tape, and those of the turns before it in the same folder.
    pub tape: PathBuf,
    pub asked_by: String,
    /// `up` or `down`; `None` when nobody said.
    pub rating: Option<String>,
    pub comment: Option<String>,
}

impl SessionStore {
    /// An answer with its tape, brought to files where it stands in a database; they go with this store. `None` when there is
    /// no such answer, or it has no tape.
    pub(crate) async fn rated_answer(&self, id: &str) -> Result<Option<RatedAnswer>, SessionStoreError> {
        let Some(record) = self.answer(id, None).await? else {
            return Ok(None);
        };
        if !record.status.is_over() || !self.bring_tape(id).await? {
            return Ok(None);
        }
        let (rating, comment) = record
            .feedback
            .map(|Feedback { rating, comment, .. }| (Some(rating), comment))
            .unwrap_or_default();
        Ok(Some(RatedAnswer {
            tape: self.tape_file(id),
            asked_by: record.asked_by,
            rating,
            comment,
        }))
    }
}
