use bytes::Bytes;
use serde_json::{Value, json};

use super::redact::{REDACTED, credentials, is_secret, kept_headers, redact};
use crate::wire::watch::End;
use crate::wire::{Purpose, WireError, WireRequest, WireResponse, canonical};

/// One exchange as it will stand on the tape.
#[derive(Debug)]
pub(super) struct Record {
    seq: u64,
    purpose: Purpose,
    request: Value,
    response: Option<Value>,
    chunks: Vec<Bytes>,
    end: Value,
    credentials: Vec<String>,
}

impl Record {
    /// The record of a request that is about to be sent.
    pub(super) fn new(seq: u64, request: &WireRequest) -> Self {
        let purpose = request.policy.purpose;
        let query: Vec<Value> = request
            .url
            .query_pairs()
            .map(|(name, value)| {
                let value = if is_secret(&name) { REDACTED } else { &*value };
                json!([name, value])
            })
            .collect();
        let body = request.body.as_deref().map(|body| match canonical::json(body) {
            _ if purpose == Purpose::Auth => REDACTED.into(),
            Some(mut body) => {
                redact(&mut body);
                json!({ "json": body })
            }
            None => json!({ "text": String::from_utf8_lossy(body) }),
        });
        Self {
            seq,
            purpose,
            request: json!({
                "purpose": purpose,
                "principal": request.policy.principal,
                "method": request.method.as_str(),
                "path": request.url.path(),
                "query": query,
                "body": body,
            }),
            response: None,
            chunks: Vec::new(),
            end: Value::Null,
            credentials: credentials(&request.headers),
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// The response's head.
    pub(super) fn head(&mut self, response: &WireResponse) {
        self.response = Some(json!({
            "status": response.status.as_u16(),
            "headers": kept_headers(&response.headers),
            "served_by": response.served_by,
        }));
    }

    pub(super) fn chunk(&mut self, chunk: &Bytes) {
        self.chunks.push(chunk.clone());
    }

    pub(super) fn end(&mut self, end: &End) {
        self.end = match end {
            End::Complete => "complete".into(),
            End::Dropped => "dropped".into(),
            End::Failed(error) => json!({ "error": kind(error), "message": error.to_string() }),
        };
    }

    /// The record as a line; `None` when it would hold a credential.
    pub(super) fn line(&self) -> Option<String> {
        let mut response = self.response.clone();
        if let Some(Value::Object(fields)) = &mut response {
            fields.insert("chunks".into(), self.shown_chunks());
        }
        let line = json!({
            "seq": self.seq,
            "request": self.request,
            "response": response,
            "end": self.end,
        })
        .to_string();
        let leaks = self
            .credentials
            .iter()
            .any(|secret| line.contains(secret.as_str()));
        (!leaks).then(|| line + "\n")
    }

    /// The body as it came, piece by piece; in one redacted piece when it held a secret.
    fn shown_chunks(&self) -> Value {
        if self.purpose == Purpose::Auth {
            return json!([REDACTED]);
        }
        if let Ok(mut body) = serde_json::from_slice::<Value>(&self.chunks.concat())
            && redact(&mut body)
        {
            return json!([body.to_string()]);
        }
        self.chunks.iter().map(|chunk| shown(chunk)).collect()
    }
}

/// A piece of a body: text where it is text.
fn shown(chunk: &[u8]) -> Value {
    use base64::Engine as _;
    match str::from_utf8(chunk) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": base64::engine::general_purpose::STANDARD.encode(chunk) }),
    }
}

/// The error's name on a tape. Part of the format.
fn kind(error: &WireError) -> &'static str {
    match error {
        WireError::Connect { .. } => "connect",
        WireError::Broken { .. } => "broken",
        WireError::Timeout { .. } => "timeout",
        WireError::TooLarge { .. } => "too_large",
        WireError::NotGranted { .. } => "not_granted",
        WireError::Invalid { .. } => "invalid",
    }
}
