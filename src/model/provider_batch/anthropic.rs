//! What Anthropic's batch API says, read.

use bytes::{BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use serde_json::Value;

use super::client::{BatchOutcome, BatchProgress};

/// The body that starts a batch of these requests, one a line.
pub(super) fn body(lines: &Bytes) -> Bytes {
    const HEAD: &[u8] = br#"{"requests":["#;
    let mut body = BytesMut::with_capacity(lines.len() + HEAD.len() + 2);
    body.put(HEAD);
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        if number > 0 {
            body.put_u8(b',');
        }
        body.put(line);
    }
    body.put(&b"]}"[..]);
    body.freeze()
}

/// How far a batch is. While it works, the API counts nothing as done.
pub(super) fn progress(id: &str, batch: &Value) -> BatchProgress {
    if batch.get("processing_status").and_then(Value::as_str) != Some("ended") {
        return BatchProgress::Working {
            done: 0,
            total: requests(batch),
        };
    }
    let count = |name: &str| count(batch, name);
    let outcome = match (count("canceled"), count("expired")) {
        (0, 0) => BatchOutcome::Finished,
        (0, _) => BatchOutcome::Expired,
        _ => BatchOutcome::Cancelled,
    };
    BatchProgress::Ended {
        outcome,
        files: vec![id.to_owned()],
    }
}

/// How many requests a batch has.
pub(super) fn requests(batch: &Value) -> u64 {
    let all = ["processing", "succeeded", "errored", "canceled", "expired"];
    all.iter().map(|name| count(batch, name)).sum()
}

fn count(batch: &Value, name: &str) -> u64 {
    let counts = batch.get("request_counts");
    counts
        .and_then(|counts| counts.get(name)?.as_u64())
        .unwrap_or_default()
}

pub(super) fn made(batch: &Value) -> Option<Timestamp> {
    batch.get("created_at")?.as_str()?.parse().ok()
}
