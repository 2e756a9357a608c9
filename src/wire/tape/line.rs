//! The lines of a tape: one JSON object each, keys sorted, each with a checksum of its own, so that one changed
//! exchange is one changed line. The last line holds a seal over all checksums.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::delta::apply;
use super::exchange::{Exchange, ExchangeEnd, ResponseHead};
use super::header::Header;
use super::sent::{SentBody, SentRequest, WholeRequest};
use super::told::ToldBody;
use super::{body, request};

/// The version of the format.
pub(super) const FORMAT: u64 = 1;
/// Prefixes shorter than this stand in the tape itself.
const INLINE: usize = 1024;

/// What the turn came to: the last line of a tape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnEnd {
    pub outcome: String,
    pub stop_reason: String,
    pub text: String,
    /// Hash of everything in the answer that has to come out the same in a replay.
    pub answer: String,
    /// What the day's ledger denied the turn, as the answer tells it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denials: Vec<Value>,
    /// Where in the turn its time ran out, as whoever replays it knows to read; null when it did not.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub late: Value,
    /// How healthy the data of each result was, by the result's handle; null where nothing was known. It was looked up beside
    /// the turn, so that a replay takes it from here.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub health: Value,
}

/// The prefix of a turn's completions, kept in a file beside the tape under its hash.
#[derive(Debug, Clone)]
pub(super) struct Prefix {
    pub(super) hash: String,
    pub(super) text: String,
}

/// An exchange as a line.
pub(super) struct ToldExchange {
    pub(super) line: String,
    /// Where in the line the response's body stands.
    pub(super) body: Range<usize>,
    /// What the line refers to, if nothing before it did.
    pub(super) prefix: Option<Prefix>,
}

/// Puts lines together, or takes them apart: both need what came before.
#[derive(Debug, Default)]
pub(super) struct TapeLines {
    seq: u64,
    seal: blake3::Hasher,
    /// The body of the completion that was read before.
    last: Option<Value>,
    /// The body of the completion that was written before.
    told: Option<SentBody>,
}

#[derive(Debug)]
pub(super) enum TapeLine {
    Header(Box<Header>),
    Exchange(Box<Exchange>),
    End(TurnEnd),
}

/// Why a line cannot be taken.
#[derive(Debug)]
pub(super) enum LineFault {
    Version(String),
    Damaged(String),
    Altered,
    Order { expected: u64, found: u64 },
    Prefix { hash: String, reason: String },
}

impl TapeLines {
    /// The number of the next exchange.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn header(&mut self, header: &Header) -> Result<String, serde_json::Error> {
        let header = serde_json::to_value(header)?;
        Ok(self.finished(json!({ "cardinal_tape": FORMAT, "header": header }).to_string()))
    }

    /// The line of an exchange, whose request lacks the `body` of a completion. `whole` is the response's body in one piece.
    pub(super) fn exchange(
        &mut self,
        exchange: Exchange,
        body: Option<SentBody>,
        whole: &[u8],
    ) -> Result<ToldExchange, serde_json::Error> {
        let sent = match body {
            None => SentRequest::of_canonical(exchange.request),
            body => SentRequest {
                request: exchange.request,
                body,
            },
        };
        let key = sent.key();
        let (told, prefix) = match sent.body {
            None => (None, None),
            Some(body) => {
                let (told, prefix) = self.tell_body(body);
                (Some(told), prefix)
            }
        };
        let mut line = serde_json::to_string(&LineBeginning {
            end: serde_json::to_value(&exchange.end)?,
            key: &key,
            request: WholeRequest::told(&sent.request, told.as_ref()),
        })?;
        line.truncate(line.len().saturating_sub(1));
        line.push_str(",\"response\":");
        let body = match exchange.response {
            None => {
                line.push_str("null");
                line.len()..line.len()
            }
            Some(head) => push_response(&mut line, &head, &body::write(whole, &exchange.chunks)?)?,
        };
        line.push_str(",\"seq\":");
        line.push_str(&self.seq.to_string());
        line.push('}');
        self.seq = self.seq.saturating_add(1);
        Ok(ToldExchange {
            line: self.finished(line),
            body,
            prefix,
        })
    }

    pub(super) fn end(&mut self, end: &TurnEnd) -> Result<String, serde_json::Error> {
        let mut end = serde_json::to_value(end)?;
        if let Some(fields) = end.as_object_mut() {
            fields.insert("exchanges".to_owned(), self.seq.into());
            fields.insert("seal".to_owned(), self.sealed().into());
        }
        Ok(self.finished(json!({ "end": end }).to_string()))
    }

    /// A completion's body as what it adds to the one before, and the prefix that it refers to, if nothing before it did.
    fn tell_body(&mut self, new: SentBody) -> (ToldBody, Option<Prefix>) {
        let before = self
            .told
            .take()
            .or_else(|| self.last.take().map(SentBody::of_canonical));
        let told = match before {
            Some(before) if before.begins_like(&new) => (ToldBody::between(&before, &new), None),
            _ => Self::tell_whole(&new),
        };
        self.told = Some(new);
        told
    }

    /// A completion's body as what it adds to its prefix; a short prefix stands in the line.
    fn tell_whole(body: &SentBody) -> (ToldBody, Option<Prefix>) {
        let beginning = body.beginning();
        let text = beginning.text();
        if text.len() < INLINE {
            return (ToldBody::whole(body), None);
        }
        let hash = request::hash_of(&text);
        let told = ToldBody::following(&beginning, &hash, body);
        (told, Some(Prefix { hash, text }))
    }

    /// The line with its checksum.
    fn finished(&mut self, mut told: String) -> String {
        let sum = sum(&told);
        self.seal.update(sum.as_bytes());
        // The checksum's key is the last one in their order.
        told.truncate(told.len().saturating_sub(1));
        told.push_str(",\"sum\":\"");
        told.push_str(&sum);
        told.push_str("\"}\n");
        told
    }

    /// The seal over all lines so far.
    pub(super) fn sealed(&self) -> String {
        self.seal.finalize().to_hex().chars().take(32).collect()
    }

    /// Takes a line apart, which has to be, to the byte, one that would be written. `prefix` finds the prefix of a hash,
    /// which fits it.
    pub(super) fn take(
        &mut self,
        text: &str,
        prefix: &dyn Fn(&str) -> Result<Arc<Value>, String>,
    ) -> Result<TapeLine, LineFault> {
        let damaged = |reason: &dyn ToString| LineFault::Damaged(reason.to_string());
        let mut line: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| LineFault::Damaged(no_json(text, &error)))?;
        if let Some(version) = line
            .get("cardinal_tape")
            .filter(|version| **version != json!(FORMAT))
        {
            return Err(LineFault::Version(version.to_string()));
        }
        line.remove("sum");
        let line = Value::Object(line);
        let told = line.to_string();
        let sum = sum(&told);
        if !is_summed(text, &told, &sum) {
            return Err(LineFault::Altered);
        }
        let before = self.sealed();
        self.seal.update(sum.as_bytes());
        if let Some(header) = line.get("header") {
            let header = serde_json::from_value(header.clone()).map_err(|error| damaged(&error))?;
            return Ok(TapeLine::Header(Box::new(header)));
        }
        if let Some(end) = line.get("end").filter(|_| line.get("seq").is_none()) {
            return self.take_end(end.clone(), &before);
        }
        self.take_exchange(&line, prefix)
            .map(|exchange| TapeLine::Exchange(Box::new(exchange)))
    }

    fn take_end(&self, mut end: Value, seal: &str) -> Result<TapeLine, LineFault> {
        let fields = end.as_object_mut().ok_or(LineFault::Altered)?;
        let count = fields.remove("exchanges").and_then(|count| count.as_u64());
        let written = fields.remove("seal");
        let found = count.ok_or_else(|| LineFault::Damaged("its end counts no exchanges".to_owned()))?;
        if found != self.seq {
            return Err(LineFault::Order {
                expected: self.seq,
                found,
            });
        }
        if written.as_ref().and_then(Value::as_str) != Some(seal) {
            return Err(LineFault::Altered);
        }
        let end = serde_json::from_value(end).map_err(|error| LineFault::Damaged(error.to_string()))?;
        Ok(TapeLine::End(end))
    }

    fn take_exchange(
        &mut self,
        line: &Value,
        prefix: &dyn Fn(&str) -> Result<Arc<Value>, String>,
    ) -> Result<Exchange, LineFault> {
        let damaged = |reason: &str| LineFault::Damaged(reason.to_owned());
        let found = line.get("seq").and_then(Value::as_u64);
        let found = found.ok_or_else(|| damaged("it is not a header, an exchange or an end"))?;
        if found != self.seq {
            return Err(LineFault::Order {
                expected: self.seq,
                found,
            });
        }
        self.seq = self.seq.saturating_add(1);
        let mut told = line.get("request").cloned().unwrap_or_default();
        self.restore_body(&mut told, prefix)?;
        if line.get("key").and_then(Value::as_str) != Some(request::key(&told).as_str()) {
            return Err(damaged("its request is not the one its key was made of"));
        }
        let mut response = line.get("response").cloned().unwrap_or_default();
        let chunks: Vec<Bytes> = match response.as_object_mut().map(|fields| fields.remove("body")) {
            None => Vec::new(),
            Some(None) => return Err(damaged("its response has no body")),
            Some(Some(body)) => body::read(&body).map_err(LineFault::Damaged)?,
        };
        let response: Option<ResponseHead> =
            serde_json::from_value(response).map_err(|error| LineFault::Damaged(error.to_string()))?;
        let end = line.get("end").cloned().unwrap_or_default();
        let end: ExchangeEnd =
            serde_json::from_value(end).map_err(|error| LineFault::Damaged(error.to_string()))?;
        Ok(Exchange {
            request: told,
            response,
            chunks,
            end,
        })
    }

    fn restore_body(
        &mut self,
        told: &mut Value,
        prefix: &dyn Fn(&str) -> Result<Arc<Value>, String>,
    ) -> Result<(), LineFault> {
        let Some(Value::Object(mut delta)) = told.as_object_mut().and_then(|told| told.remove("delta"))
        else {
            return Ok(());
        };
        let mut whole = match delta.remove("base") {
            Some(Value::String(hash)) => match prefix(&hash) {
                Ok(value) => Value::clone(&value),
                Err(reason) => return Err(LineFault::Prefix { hash, reason }),
            },
            Some(_) => json!({}),
            None => match &self.last {
                Some(last) => last.clone(),
                None => {
                    return Err(LineFault::Damaged(
                        "it refers to a completion before it, and there is none".to_owned(),
                    ));
                }
            },
        };
        apply(&mut whole, &delta).map_err(LineFault::Damaged)?;
        self.last = Some(whole.clone());
        if let Some(fields) = told.as_object_mut() {
            fields.insert("body".to_owned(), whole);
        }
        Ok(())
    }
}

/// What a line of an exchange begins with, the fields in the order of their names.
#[derive(Serialize)]
struct LineBeginning<'l> {
    end: Value,
    key: &'l str,
    request: WholeRequest<'l, ToldBody>,
}

/// Appends a response to a line; says where its body stands.
fn push_response(
    line: &mut String,
    head: &ResponseHead,
    body: &str,
) -> Result<Range<usize>, serde_json::Error> {
    line.push_str("{\"body\":");
    let start = line.len();
    line.push_str(body);
    let end = line.len();
    // What else there is comes behind the body, in the order of its names.
    let head = serde_json::to_value(head)?;
    for (name, part) in head.as_object().into_iter().flatten() {
        line.push_str(",\"");
        line.push_str(name);
        line.push_str("\":");
        line.push_str(&part.to_string());
    }
    line.push('}');
    Ok(start..end)
}

fn sum(told: &str) -> String {
    let hash = blake3::hash(told.as_bytes());
    hash.to_hex().chars().take(16).collect()
}

fn is_summed(text: &str, told: &str, sum: &str) -> bool {
    let open = told.strip_suffix('}').unwrap_or(told);
    let behind = text
        .strip_prefix(open)
        .and_then(|rest| rest.strip_prefix(",\"sum\":\""));
    behind.and_then(|rest| rest.strip_prefix(sum)) == Some("\"}")
}

fn no_json(text: &str, error: &serde_json::Error) -> String {
    if text.starts_with('\u{feff}') {
        return "it begins with a byte order mark, which no tape does".to_owned();
    }
    let problem = error.to_string();
    // A line is one line for the parser, whatever its number on the tape.
    format!(
        "it is not JSON: {}",
        problem.replace(" at line 1 column ", " at byte ")
    )
}
