//! Approvals: a person's word for one request that changes code, money or access.
//!
//! The idea: a grant alone does not let such a request through. The wire asks for an approval, which is pinned to the SHA-256 of
//! the canonical request, waits for a person, and is used up by the one request that it is of. A request that says anything else
//! has another hash, and so needs another approval. Whoever approves shows a credential of their own, which may not be the one
//! that the request is sent with. Without a store there is nothing to ask, and the request is refused.
//!
//! ```text
//! wire:   trigger job 5 with steps_override  → waiting  ap_3f…      refused, "waits as ap_3f…"
//! person: cardinal approvals grant ap_3f…    → granted, until 10:30
//! wire:   the same request                   → used     ap_3f…      sent, once
//! ```
//!
//! `approval.rs` is one of them and what may become of it, `store.rs` keeps them, one file for each in one folder.

mod approval;
mod store;

pub use approval::{Approval, ApprovalRequest, ApprovalState, credential_mark};
pub use store::{ApprovalAnswer, ApprovalError, ApprovalSettings, ApprovalStore, Approver, ApproverIdentity};
