use serde::Serialize;
use serde_json::Value;

use crate::catalog::{Catalog, ListRow, list_rows};
use crate::cli::error::CliError;
use crate::cli::exit::Ending;
use crate::cli::{answer, table};

/// Version of the list's JSON format.
const VERSION: u32 = 1;

/// The catalog for programs.
#[derive(Debug, Serialize)]
struct List {
    version: u32,
    fingerprint: String,
    entries: Vec<ListRow>,
}

/// Prints all entries.
pub(super) fn run(catalog: &Catalog, json: bool) -> Result<Ending, CliError> {
    let entries = list_rows(catalog);
    let printed = if json {
        answer::json(&List {
            version: VERSION,
            fingerprint: catalog.fingerprint(),
            entries,
        })
    } else {
        let columns = ["kind", "id", "name", "collection", "takes"].map(str::to_owned);
        let rows: Vec<Vec<Value>> = entries.into_iter().map(row).collect();
        table::print(&columns, &rows)
    };
    printed.map_err(CliError::Output)?;
    Ok(Ending::Done)
}

fn row(entry: ListRow) -> Vec<Value> {
    vec![
        entry.kind.to_string().into(),
        entry.id.into(),
        entry.name.into(),
        entry.collection.into(),
        entry.takes.join(", ").into(),
    ]
}
