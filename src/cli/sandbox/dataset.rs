use std::path::Path;

use super::args::DatasetArgs;
use crate::cli::error::CliError;
use crate::cli::term;
use crate::sandbox::World;

/// Loads the data that the arguments name, and says what was changed while reading it.
pub(super) async fn open(data: &DatasetArgs, model: Option<&str>) -> Result<World, CliError> {
    if model.is_some() && data.db.is_none() && data.csv.is_none() {
        return Err(CliError::usage(
            "--model describes the data of --db or --csv: give one of them too",
        ));
    }
    if let Some(path) = data.csv.as_ref().filter(|path| !path.is_dir()) {
        return Err(CliError::NoDataFolder { path: path.clone() });
    }
    let (db, csv) = (data.db.clone(), data.csv.clone());
    let model = model.map(str::to_owned);
    let world = tokio::task::spawn_blocking(move || {
        let model = model.as_deref().map(Path::new);
        match (db, csv) {
            (Some(file), _) => World::from_sqlite(&file, model),
            (None, Some(folder)) => World::from_csv(&folder, model),
            (None, None) => World::demo(),
        }
    });
    let world = world.await.map_err(|error| CliError::Start(error.into()))??;
    for notice in world.notices() {
        term::say(term::line(notice));
    }
    Ok(world)
}
