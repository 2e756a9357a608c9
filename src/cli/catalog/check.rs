use serde::Serialize;

use super::CatalogAccess;
use crate::catalog::{DefinitionConflict, Drift, conflicts};
use crate::cli::args::CatalogArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, term};

/// Version of the report's JSON format.
const VERSION: u32 = 1;

/// What the check found, for programs.
#[derive(Debug, Serialize)]
struct CatalogCheckReport<'a> {
    version: u32,
    ok: bool,
    fingerprint: String,
    entries: usize,
    /// What changed since the kept catalog; null when none is kept.
    drift: Option<&'a Drift>,
    /// Entries that are selected but cannot be read, in words.
    unreadable: &'a [String],
    /// What the server cannot do with what is selected, in words.
    limits: &'a [String],
    /// Metrics of Metabase and dbt that have like names and different definitions.
    conflicts: &'a [DefinitionConflict],
}

/// Loads the catalog from the server and compares it with the kept one. The loaded one is kept when there was none,
/// or when `--refresh` says that the changes are known.
pub(super) async fn run(
    opened: &CatalogAccess,
    args: &CatalogArgs,
    json: bool,
) -> Result<ExitStatus, CliError> {
    let spinner = opened.spinner();
    let told = |progress| spinner.loaded(progress);
    let compared = opened
        .cache
        .compare(&opened.server, opened.clients(), &told)
        .await;
    spinner.stop();
    let mut loaded = compared?;
    if loaded.drift.is_none() || args.refresh {
        opened.cache.keep(&mut loaded).await;
    }
    for note in &loaded.notes {
        term::warn(note);
    }
    let drifted = loaded.drift.as_ref().is_some_and(|drift| !drift.is_empty());
    let conflicts = conflicts(&loaded.catalog, &opened.card_definitions(&loaded.catalog).await);
    let whole = loaded.unreadable.is_empty() && loaded.limits.is_empty();
    let ok = !drifted && whole && conflicts.is_empty();
    let entries = loaded.catalog.entries().len();
    let printed = if json {
        answer::json(&CatalogCheckReport {
            version: VERSION,
            ok,
            fingerprint: loaded.catalog.fingerprint(),
            entries,
            drift: loaded.drift.as_ref(),
            unreadable: &loaded.unreadable,
            limits: &loaded.limits,
            conflicts: &conflicts,
        })
    } else {
        let changes = match &loaded.drift {
            None => "nothing is kept to compare with".to_owned(),
            Some(drift) => drift.to_string(),
        };
        let mut report = format!("{}\n{changes}", crate::cli::turn::entries(entries));
        for note in &loaded.unreadable {
            report.push_str("\nunreadable: ");
            report.push_str(note);
        }
        for note in &loaded.limits {
            report.push_str("\nlimited: ");
            report.push_str(note);
        }
        for conflict in &conflicts {
            report.push_str("\nconflict: ");
            report.push_str(&conflict.to_string());
        }
        term::out_line(term::plain(&report))
    };
    printed.map_err(CliError::Output)?;
    if drifted && !args.refresh {
        term::say("hint: `cardinal catalog check --refresh` takes the changes as known");
    }
    if !conflicts.is_empty() {
        term::say(
            "hint: where two definitions come to the same, say so in the dbt project: `meta: { metabase_metric: NAME }` on the metric",
        );
    }
    Ok(if ok {
        ExitStatus::Done
    } else {
        ExitStatus::Findings
    })
}
