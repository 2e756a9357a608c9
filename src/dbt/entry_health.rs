//! The health of an entry of Metabase: what dbt knows of everything that it is made from.

use std::collections::BTreeSet;

use super::connection::DbtConnection;
use super::error::DbtError;
use super::graph::{DbtGraph, DbtNode};
use super::health::{AssessedSubject, DataHealthReport};
use crate::catalog::{Entry, WarehouseTable};
use crate::metabase::MetabaseClient;
use crate::text::one_line;

/// Most tables that are named in an error.
const MOST_NAMED: usize = 6;
/// Longest name in an error, in characters.
const NAME_CHARS: usize = 80;

/// Why nothing can be said of an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryHealthError {
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
pub async fn rests_on(
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
pub async fn entry_health(
    dbt: &DbtConnection,
    metabase: &MetabaseClient,
    entry: &Entry,
) -> Result<DataHealthReport, EntryHealthError> {
    let mut graph = dbt.graph().await?;
    let (kind, id) = (entry.kind(), entry.id());
    let mut tables: Vec<WarehouseTable> = Vec::new();
    let mut unread = None;
    if graph.made_from(kind, id, &[]).is_empty() {
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
    let title = format!("{kind} {id}");
    if ids.is_empty() {
        return Err(EntryHealthError::NotJoined {
            entry: format!("{title} \"{}\"", one_line(entry.name(), NAME_CHARS)),
            tables: unread.map_or_else(
                || said_tables(&tables),
                |error| format!("its tables are not known ({error})"),
            ),
        });
    }
    let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
    let state = dbt.state(graph, &wanted).await?;
    let nodes: Vec<&DbtNode> = ids.iter().filter_map(|id| state.graph.node(id)).collect();
    let subject = AssessedSubject {
        unique_id: title,
        name: entry.name().to_owned(),
        kind: kind.to_string(),
    };
    Ok(state.assess_all(subject, &nodes))
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
