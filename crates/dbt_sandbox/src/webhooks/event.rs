use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::AdminObjectKind;
use crate::clock::read;
use crate::runs::{RunPhase, status_of};
use crate::state::DbtState;

/// What happened to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnnouncedEvent {
    Started,
    Completed,
    Errored,
}

impl AnnouncedEvent {
    pub(crate) const ALL: [Self; 3] = [Self::Started, Self::Completed, Self::Errored];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "job.run.started",
            Self::Completed => "job.run.completed",
            Self::Errored => "job.run.errored",
        }
    }
}

/// What a subscriber is sent about a run.
pub(super) fn payload(state: &DbtState, event: AnnouncedEvent, run: &Value, subscription: &Value) -> Value {
    let text = |name: &str| plain(run.get(name).unwrap_or(&Value::Null));
    let named = |kind: AdminObjectKind, of: &str| {
        let id = run.get(of).and_then(Value::as_i64)?;
        state.account.get(kind, id)?.get("name").cloned()
    };
    let (word, code) = match status_of(run) {
        RunPhase::Error => ("Errored", 20),
        status => (status.word(), status.code()),
    };
    let moment = |name: &str| {
        run.get(name)
            .and_then(Value::as_str)
            .and_then(read)
            .map(|at| at.to_string())
    };
    let mut data = json!({
        "jobId": text("job_definition_id"),
        "jobName": named(AdminObjectKind::Job, "job_definition_id"),
        "runId": text("id"),
        "environmentId": text("environment_id"),
        "environmentName": named(AdminObjectKind::Environment, "environment_id"),
        "dbtVersion": text("dbt_version"),
        "projectName": named(AdminObjectKind::Project, "project_id"),
        "projectId": text("project_id"),
        "runStatus": word,
        "runStatusCode": code,
        "runStatusMessage": run.get("status_message").and_then(Value::as_str).unwrap_or("None"),
        "runReason": run.pointer("/trigger/cause").cloned().unwrap_or_default(),
        "runStartedAt": moment("started_at"),
    });
    if let Some(fields) = data.as_object_mut() {
        match event {
            AnnouncedEvent::Started => {}
            AnnouncedEvent::Completed => {
                fields.insert("runFinishedAt".to_owned(), json!(moment("finished_at")));
            }
            AnnouncedEvent::Errored => {
                fields.insert("runErroredAt".to_owned(), json!(moment("finished_at")));
            }
        }
    }
    json!({
        "accountId": state.account.id,
        "webhooksID": subscription.get("id"),
        "eventId": event_id(),
        "timestamp": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
        "eventType": event.name(),
        "webhookName": subscription.get("name"),
        "data": data,
    })
}

/// A new id of an event.
pub(super) fn event_id() -> String {
    let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(26).collect();
    format!("wev_{id}")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
