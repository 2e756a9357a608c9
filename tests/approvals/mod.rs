//! Approvals: every operation that needs one, with and without it, and every way around it.

mod program;
mod store;
mod wire;

use std::path::Path;
use std::time::Duration;

use cardinal::approvals::{ApprovalSettings, ApprovalStore, Approver, ApproverIdentity};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// The key of Ana, who may approve.
pub const KEY: &str = "ana-decides-with-this-key";

pub fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub fn store(dir: &Path, valid_for: Duration) -> ApprovalStore {
    let approver = |name: &str, key: &str| Approver {
        name: name.to_owned(),
        key_sha256: Some(hash(key)),
        principal: Some(format!("{name}@example.com")),
    };
    ApprovalStore::new(ApprovalSettings {
        dir: dir.to_owned(),
        valid_for,
        approvers: vec![approver("ana", KEY), approver("token", "token")],
    })
}

pub fn half_an_hour(dir: &Path) -> ApprovalStore {
    store(dir, Duration::from_secs(1800))
}

pub fn ana() -> ApproverIdentity {
    ApproverIdentity::Key(SecretString::from(KEY))
}
