//! A run's folder: `results.jsonl`, one record a line as they come, `confirmation.jsonl` in the same way for what was asked
//! once more, and `summary.json` when it is over.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::record::{RECORD_VERSION, TrialRecord};
use crate::atomic_file::{self, FileAccess};

pub(crate) const RESULTS_FILE: &str = "results.jsonl";
/// The file of what was asked once more to confirm regressions.
pub(crate) const CONFIRMATION_FILE: &str = "confirmation.jsonl";
pub(crate) const SUMMARY_FILE: &str = "summary.json";

/// Why results could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    #[error("{} exists already; results are never overwritten, so name another folder", .0.display())]
    Exists(PathBuf),
    /// A file or folder could not be written.
    #[error("failed to write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// A file could not be read.
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A line is not a record.
    #[error("{}, line {line}: not a record of a trial: {reason}", path.display())]
    Line {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        reason: String,
    },
    /// There is nothing in it.
    #[error("{} holds no record", .0.display())]
    Empty(PathBuf),
}

/// A folder that a run writes into.
#[derive(Debug)]
pub(crate) struct ResultsFolder {
    folder: PathBuf,
    path: PathBuf,
    file: File,
}

impl ResultsFolder {
    /// Makes the folder, and the file of records in it. Fails when that file is there already.
    pub(crate) fn create(folder: &Path) -> Result<Self, ResultsError> {
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let path = folder.join(RESULTS_FILE);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => ResultsError::Exists(path.clone()),
                _ => failed(&path, source),
            })?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
            file,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a record, in one write.
    pub(crate) fn append(&mut self, record: &TrialRecord) -> Result<(), ResultsError> {
        append(&mut self.file, &self.path, record)
    }

    /// Appends a record of a trial that was asked once more.
    pub(crate) fn append_confirmation(&self, record: &TrialRecord) -> Result<(), ResultsError> {
        let path = self.folder.join(CONFIRMATION_FILE);
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|source| failed(&path, source))?;
        append(&mut file, &path, record)
    }

    /// Puts these records in place of those that were appended: the same, with what came to be known of them since. The
    /// file is never half of either.
    pub(crate) fn replace(&self, records: &[TrialRecord]) -> Result<(), ResultsError> {
        let mut text = String::new();
        for record in records {
            let line = serde_json::to_string(record).map_err(|error| failed(&self.path, error.into()))?;
            text.push_str(&line);
            text.push('\n');
        }
        atomic_file::replace(&self.path, text.as_bytes(), FileAccess::Default)
            .map_err(|source| failed(&self.path, source))
    }

    pub(crate) fn finish(self, summary: &impl Serialize) -> Result<(), ResultsError> {
        let path = self.folder.join(SUMMARY_FILE);
        let mut text = serde_json::to_string_pretty(summary).map_err(|error| failed(&path, error.into()))?;
        text.push('\n');
        atomic_file::create(&path, text.as_bytes(), FileAccess::Default)
            .map_err(|source| failed(&path, source))
    }
}

fn append(file: &mut File, path: &Path, record: &TrialRecord) -> Result<(), ResultsError> {
    let mut line = serde_json::to_vec(record).map_err(|error| failed(path, error.into()))?;
    line.push(b'\n');
    file.write_all(&line).map_err(|source| failed(path, source))
}

/// Reads what a run asked once more; nothing where it had no reason to, or where `path` is not the folder of a run.
pub(crate) fn read_confirmation(path: &Path) -> Result<Vec<TrialRecord>, ResultsError> {
    let file = path.join(CONFIRMATION_FILE);
    if file.is_file() {
        read_records(&file)
    } else {
        Ok(Vec::new())
    }
}

/// Reads the records of a file, or of a run's folder, sorted by suite, case and trial.
pub fn read_records(path: &Path) -> Result<Vec<TrialRecord>, ResultsError> {
    let path = if path.is_dir() {
        path.join(RESULTS_FILE)
    } else {
        path.to_owned()
    };
    let text = fs::read_to_string(&path).map_err(|source| ResultsError::Read {
        path: path.clone(),
        source,
    })?;
    let mut records = Vec::new();
    let mut seen = BTreeSet::new();
    for (line, text) in (1..).zip(text.lines()) {
        let wrong = |reason: String| ResultsError::Line {
            path: path.clone(),
            line,
            reason,
        };
        let record: TrialRecord = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if record.version != RECORD_VERSION {
            return Err(wrong(format!(
                "its version is {}, and this program reads version {RECORD_VERSION}",
                record.version
            )));
        }
        if !seen.insert((record.case_key(), record.trial)) {
            let (case, trial) = (record.case_key(), record.trial);
            return Err(wrong(format!("trial {trial} of {case} is there twice")));
        }
        records.push(record);
    }
    if records.is_empty() {
        return Err(ResultsError::Empty(path));
    }
    sort(&mut records);
    Ok(records)
}

/// Sorts by suite, case and trial: records come in the order in which trials end.
pub fn sort(records: &mut [TrialRecord]) {
    records.sort_by(|a, b| (&a.suite, &a.case, a.trial).cmp(&(&b.suite, &b.case, b.trial)));
}

fn failed(path: &Path, source: io::Error) -> ResultsError {
    ResultsError::Write {
        path: path.to_owned(),
        source,
    }
}
