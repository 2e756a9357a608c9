use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::chain::hex;
use super::redact::redacted;
use crate::operations::OperationCall;

/// What is known of a call before it is sent.
#[derive(Debug, Clone)]
pub struct CallIntent {
    /// The agent whose grants decide.
    pub agent: String,
    pub principal: String,
    pub account: Option<String>,
    /// What it does, in words.
    pub doing: String,
    pub decision: CallDecision,
    /// The turn that asks, as log lines and traces name it.
    pub turn: Option<String>,
    /// Where it stands on the tape of its turn, if the turn is recorded.
    pub tape: Option<TapePosition>,
    /// SHA-256 of method, address and body, so that a request that is kept elsewhere can be matched.
    pub request_hash: String,
    pub call: OperationCall,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallDecision {
    Allowed {
        /// The rule that grants it.
        rule: String,
    },
    /// A person approved this very request.
    Approved {
        rule: String,
        approval: String,
        by: String,
    },
    NeedsApproval {
        rule: String,
        reason: String,
    },
    Denied {
        reason: String,
    },
}

/// A place on a tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapePosition {
    pub tape: String,
    /// Number of the exchange, from 0.
    pub exchange: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallOutcome {
    pub end: CallEnd,
    pub status: Option<u16>,
    /// What answered: `live`, `cache` or `tape`.
    pub served_by: Option<&'static str>,
    /// How many times it was sent.
    pub attempts: u32,
    /// Rows or items in the response, where it has any.
    pub rows: Option<u64>,
    /// Bytes of the response's body.
    pub bytes: u64,
    pub milliseconds: u64,
}

/// The ways in which a call ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CallEnd {
    /// Its response was read to the end.
    Complete,
    /// There was no response, or no whole one.
    Failed { reason: String },
    #[default]
    Dropped,
}

impl CallIntent {
    /// The hash of a request. A JSON body counts by what it says, not by the order of its fields.
    pub fn hash(method: &str, address: &str, body: &[u8]) -> String {
        let canonical = serde_json::from_slice::<Value>(body)
            .ok()
            .map(|body| body.to_string());
        let mut hasher = Sha256::new();
        for part in [
            method.as_bytes(),
            address.as_bytes(),
            canonical.as_ref().map_or(body, String::as_bytes),
        ] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        }
        hex(&hasher.finalize())
    }

    /// The fields of its record, but for those of the chain.
    pub(super) fn fields(&self, call: &str) -> Map<String, Value> {
        let operation = self.call.operation;
        let (decision, rule, reason) = match &self.decision {
            CallDecision::Allowed { rule } => ("allowed", Some(rule), None),
            CallDecision::Approved { rule, approval, by } => (
                "approved",
                Some(rule),
                Some(format!("{by} approved it ({approval})")),
            ),
            CallDecision::NeedsApproval { rule, reason } => {
                ("needs_approval", Some(rule), Some(reason.clone()))
            }
            CallDecision::Denied { reason } => ("denied", None, Some(reason.clone())),
        };
        let parameters: Map<String, Value> = self
            .call
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(redacted(value))))
            .collect();
        let fields = json!({
            "call": call,
            "agent": redacted(&self.agent),
            "principal": redacted(&self.principal),
            "system": operation.api.system(),
            "account": self.account,
            "api": operation.api,
            "area": operation.area,
            "operation": operation.name,
            "access": operation.access,
            "method": operation.verb,
            "path": operation.path,
            "parameters": parameters,
            "does": redacted(&self.doing),
            "decision": decision,
            "rule": rule,
            "reason": reason.as_deref().map(redacted),
            "request_sha256": self.request_hash,
            "turn": self.turn.as_deref().map(redacted),
            "tape": self.tape.as_ref().map(|at| redacted(&at.tape)),
            "exchange": self.tape.as_ref().map(|at| at.exchange),
            "process": std::process::id(),
        });
        without_nulls(fields)
    }
}

impl CallOutcome {
    /// The fields of its record, but for those of the chain.
    pub(super) fn fields(&self, call: &str) -> Map<String, Value> {
        let (end, reason) = match &self.end {
            CallEnd::Complete => ("complete", None),
            CallEnd::Failed { reason } => ("failed", Some(redacted(reason))),
            CallEnd::Dropped => ("dropped", None),
        };
        without_nulls(json!({
            "call": call,
            "end": end,
            "reason": reason,
            "status": self.status,
            "served_by": self.served_by,
            "attempts": self.attempts,
            "rows": self.rows,
            "bytes": self.bytes,
            "ms": self.milliseconds,
        }))
    }
}

fn without_nulls(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}
