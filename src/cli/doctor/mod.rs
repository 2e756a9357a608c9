//! `cardinal doctor`: tries everything an answer needs, one thing after the other, and says how to fix what is wrong.

mod budget;
mod dbt;
mod metabase;
mod model;
mod report;

use report::{Check, DoctorReport};

use super::args::GlobalArgs;
use super::error::CliError;
use super::exit::ExitStatus;
use super::{settings, term};
use crate::app;

/// Checks everything and prints the report. Findings are part of the report, not errors of the command.
pub(super) async fn run(global: &GlobalArgs) -> Result<ExitStatus, CliError> {
    let report = examine(global).await?;
    if global.json() {
        super::answer::json(&report).map_err(CliError::Output)?;
    } else {
        term::out(&report).map_err(CliError::Output)?;
    }
    Ok(if report.ok {
        ExitStatus::Done
    } else {
        ExitStatus::Findings
    })
}

async fn examine(global: &GlobalArgs) -> Result<DoctorReport, CliError> {
    let mut checks = Vec::new();
    let (settings, model_from) = match settings::load_quietly(global) {
        Ok(loaded) => {
            let from = loaded.file.as_ref().map_or_else(
                || "no file; defaults and environment".to_owned(),
                |file| file.display().to_string(),
            );
            checks.push(Check::ok("settings", from));
            checks.extend(
                loaded
                    .notes
                    .into_iter()
                    .map(|note| Check::warning("settings", note, "unset it, or correct its name")),
            );
            (loaded.settings, loaded.model_from)
        }
        // A wrong command line is not a finding.
        Err(error @ CliError::Usage(_)) => return Err(error),
        Err(error) => {
            checks.push(Check::error(
                "settings",
                &error,
                "correct it; `cardinal init` writes a commented file to start from",
            ));
            return Ok(DoctorReport::of(checks));
        }
    };
    metabase::check(&settings, &mut checks).await;
    dbt::check(&settings, &mut checks).await;
    budget::check(&settings, &mut checks);
    match app::model_wire(&settings.model) {
        Ok(wire) => {
            model::check(&settings, model_from, wire.clone(), &mut checks).await;
            // A completion costs something: only the model that was named is tried.
            if global.model.is_some() {
                model::try_it(&settings, wire, &mut checks).await;
            }
        }
        Err(error) => checks.push(Check::error("model", &error, "check the model's key and address")),
    }
    Ok(DoctorReport::of(checks))
}
