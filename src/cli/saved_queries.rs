//! `cardinal dbt saved`: queries that are saved in the dbt project.

use serde::Serialize;
use serde_json::{Value, json};

use super::args::GlobalArgs;
use super::catalog::CatalogAccess;
use super::error::CliError;
use super::exit::ExitStatus;
use super::{answer, table, term};
use crate::app::Freshness;
use crate::catalog::{Catalog, nearest};
use crate::config::Settings;
use crate::dbt::{AllowedSavedQuery, SavedMetricQuery, SavedQueryRun, SemanticLayerClient};
use crate::result::{Extent, ResultTable};

/// Version of the JSON formats.
const VERSION: u32 = 1;

/// One of the list, for programs.
#[derive(Debug, Serialize)]
struct ListedQuery<'q> {
    name: &'q str,
    label: Option<&'q str>,
    description: Option<&'q str>,
    metrics: Vec<&'q str>,
    /// `metric_time__month`.
    group_by: Vec<String>,
}

impl<'q> ListedQuery<'q> {
    fn of(query: &'q SavedMetricQuery) -> Self {
        let group_by = query.group_by().map(|(name, grain)| match grain {
            Some(grain) => format!("{name}__{}", grain.to_lowercase()),
            None => name.to_owned(),
        });
        Self {
            name: &query.name,
            label: query.label.as_deref(),
            description: query.description.as_deref(),
            metrics: query.metrics().collect(),
            group_by: group_by.collect(),
        }
    }
}

pub(super) async fn list(layer: &SemanticLayerClient, json: bool) -> Result<ExitStatus, CliError> {
    let queries = layer.saved_queries().await?;
    let listed: Vec<ListedQuery<'_>> = queries.iter().map(ListedQuery::of).collect();
    let printed = if json {
        answer::json(&json!({ "version": VERSION, "saved_queries": listed }))
    } else {
        let columns = ["saved query", "metrics", "by", "description"].map(str::to_owned);
        let rows: Vec<Vec<Value>> = listed
            .iter()
            .map(|query| {
                vec![
                    term::line(query.name).into(),
                    term::line(&query.metrics.join(", ")).into(),
                    term::line(&query.group_by.join(", ")).into(),
                    query.description.map(term::line).into(),
                ]
            })
            .collect();
        table::print(&columns, &rows)
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

/// Asks one, if all its metrics are curated, and prints its rows.
pub(super) async fn ask(
    global: &GlobalArgs,
    settings: &Settings,
    layer: &SemanticLayerClient,
    name: &str,
    limit: Option<u32>,
) -> Result<ExitStatus, CliError> {
    let queries = layer.saved_queries().await?;
    let Some(saved) = queries.iter().find(|query| query.name == name) else {
        let near = nearest(name, queries.iter().map(|query| query.name.as_str()), 3);
        return Err(CliError::NoSavedQuery {
            name: name.to_owned(),
            near: near.join(", "),
        });
    };
    let catalog = if settings.catalog.dbt_metrics.selects() {
        let access = CatalogAccess::open(global).await?;
        access.load(Freshness::Cached).await?.catalog
    } else {
        std::sync::Arc::new(Catalog::default())
    };
    let run = SavedQueryRun {
        limit,
        ..SavedQueryRun::as_saved(AllowedSavedQuery::of(saved, &catalog)?)
    };
    let fetched = layer.saved_query(&run).await?;
    print(name, &fetched.table, global.json())
}

fn print(name: &str, result: &ResultTable, json: bool) -> Result<ExitStatus, CliError> {
    let columns: Vec<String> = result.columns.iter().map(|column| column.name.clone()).collect();
    let rows = result
        .rows
        .iter()
        .map(|row| row.iter().map(Value::from).collect());
    let rows: Vec<Vec<Value>> = rows.collect();
    let complete = result.extent == Extent::Complete;
    let printed = if json {
        answer::json(&json!({
            "version": VERSION, "saved_query": name, "columns": columns, "rows": rows, "complete": complete,
        }))
    } else {
        table::print(&columns, &rows)
    };
    printed.map_err(CliError::Output)?;
    if !complete {
        term::warn(format_args!(
            "these are the first {} rows; there are more",
            rows.len()
        ));
    }
    Ok(ExitStatus::Done)
}
