use url::Url;

use super::NextStep;
use crate::wire::WireError;

/// Why no completion was had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    #[error("failed to reach the model {model}: {source}{next}")]
    Wire {
        model: String,
        #[source]
        source: WireError,
        next: NextStep,
    },
    #[error("the model {model} answered with status {status}: {message}{next}")]
    Status {
        model: String,
        status: u16,
        /// The provider's message, capped and without secrets.
        message: String,
        next: NextStep,
    },
    /// Nothing is at the address where completions are asked for.
    #[error("the model {model} answered with status {status}: {message}{next}")]
    NoRoute {
        model: String,
        status: u16,
        /// The server's message, capped and without secrets.
        message: String,
        /// What to change about the address.
        next: NextStep,
        /// Where the server sends whoever asks, where it does.
        moved_to: Option<Box<Url>>,
    },
    /// Its server was still loading it when there was no time left to wait.
    #[error(
        "the model {model} is still being loaded by its server, which says: {message}; ask again when it is loaded, or \
         give a question more time (`max_seconds` in [budget])"
    )]
    Loading {
        model: String,
        /// The server's message, capped and without secrets.
        message: String,
    },
    /// The conversation is longer than the model takes.
    #[error(
        "the conversation is longer than the model {model} takes: {message}; begin a new one, curate less, or give the model a longer \
         context where its server is yours"
    )]
    TooLong {
        model: String,
        /// The provider's message, capped and without secrets.
        message: String,
    },
    /// The provider reported an error inside a stream that had begun.
    #[error("the model {model} broke off: {message}{next}")]
    BrokeOff {
        model: String,
        message: String,
        next: NextStep,
    },
    /// The answer is not what the protocol says.
    #[error("the model {model} sent an answer that cannot be read: {reason}{next}")]
    Unreadable {
        model: String,
        /// What is wrong with it.
        reason: String,
        next: NextStep,
    },
    /// The settings do not allow to reach it (no key, no address).
    #[error("the model {model} is not usable: {reason}")]
    NotUsable {
        model: String,
        /// What is missing and where to set it.
        reason: String,
    },
}

impl ModelError {
    /// Whether nothing is at the address where completions are asked for.
    pub(super) fn is_missing_route(&self) -> bool {
        matches!(self, Self::NoRoute { moved_to: None, .. })
    }

    /// What a person can do about it, where that is said.
    pub fn next_step(&self) -> Option<&str> {
        match self {
            Self::Wire { next, .. }
            | Self::Status { next, .. }
            | Self::NoRoute { next, .. }
            | Self::BrokeOff { next, .. }
            | Self::Unreadable { next, .. } => next.words(),
            Self::Loading { .. } | Self::TooLong { .. } | Self::NotUsable { .. } => None,
        }
    }

    /// An address that it names and that no setting holds.
    pub(crate) fn moved_to(&self) -> Option<&Url> {
        match self {
            Self::NoRoute { moved_to, .. } => moved_to.as_deref(),
            _ => None,
        }
    }

    /// Whether the words of such an error say that the provider does not let the credential in.
    pub(crate) fn tells_of_a_credential(words: &str) -> bool {
        ["401", "403"]
            .iter()
            .any(|status| words.contains(&format!("answered with status {status}:")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_credential_is_known_by_its_words() {
        let error = |status| ModelError::Status {
            model: "openai:a".to_owned(),
            status,
            message: "no".to_owned(),
            next: NextStep::none(),
        };
        let tells = |status| ModelError::tells_of_a_credential(&error(status).to_string());
        assert!(tells(401) && tells(403) && !tells(400) && !tells(500));
    }
}
