use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// A session that a person lends: whoever holds a clone asks with the one that was lent last. It is in memory only.
#[derive(Clone)]
pub struct LentSession(Arc<Mutex<HeldSession>>);

struct HeldSession {
    session: SecretString,
    /// Metabase no longer takes it.
    refused: bool,
}

impl LentSession {
    pub fn new(session: SecretString) -> Self {
        Self(Arc::new(Mutex::new(HeldSession {
            session,
            refused: false,
        })))
    }

    /// Takes a session of the same person in its place: another one, or the same one that was looked at anew.
    pub fn replace(&self, session: SecretString) {
        *self.held() = HeldSession {
            session,
            refused: false,
        };
    }

    /// Whether Metabase refused the session since it was lent.
    pub fn is_refused(&self) -> bool {
        self.held().refused
    }

    /// The same of this very session.
    pub fn has_refused(&self, session: &SecretString) -> bool {
        let held = self.held();
        held.refused && held.session.expose_secret() == session.expose_secret()
    }

    pub(super) fn current(&self) -> SecretString {
        self.held().session.clone()
    }

    /// Metabase refused what was sent. A session that was lent meanwhile is another one.
    pub(super) fn refuse(&self, sent: Option<&HeaderValue>) {
        let mut held = self.held();
        if sent.is_some_and(|sent| sent.as_bytes() == held.session.expose_secret().as_bytes()) {
            held.refused = true;
        }
    }

    fn held(&self) -> MutexGuard<'_, HeldSession> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LentSession")
    }
}
