use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided yet.
    Waiting,
    /// The request may be sent, once.
    Granted,
    Denied,
    /// The request was let through.
    Used,
    /// Its time is over.
    Expired,
}

impl ApprovalState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }
}

/// What an approval is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalRequest {
    /// SHA-256 of the canonical request.
    pub request_sha256: String,
    /// The agent whose grants decide.
    pub agent: String,
    pub principal: String,
    /// Who asked the question, where many ask with one credential.
    pub asked_by: Option<String>,
    pub account: Option<String>,
    pub operation: String,
    /// What it does, in words.
    pub does: String,
    /// Why an approval is needed.
    pub reason: String,
    /// The body, without secrets, so that whoever approves sees what is sent.
    pub body: Option<Value>,
    /// A mark of the credential that the request is sent with, see [`credential_mark`].
    pub credential: String,
}

/// A person's word for one request. This is the content of its file too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// Version of the format: 1.
    pub version: u32,
    pub id: String,
    pub state: ApprovalState,
    pub agent: String,
    pub principal: String,
    /// Who asked the question, where many ask with one credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    pub operation: String,
    pub does: String,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    pub request_sha256: String,
    /// A mark of the credential that asked. It says nothing of the credential itself.
    pub credential: String,
    #[schemars(with = "String")]
    pub asked_at: Timestamp,
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub decided_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub used_at: Option<Timestamp>,
}

impl Approval {
    pub(super) fn asked(id: String, request: ApprovalRequest, now: Timestamp, valid: SignedDuration) -> Self {
        Self {
            version: 1,
            id,
            state: ApprovalState::Waiting,
            agent: request.agent,
            principal: request.principal,
            asked_by: request.asked_by,
            account: request.account,
            operation: request.operation,
            does: request.does,
            reason: request.reason,
            body: request.body,
            request_sha256: request.request_sha256,
            credential: request.credential,
            asked_at: now,
            expires_at: now.saturating_add(valid).unwrap_or(Timestamp::MAX),
            decided_by: None,
            decided_at: None,
            used_at: None,
        }
    }

    /// What it is at a time: what nobody used in time has expired.
    pub(crate) fn state_at(&self, now: Timestamp) -> ApprovalState {
        let open = matches!(self.state, ApprovalState::Waiting | ApprovalState::Granted);
        if open && self.expires_at <= now {
            ApprovalState::Expired
        } else {
            self.state
        }
    }

    /// Whether it is of exactly this request, of the same agent and person.
    pub(super) fn is_of(&self, request: &ApprovalRequest) -> bool {
        self.request_sha256 == request.request_sha256
            && self.agent == request.agent
            && self.principal == request.principal
            && self.asked_by == request.asked_by
            && self.account == request.account
            && self.credential == request.credential
    }
}

/// A mark of a credential: equal for equal ones, and of no use to whoever wants the credential.
pub fn credential_mark(secret: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"cardinal approvals: whose credential\0");
    hasher.update(secret.as_bytes());
    let digest = hasher.finalize();
    hex(digest.get(..16).unwrap_or(&digest))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
