use std::sync::Arc;

use secrecy::SecretString;

use super::args::{DatasetArgs, DbtServeArgs};
use crate::cli::error::CliError;
use crate::dbt_sandbox::{DbtProject, DbtServeOptions, RunningDbtSandbox, serve};
use crate::sandbox::World;

/// Serves dbt's APIs over a world, if that is asked for. Nothing of the project is read before a request needs it, except
/// where it is somebody's own.
pub(super) async fn start(
    args: DbtServeArgs,
    data: &DatasetArgs,
    world: &Arc<World>,
    metabase_url: &str,
) -> Result<Option<RunningDbtSandbox>, CliError> {
    if !args.dbt {
        return Ok(None);
    }
    let world = Arc::clone(world);
    let mut options = DbtServeOptions::new(Arc::new(move || {
        world.sqlite_address().map_err(|error| error.to_string())
    }));
    match args.dbt_project {
        Some(folder) => {
            let project = tokio::task::spawn_blocking(move || DbtProject::from_folder(&folder)).await;
            options.project = Arc::new(project.map_err(|error| CliError::Start(error.into()))??);
        }
        None if data.db.is_some() || data.csv.is_some() => {
            return Err(CliError::usage(
                "the built-in dbt project is over the demo's data: with --db or --csv, name your own with --dbt-project",
            ));
        }
        None => {}
    }
    options.port = args.dbt_port;
    options.token = args.dbt_token.map(SecretString::from);
    options.faults = args.dbt_faults.unwrap_or_default();
    options.metabase_url = Some(metabase_url.to_owned());
    Ok(Some(serve(options).await?))
}
