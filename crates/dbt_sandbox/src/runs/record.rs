use serde_json::{Map, Value, json};

use crate::clock::{between, in_words};

/// How far a run is. On the wire it is its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPhase {
    /// It waits, for example behind another run of its job.
    Queued,
    /// Its environment is made.
    Starting,
    /// Its steps are done, one after the other.
    Running,
    /// All steps succeeded.
    Success,
    /// A step failed.
    Error,
    /// Somebody stopped it.
    Cancelled,
}

impl RunPhase {
    /// The number that stands for it.
    pub fn code(self) -> i64 {
        match self {
            Self::Queued => 1,
            Self::Starting => 2,
            Self::Running => 3,
            Self::Success => 10,
            Self::Error => 20,
            Self::Cancelled => 30,
        }
    }

    pub(crate) fn of_code(code: i64) -> Option<Self> {
        [
            Self::Queued,
            Self::Starting,
            Self::Running,
            Self::Success,
            Self::Error,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|status| status.code() == code)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Success => "Success",
            Self::Error => "Error",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether it will not change any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Error | Self::Cancelled)
    }
}

/// How the runs of a job end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnding {
    /// All steps succeed.
    Succeeds,
    /// The build fails, until it is repeated from where it failed.
    Fails,
    /// It goes on until it is cancelled.
    Hangs,
}

pub(crate) fn phase_of(run: &Map<String, Value>) -> RunPhase {
    run.get("status")
        .and_then(Value::as_i64)
        .and_then(RunPhase::of_code)
        .unwrap_or(RunPhase::Queued)
}

pub(crate) fn status_of(run: &Value) -> RunPhase {
    run.as_object().map_or(RunPhase::Queued, phase_of)
}

pub(crate) fn is_over(run: &Value) -> bool {
    status_of(run).is_over()
}

/// Sets what follows from the status and the moments.
pub(crate) fn refresh(run: &mut Map<String, Value>) {
    let status = phase_of(run);
    let text = |name: &str| run.get(name).and_then(Value::as_str).map(str::to_owned);
    let (created, started, finished) = (text("created_at"), text("started_at"), text("finished_at"));
    let duration = between(created.as_deref(), finished.as_deref());
    let queued = between(created.as_deref(), started.as_deref());
    let ran = between(started.as_deref(), finished.as_deref());
    let failed = status == RunPhase::Error;
    let updates = json!({
        "status_humanized": status.word(),
        "in_progress": !status.is_over(),
        "is_complete": status.is_over(),
        "is_success": status == RunPhase::Success,
        "is_error": failed,
        "is_cancelled": status == RunPhase::Cancelled,
        "is_running": status == RunPhase::Running,
        "duration_humanized": in_words(&duration),
        "queued_duration_humanized": in_words(&queued),
        "run_duration_humanized": in_words(&ran),
        "duration": duration,
        "queued_duration": queued,
        "run_duration": ran,
        "can_retry": failed,
        "retry_not_supported_reason": if failed { Value::Null } else { json!("RETRY_NOT_FAILED_RUN") },
    });
    if let Value::Object(updates) = updates {
        run.extend(updates);
    }
}

/// A run as a client sees it: without its steps, job, trigger and so on unless it asks for them.
pub(crate) fn complete(
    run: &Value,
    related: &[String],
    job: Option<Value>,
    environment: Option<Value>,
) -> Value {
    let mut run = run.clone();
    let Some(fields) = run.as_object_mut() else {
        return run;
    };
    for name in ["run_steps", "trigger", "audit"] {
        if !related.iter().any(|wanted| wanted == name) {
            fields.insert(
                name.to_owned(),
                if name == "run_steps" {
                    json!([])
                } else {
                    Value::Null
                },
            );
        }
    }
    if !related.iter().any(|wanted| wanted == "debug_logs")
        && let Some(steps) = fields.get_mut("run_steps").and_then(Value::as_array_mut)
    {
        for step in steps.iter_mut().filter_map(Value::as_object_mut) {
            step.insert("debug_logs".to_owned(), Value::Null);
        }
    }
    for (name, value) in [("job", job), ("environment", environment)] {
        let wanted = related.iter().any(|wanted| wanted == name);
        fields.insert(name.to_owned(), value.filter(|_| wanted).unwrap_or_default());
    }
    run
}
