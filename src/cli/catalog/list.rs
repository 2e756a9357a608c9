use serde::Serialize;
use serde_json::Value;

use crate::catalog::{Catalog, EntryKind, ListRow, list_rows};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, table, term};
use crate::dbt::LocalMetric;

/// Version of the list's JSON format.
const VERSION: u32 = 1;

/// Names of what an entry takes that a person is shown; `catalog show` has all.
const SHOWN_NAMES: usize = 3;

#[derive(Debug, Serialize)]
struct CatalogList {
    version: u32,
    fingerprint: String,
    entries: Vec<ListRow>,
    /// Metrics of the local dbt project that are not entries: they can be read here, but not asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    local_dbt_metrics: Vec<LocalMetric>,
}

/// Prints all entries, and below them the metrics of a local dbt project that are none.
pub(super) fn run(catalog: &Catalog, local: Vec<LocalMetric>, json: bool) -> Result<ExitStatus, CliError> {
    let entries = list_rows(catalog);
    let curated = |metric: &LocalMetric| {
        let name = Some(metric.name.as_str());
        entries.iter().any(|entry| entry.dbt_metric.as_deref() == name)
    };
    let local: Vec<LocalMetric> = local.into_iter().filter(|metric| !curated(metric)).collect();
    let printed = if json {
        answer::json(&CatalogList {
            version: VERSION,
            fingerprint: catalog.fingerprint(),
            entries,
            local_dbt_metrics: local,
        })
    } else {
        let columns = ["kind", "id", "name", "collection", "takes"].map(str::to_owned);
        let most = if term::out_is_terminal() {
            SHOWN_NAMES
        } else {
            usize::MAX
        };
        let rows: Vec<Vec<Value>> = entries.into_iter().map(|entry| row(entry, most)).collect();
        let printed = table::print(&columns, &rows);
        printed.and_then(|()| print_local(&local, most))
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

/// Metrics of a local dbt project, and that they cannot be asked.
fn print_local(local: &[LocalMetric], most: usize) -> std::io::Result<()> {
    if local.is_empty() {
        return Ok(());
    }
    let hint = "asking these needs dbt's Semantic Layer, which computes them: set DBT_HOST, DBT_ACCOUNT_ID, DBT_TOKEN and \
                DBT_PROD_ENV_ID, and select them under [catalog.dbt_metrics]";
    if !term::out_is_terminal() {
        // Programs read one table there.
        let count = term::count(local.len() as u64, "metric");
        term::say(format_args!(
            "the local dbt project has {count} that can be read and not asked; --json lists them. hint: {hint}"
        ));
        return Ok(());
    }
    term::out_line("\nmetrics of the local dbt project that can be read here and not asked:")?;
    let columns = ["metric", "computes", "table", "dimensions"].map(str::to_owned);
    let rows: Vec<Vec<Value>> = local
        .iter()
        .map(|metric| {
            let names: Vec<&str> = metric.dimensions.iter().map(|one| one.name.as_str()).collect();
            let dimensions = if names.len() > most {
                format!("{} dimensions", names.len())
            } else {
                names.join(", ")
            };
            vec![
                metric.name.as_str().into(),
                metric.computes.as_str().into(),
                metric.table.as_deref().unwrap_or_default().into(),
                dimensions.into(),
            ]
        })
        .collect();
    table::print(&columns, &rows)?;
    term::say(format_args!("hint: {hint}"));
    Ok(())
}

/// An entry with the names of what it takes, or only their number when they are more than `most`.
fn row(entry: ListRow, most: usize) -> Vec<Value> {
    let takes = match (entry.takes.len(), entry.kind) {
        (count, EntryKind::Card) if count > most => format!("{count} parameters"),
        (count, EntryKind::Metric | EntryKind::Table) if count > most => format!("{count} dimensions"),
        _ => entry.takes.join(", "),
    };
    vec![
        entry.kind.to_string().into(),
        entry.id.into(),
        entry.name.into(),
        entry.collection.into(),
        takes.into(),
    ]
}
