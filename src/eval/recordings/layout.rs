use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{NOTE_FILE, RecordingError};
use crate::eval::Suite;
use crate::wire::SHARED_FOLDERS;

/// The file of a suite that is a folder.
pub(super) const SUITE_FILE: &str = "suite.yaml";

/// Where the recordings of a suite lie.
#[derive(Debug, Clone)]
pub struct Recordings {
    root: PathBuf,
    suite: PathBuf,
}

impl Recordings {
    /// Beside the suite: `tapes` in its folder, or `NAME.tapes` beside its file when it is a single one.
    pub fn of(suite: &Suite) -> Self {
        let file = &suite.path;
        let folder = file.parent().unwrap_or(Path::new(""));
        if file.file_name().is_some_and(|name| name == SUITE_FILE) {
            Self {
                root: folder.join("tapes"),
                suite: folder.to_owned(),
            }
        } else {
            Self {
                root: file.with_extension("tapes"),
                suite: file.clone(),
            }
        }
    }

    /// The folder of all sets, and of what they share.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The suite, as a command line names it.
    pub fn suite(&self) -> &Path {
        &self.suite
    }

    /// The folder of a set.
    pub fn set(&self, set: &str) -> PathBuf {
        self.root.join(set)
    }

    /// The folder of a case in a set.
    pub fn case(&self, set: &str, case: &str) -> PathBuf {
        self.set(set).join(folder_name(case))
    }

    /// Whether a set holds a case.
    pub fn holds(&self, set: &str, case: &str) -> bool {
        self.case(set, case).join(NOTE_FILE).is_file()
    }

    /// The sets there are, sorted; none when nothing was ever recorded.
    pub fn sets(&self) -> Result<Vec<String>, RecordingError> {
        let failed = |source| RecordingError::read(&self.root, source);
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut sets = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && well_named(&name) {
                sets.push(name);
            }
        }
        sets.sort();
        Ok(sets)
    }

    /// The command that records a case of a set again.
    pub fn command(&self, set: &str, case: &str, model: &str) -> String {
        let suite = self.suite.display();
        format!("cardinal eval record {suite} --set {set} --filter '{case}' --model {model} --replace")
    }
}

/// A name that a set may have.
pub(super) fn set_name(name: &str) -> Result<(), RecordingError> {
    if well_named(name) {
        Ok(())
    } else {
        Err(RecordingError::SetName(name.to_owned()))
    }
}

fn well_named(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(fits)
        && !SHARED_FOLDERS.contains(&name)
}

/// A case's folder: its id, with `~`, which no id has, for what would be a folder of its own.
pub(in crate::eval) fn folder_name(case: &str) -> String {
    case.replace('/', "~")
}

/// The tape of a turn in a case's folder, counted from 1.
pub(in crate::eval) fn tape_path(folder: &Path, turn: usize) -> PathBuf {
    folder.join(format!("turn-{turn}.jsonl"))
}
