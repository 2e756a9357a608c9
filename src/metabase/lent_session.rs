use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

/// A session that a person lends: whoever holds a clone asks with the one that was lent last. It is in memory only.
#[derive(Clone)]
pub struct LentSession(Arc<Mutex<SecretString>>);

impl LentSession {
    pub fn new(session: SecretString) -> Self {
        Self(Arc::new(Mutex::new(session)))
    }

    /// Takes another session of the same person in its place.
    pub fn replace(&self, session: SecretString) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }

    pub(super) fn current(&self) -> SecretString {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for LentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LentSession")
    }
}
