//! Runs that were triggered go on by themselves: queued, starting, running, over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::history::{RunSeed, commands, run_fields};
use super::record::{RunEnding, RunPhase, is_over, phase_of, refresh};
use super::steps::{LOG_OF_FAILURE, run_steps};
use crate::account::AdminObjectKind;
use crate::clock::now;
use crate::state::DbtState;
use crate::webhooks::AnnouncedEvent;

/// A run that goes on for so long is not going to be cancelled by anybody.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone)]
pub(crate) struct RunTrigger {
    /// Free text of whoever asked for it.
    pub(crate) cause: String,
    /// `api`, `rerun`, …
    pub(crate) category: &'static str,
    /// What it does differently from its job.
    pub(crate) overrides: Map<String, Value>,
    pub(crate) actor: String,
    /// Whether it goes on where a failed run ended; then it succeeds.
    pub(crate) resumes: bool,
}

/// The runs that are under way.
#[derive(Debug)]
pub(crate) struct RunEngine {
    /// How long a run stays in each of its statuses.
    pace: Duration,
    outcomes: Mutex<BTreeMap<i64, RunEnding>>,
    queues: Mutex<BTreeMap<i64, Arc<tokio::sync::Mutex<()>>>>,
    cancels: Mutex<BTreeMap<i64, CancellationToken>>,
}

impl RunEngine {
    pub(crate) fn new(pace: Duration) -> Self {
        let outcomes = BTreeMap::from([(8003, RunEnding::Fails), (8004, RunEnding::Hangs)]);
        Self {
            pace,
            outcomes: Mutex::new(outcomes),
            queues: Mutex::default(),
            cancels: Mutex::default(),
        }
    }

    /// How the runs of a job end from now on.
    pub(crate) fn set_ending(&self, job_id: i64, outcome: RunEnding) {
        self.outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job_id, outcome);
    }

    fn outcome(&self, job_id: i64) -> RunEnding {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.get(&job_id).copied().unwrap_or(RunEnding::Succeeds)
    }

    /// Starts a run of a job, and tells how it is at first.
    pub(crate) fn start(&self, state: &Arc<DbtState>, job: &Value, trigger: &RunTrigger) -> Value {
        let seed = RunSeed {
            account_id: state.account.id,
            job,
            status: RunPhase::Queued,
            created: Timestamp::now(),
            cause: &trigger.cause,
            category: trigger.category,
            actor: &trigger.actor,
        };
        let mut fields = run_fields(&seed, 0);
        for (name, into) in [
            ("git_branch", "git_branch"),
            ("git_sha", "git_sha"),
            ("dbt_version_override", "dbt_version"),
        ] {
            if let Some(value) = trigger.overrides.get(name).filter(|value| !value.is_null()) {
                fields.insert(into.to_owned(), value.clone());
            }
        }
        if let Some(of_run) = fields.get_mut("trigger").and_then(Value::as_object_mut) {
            of_run.extend(trigger.overrides.clone());
        }
        refresh(&mut fields);
        let run = state.account.add(AdminObjectKind::Run, fields);
        let (Some(run_id), Some(job_id)) = (number(&run, "id"), number(job, "id")) else {
            return run;
        };
        let run = state
            .account
            .change(AdminObjectKind::Run, run_id, |fields| {
                fields.insert("trigger_id".to_owned(), json!(run_id + 10_000));
            })
            .unwrap_or(run);
        let cancel = state.stop.child_token();
        self.cancels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(run_id, cancel.clone());
        let overridden = trigger
            .overrides
            .get("steps_override")
            .and_then(Value::as_array)
            .filter(|steps| !steps.is_empty());
        let course = RunTask {
            run_id,
            job_id,
            commands: overridden.map_or_else(
                || commands(job),
                |steps| {
                    steps
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect()
                },
            ),
            outcome: match self.outcome(job_id) {
                RunEnding::Fails if trigger.resumes => RunEnding::Succeeds,
                outcome => outcome,
            },
            pace: self.pace,
        };
        let queue = self.queue(job_id);
        let state = Arc::clone(state);
        tokio::spawn(async move {
            tokio::select! {
                () = course.follow(&state, queue) => {}
                () = cancel.cancelled() => {}
            }
        });
        run
    }

    /// Stops a run. One that is over stays as it is.
    pub(crate) fn cancel(&self, state: &Arc<DbtState>, run_id: i64, actor: &str) -> Option<Value> {
        let run = state.account.get(AdminObjectKind::Run, run_id)?;
        if is_over(&run) {
            return Some(run);
        }
        let token = self
            .cancels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&run_id);
        if let Some(token) = token {
            token.cancel();
        }
        let job =
            number(&run, "job_definition_id").and_then(|id| state.account.get(AdminObjectKind::Job, id));
        let steps = job.as_ref().map(commands).unwrap_or_default();
        let run = state.account.change(AdminObjectKind::Run, run_id, |fields| {
            let moment = now();
            fields.insert("status".to_owned(), json!(RunPhase::Cancelled.code()));
            fields.insert(
                "status_message".to_owned(),
                json!("The run was cancelled by a user."),
            );
            fields.insert("finished_at".to_owned(), json!(moment));
            fields.insert("updated_at".to_owned(), json!(moment));
            fields.insert(
                "run_steps".to_owned(),
                run_steps(run_id, &steps, RunPhase::Cancelled, &moment),
            );
            if let Some(audit) = fields.get_mut("audit").and_then(Value::as_object_mut) {
                let actor = json!({ "actor": { "id": null, "type": "service_token", "name": actor } });
                audit.insert("cancellation".to_owned(), actor);
            }
            refresh(fields);
        })?;
        state.webhooks.announce(state, AnnouncedEvent::Completed, &run);
        Some(run)
    }

    fn queue(&self, job_id: i64) -> Arc<tokio::sync::Mutex<()>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(job_id).or_default())
    }
}

/// One run on its way.
#[derive(Debug)]
struct RunTask {
    run_id: i64,
    job_id: i64,
    commands: Vec<String>,
    outcome: RunEnding,
    pace: Duration,
}

impl RunTask {
    async fn follow(&self, state: &Arc<DbtState>, queue: Arc<tokio::sync::Mutex<()>>) {
        // Runs of one job wait for each other, in the order in which they were asked for.
        let turn = queue.lock_owned().await;
        tokio::time::sleep(self.pace).await;
        self.become_(state, RunPhase::Starting, &["dequeued_at"]);
        tokio::time::sleep(self.pace).await;
        if let Some(run) = self.become_(state, RunPhase::Running, &["started_at"]) {
            state.webhooks.announce(state, AnnouncedEvent::Started, &run);
        }
        tokio::time::sleep(if self.outcome == RunEnding::Hangs {
            LONGEST
        } else {
            self.pace
        })
        .await;
        let status = if self.outcome == RunEnding::Succeeds {
            RunPhase::Success
        } else {
            RunPhase::Error
        };
        let ended = self.become_(state, status, &["finished_at"]);
        drop(turn);
        if let Some(run) = ended {
            state.applied.run_ended(&state.project, &run, &self.commands);
            if status == RunPhase::Error {
                state.webhooks.announce(state, AnnouncedEvent::Errored, &run);
            }
            state.webhooks.announce(state, AnnouncedEvent::Completed, &run);
        }
    }

    /// Takes the run to its next phase, and tells how it is then. A run that was cancelled meanwhile stays as it is.
    fn become_(&self, state: &Arc<DbtState>, status: RunPhase, moments: &[&str]) -> Option<Value> {
        let job = state
            .account
            .get(AdminObjectKind::Job, self.job_id)
            .unwrap_or_default();
        let mut cancelled = false;
        let run = state.account.change(AdminObjectKind::Run, self.run_id, |fields| {
            // Somebody may cancel it between the wait before this and now. It stays cancelled.
            cancelled = phase_of(fields).is_over();
            if cancelled {
                return;
            }
            let moment = now();
            for name in moments.iter().chain(&["updated_at"]) {
                fields.insert((*name).to_owned(), json!(moment));
            }
            fields.insert("status".to_owned(), json!(status.code()));
            if status.is_over() {
                let docs = status == RunPhase::Success && job.get("generate_docs") == Some(&json!(true));
                let sources = job.get("run_generate_sources") == Some(&json!(true));
                fields.insert("artifacts_saved".to_owned(), json!(true));
                fields.insert("has_docs_generated".to_owned(), json!(docs));
                fields.insert("has_sources_generated".to_owned(), json!(sources));
                fields.insert(
                    "run_steps".to_owned(),
                    run_steps(self.run_id, &self.commands, status, &moment),
                );
            }
            if status == RunPhase::Error {
                fields.insert("status_message".to_owned(), json!(LOG_OF_FAILURE));
            }
            refresh(fields);
        });
        run.filter(|_| !cancelled)
    }
}

fn number(value: &Value, name: &str) -> Option<i64> {
    value.get(name).and_then(Value::as_i64)
}
