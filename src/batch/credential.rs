//! Whether the model's server takes the credential at all. When it takes it for no question, the next ones are not asked: a
//! wrong key is one error, not a file of failed answers.

use std::sync::{Mutex, PoisonError};

use super::error::BatchError;
use crate::agent::{Answer, StopReason};
use crate::model::ModelError;

/// Refused questions after which no further one is asked, while none was accepted.
const ENOUGH: u32 = 3;

/// What came of the credential in this start.
#[derive(Debug, Default)]
pub(super) struct CredentialUse(Mutex<CredentialCounts>);

#[derive(Debug, Default)]
struct CredentialCounts {
    refused: u32,
    accepted: bool,
    /// What the first refusal said.
    told: String,
}

impl CredentialUse {
    /// Takes in an answer; whether it is certain by now that asking more is useless.
    pub(super) fn saw(&self, answer: &Answer) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let detail = answer.stop_detail.as_deref().unwrap_or_default();
        if answer.stop_reason == StopReason::ModelFailed && ModelError::tells_of_a_credential(detail) {
            if counts.refused == 0 {
                detail.clone_into(&mut counts.told);
            }
            counts.refused += 1;
        } else {
            counts.accepted = true;
        }
        !counts.accepted && counts.refused >= ENOUGH
    }

    /// The error that it is when no question was accepted.
    pub(super) fn refused(&self) -> Option<BatchError> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!counts.accepted && counts.refused > 0).then(|| BatchError::CredentialRefused {
            told: counts.told.clone(),
        })
    }
}
