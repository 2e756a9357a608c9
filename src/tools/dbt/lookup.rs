//! The tool `dbt_lookup`: jobs, runs, models and lineage by name or id.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::rows::{
    ABOUT_NODE_COLUMNS, NODE_COLUMNS, count, instant, moment, name_of, node_row, seconds, table, text,
};
use super::{failed, not_configured, told, unknown};
use crate::dbt::{
    AdministrativeClient, AssessedNode, DbtConnection, DbtError, DbtFailure, DbtJob, DbtNode, DbtOffers,
    DbtRun, RunFilter,
};
use crate::metabase::FailureClass;
use crate::model::ToolSpec;
use crate::prompt::fill;
use crate::result::{Cell, ColumnKind, LookupSource, ResultTable};
use crate::tools::check::{Rejection, decode, nearest, quote};
use crate::tools::output::of_lookup;
use crate::tools::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use crate::tools::{RefusalClass, ToolError, ToolOutput, schema};

/// Longest name, in characters.
const MAX_CHARS: usize = 200;
/// Most jobs that are read.
const MOST_JOBS: usize = 500;
/// Runs that are shown, the newest.
const MOST_RUNS: usize = 30;
/// The same since a day that is named.
const MOST_RUNS_SINCE: usize = 200;
/// Most nodes whose state is read without a name.
const MOST_NODES: usize = 150;

/// What can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LookupKind {
    Jobs,
    Runs,
    Models,
    Lineage,
}

impl LookupKind {
    const ALL: [Self; 4] = [Self::Jobs, Self::Runs, Self::Models, Self::Lineage];

    fn word(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Runs => "runs",
            Self::Models => "models",
            Self::Lineage => "lineage",
        }
    }

    fn is_offered(self, offers: DbtOffers) -> bool {
        match self {
            Self::Jobs => offers.jobs,
            Self::Runs => offers.runs,
            Self::Models | Self::Lineage => offers.nodes,
        }
    }

    /// What the model is told of it.
    fn says(self) -> &'static str {
        match self {
            Self::Jobs => {
                "- `jobs`: jobs with their commands, their last run and when they run next; `name` is a job."
            }
            Self::Runs => {
                "- `runs`: the newest 30 runs, or all from the day `since` on, how each ended and when; `name` is a job or the id of a run."
            }
            Self::Models => {
                "- `models`: models, seeds, snapshots and sources with their last run, tests and freshness; `name` is one of them."
            }
            Self::Lineage => {
                "- `lineage`: what a model is made from (upstream) and what is made from it (downstream); `name` is needed."
            }
        }
    }

    fn offered(offers: DbtOffers) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|wanted| wanted.is_offered(offers))
            .collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupArguments {
    what: String,
    #[serde(default)]
    name: Option<Value>,
    #[serde(default)]
    since: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tools) struct LookupCall {
    what: LookupKind,
    name: Option<String>,
    /// Runs from this day on.
    since: Option<Date>,
}

/// Looks something up in dbt.
#[derive(Debug, Clone, Copy)]
pub(in crate::tools) struct DbtLookupTool;

impl Tool for DbtLookupTool {
    type Plan = LookupCall;
    const NAME: &'static str = "dbt_lookup";
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        let offered = LookupKind::offered(offer.dbt);
        if offered.is_empty() {
            return None;
        }
        let whats: Vec<&str> = offered.iter().map(|wanted| wanted.says()).collect();
        let description = fill(
            include_str!("../../../prompts/dbt/dbt_lookup.md"),
            &json!({ "whats": whats.join("\n") }),
        );
        let words: Vec<&str> = offered.iter().map(|wanted| wanted.word()).collect();
        let name = json!({ "description": "a name or an id; left out: all", "type": "string" });
        let what = json!({ "enum": words, "type": "string" });
        let mut properties = json!({ "name": name, "what": what });
        if offer.dbt.runs
            && let Some(properties) = properties.as_object_mut()
        {
            properties.insert("since".to_owned(), schema::text());
        }
        Some(schema::tool(Self::NAME, &description, properties, &["what"]))
    }

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        let first = LookupKind::offered(offer.dbt).into_iter().next()?;
        Some(json!({ "what": first.word() }))
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<LookupCall>, Rejection> {
        let arguments: LookupArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: what, name, since"))?;
        let offered = LookupKind::offered(context.dbt);
        let wanted = arguments.what.trim();
        let Some(what) = offered.iter().copied().find(|one| one.word() == wanted) else {
            let words: Vec<&str> = offered.iter().map(|one| one.word()).collect();
            let message = format!("what is one of {}, and not {}", words.join(", "), quote(wanted));
            return Err(Rejection::new(RefusalClass::BadValue, message));
        };
        let name = name_of(arguments.name.as_ref());
        if name.as_ref().is_some_and(|name| name.chars().count() > MAX_CHARS) {
            let message = format!("the name is longer than {MAX_CHARS} characters");
            return Err(Rejection::new(RefusalClass::BadValue, message).hint("write one name or id"));
        }
        if what == LookupKind::Lineage && name.is_none() {
            let message = "whose lineage is wanted is not said";
            return Err(
                Rejection::new(RefusalClass::BadValue, message).hint("name a model, source or metric of dbt")
            );
        }
        let since = since(what, arguments.since.as_deref())?;
        let mut canonical = Map::new();
        canonical.insert("what".to_owned(), what.word().into());
        if let Some(name) = &name {
            canonical.insert("name".to_owned(), name.as_str().into());
        }
        if let Some(since) = since {
            canonical.insert("since".to_owned(), since.to_string().into());
        }
        Ok(CheckedCall {
            arguments: Value::Object(canonical),
            plan: LookupCall { what, name, since },
        })
    }

    fn summary(&self, plan: &LookupCall) -> String {
        match &plan.name {
            Some(name) => format!("looks up {} of {} in dbt", plan.what.word(), quote(name)),
            None => format!("looks up {} in dbt", plan.what.word()),
        }
    }

    async fn run(&self, plan: &LookupCall, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let mut what = match &plan.name {
            Some(name) => format!("dbt {} {}", plan.what.word(), quote(name)),
            None => format!("dbt {}", plan.what.word()),
        };
        if let Some(since) = plan.since {
            what = format!("{what} since {since}");
        }
        let dbt = context.dbt.ok_or_else(|| not_configured(&what))?;
        let name = plan.name.as_deref();
        let found = match plan.what {
            LookupKind::Jobs => jobs(&account(dbt, &what)?, name, &what).await,
            LookupKind::Runs => runs(&account(dbt, &what)?, dbt.offers(), plan, &what).await,
            LookupKind::Models => models(dbt, name, &what).await,
            LookupKind::Lineage => lineage(dbt, name.unwrap_or_default(), &what).await,
        }?;
        let source = LookupSource {
            tool: Self::NAME.to_owned(),
            name: what.strip_prefix("dbt ").unwrap_or(&what).to_owned(),
            arguments: context.arguments.clone(),
        };
        let about = (plan.what == LookupKind::Models).then_some(ABOUT_NODE_COLUMNS);
        Ok(of_lookup(&found, what, source, about, &context))
    }
}

fn account(dbt: &DbtConnection, what: &str) -> Result<AdministrativeClient, ToolError> {
    let account = dbt.needed_account(what).map_err(|error| failed(what, &error))?;
    Ok(account.administrative())
}

/// The job of that id or name. A name has to be whole, in any case.
pub(super) fn job_called<'a>(jobs: &'a [DbtJob], name: &str) -> Option<&'a DbtJob> {
    let lower = name.to_lowercase();
    jobs.iter().find(|job| {
        let called = job.name.as_ref().is_some_and(|own| own.to_lowercase() == lower);
        called || job.id.to_string() == name
    })
}

/// That no job is called so, with those that are most like it.
pub(super) fn no_job(jobs: &[DbtJob], name: &str, what: &str) -> ToolError {
    let names: Vec<&str> = jobs.iter().filter_map(|job| job.name.as_deref()).collect();
    let near: Vec<String> = nearest(name, names.iter().copied(), 3)
        .into_iter()
        .map(quote)
        .collect();
    let said = if near.is_empty() {
        format!("there is no job {}", quote(name))
    } else {
        format!("there is no job {}; near it: {}", quote(name), near.join(", "))
    };
    told(what, "unknown_name", &said, FailureClass::NotFound)
}

async fn jobs(
    client: &AdministrativeClient,
    name: Option<&str>,
    what: &str,
) -> Result<ResultTable, ToolError> {
    let all = client
        .jobs(MOST_JOBS)
        .await
        .map_err(|error| failed(what, &error))?;
    let shown: Vec<&DbtJob> = match name {
        None => all.items.iter().collect(),
        Some(name) => vec![job_called(&all.items, name).ok_or_else(|| no_job(&all.items, name, what))?],
    };
    let columns = [
        ("job_id", ColumnKind::Integer),
        ("job", ColumnKind::Text),
        ("last_run_id", ColumnKind::Integer),
        ("last_status", ColumnKind::Text),
        ("last_finished", ColumnKind::Datetime),
        ("next_run", ColumnKind::Datetime),
        ("commands", ColumnKind::Text),
    ];
    let row = |job: &DbtJob| {
        let last = job.most_recent_run.as_deref();
        let commands = job.execute_steps.clone().unwrap_or_default().join("; ");
        vec![
            count(job.id),
            text(job.name.as_deref()),
            last.map_or(Cell::Null, |run| count(run.id)),
            last.map_or(Cell::Null, |run| Cell::text(run.status.to_string())),
            moment(last.and_then(|run| run.finished_at.as_deref())),
            moment(job.next_run.as_deref()),
            text(Some(&commands)),
        ]
    };
    let limit = (!all.complete).then_some(MOST_JOBS as u64);
    Ok(table(&columns, shown.into_iter().map(row).collect(), limit))
}

async fn runs(
    client: &AdministrativeClient,
    offers: DbtOffers,
    plan: &LookupCall,
    what: &str,
) -> Result<ResultTable, ToolError> {
    let (name, since) = (plan.name.as_deref(), plan.since);
    let fail = |error: DbtError| failed(what, &error);
    let mut filter = RunFilter::default();
    let number = name.and_then(|name| name.parse::<u64>().ok());
    if let (Some(number), false) = (number, offers.jobs) {
        // Which jobs there are may not be asked: the number is that of a job with runs, or of a run.
        filter.job = Some(number);
        let of_job = client.runs(filter, MOST_RUNS).await.map_err(fail)?;
        if of_job.items.is_empty() {
            let run = client.run(number).await.map_err(fail)?;
            return Ok(run_table(&[run], None));
        }
    } else if let Some(name) = name {
        let all = client.jobs(MOST_JOBS).await.map_err(fail)?;
        match (job_called(&all.items, name), name.parse::<u64>()) {
            (Some(job), _) => filter.job = Some(job.id),
            (None, Ok(run)) => {
                let run = client.run(run).await.map_err(fail)?;
                return Ok(run_table(&[run], None));
            }
            (None, Err(_)) => return Err(no_job(&all.items, name, what)),
        }
    }
    let most = since.map_or(MOST_RUNS, |_| MOST_RUNS_SINCE);
    let mut found = client.runs(filter, most).await.map_err(fail)?;
    if let Some(since) = since {
        let read = found.items.len();
        // A run without a readable day is kept: nothing says that it is older.
        found
            .items
            .retain(|run| day_of(run).is_none_or(|day| day >= since));
        found.complete |= found.items.len() < read;
    }
    let limit = (!found.complete).then_some(most as u64);
    Ok(run_table(&found.items, limit))
}

/// The day on which a run was created, in UTC.
fn day_of(run: &DbtRun) -> Option<Date> {
    let created = instant(run.created_at.as_deref()?)?;
    Some(created.to_zoned(TimeZone::UTC).date())
}

/// The day in `since`, which only runs have.
fn since(what: LookupKind, written: Option<&str>) -> Result<Option<Date>, Rejection> {
    let Some(written) = written.map(str::trim).filter(|written| !written.is_empty()) else {
        return Ok(None);
    };
    let bad = |message: String, hint: &str| Err(Rejection::new(RefusalClass::BadValue, message).hint(hint));
    if what != LookupKind::Runs {
        return bad(
            format!("since is for runs, and not for {}", what.word()),
            "leave since out",
        );
    }
    match written.parse() {
        Ok(day) => Ok(Some(day)),
        Err(_) => bad(
            format!("since is a day, and not {}", quote(written)),
            "write the day as 2026-01-31",
        ),
    }
}

/// Runs as rows, the newest first.
pub(super) fn run_table(runs: &[DbtRun], limit: Option<u64>) -> ResultTable {
    let columns = [
        ("run_id", ColumnKind::Integer),
        ("job_id", ColumnKind::Integer),
        ("job", ColumnKind::Text),
        ("status", ColumnKind::Text),
        ("created", ColumnKind::Datetime),
        ("started", ColumnKind::Datetime),
        ("finished", ColumnKind::Datetime),
        ("duration_seconds", ColumnKind::Number),
        ("message", ColumnKind::Text),
    ];
    let row = |run: &DbtRun| {
        let times = (run.started_at.as_deref(), run.finished_at.as_deref());
        let duration = match times {
            (Some(started), Some(finished)) => instant(started)
                .zip(instant(finished))
                .map(|(started, finished)| finished.duration_since(started).as_secs_f64()),
            _ => None,
        };
        vec![
            count(run.id),
            run.job_definition_id.map_or(Cell::Null, count),
            text(run.job.as_ref().and_then(|job| job.name.as_deref())),
            Cell::text(run.status.to_string()),
            moment(run.created_at.as_deref()),
            moment(run.started_at.as_deref()),
            moment(run.finished_at.as_deref()),
            seconds(duration),
            text(run.status_message.as_deref()),
        ]
    };
    table(&columns, runs.iter().map(row).collect(), limit)
}

/// Kinds of nodes that have a state.
fn has_state(node: &DbtNode) -> bool {
    matches!(node.kind.as_str(), "model" | "seed" | "snapshot" | "source")
}

async fn models(dbt: &DbtConnection, name: Option<&str>, what: &str) -> Result<ResultTable, ToolError> {
    let fail = |error: DbtError| failed(what, &error);
    let graph = dbt.graph().await.map_err(fail)?;
    let ids: Vec<String> = match name {
        Some(name) => vec![
            graph
                .find(name)
                .map_err(|error| unknown(what, &error))?
                .unique_id
                .clone(),
        ],
        None => graph
            .nodes()
            .filter(|node| has_state(node))
            .map(|node| node.unique_id.clone())
            .collect(),
    };
    let limit = (ids.len() > MOST_NODES).then_some(MOST_NODES as u64);
    let wanted: Vec<&str> = ids.iter().take(MOST_NODES).map(String::as_str).collect();
    let state = dbt.state(graph, &wanted).await.map_err(fail)?;
    let own = |id: &&str| -> Option<AssessedNode> {
        let node = state.graph.node(id)?;
        let report = state.assess(node);
        report.nodes.into_iter().find(|node| node.unique_id == **id)
    };
    let rows = wanted
        .iter()
        .filter_map(own)
        .map(|node| node_row(&node))
        .collect();
    Ok(table(&NODE_COLUMNS, rows, limit))
}

async fn lineage(dbt: &DbtConnection, name: &str, what: &str) -> Result<ResultTable, ToolError> {
    let graph = dbt.graph().await.map_err(|error| failed(what, &error))?;
    let node = graph.find(name).map_err(|error| unknown(what, &error))?;
    let columns = [
        ("direction", ColumnKind::Text),
        ("steps_away", ColumnKind::Integer),
        ("node", ColumnKind::Text),
        ("kind", ColumnKind::Text),
        ("made_from", ColumnKind::Text),
    ];
    let row = |direction: &str, steps: u32, node: &DbtNode| {
        let named = |id: &String| {
            graph
                .node(id)
                .map_or_else(|| id.clone(), |parent| parent.name.clone())
        };
        let parents: Vec<String> = node.parents.iter().map(named).collect();
        vec![
            Cell::text(direction),
            count(steps),
            text(Some(&node.name)),
            text(Some(&node.kind)),
            text(Some(&parents.join(", "))),
        ]
    };
    let mut rows = vec![row("itself", 0, node)];
    for (direction, found) in [
        ("upstream", graph.upstream(&node.unique_id)),
        ("downstream", graph.downstream(&node.unique_id)),
    ] {
        rows.extend(
            found
                .iter()
                .skip(1)
                .map(|(steps, node)| row(direction, *steps, node)),
        );
    }
    Ok(table(&columns, rows, None))
}

/// Whether a failure says that a run may have begun although no answer came.
pub(super) fn may_have_begun(error: &DbtError) -> bool {
    matches!(
        error.class,
        DbtFailure::Timeout | DbtFailure::Unavailable | DbtFailure::Unreadable
    )
}
