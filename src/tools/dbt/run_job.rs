//! The tool `dbt_run_job`: starts a job and follows its run. It is shown only where starting a job is granted.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::lookup::{job_called, may_have_begun, no_job, run_table};
use super::rows::name_of;
use super::{failed, not_configured, told};
use crate::metabase::FailureClass;
use crate::model::ToolSpec;
use crate::result::LookupSource;
use crate::tools::check::{Rejection, decode, quote};
use crate::tools::output::of_lookup;
use crate::tools::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use crate::tools::{RefusalClass, ToolError, ToolOutput, schema};

/// Longest time that a run is followed within a turn. It goes on at dbt.
const PATIENCE: Duration = Duration::from_secs(45);
/// Most commands that replace those of a job, and the longest of them, in characters.
const MOST_STEPS: usize = 10;
const LONGEST_STEP: usize = 400;
/// Longest name of a job or branch, in characters.
const LONGEST_NAME: usize = 200;
/// Most jobs that are looked through for a name.
const MOST_JOBS: usize = 500;
/// What dbt's own list of runs says of why it ran. It is the same for equal calls, because an approval is of exactly one request.
const CAUSE: &str = "Asked for in a conversation with Cardinal";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunJobArguments {
    job: Value,
    #[serde(default)]
    steps: Option<Vec<String>>,
    #[serde(default)]
    git_branch: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tools) struct RunJobCall {
    job: String,
    overrides: Map<String, Value>,
}

/// Starts a job of dbt.
#[derive(Debug, Clone, Copy)]
pub(in crate::tools) struct DbtRunJobTool;

impl Tool for DbtRunJobTool {
    type Plan = RunJobCall;
    const NAME: &'static str = "dbt_run_job";
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        offer.dbt.run_job.then(|| {
            let job = json!({ "description": "its id or name", "type": "string" });
            schema::tool(
                Self::NAME,
                include_str!("../../../prompts/dbt/dbt_run_job.md"),
                json!({
                    "git_branch": schema::text(),
                    "job": job,
                    "steps": schema::described_list("dbt commands in place of the job's own", schema::text()),
                }),
                &["job"],
            )
        })
    }

    fn example(&self, _offer: OfferContext<'_>) -> Option<Value> {
        Some(json!({ "job": "5" }))
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        _context: CheckContext<'_>,
    ) -> Result<CheckedCall<RunJobCall>, Rejection> {
        let arguments: RunJobArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: job, steps, git_branch"))?;
        let bad = |message: String| Rejection::new(RefusalClass::BadValue, message);
        let job = name_of(Some(&arguments.job))
            .filter(|job| job.chars().count() <= LONGEST_NAME)
            .ok_or_else(|| bad("job is the id or the name of one job".to_owned()))?;
        let mut overrides = Map::new();
        let steps: Vec<String> = arguments.steps.unwrap_or_default();
        let steps: Vec<&str> = steps
            .iter()
            .map(|step| step.trim())
            .filter(|step| !step.is_empty())
            .collect();
        if steps.len() > MOST_STEPS || steps.iter().any(|step| step.chars().count() > LONGEST_STEP) {
            return Err(bad(format!(
                "steps are at most {MOST_STEPS} commands of at most {LONGEST_STEP} characters"
            )));
        }
        if let Some(other) = steps.iter().find(|step| !step.starts_with("dbt ")) {
            return Err(bad(format!(
                "a step is a dbt command such as \"dbt build\", and not {}",
                quote(other)
            )));
        }
        if !steps.is_empty() {
            overrides.insert("steps_override".to_owned(), json!(steps));
        }
        if let Some(branch) = arguments
            .git_branch
            .as_deref()
            .map(str::trim)
            .filter(|branch| !branch.is_empty())
        {
            if branch.chars().count() > LONGEST_NAME {
                return Err(bad("git_branch is the name of one branch".to_owned()));
            }
            overrides.insert("git_branch".to_owned(), branch.into());
        }
        let mut canonical = json!({ "job": job });
        if let Some(fields) = canonical.as_object_mut() {
            if let Some(steps) = overrides.get("steps_override") {
                fields.insert("steps".to_owned(), steps.clone());
            }
            if let Some(branch) = overrides.get("git_branch") {
                fields.insert("git_branch".to_owned(), branch.clone());
            }
        }
        Ok(CheckedCall {
            arguments: canonical,
            plan: RunJobCall { job, overrides },
        })
    }

    fn summary(&self, plan: &RunJobCall) -> String {
        format!("starts the dbt job {}", quote(&plan.job))
    }

    async fn run(&self, plan: &RunJobCall, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let what = format!("run of dbt job {}", quote(&plan.job));
        let dbt = context.dbt.ok_or_else(|| not_configured(&what))?;
        let account = dbt.needed_account(&what).map_err(|error| failed(&what, &error))?;
        let client = account.administrative();
        let id = if let Ok(id) = plan.job.parse::<u64>() {
            id
        } else {
            let jobs = client.jobs(MOST_JOBS).await;
            let jobs = jobs.map_err(|error| failed(&what, &error))?;
            let job = job_called(&jobs.items, &plan.job);
            job.ok_or_else(|| no_job(&jobs.items, &plan.job, &what))?.id
        };
        let started = client.trigger_with(id, CAUSE, plan.overrides.clone()).await;
        let started = started.map_err(|error| {
            if may_have_begun(&error) {
                let said = format!("{error}; whether the run began is not known: look at the job's runs");
                told(&what, "timeout", &said, FailureClass::Timeout)
            } else {
                failed(&what, &error)
            }
        })?;
        // A run that is not over in time is shown as far as it came.
        let mut last = started.clone();
        let followed = client
            .follow(started.id, PATIENCE, &mut |run| last = run.clone())
            .await;
        let run = followed.unwrap_or(last);
        let source = LookupSource {
            tool: Self::NAME.to_owned(),
            name: format!("run {} of job {id}", run.id),
            arguments: context.arguments.clone(),
        };
        Ok(of_lookup(&run_table(&[run], None), what, source, None, &context))
    }
}
