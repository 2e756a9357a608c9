use super::report::Check;
use crate::app;
use crate::call_log::CallLog;
use crate::config::Settings;
use crate::dbt::{DbtAccount, DbtCloudSettings, DbtError, DbtFailure, LocalProject, RunFilter, token_reach};
use crate::grants::GrantPolicy;
use crate::principal::Principal;

const GRANT: &str = "if Cardinal is to ask it, grant the area to read under [[grants.rules]]; `cardinal grants` shows what holds";

/// Checks what there is of dbt. Questions are answered without it, so that nothing here is an error.
pub(super) async fn check(settings: &Settings, checks: &mut Vec<Check>) {
    if let Some(cloud) = &settings.dbt.cloud {
        checks.push(match account(settings, cloud).await {
            Ok(()) => {
                let host = cloud.addresses.administrative.host_str().unwrap_or_default();
                Check::ok(
                    "dbt",
                    format!("account {} at {host}: its runs can be read", cloud.account_id),
                )
            }
            Err(problem) => problem,
        });
    }
    if let Some(dir) = &settings.dbt.project_dir {
        let log = settings.call_log.clone().map(CallLog::open).transpose();
        let log = match log {
            Ok(log) => log,
            Err(error) => {
                checks.push(Check::warning(
                    "dbt",
                    error.to_string(),
                    "see that the folder can be written",
                ));
                return;
            }
        };
        let project = LocalProject::new(
            dir.clone(),
            GrantPolicy::new(&settings.grants),
            log,
            Principal::default(),
        );
        checks.push(match project.state().await {
            Ok(state) => {
                let nodes = state.graph.nodes().count();
                Check::ok(
                    "dbt",
                    format!("{nodes} nodes in the artifacts of {}", dir.display()),
                )
            }
            Err(error) => problem(&error),
        });
    }
}

async fn account(settings: &Settings, cloud: &DbtCloudSettings) -> Result<(), Check> {
    let reach = app::ReachedSystems {
        dbt: Some(cloud),
        ..app::ReachedSystems::default()
    };
    let wire = app::wire(settings, reach).map_err(|error| {
        Check::warning(
            "dbt",
            error.to_string(),
            "see that the folder of the call log can be written",
        )
    })?;
    let account = DbtAccount::new(cloud.clone(), wire, Principal::default());
    let runs = account.administrative().runs(RunFilter::default(), 1).await;
    runs.map_err(|error| problem(&error))?;
    // What cannot be known is not a finding.
    let reach = token_reach(&account, &GrantPolicy::new(&settings.grants)).await;
    match reach.ok().flatten().and_then(|reach| reach.warning()) {
        None => Ok(()),
        Some(warning) => Err(Check::warning(
            "dbt",
            warning,
            "make a service token with the permission sets that are needed, and put it into DBT_TOKEN",
        )),
    }
}

fn problem(error: &DbtError) -> Check {
    let fix = match error.class {
        DbtFailure::Denied => GRANT,
        _ => "correct it, or unset DBT_HOST and DBT_PROJECT_DIR to leave dbt out",
    };
    Check::warning("dbt", error.to_string(), fix)
}
