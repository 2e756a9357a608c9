use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Version of the format.
pub(super) const VERSION: u64 = 1;
/// What the first record names as the hash before it.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of a chain: what the next record is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChainEnd {
    /// Number of the next record.
    pub(super) next: u64,
    /// Hash of the last record.
    pub(super) hash: String,
}

impl Default for ChainEnd {
    fn default() -> Self {
        Self {
            next: 0,
            hash: GENESIS.to_owned(),
        }
    }
}

/// One record, as readers see it. Which fields are there depends on its kind.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct LogRecord {
    pub seq: u64,
    pub at: String,
    /// `segment`, `intent`, `refused`, `outcome` or `repair`.
    pub kind: String,
    pub prev: String,
    pub hash: String,
    /// Joins an outcome to its intent.
    pub call: Option<String>,
    pub agent: Option<String>,
    pub principal: Option<String>,
    pub system: Option<String>,
    pub account: Option<String>,
    pub area: Option<String>,
    pub operation: Option<String>,
    pub does: Option<String>,
    pub decision: Option<String>,
    pub rule: Option<String>,
    pub reason: Option<String>,
    pub end: Option<String>,
    pub status: Option<u16>,
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
    pub ms: Option<u64>,
    pub served_by: Option<String>,
    pub turn: Option<String>,
    /// The tape that holds the request, and which of its exchanges it is.
    pub tape: Option<String>,
    pub exchange: Option<u64>,
}

impl ChainEnd {
    /// Links a record behind this end: its line, with a line end. The end moves on.
    pub(super) fn link(&mut self, kind: &str, fields: Map<String, Value>, at: Timestamp) -> String {
        let mut record = fields;
        record.insert("kind".to_owned(), kind.into());
        record.insert("seq".to_owned(), self.next.into());
        record.insert("at".to_owned(), at.to_string().into());
        record.insert("prev".to_owned(), self.hash.as_str().into());
        self.hash = hash_of(&record);
        self.next = self.next.saturating_add(1);
        record.insert("hash".to_owned(), self.hash.as_str().into());
        format!("{}\n", Value::Object(record))
    }
}

/// The hash over a record without its hash: of the hash before it and of its JSON with sorted keys.
fn hash_of(record: &Map<String, Value>) -> String {
    let prev = record.get("prev").and_then(Value::as_str).unwrap_or_default();
    let canonical = Value::Object(record.clone()).to_string();
    let mut hasher = Sha256::new();
    hasher.update(prev.as_bytes());
    hasher.update(canonical.as_bytes());
    hex(&hasher.finalize())
}

/// Reads a line without its line end. What is wrong with it in itself is told; its place in the chain is not looked at.
pub(super) fn read_line(line: &str) -> Result<LogRecord, String> {
    let mut fields: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("it is not a record: {error}"))?;
    let written = Value::Object(fields.clone()).to_string();
    if written != line {
        return Err("it is not written as a record is".to_owned());
    }
    let Some(Value::String(hash)) = fields.remove("hash") else {
        return Err("it has no hash".to_owned());
    };
    if hash != hash_of(&fields) {
        return Err("it was changed: its hash is that of another record".to_owned());
    }
    serde_json::from_str(line).map_err(|error| format!("it is not a record: {error}"))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
