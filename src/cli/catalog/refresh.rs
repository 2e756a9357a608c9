use serde::Serialize;

use super::CatalogAccess;
use crate::app::Freshness;
use crate::catalog::Drift;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, term, turn};

/// Version of the report's JSON format.
const VERSION: u32 = 1;

/// What a refresh came to, for programs.
#[derive(Debug, Serialize)]
struct CatalogRefreshReport<'a> {
    version: u32,
    fingerprint: String,
    entries: usize,
    /// Entries that were read now.
    read: usize,
    /// Entries that were not, because nobody edited them.
    unedited: usize,
    /// What changed since the kept catalog; null when none was kept.
    drift: Option<&'a Drift>,
}

/// Brings the kept catalog up to date, and says what that took.
pub(super) async fn run(opened: &CatalogAccess, all: bool, json: bool) -> Result<ExitStatus, CliError> {
    let freshness = if all {
        Freshness::Reload
    } else {
        Freshness::Changed
    };
    let refreshed = opened.load(freshness).await?;
    let entries = refreshed.catalog.entries().len();
    let (unedited, read) = (refreshed.unedited, entries.saturating_sub(refreshed.unedited));
    let printed = if json {
        answer::json(&CatalogRefreshReport {
            version: VERSION,
            fingerprint: refreshed.catalog.fingerprint(),
            entries,
            read,
            unedited,
            drift: refreshed.drift.as_ref(),
        })
    } else {
        let read = match (read, unedited) {
            (read, 0) => format!("{read} read"),
            (read, unedited) => format!("{read} read, {unedited} unedited since they were read"),
        };
        let changes = match &refreshed.drift {
            None => "no catalog was kept before".to_owned(),
            Some(drift) => drift.to_string(),
        };
        let report = format!("{}: {read}\n{changes}", turn::entries(entries));
        term::out_line(term::plain(&report))
    };
    printed.map_err(CliError::Output)?;
    if refreshed.incomplete {
        term::say("warning: something is missing because the server failed; it is read the next time");
    }
    Ok(ExitStatus::Done)
}
