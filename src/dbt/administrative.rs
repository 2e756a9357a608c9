use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::artifacts::{Manifest, NodeOutcome, RunResults};
use super::caller::{DbtCaller, DbtReply, DbtRequest};
use super::envelope::DbtList;
use super::error::{self, DbtError, DbtFailure};
use super::graph::DbtGraph;
use super::run::{DbtJob, DbtRun, DbtRunStatus, DbtRunStep};
use crate::operations::administrative as table;
use crate::operations::{Operation, OperationAccess};

/// The first and the longest wait between two looks at a run.
const LOOKS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(20));
/// The same where ends of runs are told: then looking is for those that are not.
const SPARE_LOOKS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// A client of the Administrative API of one account. Cheap to clone; clones share the door that a 429 closes.
#[derive(Debug, Clone)]
pub struct AdministrativeClient {
    caller: DbtCaller,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct RunFilter {
    pub job: Option<u64>,
    pub environment: Option<u64>,
    pub status: Option<DbtRunStatus>,
}

impl AdministrativeClient {
    pub(super) fn new(caller: DbtCaller) -> Self {
        Self { caller }
    }

    /// Jobs, each with its last run.
    pub async fn jobs(&self, most: usize) -> Result<DbtList<DbtJob>, DbtError> {
        let request = DbtRequest {
            query: vec![("include_related", "['most_recent_run']".to_owned())],
            ..DbtRequest::default()
        };
        let jobs: DbtList<DbtJob> = self.caller.list(&table::LIST_JOBS, request, most).await?;
        jobs.items.iter().for_each(|job| self.remember(job));
        Ok(jobs)
    }

    pub async fn job(&self, job: u64) -> Result<DbtJob, DbtError> {
        let id = job.to_string();
        let request = of("job_id", &id);
        let job: DbtJob = self.caller.one(&table::GET_JOB, request).await?;
        self.remember(&job);
        Ok(job)
    }

    /// Runs, the newest first.
    pub async fn runs(&self, filter: RunFilter, most: usize) -> Result<DbtList<DbtRun>, DbtError> {
        let mut query = vec![
            ("order_by", "-id".to_owned()),
            ("include_related", "['job']".to_owned()),
        ];
        query.extend(filter.job.map(|job| ("job_definition_id", job.to_string())));
        query.extend(
            filter
                .environment
                .map(|environment| ("environment_id", environment.to_string())),
        );
        query.extend(filter.status.map(|status| ("status", status.code().to_string())));
        let request = DbtRequest {
            query,
            ..DbtRequest::default()
        };
        let runs: DbtList<DbtRun> = self.caller.list(&table::LIST_RUNS, request, most).await?;
        let jobs = runs.items.iter().filter_map(|run| run.job.as_ref());
        jobs.for_each(|job| self.remember(job));
        Ok(runs)
    }

    /// A run with its steps.
    pub async fn run(&self, run: u64) -> Result<DbtRun, DbtError> {
        let id = run.to_string();
        let mut request = of("run_id", &id);
        request
            .query
            .push(("include_related", "['run_steps','job']".to_owned()));
        self.caller.one(&table::GET_RUN, request).await
    }

    /// Starts a job as it is defined. `cause` says who asks and why; it stands in dbt's own list of runs. It is sent once: when
    /// the answer does not come, whether the run began is to be seen in the list.
    pub async fn trigger(&self, job: u64, cause: &str) -> Result<DbtRun, DbtError> {
        let id = job.to_string();
        let mut request = of("job_id", &id);
        request.body = Some(json!({ "cause": cause }));
        self.caller.one(&table::TRIGGER_JOB_RUN, request).await
    }

    /// The same with settings that the job does not have: `steps_override`, `git_branch` and so on. A person has to approve each
    /// such call.
    pub(crate) async fn trigger_with(
        &self,
        job: u64,
        cause: &str,
        overrides: serde_json::Map<String, Value>,
    ) -> Result<DbtRun, DbtError> {
        let id = job.to_string();
        let mut request = of("job_id", &id);
        let mut body = overrides;
        body.insert("cause".to_owned(), cause.into());
        request.body = Some(Value::Object(body));
        self.caller.one(&table::TRIGGER_JOB_RUN, request).await
    }

    /// Starts a job again from the step that failed; where nothing failed, as a new run.
    pub async fn rerun(&self, job: u64) -> Result<DbtRun, DbtError> {
        let id = job.to_string();
        self.caller.one(&table::RERUN_JOB, of("job_id", &id)).await
    }

    pub async fn cancel(&self, run: u64) -> Result<DbtRun, DbtError> {
        let id = run.to_string();
        self.caller.one(&table::CANCEL_RUN, of("run_id", &id)).await
    }

    /// Looks at a run until it is over, and shows `each` what it saw: again and again, and at once when a webhook tells that it
    /// ended. A run that is not over within `patience` is an error; it goes on at dbt. Dropping the future stops looking.
    pub async fn follow(
        &self,
        run: u64,
        patience: Duration,
        each: &mut (dyn FnMut(&DbtRun) + Send),
    ) -> Result<DbtRun, DbtError> {
        // From before the first look, so that no end falls between the two.
        let mut ends = self.caller.watch_run_ends();
        let look = async {
            let (mut wait, slowest) = if ends.are_told() { SPARE_LOOKS } else { LOOKS };
            loop {
                let now = self.run(run).await?;
                each(&now);
                if now.status.is_over() {
                    return Ok(now);
                }
                wait = match tokio::time::timeout(wait, ends.ended(run)).await {
                    // What is told may be ahead of what can be read.
                    Ok(()) => LOOKS.0,
                    Err(_) => wait.mul_f64(1.5).min(slowest),
                };
            }
        };
        tokio::time::timeout(patience, look).await.unwrap_or_else(|_| {
            let message = format!("it is not over after {} s and goes on at dbt", patience.as_secs());
            Err(error::local(
                &format!("follow run {run}"),
                DbtFailure::Timeout,
                message,
            ))
        })
    }

    /// Names of the files that a run left behind; of one step, if it is named.
    pub async fn artifacts(&self, run: u64, step: Option<u32>) -> Result<Vec<String>, DbtError> {
        let id = run.to_string();
        let mut request = of("run_id", &id);
        request.query.extend(step.map(|step| ("step", step.to_string())));
        let reply = self.caller.send(&table::LIST_RUN_ARTIFACTS, request).await?;
        Ok(reply.data()?.unwrap_or_default())
    }

    /// One of those files as it is, up to the most bytes that the settings take into memory. Without a step dbt takes the last one, which is a trap: the results of a job that makes
    /// documentation last say nothing of its models.
    pub async fn artifact(&self, run: u64, path: &str, step: Option<u32>) -> Result<bytes::Bytes, DbtError> {
        let id = run.to_string();
        let request = artifact_of(&id, path, step);
        Ok(self.caller.send(&table::GET_RUN_ARTIFACT, request).await?.body)
    }

    /// How each node ended in a run, over all its steps, later steps before earlier ones. Asking for the results without a step
    /// gives those of the last one, and where that made documentation, everything looks well. So each step that runs nodes is
    /// asked for its own, and results of other commands are passed over.
    pub async fn outcomes(&self, run: &DbtRun) -> Result<BTreeMap<String, NodeOutcome>, DbtError> {
        let mut outcomes = BTreeMap::new();
        for step in run.run_steps.iter().flatten().filter(|step| step.runs_nodes()) {
            // A step that failed before it began leaves nothing.
            let results = self.results_of(run, step).await?.unwrap_or_default();
            outcomes.extend(results.outcomes().unwrap_or_default());
        }
        Ok(outcomes)
    }

    /// The nodes whose tables a run made anew, or may have before it failed. `None` where that cannot be told: the run does not
    /// say its steps, one of them is a command of which nothing is known, or left no results.
    pub(crate) async fn made_by(&self, run: &DbtRun) -> Result<Option<BTreeSet<String>>, DbtError> {
        let Some(steps) = &run.run_steps else {
            return Ok(None);
        };
        let mut made = BTreeSet::new();
        for step in steps.iter().filter(|step| !step.leaves_tables_alone()) {
            if !step.runs_nodes() {
                return Ok(None);
            }
            let results = self.results_of(run, step).await?;
            let Some(outcomes) = results.and_then(|results| results.outcomes()) else {
                return Ok(None);
            };
            let touched = outcomes.into_iter().filter(|(_, outcome)| outcome.is_run());
            made.extend(touched.map(|(unique_id, _)| unique_id));
        }
        Ok(Some(made))
    }

    /// What a step left of its results; `None` when it left none.
    async fn results_of(&self, run: &DbtRun, step: &DbtRunStep) -> Result<Option<RunResults>, DbtError> {
        match self.distilled(run.id, "run_results.json", Some(step.index)).await {
            Ok(results) => Ok(Some(results)),
            Err(error) if error.class == DbtFailure::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is made from what, as the manifest of a run says; each model also knows the table that it is in the warehouse.
    pub async fn graph(&self, run: u64) -> Result<DbtGraph, DbtError> {
        let manifest: Manifest = self.distilled(run, "manifest.json", None).await?;
        Ok(manifest.into_nodes().collect())
    }

    /// What is kept of one of the files of a run that are JSON, however large it is.
    async fn distilled<T: DeserializeOwned + Send + 'static>(
        &self,
        run: u64,
        path: &str,
        step: Option<u32>,
    ) -> Result<T, DbtError> {
        let id = run.to_string();
        let request = artifact_of(&id, path, step);
        self.caller.distilled(&table::GET_RUN_ARTIFACT, request).await
    }

    /// The items of any other list: projects, environments, connections, users and so on, as dbt writes them.
    pub async fn items(
        &self,
        operation: &Operation,
        parameters: &[(&'static str, &str)],
        most: usize,
    ) -> Result<DbtList<Value>, DbtError> {
        let request = DbtRequest {
            parameters: parameters.to_vec(),
            ..DbtRequest::default()
        };
        self.caller.list(operation, request, most).await
    }

    /// Any other thing that is read.
    pub async fn item<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        parameters: &[(&'static str, &str)],
    ) -> Result<T, DbtError> {
        let request = DbtRequest {
            parameters: parameters.to_vec(),
            ..DbtRequest::default()
        };
        self.caller.one(operation, request).await
    }

    /// Any other write, with the body as dbt's API describes it. Updates replace a thing as a whole: what a body leaves out is
    /// reset. The answer is `None` where dbt says nothing but that it did it.
    pub async fn change(
        &self,
        operation: &Operation,
        parameters: &[(&'static str, &str)],
        body: Option<Value>,
    ) -> Result<Option<Value>, DbtError> {
        if operation.access == OperationAccess::Read {
            let message = "it only reads: it is no change";
            return Err(error::local(operation.words, DbtFailure::Invalid, message));
        }
        let request = DbtRequest {
            parameters: parameters.to_vec(),
            body,
            ..DbtRequest::default()
        };
        let reply: DbtReply = self.caller.send(operation, request).await?;
        reply.data()
    }

    /// The log says what jobs are called.
    fn remember(&self, job: &DbtJob) {
        if let Some(name) = &job.name {
            self.caller
                .wire
                .remember_name("job_id", &job.id.to_string(), name);
        }
    }
}

fn artifact_of<'a>(run: &'a str, path: &'a str, step: Option<u32>) -> DbtRequest<'a> {
    let mut request = of("run_id", run);
    request.parameters.push(("path", path));
    request.query.extend(step.map(|step| ("step", step.to_string())));
    request
}

fn of<'a>(parameter: &'static str, id: &'a str) -> DbtRequest<'a> {
    DbtRequest {
        parameters: vec![(parameter, id)],
        ..DbtRequest::default()
    }
}
