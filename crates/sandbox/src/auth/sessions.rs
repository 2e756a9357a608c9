use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::random::uuid;

/// How long a session lives (Metabase's `MAX_SESSION_AGE`).
const MAX_AGE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_token: Mutex<HashMap<String, SignedIn>>,
}

#[derive(Debug)]
struct SignedIn {
    user_id: i64,
    since: Instant,
}

impl Sessions {
    /// Starts a session and returns its token.
    pub(crate) fn open(&self, user_id: i64) -> String {
        let token = uuid();
        let since = Instant::now();
        self.lock().insert(token.clone(), SignedIn { user_id, since });
        token
    }

    /// The user of a session that is still good.
    pub(crate) fn user(&self, token: &str) -> Option<i64> {
        let sessions = self.lock();
        let session = sessions.get(token)?;
        (session.since.elapsed() < MAX_AGE).then_some(session.user_id)
    }

    /// Ends a session; whether there was one.
    pub(crate) fn close(&self, token: &str) -> bool {
        self.lock().remove(token).is_some()
    }

    /// Ends every session, as an administrator's sign-out of everyone does.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, SignedIn>> {
        self.by_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
