use crate::wire::WireError;

/// Why no completion was had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    #[error("failed to reach the model {model}")]
    Wire {
        model: String,
        #[source]
        source: WireError,
    },
    #[error("the model {model} answered with status {status}: {message}")]
    Status {
        model: String,
        status: u16,
        /// The provider's message, capped and without secrets.
        message: String,
    },
    /// Nothing is at the address where completions are asked for.
    #[error("the model {model} answered with status {status}: {message}; {hint}")]
    NoRoute {
        model: String,
        status: u16,
        /// The server's message, capped and without secrets.
        message: String,
        /// What to change about the address.
        hint: String,
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
    #[error("the conversation is longer than the model {model} takes: {message}")]
    TooLong {
        model: String,
        /// The provider's message, capped and without secrets.
        message: String,
    },
    /// The provider reported an error inside a stream that had begun.
    #[error("the model {model} broke off: {message}")]
    BrokeOff { model: String, message: String },
    /// The answer is not what the protocol says.
    #[error("the model {model} sent an answer that cannot be read: {reason}")]
    Unreadable {
        model: String,
        /// What is wrong with it.
        reason: String,
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
        matches!(self, Self::NoRoute { .. })
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
        };
        let tells = |status| ModelError::tells_of_a_credential(&error(status).to_string());
        assert!(tells(401) && tells(403) && !tells(400) && !tells(500));
    }
}
