use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::deliver::post;
use super::event::{AnnouncedEvent, event_id, payload};
use crate::state::DbtState;

/// Attempts after the first one.
const RETRIES: u32 = 5;
/// Deliveries that are remembered for each subscription.
const REMEMBERED: usize = 200;

/// Subscriptions with their secrets and deliveries.
#[derive(Debug)]
pub(crate) struct WebhookSender {
    /// Wait before the first retry; it doubles with each.
    backoff: Duration,
    /// What subscriptions of this account are signed with.
    secret: String,
    subscriptions: Mutex<BTreeMap<String, SentSubscription>>,
}

#[derive(Debug, Clone)]
struct SentSubscription {
    fields: Map<String, Value>,
    secret: String,
    deliveries: Vec<Value>,
}

impl WebhookSender {
    pub(crate) fn new(backoff: Duration, secret: String) -> Self {
        Self {
            backoff,
            secret,
            subscriptions: Mutex::default(),
        }
    }

    /// A new subscription: how it is from now on, with its secret, which is told only here.
    pub(crate) fn subscribe(&self, account_id: i64, given: &Map<String, Value>) -> Value {
        let id = format!("wsu_{}", random(26));
        let secret = self.secret.clone();
        let moment = micros();
        let fields = json!({
            "id": id,
            "account_identifier": format!("act_{account_id:026}"),
            "name": given.get("name"),
            "description": given.get("description"),
            "client_url": given.get("client_url"),
            "event_types": given.get("event_types"),
            "job_ids": texts(given.get("job_ids")),
            "active": given.get("active").and_then(Value::as_bool).unwrap_or(true),
            "created_at": moment,
            "updated_at": moment,
            "http_status_code": "0",
            "dispatched_at": null,
            "deactivate_reason": null,
        });
        let mut told = fields.clone();
        if let Some(told) = told.as_object_mut() {
            told.insert("hmac_secret".to_owned(), json!(secret));
        }
        if let Value::Object(fields) = fields {
            self.lock().insert(
                id,
                SentSubscription {
                    fields,
                    secret,
                    deliveries: Vec::new(),
                },
            );
        }
        told
    }

    /// All of them, without secrets.
    pub(crate) fn list(&self) -> Vec<Value> {
        self.lock()
            .values()
            .map(|one| Value::Object(one.fields.clone()))
            .collect()
    }

    pub(crate) fn get(&self, id: &str) -> Option<Value> {
        self.lock().get(id).map(|one| Value::Object(one.fields.clone()))
    }

    pub(crate) fn update(&self, id: &str, given: &Map<String, Value>) -> Option<Value> {
        let mut all = self.lock();
        let one = all.get_mut(id)?;
        for name in ["name", "description", "client_url", "event_types", "active"] {
            if let Some(value) = given.get(name) {
                one.fields.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(jobs) = given.get("job_ids") {
            one.fields.insert("job_ids".to_owned(), texts(Some(jobs)));
        }
        one.fields.insert("updated_at".to_owned(), json!(micros()));
        Some(Value::Object(one.fields.clone()))
    }

    pub(crate) fn remove(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    /// What was sent to a subscription, newest last.
    pub(crate) fn deliveries(&self, id: &str) -> Option<Vec<Value>> {
        self.lock().get(id).map(|one| one.deliveries.clone())
    }

    /// Sends an event to everybody who wants it, without waiting for them.
    pub(crate) fn announce(&self, state: &Arc<DbtState>, event: AnnouncedEvent, run: &Value) {
        let job = run
            .get("job_definition_id")
            .map(ToString::to_string)
            .unwrap_or_default();
        let wanting: Vec<SentSubscription> = self
            .lock()
            .values()
            .filter(|one| one.wants(event, &job))
            .cloned()
            .collect();
        for one in wanting {
            let body = payload(state, event, run, &Value::Object(one.fields.clone()));
            let state = Arc::clone(state);
            tokio::spawn(async move {
                let stop = state.stop.clone();
                tokio::select! {
                    () = state.webhooks.deliver(&one, &body) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
    }

    /// Sends one event to one subscription now, and tells the status.
    pub(crate) async fn test(&self, account_id: i64, id: &str) -> Option<Result<u16, String>> {
        let one = self.lock().get(id).cloned()?;
        let body = json!({
            "accountId": account_id,
            "webhooksID": id,
            "eventId": event_id(),
            "timestamp": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
            "eventType": AnnouncedEvent::Completed.name(),
            "webhookName": one.fields.get("name"),
            "data": { "jobId": "123", "jobName": "Test", "runId": "12345", "runStatus": "Success", "runStatusCode": 10,
                "runStatusMessage": "None", "runReason": "Test of the webhook" },
        });
        let address = one
            .fields
            .get("client_url")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Some(post(address, &one.secret, Bytes::from(body.to_string())).await)
    }

    async fn deliver(&self, one: &SentSubscription, body: &Value) {
        let address = one
            .fields
            .get("client_url")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let bytes = Bytes::from(body.to_string());
        let mut wait = self.backoff;
        for attempt in 0..=RETRIES {
            let outcome = post(address, &one.secret, bytes.clone()).await;
            let done = matches!(outcome, Ok(status) if (200..300).contains(&status));
            self.note(one, body, attempt, &outcome);
            if done {
                return;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    fn note(&self, one: &SentSubscription, body: &Value, attempt: u32, outcome: &Result<u16, String>) {
        let Some(id) = one.fields.get("id").and_then(Value::as_str) else {
            return;
        };
        let mut all = self.lock();
        let Some(kept) = all.get_mut(id) else { return };
        let (status, error) = match outcome {
            Ok(status) => (*status, Value::Null),
            Err(reason) => (0, json!(reason)),
        };
        kept.fields
            .insert("http_status_code".to_owned(), json!(status.to_string()));
        kept.fields.insert("dispatched_at".to_owned(), json!(micros()));
        if kept.deliveries.len() == REMEMBERED {
            kept.deliveries.remove(0);
        }
        kept.deliveries.push(json!({
            "event_id": body.get("eventId"),
            "event_type": body.get("eventType"),
            "attempt": attempt + 1,
            "http_status_code": status,
            "error": error,
            "dispatched_at": micros(),
        }));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SentSubscription>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SentSubscription {
    fn wants(&self, event: AnnouncedEvent, job: &str) -> bool {
        let lists = |name: &str, wanted: &str| {
            let items = self.fields.get(name).and_then(Value::as_array);
            items.is_some_and(|items| items.iter().any(|item| item.as_str() == Some(wanted)))
        };
        let all_jobs = self
            .fields
            .get("job_ids")
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty);
        self.fields.get("active") == Some(&json!(true))
            && lists("event_types", event.name())
            && (all_jobs || lists("job_ids", job))
    }
}

/// Ids go in as numbers and come out as texts.
fn texts(ids: Option<&Value>) -> Value {
    let ids = ids.and_then(Value::as_array).cloned().unwrap_or_default();
    ids.iter()
        .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned))
        .collect()
}

fn micros() -> String {
    Timestamp::now().as_microsecond().to_string()
}

fn random(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}
