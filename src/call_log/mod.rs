//! The call log: what was asked of which system, by whom, whether it was granted, and how it ended.
//!
//! The idea: a call leaves two records, its *intent* before anything is sent and its *outcome* afterwards; a refused call
//! leaves one. If the intent cannot be written, the call is refused. Each record carries the SHA-256 hash of the one before
//! it, so that a changed, missing or moved record shows. A chain alone does not show that its end was cut off, or that all of
//! it was written anew; for that, its *head* (number and hash of the last record) is kept somewhere else, as an *anchor*.
//!
//! Records are JSON Lines with sorted keys, in segments of bounded size: `log-000001.jsonl`, `log-000002.jsonl`. No body and
//! no credential is ever in one, and e-mail addresses are replaced by a hash.
//!
//! ```text
//! {"at":"2026-03-01T02:00:00Z","cardinal_log":1,"hash":"5d…","kind":"segment","prev":"00…","segment":1,"seq":0}
//! {"agent":"analyst","call":"f3…","does":"trigger job 5 (Daily build)","decision":"allowed","kind":"intent","seq":1,…}
//! {"call":"f3…","end":"complete","kind":"outcome","ms":340,"seq":2,"status":200,…}
//! ```
//!
//! Start reading in `handle.rs`, which the wire calls. `writer.rs` is the thread that writes, `segments.rs` the files and
//! their repair, `chain.rs` the format of a line, `verify.rs` the check.

mod call;
mod chain;
mod error;
mod handle;
mod redact;
mod rows;
mod segments;
mod settings;
mod tail;
mod verify;
mod writer;

pub use call::{CallDecision, CallEnd, CallIntent, CallOutcome, TapePosition};
pub use chain::LogRecord;
pub use error::CallLogError;
pub use handle::{CallLog, OpenCall};
pub(crate) use rows::count_rows;
pub use segments::read_records;
pub use settings::CallLogSettings;
pub use verify::{Anchor, LogProblem, LogReport, verify};
