//! The health of an entry of Metabase: what dbt knows of everything that it is made from.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::DbtConnection;
use super::error::DbtError;
use super::graph::{DbtGraph, DbtNode};
use super::health::{AssessedSubject, DataHealthReport};
use crate::catalog::{Entry, WarehouseTable};
use crate::metabase::MetabaseClient;
use crate::text::one_line;

/// Most tables or models that are named at once.
const MOST_NAMED: usize = 6;
/// Most models downstream whose state is read.
const MOST_DOWNSTREAM: usize = 20;
/// Longest name in an error or note, in characters.
const NAME_CHARS: usize = 80;

/// Why nothing can be said of an entry.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryHealthError {
    #[error(transparent)]
    Dbt(#[from] DbtError),
    /// dbt is not known to make it.
    #[error(
        "dbt is not known to make {entry}: no exposure names its page, and {tables}; an exposure whose `url` is its page in \
         Metabase joins the two"
    )]
    NotJoined { entry: String, tables: String },
}

/// Whether the rows of an entry rest on any of these nodes, by its exposures and by the tables that it reads. `None` where that
/// is not known.
pub(crate) async fn rests_on(
    graph: &DbtGraph,
    metabase: &MetabaseClient,
    entry: &Entry,
    nodes: &BTreeSet<String>,
) -> Option<bool> {
    let (kind, id) = (entry.kind(), entry.id());
    let tables = metabase.tables_read(entry).await.unwrap_or_default();
    // What an exposure says may be less than what is read.
    let mut made_from = graph.made_from(kind, id, &[]);
    made_from.extend(tables.iter().flat_map(|table| graph.all_of_table(table)));
    if made_from.is_empty() && tables.is_empty() {
        return None;
    }
    let mut upstream = made_from.iter().flat_map(|node| graph.upstream(&node.unique_id));
    Some(upstream.any(|(_, node)| nodes.contains(&node.unique_id)))
}

/// Judges an entry by its exposures, and where it has none by the tables that it reads.
pub(crate) async fn entry_health(
    dbt: &DbtConnection,
    metabase: &MetabaseClient,
    entry: &Entry,
) -> Result<DataHealthReport, EntryHealthError> {
    judged(dbt, metabase, entry, false).await
}

/// The same, beside it the models that dbt makes from the tables of an entry without an exposure.
pub(crate) async fn entry_health_with_downstream(
    dbt: &DbtConnection,
    metabase: &MetabaseClient,
    entry: &Entry,
) -> Result<DataHealthReport, EntryHealthError> {
    judged(dbt, metabase, entry, true).await
}

async fn judged(
    dbt: &DbtConnection,
    metabase: &MetabaseClient,
    entry: &Entry,
    with_downstream: bool,
) -> Result<DataHealthReport, EntryHealthError> {
    let mut graph = dbt.graph().await?;
    let (kind, id) = (entry.kind(), entry.id());
    if let Some(node) = metric_of_dbt(&graph, entry) {
        let wanted = node.unique_id.clone();
        let state = dbt.state(graph, &[&wanted]).await?;
        let made_from: Vec<&DbtNode> = state.graph.node(&wanted).into_iter().collect();
        return Ok(state.assess_all(subject(entry), &made_from));
    }
    let mut tables: Vec<WarehouseTable> = Vec::new();
    let mut unread = None;
    let joined_by_tables = graph.made_from(kind, id, &[]).is_empty();
    if joined_by_tables {
        match metabase.tables_read(entry).await {
            Ok(found) => {
                tables = found;
                graph = dbt.graph_with_tables().await?;
            }
            Err(error) => unread = Some(error.to_string()),
        }
    }
    let made_from = graph.made_from(kind, id, &tables);
    let ids: Vec<String> = made_from.iter().map(|node| node.unique_id.clone()).collect();
    if ids.is_empty() {
        return Err(EntryHealthError::NotJoined {
            entry: format!("{kind} {id} \"{}\"", one_line(entry.name(), NAME_CHARS)),
            tables: unread.map_or_else(
                || said_tables(&tables),
                |error| format!("its tables are not known ({error})"),
            ),
        });
    }
    let downstream = if with_downstream && joined_by_tables {
        models_made_from(&graph, &made_from)
    } else {
        Vec::new()
    };
    let beside = downstream.iter().map(|(_, id)| id);
    let wanted: Vec<&str> = ids.iter().chain(beside).map(String::as_str).collect();
    let state = dbt.state(graph, &wanted).await?;
    let nodes: Vec<&DbtNode> = ids.iter().filter_map(|id| state.graph.node(id)).collect();
    let mut report = state.assess_all(subject(entry), &nodes);
    if joined_by_tables {
        report.notes.splice(0..0, leads(&state.graph, entry, &nodes));
    }
    let downstream = downstream.iter();
    let assessed = downstream.filter_map(|(depth, id)| Some(state.assessed(state.graph.node(id)?, *depth)));
    report.downstream = assessed.collect();
    Ok(report)
}

/// The models that are made from these nodes, near ones first, each once and with how many steps it is away.
fn models_made_from(graph: &DbtGraph, nodes: &[&DbtNode]) -> Vec<(u32, String)> {
    let mut nearest: BTreeMap<&str, u32> = BTreeMap::new();
    for (depth, node) in nodes.iter().flat_map(|node| graph.downstream(&node.unique_id)) {
        if depth > 0 && node.kind == "model" {
            let known = nearest.entry(&node.unique_id).or_insert(depth);
            *known = depth.min(*known);
        }
    }
    let mut made: Vec<(u32, String)> = nearest
        .into_iter()
        .map(|(id, depth)| (depth, id.to_owned()))
        .collect();
    made.sort();
    made.truncate(MOST_DOWNSTREAM);
    made
}

fn subject(entry: &Entry) -> AssessedSubject {
    AssessedSubject {
        unique_id: format!("{} {}", entry.kind(), entry.id()),
        name: entry.name().to_owned(),
        kind: entry.kind().to_string(),
    }
}

/// The node of an entry that is itself a metric of dbt. Its id in the catalog is ours, so no exposure is meant by it.
fn metric_of_dbt<'a>(graph: &'a DbtGraph, entry: &Entry) -> Option<&'a DbtNode> {
    let Entry::Metric(metric) = entry else { return None };
    let name = &metric.dbt.as_ref()?.name;
    graph
        .nodes()
        .find(|node| node.kind == "metric" && node.name == *name)
}

/// Where to look further for an entry that only its tables join to dbt: what dbt makes from these tables, and its metric of the
/// same name. The entry does not read those, so they are not part of the verdict.
fn leads(graph: &DbtGraph, entry: &Entry, tables: &[&DbtNode]) -> Vec<String> {
    let mut notes = Vec::new();
    for table in tables {
        let made = graph.downstream(&table.unique_id);
        let models: Vec<&DbtNode> = made
            .iter()
            .skip(1)
            .map(|(_, node)| *node)
            .filter(|node| node.kind == "model")
            .collect();
        if !models.is_empty() {
            notes.push(format!(
                "no exposure names it, so this is of the table it reads, {}; models made from that: {}, which are no part of \
                 this verdict",
                one_line(&table.name, NAME_CHARS),
                said_names(&models)
            ));
        }
    }
    let wanted = plain(entry.name());
    let called = graph
        .nodes()
        .filter(|node| node.kind == "metric" && plain(&node.name) == wanted);
    for metric in called {
        let upstream = graph.upstream(&metric.unique_id);
        let models: Vec<(u32, &DbtNode)> = upstream
            .into_iter()
            .filter(|(_, node)| node.kind == "model")
            .collect();
        let Some(nearest) = models.iter().map(|(depth, _)| *depth).min() else {
            continue;
        };
        let models: Vec<&DbtNode> = models
            .into_iter()
            .filter(|(depth, _)| *depth == nearest)
            .map(|(_, node)| node)
            .collect();
        notes.push(format!(
            "dbt has a metric of the same name, {}, made from {}",
            one_line(&metric.name, NAME_CHARS),
            said_names(&models)
        ));
    }
    notes
}

fn said_names(nodes: &[&DbtNode]) -> String {
    let names = nodes
        .iter()
        .take(MOST_NAMED)
        .map(|node| one_line(&node.name, NAME_CHARS));
    let said = names.collect::<Vec<_>>().join(", ");
    match nodes.len().checked_sub(MOST_NAMED) {
        Some(more @ 1..) => format!("{said} and {more} more"),
        _ => said,
    }
}

/// A name without regard to case and to what joins its words.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn said_tables(tables: &[WarehouseTable]) -> String {
    if tables.is_empty() {
        return "which tables it reads is not known".to_owned();
    }
    let names = tables
        .iter()
        .take(MOST_NAMED)
        .map(|table| one_line(&table.name, NAME_CHARS));
    let names: Vec<String> = names.collect();
    format!(
        "none of the tables it reads ({}) is a model or source of dbt",
        names.join(", ")
    )
}
