//! What OpenAI's batch API says, read.

use bytes::{BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use serde_json::Value;

use super::client::{BatchOutcome, BatchProgress};

/// The key of our token among a batch's metadata.
pub(super) const TOKEN: &str = "cardinal_batch";

/// A form with one file of requests, and its content type. The boundary is made from the token, which no request holds.
pub(super) fn form(lines: &Bytes, token: &str) -> (Bytes, String) {
    let boundary = format!("cardinal-{token}");
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--{boundary}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"{token}.jsonl\"\r\n\
         content-type: application/jsonl\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let mut form = BytesMut::with_capacity(head.len() + lines.len() + tail.len());
    form.put(head.as_bytes());
    form.put(&**lines);
    form.put(tail.as_bytes());
    (form.freeze(), format!("multipart/form-data; boundary={boundary}"))
}

/// How far a batch is.
pub(super) fn progress(batch: &Value) -> BatchProgress {
    let count = |name: &str| {
        let counts = batch.get("request_counts");
        counts
            .and_then(|counts| counts.get(name)?.as_u64())
            .unwrap_or_default()
    };
    let (done, total) = (count("completed").saturating_add(count("failed")), count("total"));
    let files = ["output_file_id", "error_file_id"];
    let files = files.iter().filter_map(|name| batch.get(*name)?.as_str());
    let files = files.map(str::to_owned).collect();
    let ended = |outcome| BatchProgress::Ended { outcome, files };
    match batch.get("status").and_then(Value::as_str).unwrap_or_default() {
        "completed" => ended(BatchOutcome::Finished),
        "expired" => ended(BatchOutcome::Expired),
        "cancelled" => ended(BatchOutcome::Cancelled),
        "failed" => BatchProgress::Refused(refusal(batch)),
        _ => BatchProgress::Working { done, total },
    }
}

/// Why a batch was refused as a whole.
fn refusal(batch: &Value) -> String {
    let errors = batch
        .pointer("/errors/data")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let told = errors.filter_map(|error| error.get("message")?.as_str());
    let told: Vec<&str> = told.take(3).collect();
    if told.is_empty() {
        "it says no reason".to_owned()
    } else {
        told.join("; ")
    }
}

pub(super) fn made(batch: &Value) -> Option<Timestamp> {
    Timestamp::from_second(batch.get("created_at")?.as_i64()?).ok()
}
