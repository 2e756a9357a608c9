use serde::Serialize;
use serde_json::Value;

use crate::catalog::{Catalog, EntryKind, ListRow, list_rows};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, table, term};

/// Version of the list's JSON format.
const VERSION: u32 = 1;

/// Names of what an entry takes that a person is shown; `catalog show` has all.
const SHOWN_NAMES: usize = 3;

/// The catalog for programs.
#[derive(Debug, Serialize)]
struct CatalogList {
    version: u32,
    fingerprint: String,
    entries: Vec<ListRow>,
}

/// Prints all entries.
pub(super) fn run(catalog: &Catalog, json: bool) -> Result<ExitStatus, CliError> {
    let entries = list_rows(catalog);
    let printed = if json {
        answer::json(&CatalogList {
            version: VERSION,
            fingerprint: catalog.fingerprint(),
            entries,
        })
    } else {
        let columns = ["kind", "id", "name", "collection", "takes"].map(str::to_owned);
        let most = if term::out_is_terminal() {
            SHOWN_NAMES
        } else {
            usize::MAX
        };
        let rows: Vec<Vec<Value>> = entries.into_iter().map(|entry| row(entry, most)).collect();
        table::print(&columns, &rows)
    };
    printed.map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
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
