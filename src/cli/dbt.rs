//! `cardinal dbt`: what ran, and whether the data can be believed.

use serde::Serialize;
use serde_json::Value;

use super::args::{DbtCommand, GlobalArgs, HealthFrom, RunStatusArg};
use super::error::CliError;
use super::exit::ExitStatus;
use super::render::wrapped;
use super::{answer, settings, table, term};
use crate::app;
use crate::call_log::CallLog;
use crate::config::Settings;
use crate::dbt::{
    AssessedNode, DataHealth, DataHealthReport, DbtAccount, DbtJob, DbtList, DbtRun, DbtRunStatus,
    LocalProject, RunFilter,
};
use crate::grants::GrantPolicy;
use crate::principal::Principal;

/// Version of the lists' JSON format.
const VERSION: u32 = 1;
/// Most jobs that are listed.
const MOST_JOBS: usize = 1_000;

/// Runs one of the commands about dbt.
pub(super) async fn run(global: &GlobalArgs, command: &DbtCommand) -> Result<ExitStatus, CliError> {
    let settings = settings::load_and_warn(global)?.settings;
    match command {
        DbtCommand::Runs { job, status, last } => {
            let filter = RunFilter {
                job: *job,
                environment: None,
                status: status.map(DbtRunStatus::from),
            };
            let runs = account(&settings)?.administrative().runs(filter, *last).await?;
            print_runs(&runs, global.json())
        }
        DbtCommand::Jobs => {
            let jobs = account(&settings)?.administrative().jobs(MOST_JOBS).await?;
            print_jobs(&jobs, global.json())
        }
        DbtCommand::Health { entry, from } => {
            let report = health(&settings, entry, *from).await?;
            print_health(&report, global.json())
        }
    }
}

fn account(settings: &Settings) -> Result<DbtAccount, CliError> {
    let cloud = settings.dbt.cloud.clone().ok_or(CliError::NoDbtAccount)?;
    let reach = app::Reach {
        dbt: Some(&cloud),
        ..app::Reach::default()
    };
    let wire = app::wire(settings, reach)?;
    Ok(DbtAccount::new(cloud, wire, Principal::default()))
}

/// From the account where it names an environment, else from the local project, unless a person says which.
async fn health(
    settings: &Settings,
    entry: &str,
    from: Option<HealthFrom>,
) -> Result<DataHealthReport, CliError> {
    let has_environment = settings
        .dbt
        .cloud
        .as_ref()
        .is_some_and(|cloud| cloud.environment_id.is_some());
    let from = from.unwrap_or(match (&settings.dbt.project_dir, has_environment) {
        (_, true) | (None, _) => HealthFrom::Discovery,
        (Some(_), false) => HealthFrom::Local,
    });
    if from == HealthFrom::Discovery {
        let discovery = account(settings)?.discovery()?;
        let graph = discovery.graph().await?;
        let node = graph.find(entry)?.clone();
        return Ok(discovery.state(graph, &node.unique_id).await?.assess(&node));
    }
    let dir = settings.dbt.project_dir.clone().ok_or(CliError::NoDbtProject)?;
    let log = settings.call_log.clone().map(CallLog::open).transpose()?;
    let project = LocalProject::new(dir, GrantPolicy::new(&settings.grants), log, Principal::default());
    let state = project.state().await?;
    let node = state.graph.find(entry)?;
    Ok(state.assess(node))
}

/// A list for programs.
#[derive(Debug, Serialize)]
struct ListedRuns<'a> {
    version: u32,
    runs: &'a [DbtRun],
    total: Option<u64>,
    /// Whether these are all.
    complete: bool,
}

fn print_runs(runs: &DbtList<DbtRun>, json: bool) -> Result<ExitStatus, CliError> {
    let printed = if json {
        answer::json(&ListedRuns {
            version: VERSION,
            runs: &runs.items,
            total: runs.total,
            complete: runs.complete,
        })
    } else {
        let columns = ["run", "job", "status", "created", "finished", "says"].map(str::to_owned);
        let rows: Vec<Vec<Value>> = runs.items.iter().map(run_cells).collect();
        table::print(&columns, &rows)
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

fn run_cells(run: &DbtRun) -> Vec<Value> {
    let name = run.job.as_ref().and_then(|job| job.name.clone());
    let job = match (run.job_definition_id, name) {
        (Some(id), Some(name)) => format!("{id} ({})", term::line(&name)),
        (Some(id), None) => id.to_string(),
        (None, name) => name.unwrap_or_default(),
    };
    vec![
        run.id.into(),
        job.into(),
        run.status.to_string().into(),
        run.created_at.clone().into(),
        run.finished_at.clone().into(),
        run.status_message.as_deref().map(term::line).into(),
    ]
}

/// A list for programs.
#[derive(Debug, Serialize)]
struct ListedJobs<'a> {
    version: u32,
    jobs: &'a [DbtJob],
    total: Option<u64>,
    /// Whether these are all.
    complete: bool,
}

fn print_jobs(jobs: &DbtList<DbtJob>, json: bool) -> Result<ExitStatus, CliError> {
    let printed = if json {
        answer::json(&ListedJobs {
            version: VERSION,
            jobs: &jobs.items,
            total: jobs.total,
            complete: jobs.complete,
        })
    } else {
        let columns = ["job", "name", "last run", "ended", "next run"].map(str::to_owned);
        let rows: Vec<Vec<Value>> = jobs.items.iter().map(job_cells).collect();
        table::print(&columns, &rows)
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

fn job_cells(job: &DbtJob) -> Vec<Value> {
    let last = job.most_recent_run.as_ref();
    vec![
        job.id.into(),
        job.name.as_deref().map(term::line).into(),
        last.map(|run| format!("{} ({})", run.status, run.id)).into(),
        last.and_then(|run| run.finished_at.clone()).into(),
        job.next_run.clone().into(),
    ]
}

fn print_health(report: &DataHealthReport, json: bool) -> Result<ExitStatus, CliError> {
    let printed = if json {
        answer::json(report)
    } else {
        term::out_line(words(report))
    };
    printed.map_err(CliError::Output)?;
    Ok(match report.health {
        DataHealth::Unhealthy => ExitStatus::Findings,
        DataHealth::Healthy | DataHealth::Questionable => ExitStatus::Done,
    })
}

fn words(report: &DataHealthReport) -> String {
    let (style, word) = styled(report.health);
    let name = term::line(&report.name);
    let mut lines = vec![format!("{} {name}: {style}{word}{style:#}", report.kind)];
    lines.extend(
        report
            .reasons
            .iter()
            .map(|reason| format!("  {}", term::plain(reason))),
    );
    let upstream = report.nodes.len().saturating_sub(1);
    let failed = report
        .nodes
        .iter()
        .filter(|node| node.health == Some(DataHealth::Unhealthy))
        .count();
    let tests: usize = report.nodes.iter().map(tests).sum();
    let counted = |count: usize, word: &str| term::count(count as u64, word);
    lines.push(format!(
        "{} upstream, {} of all with a failure, {}",
        counted(upstream, "node"),
        failed,
        counted(tests, "test")
    ));
    let from = match report.from {
        "discovery" => "dbt's Discovery API",
        _ => "the artifacts of the local project",
    };
    let as_of = report
        .as_of
        .as_deref()
        .map(|at| format!(", as of {at}"))
        .unwrap_or_default();
    lines.push(format!("from {from}{as_of}"));
    lines.extend(
        report
            .notes
            .iter()
            .map(|note| format!("note: {}", term::plain(note))),
    );
    let lines = lines.iter().map(|line| wrapped(line, term::text_width(), "  "));
    lines.collect::<Vec<_>>().join("\n")
}

fn tests(node: &AssessedNode) -> usize {
    node.tests_passed + node.tests_failed + node.tests_other
}

fn styled(health: DataHealth) -> (anstyle::Style, &'static str) {
    match health {
        DataHealth::Healthy => (term::GOOD, "healthy"),
        DataHealth::Questionable => (term::WARN, "questionable"),
        DataHealth::Unhealthy => (term::BAD, "unhealthy"),
    }
}

impl From<RunStatusArg> for DbtRunStatus {
    fn from(status: RunStatusArg) -> Self {
        match status {
            RunStatusArg::Queued => Self::Queued,
            RunStatusArg::Starting => Self::Starting,
            RunStatusArg::Running => Self::Running,
            RunStatusArg::Success => Self::Success,
            RunStatusArg::Error => Self::Error,
            RunStatusArg::Cancelled => Self::Cancelled,
        }
    }
}
