//! Deliveries of dbt's webhooks: whether one is dbt's, what it says, and whether it came before.
//!
//! A delivery is signed with the secret of its subscription: its header `Authorization` is the HMAC-SHA256 of the raw body in
//! hexadecimal digits, without a scheme. It is checked over the bytes as they came, before anything is read. The signature holds no
//! time, so that a delivery that is sent again looks as good as the first: events are told apart by their ids.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use crate::text::one_line;

const MOST_EVENTS: usize = 10_000;
/// Longest id of an event, in bytes.
const LONGEST_ID: usize = 200;
/// Longest text of an event that is kept, in characters.
const MAX_CHARS: usize = 300;

/// Why a delivery is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("the signature is missing or wrong: the secret has to be the one of the subscription")]
    Unsigned,
    #[error("the body is not an event of dbt's: {0}")]
    Unreadable(String),
}

/// One event, as far as it is looked at. Ids come as texts; older deliveries leave some out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DbtEvent {
    pub event_id: String,
    /// `job.run.started`, `job.run.completed` or `job.run.errored`.
    pub event_type: String,
    pub account_id: Option<String>,
    pub environment_id: Option<String>,
    pub job_id: Option<String>,
    pub job_name: Option<String>,
    pub run_id: Option<String>,
    pub run_status: Option<String>,
    pub run_status_code: Option<i64>,
    pub finished_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent {
    event_id: String,
    event_type: String,
    #[serde(default)]
    account_id: Value,
    #[serde(default)]
    data: Option<WireEventData>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireEventData {
    environment_id: Value,
    job_id: Value,
    job_name: Value,
    run_id: Value,
    run_status: Value,
    run_status_code: Value,
    run_finished_at: Value,
    run_errored_at: Value,
}

impl DbtEvent {
    /// Reads a delivery whose signature is right.
    pub fn read(secret: &SecretString, signature: Option<&str>, body: &[u8]) -> Result<Self, WebhookError> {
        let signature = signature
            .and_then(|text| bytes_of_hex(text.trim()))
            .ok_or(WebhookError::Unsigned)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .map_err(|_| WebhookError::Unsigned)?;
        mac.update(body);
        // Compared in constant time.
        mac.verify_slice(&signature).map_err(|_| WebhookError::Unsigned)?;
        let event: WireEvent = serde_json::from_slice(body)
            .map_err(|error| WebhookError::Unreadable(one_line(&error.to_string(), MAX_CHARS)))?;
        if event.event_id.is_empty() || event.event_id.len() > LONGEST_ID {
            return Err(WebhookError::Unreadable(
                "its eventId is empty or too long".to_owned(),
            ));
        }
        let data = event.data.unwrap_or_default();
        Ok(Self {
            event_id: one_line(&event.event_id, MAX_CHARS),
            event_type: one_line(&event.event_type, MAX_CHARS),
            account_id: said(&event.account_id),
            environment_id: said(&data.environment_id),
            job_id: said(&data.job_id),
            job_name: said(&data.job_name),
            run_id: said(&data.run_id),
            run_status: said(&data.run_status),
            run_status_code: data.run_status_code.as_i64(),
            finished_at: said(&data.run_finished_at).or_else(|| said(&data.run_errored_at)),
        })
    }

    /// Whether a run is over and what it left can be read. `errored` comes before that, and is followed by `completed`.
    pub fn is_completed_run(&self) -> bool {
        self.event_type == "job.run.completed"
    }

    /// Whether a run is over, as far as its status goes.
    pub(crate) fn is_ended_run(&self) -> bool {
        self.is_completed_run() || self.event_type == "job.run.errored"
    }

    /// Whether it may be about this account and environment. What an event leaves out may be anything.
    pub fn is_about(&self, account: u64, environment: Option<u64>) -> bool {
        let fits =
            |said: &Option<String>, own: u64| said.as_ref().is_none_or(|said| *said == own.to_string());
        fits(&self.account_id, account) && environment.is_none_or(|own| fits(&self.environment_id, own))
    }
}

fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => one_line(text, MAX_CHARS),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || text.len() > 128 {
        return None;
    }
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| match pair {
                [high, low] => high << 4 | low,
                _ => 0,
            })
            .collect(),
    )
}

/// The events that came, the newest of them. Cheap to clone; clones remember together.
#[derive(Debug, Clone, Default)]
pub struct EventMemory {
    seen: Arc<Mutex<SeenEvents>>,
}

#[derive(Debug, Default)]
struct SeenEvents {
    ids: BTreeSet<String>,
    order: VecDeque<String>,
}

impl EventMemory {
    /// Whether an event is new; from now on it is not.
    pub fn is_new(&self, event_id: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.ids.insert(event_id.to_owned()) {
            return false;
        }
        seen.order.push_back(event_id.to_owned());
        if seen.order.len() > MOST_EVENTS
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.ids.remove(&oldest);
        }
        true
    }
}
