use std::fs;
use std::path::{Path, PathBuf};

use super::RecordingError;
use crate::eval::{Dataset, DatasetKind};
use crate::sandbox::demo_fingerprint;

/// Files beside CSV files that say what is in them.
const BESIDE_CSV: [&str; 2] = ["schema.sqlite.sql", "metadata.json"];

/// Hash of the data that a suite asks about and of what describes it, hex. Where it lies does not count.
pub(crate) fn data_hash(dataset: &Dataset) -> Result<String, RecordingError> {
    let path = dataset.path.clone().unwrap_or_default();
    let mut files = match dataset.kind {
        DatasetKind::Demo => return Ok(demo_fingerprint().chars().take(20).collect()),
        // What a server holds cannot be read whole; the fingerprint of its catalog is in every answer.
        DatasetKind::Configured => return Ok("configured".to_owned()),
        DatasetKind::Csv => csv_files(&path)?,
        DatasetKind::Sqlite => vec![path],
    };
    files.extend(dataset.model.clone());
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|source| RecordingError::read(&file, source))?;
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        hasher.update(blake3::hash(name.as_bytes()).as_bytes());
        hasher.update(blake3::hash(&bytes).as_bytes());
    }
    Ok(hasher.finalize().to_hex().chars().take(20).collect())
}

fn csv_files(folder: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    let failed = |source| RecordingError::read(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let csv = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let beside = path.file_name().and_then(|name| name.to_str());
        if csv || beside.is_some_and(|name| BESIDE_CSV.contains(&name)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
