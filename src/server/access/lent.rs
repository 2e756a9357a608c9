//! People who ask with their own session of Metabase: who they are is asked of Metabase, and remembered for a moment under a
//! keyed hash. The session itself is kept by `apps.rs` alone, in memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode};
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::{Requester, Scope};
use crate::app::App;
use crate::metabase::{FailureClass, SignedInPerson};
use crate::server::http_error::HttpError;

/// The header that carries the session.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-metabase-session");
/// What programs are told that have none, or none that is good.
pub(in crate::server) const WANTED: &str = "metabase_session";
/// How long it is believed without asking again whose a session is. One that ended gets in that long at most, or until Metabase
/// refuses it in a turn.
const BELIEVED: Duration = Duration::from_secs(60);
const MANY: u64 = 10_000;
/// Most that are asked about at once: whoever sends made-up ones keeps nobody's query waiting.
const AT_ONCE: usize = 4;
/// Longest wait for Metabase's answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// No session of Metabase is shorter or longer, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

pub(in crate::server) struct LentSessions {
    key: [u8; 32],
    known: Cache<blake3::Hash, Arc<SignedInPerson>>,
    places: Semaphore,
}

impl fmt::Debug for LentSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LentSessions").finish_non_exhaustive()
    }
}

/// Why nobody knows whose a session is.
#[derive(Debug, Clone)]
enum UnknownSession {
    Wrong,
    Away,
}

impl LentSessions {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self {
            key,
            known: Cache::builder().max_capacity(MANY).time_to_live(BELIEVED).build(),
            places: Semaphore::new(AT_ONCE),
        })
    }

    pub(super) async fn requester(&self, app: &App, session: &SecretString) -> Result<Requester, HttpError> {
        let asked = self
            .known
            .try_get_with(self.hash(session), self.ask(app, session));
        let person = asked
            .await
            .map_err(|unknown: Arc<UnknownSession>| match *unknown {
                UnknownSession::Wrong => refused(),
                UnknownSession::Away => {
                    let detail = "Metabase cannot be asked now whose the session is; ask again in a moment";
                    HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "metabase_away", detail).after(5)
                }
            })?;
        Ok(Requester {
            principal: person.email.clone(),
            name: person.name.clone().unwrap_or_else(|| person.email.clone()),
            scopes: vec![Scope::Ask.word().to_owned()],
            auth: "metabase",
        })
    }

    /// Asks anew whose a session is, the next time.
    pub(super) async fn forget(&self, session: &SecretString) {
        self.known.invalidate(&self.hash(session)).await;
    }

    fn hash(&self, session: &SecretString) -> blake3::Hash {
        blake3::keyed_hash(&self.key, session.expose_secret().as_bytes())
    }

    async fn ask(&self, app: &App, session: &SecretString) -> Result<Arc<SignedInPerson>, UnknownSession> {
        let asked = async {
            let _place = self.places.acquire().await;
            app.person_of(session.clone()).await
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Some(person))) => Ok(Arc::new(person)),
            Ok(Ok(None)) => Err(UnknownSession::Wrong),
            Ok(Err(error)) if error.class == FailureClass::Unauthorized => Err(UnknownSession::Wrong),
            Ok(Err(error)) => {
                tracing::warn!(%error, "Metabase could not be asked whose a session is");
                Err(UnknownSession::Away)
            }
            Err(_) => {
                tracing::warn!("Metabase took too long to say whose a session is");
                Err(UnknownSession::Away)
            }
        }
    }
}

/// Takes the session out of the headers, so that nothing behind this sees it. `None`: there is none.
pub(super) fn taken(headers: &mut HeaderMap) -> Option<Result<SecretString, HttpError>> {
    let mut sent = headers.get_all(HEADER).iter();
    let (session, another) = (sent.next()?, sent.next());
    let text = session.to_str().map(str::trim).unwrap_or_default();
    let is_one = another.is_none()
        && LENGTHS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    let session = is_one.then(|| SecretString::from(text)).ok_or_else(refused);
    headers.remove(HEADER);
    Some(session)
}

fn refused() -> HttpError {
    let detail = "the session of Metabase is not valid: it is wrong, ended or expired; sign in to Metabase again and send its \
                  session as X-Metabase-Session";
    HttpError::new(StatusCode::UNAUTHORIZED, WANTED, detail)
}
