//! `cardinal dbt`: what ran, and whether the data can be believed.

use std::net::SocketAddr;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use super::args::{DbtCommand, GlobalArgs, HealthFrom, RunStatusArg};
use super::catalog::CatalogAccess;
use super::error::CliError;
use super::exit::ExitStatus;
use super::render::wrapped;
use super::{answer, saved_queries, settings, table, term};
use crate::app::{self, Freshness};
use crate::call_log::CallLog;
use crate::catalog::find;
use crate::config::Settings;
use crate::dbt::{
    AssessedNode, DataHealth, DataHealthReport, DbtAccount, DbtConnection, DbtJob, DbtList, DbtNameError,
    DbtRun, DbtRunStatus, LocalProject, RunFilter, entry_health,
};
use crate::grants::GrantPolicy;
use crate::principal::Principal;
use crate::server::receive_webhooks;
use crate::text::escape_hidden;

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
        DbtCommand::Cancel { run } => {
            let run = account(&settings)?.administrative().cancel(*run).await?;
            print_run(&run, global.json())
        }
        DbtCommand::Rerun { job } => {
            let run = account(&settings)?.administrative().rerun(*job).await?;
            print_run(&run, global.json())
        }
        DbtCommand::Saved { name, limit } => {
            let layer = account(&settings)?.semantic_layer()?;
            match name {
                None => saved_queries::list(&layer, global.json()).await,
                Some(name) => saved_queries::ask(global, &settings, &layer, name, *limit).await,
            }
        }
        DbtCommand::Webhook { listen } => {
            let secret = settings
                .dbt
                .webhook_secret
                .clone()
                .ok_or(CliError::NoWebhookSecret)?;
            webhook(*listen, secret).await
        }
        DbtCommand::Health { entry, from } => {
            let report = health(global, &settings, entry, *from).await?;
            print_health(&report, global.json())
        }
    }
}

fn account(settings: &Settings) -> Result<DbtAccount, CliError> {
    let cloud = settings.dbt.cloud.clone().ok_or(CliError::NoDbtAccount)?;
    let reach = app::ReachedSystems {
        dbt: Some(&cloud),
        ..app::ReachedSystems::default()
    };
    let wire = app::wire(settings, reach)?;
    Ok(DbtAccount::new(cloud, wire, Principal::default()))
}

/// Prints events until the program is told to end.
async fn webhook(listen: SocketAddr, secret: SecretString) -> Result<ExitStatus, CliError> {
    let mut receiver = receive_webhooks(listen, secret).await?;
    term::say(format_args!("dbt may deliver to {}; Ctrl-C ends", receiver.url));
    loop {
        let event = tokio::select! {
            event = receiver.events.recv() => event,
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some(event) = event else {
            return Ok(ExitStatus::Done);
        };
        let line = serde_json::to_string(&event).unwrap_or_default();
        term::out_line(escape_hidden(&line)).map_err(CliError::Output)?;
    }
}

/// From the account where it names an environment, else from the local project, unless a person says which. A name that dbt does
/// not know may be that of an entry of Metabase, which is then judged by what it is made from.
async fn health(
    global: &GlobalArgs,
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
    let policy = GrantPolicy::new(&settings.grants);
    let dbt = if from == HealthFrom::Discovery {
        let account = account(settings)?;
        account.discovery()?;
        DbtConnection::new(Some(account), None, &policy)
    } else {
        let dir = settings.dbt.project_dir.clone().ok_or(CliError::NoDbtProject)?;
        let log = settings.call_log.clone().map(CallLog::open).transpose()?;
        let project = LocalProject::new(dir, policy.clone(), log, Principal::default());
        DbtConnection::new(None, Some(project), &policy)
    };
    let graph = dbt.graph().await?;
    let unknown = match graph.find(entry) {
        Ok(node) => {
            let id = node.unique_id.clone();
            let state = dbt.state(graph, &[&id]).await?;
            let node = state.graph.find(&id)?;
            return Ok(state.assess(node));
        }
        Err(error) => error,
    };
    if settings.metabase.is_none() || matches!(unknown, DbtNameError::Ambiguous { .. }) {
        return Err(unknown.into());
    }
    let opened = CatalogAccess::open(global).await?;
    let catalog = opened.load(Freshness::Cached).await?.catalog;
    let Ok(entries) = find(&catalog, entry) else {
        return Err(unknown.into());
    };
    match entries.as_slice() {
        [entry] => Ok(entry_health(&dbt, opened.client(), entry).await?),
        several => Err(CliError::usage(format_args!(
            "\"{entry}\" can be {}: say which",
            several
                .iter()
                .map(|entry| format!("{} {}", entry.kind(), entry.id()))
                .collect::<Vec<_>>()
                .join(" or ")
        ))),
    }
}

#[derive(Debug, Serialize)]
struct ListedRuns<'a> {
    version: u32,
    runs: &'a [DbtRun],
    total: Option<u64>,
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
        run_table(&runs.items)
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

#[derive(Debug, Serialize)]
struct ChangedRun<'a> {
    version: u32,
    run: &'a DbtRun,
}

/// A run as it is after what was asked of it.
fn print_run(run: &DbtRun, json: bool) -> Result<ExitStatus, CliError> {
    let printed = if json {
        answer::json(&ChangedRun {
            version: VERSION,
            run,
        })
    } else {
        run_table(std::slice::from_ref(run))
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

fn run_table(runs: &[DbtRun]) -> std::io::Result<()> {
    let columns = ["run", "job", "status", "created", "finished", "says"].map(str::to_owned);
    let rows: Vec<Vec<Value>> = runs.iter().map(run_cells).collect();
    table::print(&columns, &rows)
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

#[derive(Debug, Serialize)]
struct ListedJobs<'a> {
    version: u32,
    jobs: &'a [DbtJob],
    total: Option<u64>,
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
    node.tests_passed + node.tests_failed + node.tests_warned + node.tests_skipped + node.tests_other
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
