//! Who asks. Every layer that keeps something for a person, or spends on their behalf, does it for a [`Principal`].

use serde::{Deserialize, Serialize};

/// Who asks. Decides the credential used, and is part of every cache key and of the day's budget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Principal(pub String);

impl Default for Principal {
    fn default() -> Self {
        Self("default".to_owned())
    }
}
