use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::artifacts::run_results;
use crate::clock::read;
use crate::project::DbtProject;
use crate::runs::{RunPhase, status_of};

/// How the last run of a node went.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeRun {
    pub(super) status: String,
    pub(super) message: Option<String>,
    pub(super) failures: Option<i64>,
    pub(super) started: Option<String>,
    pub(super) completed: Option<String>,
    pub(super) generated: Option<String>,
    pub(super) seconds: f64,
    pub(super) run_id: Option<i64>,
    pub(super) job_id: Option<i64>,
    /// The last run in which it succeeded.
    pub(super) success_run_id: Option<i64>,
}

/// How each node is now: what the past runs made of it, and the runs since.
#[derive(Debug)]
pub(crate) struct AppliedState {
    /// The runs that were over at start, oldest first; read when somebody first asks.
    past: Vec<Value>,
    nodes: Mutex<Option<BTreeMap<String, NodeRun>>>,
}

impl AppliedState {
    pub(crate) fn new(past: Vec<Value>) -> Self {
        Self {
            past,
            nodes: Mutex::new(None),
        }
    }

    /// How a node's last run went.
    pub(super) fn node(&self, project: &DbtProject, id: &str) -> Option<NodeRun> {
        self.lock(project).as_ref()?.get(id).cloned()
    }

    /// Takes in a run that is over.
    pub(crate) fn run_ended(&self, project: &DbtProject, run: &Value, commands: &[String]) {
        if let Some(nodes) = self.lock(project).as_mut() {
            apply(nodes, project, run, commands);
        }
    }

    fn lock(&self, project: &DbtProject) -> MutexGuard<'_, Option<BTreeMap<String, NodeRun>>> {
        let mut guard = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            let mut nodes = BTreeMap::new();
            // Most past runs are of few kinds, whose results are large: each kind is read once.
            let mut results: BTreeMap<(Vec<String>, bool), Value> = BTreeMap::new();
            for run in &self.past {
                let commands = commands_of(run);
                let succeeded = status_of(run) == RunPhase::Success;
                let key = (commands.clone(), succeeded);
                let results = results
                    .entry(key)
                    .or_insert_with(|| run_results(project, &commands, succeeded));
                put(&mut nodes, rows_in(results, run, &commands));
            }
            *guard = Some(nodes);
        }
        guard
    }
}

/// The commands that a run's steps tell of.
pub(super) fn commands_of(run: &Value) -> Vec<String> {
    let steps = run.get("run_steps").and_then(Value::as_array);
    let names = steps
        .into_iter()
        .flatten()
        .filter_map(|step| step.get("name")?.as_str());
    names
        .filter_map(|name| Some(name.split_once('`')?.1.trim_end_matches('`').to_owned()))
        .filter(|command| !command.starts_with("dbt deps"))
        .collect()
}

/// The rows of a run's results, with the moments of the run.
pub(super) fn rows_of(project: &DbtProject, run: &Value, commands: &[String]) -> Vec<(String, NodeRun)> {
    let status = status_of(run);
    if !tells(run, commands) {
        return Vec::new();
    }
    let results = run_results(project, commands, status == RunPhase::Success);
    rows_in(&results, run, commands)
}

/// Whether a run that ended so with these commands says anything of nodes.
fn tells(run: &Value, commands: &[String]) -> bool {
    let over = matches!(status_of(run), RunPhase::Success | RunPhase::Error);
    over && commands
        .iter()
        .any(|command| !command.starts_with("dbt docs") && !command.starts_with("dbt source"))
}

fn rows_in(results: &Value, run: &Value, commands: &[String]) -> Vec<(String, NodeRun)> {
    if !tells(run, commands) {
        return Vec::new();
    }
    let moment = |name: &str| {
        let at = run.get(name).and_then(Value::as_str).and_then(read)?;
        Some(at.to_string())
    };
    let number = |name: &str| run.get(name).and_then(Value::as_i64);
    let shift = shift_to(run, results);
    let rows = results.get("results").and_then(Value::as_array);
    rows.into_iter()
        .flatten()
        .filter_map(|row| {
            let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
            let node = NodeRun {
                status: text("status")?,
                message: text("message"),
                failures: row.get("failures").and_then(Value::as_i64),
                started: executed(row, "started_at", shift).or_else(|| moment("started_at")),
                completed: executed(row, "completed_at", shift).or_else(|| moment("finished_at")),
                generated: moment("finished_at"),
                seconds: row
                    .get("execution_time")
                    .and_then(Value::as_f64)
                    .unwrap_or_default(),
                run_id: number("id"),
                job_id: number("job_definition_id"),
                success_run_id: None,
            };
            Some((text("unique_id")?, node))
        })
        .collect()
}

/// How far the moments in these results lie from the run: nothing when they fall into it, so that both tell the same moments. Other
/// runs borrow the results of a run that really took place, and theirs count from the run's own start.
fn shift_to(run: &Value, results: &Value) -> SignedDuration {
    let of_run = |name: &str| run.get(name).and_then(Value::as_str).and_then(read);
    let began = results
        .pointer("/metadata/invocation_started_at")
        .and_then(Value::as_str)
        .and_then(read);
    match (of_run("started_at"), of_run("finished_at"), began) {
        (Some(start), Some(end), Some(began)) if began < start || began > end => start.duration_since(began),
        _ => SignedDuration::ZERO,
    }
}

/// When a node's own execution started or completed.
fn executed(row: &Value, moment: &str, shift: SignedDuration) -> Option<String> {
    let timing = row.get("timing")?.as_array()?;
    let execute = timing
        .iter()
        .find(|part| part.get("name").and_then(Value::as_str) == Some("execute"))?;
    let at = read(execute.get(moment)?.as_str()?)?;
    Some(at.checked_add(shift).ok()?.to_string())
}

fn apply(nodes: &mut BTreeMap<String, NodeRun>, project: &DbtProject, run: &Value, commands: &[String]) {
    put(nodes, rows_of(project, run, commands));
}

fn put(nodes: &mut BTreeMap<String, NodeRun>, rows: Vec<(String, NodeRun)>) {
    for (id, mut node) in rows {
        let before = nodes.get(&id).and_then(|node| node.success_run_id);
        let good = matches!(node.status.as_str(), "success" | "pass");
        node.success_run_id = if good { node.run_id } else { before };
        if node.status == "skipped" {
            // What was skipped did not run: when it did last, and how, stays known beside that.
            let known = nodes.get(&id).cloned().unwrap_or_default();
            node.completed = known.completed;
            node.started = known.started;
        }
        nodes.insert(id, node);
    }
}

impl NodeRun {
    /// As `ExecutionInfo`.
    pub(super) fn json(&self) -> Value {
        let error = matches!(self.status.as_str(), "error" | "fail" | "warn")
            .then(|| self.message.clone())
            .flatten();
        json!({
            "lastRunId": self.run_id,
            "lastJobDefinitionId": self.job_id,
            "lastRunGeneratedAt": self.generated,
            "runGeneratedAt": self.generated,
            "lastRunStatus": self.status,
            "lastRunError": error,
            "lastRunFailures": self.failures,
            "lastSuccessRunId": self.success_run_id,
            "lastSuccessJobDefinitionId": self.success_run_id.and(self.job_id),
            "executeStartedAt": self.started,
            "executeCompletedAt": self.completed,
            "compileStartedAt": self.started,
            "compileCompletedAt": self.started,
            "executionTime": self.seconds,
            "runElapsedTime": self.seconds,
        })
    }
}
