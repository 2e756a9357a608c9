use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::approval::{Approval, ApprovalRequest, ApprovalState, credential_mark, hex};
use crate::atomic_file::{self, FileAccess};
use crate::file_lock::{self, LockError};

/// Longest wait for another process.
const PATIENCE: Duration = Duration::from_secs(10);
const LOCK: &str = "lock";
/// Most approvals that wait at once: somebody who asks for ever fills no disk.
const MOST_WAITING: usize = 200;
/// How long approvals of which nothing more comes are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// No file of an approval is longer, in bytes.
const LONGEST_FILE: u64 = 256 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// What the log and answers call them.
    pub name: String,
    /// SHA-256 of the key that they show on the command line, hex.
    pub key_sha256: Option<String>,
    /// Whom the server knows them as.
    pub principal: Option<String>,
}

/// Where approvals are kept, and who gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSettings {
    pub dir: PathBuf,
    /// How long one waits, and how long one that was granted holds.
    pub valid_for: Duration,
    pub approvers: Vec<Approver>,
}

/// How somebody who decides is known.
#[derive(Debug, Clone)]
pub enum ApproverIdentity {
    Key(SecretString),
    /// As a principal of the server.
    Principal(String),
}

/// What is said of a request that needs an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalAnswer {
    /// It was approved; the approval is used up by this.
    Approved {
        id: String,
        by: String,
    },
    Waiting {
        id: String,
    },
    Denied {
        id: String,
        by: String,
    },
}

/// Why an approval was not found, given or kept.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error("failed to {action} the approvals in {}: {reason}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        reason: String,
    },
    #[error("the approvals in {} are busy", path.display())]
    Busy { path: PathBuf },
    #[error("the approval in {} cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("there is no approval {id}: `cardinal approvals list` shows those there are")]
    Missing { id: String },
    #[error("{id} is {state} already")]
    Decided { id: String, state: &'static str },
    #[error("{id} has expired: the request has to be made again")]
    Expired { id: String },
    #[error(
        "whoever asked may not approve: {id} was asked for with the same credential, and a person with another one has to decide"
    )]
    SameCredential { id: String },
    #[error("{0} may not approve: name whoever may under [[approvals.approvers]]")]
    NotAnApprover(String),
    #[error("{MOST_WAITING} approvals wait already: decide on some of them first")]
    TooMany,
}

/// The approvals of one folder, which several processes may share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApprovalStore {
    settings: Arc<ApprovalSettings>,
}

impl ApprovalStore {
    pub fn new(settings: ApprovalSettings) -> Self {
        Self {
            settings: Arc::new(settings),
        }
    }

    /// What is said of a request. One that was not asked for yet is asked for now; one that is approved is used up.
    pub async fn ask(&self, request: ApprovalRequest) -> Result<ApprovalAnswer, ApprovalError> {
        self.off_the_runtime(move |store| store.asked(request, Timestamp::now()))
            .await
    }

    /// All of them, the newest first.
    pub async fn list(&self) -> Result<Vec<Approval>, ApprovalError> {
        self.off_the_runtime(Self::read_all).await
    }

    pub async fn get(&self, id: &str) -> Result<Approval, ApprovalError> {
        let id = id.to_owned();
        self.off_the_runtime(move |store| store.read(&id)).await
    }

    /// Grants or denies one. Whoever asked may not, and nobody decides twice.
    pub async fn decide(
        &self,
        id: &str,
        grant: bool,
        by: ApproverIdentity,
    ) -> Result<Approval, ApprovalError> {
        let id = id.to_owned();
        self.off_the_runtime(move |store| store.decided(&id, grant, &by, Timestamp::now()))
            .await
    }

    /// The approver that somebody is.
    pub fn approver(&self, who: &ApproverIdentity) -> Result<&Approver, ApprovalError> {
        let mut approvers = self.settings.approvers.iter();
        match who {
            ApproverIdentity::Key(key) => {
                let hash = hex_sha256(key.expose_secret());
                let known = approvers.find(|one| {
                    one.key_sha256
                        .as_ref()
                        .is_some_and(|own| own.to_lowercase() == hash)
                });
                known.ok_or_else(|| ApprovalError::NotAnApprover("whoever has this key".to_owned()))
            }
            ApproverIdentity::Principal(name) => approvers
                .find(|one| one.principal.as_ref() == Some(name))
                .ok_or_else(|| ApprovalError::NotAnApprover(format!("\"{name}\""))),
        }
    }

    async fn off_the_runtime<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ApprovalError> + Send + 'static,
    ) -> Result<T, ApprovalError> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.unwrap_or_else(|error| {
            Err(ApprovalError::Io {
                action: "work with",
                path: self.settings.dir.clone(),
                reason: error.to_string(),
            })
        })
    }

    fn valid_for(&self) -> SignedDuration {
        SignedDuration::try_from(self.settings.valid_for).unwrap_or(SignedDuration::from_mins(30))
    }

    fn asked(&self, request: ApprovalRequest, now: Timestamp) -> Result<ApprovalAnswer, ApprovalError> {
        let _lock = self.lock()?;
        let all = self.read_all()?;
        let mut waiting = 0;
        for mut one in all {
            let state = one.state_at(now);
            if state == ApprovalState::Waiting {
                waiting += 1;
            }
            if !one.is_of(&request) {
                if now.duration_since(one.expires_at) > KEPT {
                    let _ = fs::remove_file(self.path_of(&one.id));
                }
                continue;
            }
            let by = one.decided_by.clone().unwrap_or_default();
            match state {
                ApprovalState::Granted => {
                    // Written down before it is used, so that nothing can use it twice.
                    one.state = ApprovalState::Used;
                    one.used_at = Some(now);
                    self.write(&one)?;
                    return Ok(ApprovalAnswer::Approved { id: one.id, by });
                }
                ApprovalState::Waiting => return Ok(ApprovalAnswer::Waiting { id: one.id }),
                ApprovalState::Denied if one.expires_at > now => {
                    return Ok(ApprovalAnswer::Denied { id: one.id, by });
                }
                ApprovalState::Denied | ApprovalState::Used | ApprovalState::Expired => {}
            }
        }
        if waiting >= MOST_WAITING {
            return Err(ApprovalError::TooMany);
        }
        let id = format!("ap_{:016x}", fastrand::u64(..));
        let new = Approval::asked(id.clone(), request, now, self.valid_for());
        self.write(&new)?;
        Ok(ApprovalAnswer::Waiting { id })
    }

    fn decided(
        &self,
        id: &str,
        grant: bool,
        by: &ApproverIdentity,
        now: Timestamp,
    ) -> Result<Approval, ApprovalError> {
        let approver = self.approver(by)?.clone();
        let _lock = self.lock()?;
        let mut one = self.read(id)?;
        let same = match by {
            ApproverIdentity::Key(key) => credential_mark(key.expose_secret()) == one.credential,
            ApproverIdentity::Principal(name) => *name == one.principal,
        };
        let behind = [Some(&one.principal), one.asked_by.as_ref()];
        let asked = behind
            .into_iter()
            .flatten()
            .any(|asker| *asker == approver.name || approver.principal.as_ref() == Some(asker));
        if same || asked {
            return Err(ApprovalError::SameCredential { id: id.to_owned() });
        }
        match one.state_at(now) {
            ApprovalState::Waiting => {}
            ApprovalState::Expired => return Err(ApprovalError::Expired { id: id.to_owned() }),
            other => {
                return Err(ApprovalError::Decided {
                    id: id.to_owned(),
                    state: other.word(),
                });
            }
        }
        one.state = if grant {
            ApprovalState::Granted
        } else {
            ApprovalState::Denied
        };
        one.decided_by = Some(approver.name);
        one.decided_at = Some(now);
        one.expires_at = now.saturating_add(self.valid_for()).unwrap_or(Timestamp::MAX);
        self.write(&one)?;
        Ok(one)
    }

    fn lock(&self) -> Result<fs::File, ApprovalError> {
        let dir = &self.settings.dir;
        file_lock::lock(dir, LOCK, PATIENCE).map_err(|error| match error {
            LockError::Io(action, source) => failed(action, dir, &source),
            LockError::Held => ApprovalError::Busy { path: dir.clone() },
        })
    }

    fn path_of(&self, id: &str) -> PathBuf {
        self.settings.dir.join(format!("{id}.json"))
    }

    fn read_all(&self) -> Result<Vec<Approval>, ApprovalError> {
        let dir = &self.settings.dir;
        let listed = match fs::read_dir(dir) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("list", dir, &error)),
        };
        let mut all = Vec::new();
        for file in listed {
            let name = file.map_err(|error| failed("list", dir, &error))?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json"));
            if let Some(id) = id.filter(|id| is_id(id)) {
                all.push(self.read(id)?);
            }
        }
        all.sort_by(|one, other| (other.asked_at, &other.id).cmp(&(one.asked_at, &one.id)));
        Ok(all)
    }

    fn read(&self, id: &str) -> Result<Approval, ApprovalError> {
        let missing = || ApprovalError::Missing { id: id.to_owned() };
        if !is_id(id) {
            return Err(missing());
        }
        let path = self.path_of(id);
        let unreadable = |reason: String| ApprovalError::Unreadable {
            path: path.clone(),
            reason,
        };
        match fs::metadata(&path) {
            Ok(about) if about.len() > LONGEST_FILE => return Err(unreadable("it is too long".to_owned())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(failed("read", &path, &error)),
        }
        let text = fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))?;
        let one: Approval = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        if one.id != id || one.version != 1 {
            return Err(unreadable("it is of another id or version".to_owned()));
        }
        Ok(one)
    }

    fn write(&self, one: &Approval) -> Result<(), ApprovalError> {
        let path = self.path_of(&one.id);
        let text = serde_json::to_string_pretty(one).map_err(|error| ApprovalError::Unreadable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        atomic_file::replace(&path, text.as_bytes(), FileAccess::OwnerOnly)
            .map_err(|error| failed("write", &path, &error))
    }
}

fn failed(action: &'static str, path: &Path, error: &io::Error) -> ApprovalError {
    ApprovalError::Io {
        action,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Ids are ours, and name files: nothing else is looked for.
fn is_id(text: &str) -> bool {
    text.strip_prefix("ap_")
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn hex_sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
