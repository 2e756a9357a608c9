use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::record::Record;

/// The version of the format, in the header line of every tape.
const FORMAT: u32 = 1;

/// Why a tape is not whole.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TapeError {
    /// The file cannot be made; most often it exists, and tapes are never overwritten.
    #[error("failed to create the tape {path}: {reason}")]
    Create {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// An exchange could not be written.
    #[error("failed to write exchange {seq} to the tape {path}: {reason}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The exchange's number.
        seq: u64,
        /// The system's reason.
        reason: String,
    },
    /// The record of an exchange held a credential, so it was not written.
    #[error("exchange {seq} is not on the tape {path}: its record would have held a credential")]
    Withheld {
        /// The file.
        path: PathBuf,
        /// The exchange's number.
        seq: u64,
    },
}

/// A record of exchanges: JSON Lines, a header first. Clones write to the same file.
#[derive(Debug, Clone)]
pub struct Tape {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: File,
    next_seq: u64,
    flaw: Option<TapeError>,
}

impl Tape {
    /// A new tape. `about` goes into its header: clock, ids, hashes of what the model was shown. The file must not
    /// exist yet.
    pub fn create(path: &Path, about: &Map<String, Value>) -> Result<Self, TapeError> {
        let failed = |error: std::io::Error| TapeError::Create {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(failed)?;
        let header = json!({ "cardinal_tape": FORMAT, "about": about });
        file.write_all(format!("{header}\n").as_bytes()).map_err(failed)?;
        Ok(Self {
            inner: Arc::new(Mutex::new(Inner {
                path: path.to_owned(),
                file,
                next_seq: 0,
                flaw: None,
            })),
        })
    }

    /// Whether everything that was to be recorded is in the file, now.
    pub fn check(&self) -> Result<(), TapeError> {
        self.lock().flaw.clone().map_or(Ok(()), Err)
    }

    /// The number of an exchange that begins now.
    pub(super) fn begin(&self) -> u64 {
        let mut inner = self.lock();
        let seq = inner.next_seq;
        inner.next_seq = seq.saturating_add(1);
        seq
    }

    /// Writes an exchange that has ended. What goes wrong is kept for [`Tape::check`].
    pub(super) fn write(&self, record: &Record) {
        let mut inner = self.lock();
        let (path, seq) = (inner.path.clone(), record.seq());
        let written = match record.line() {
            None => Err(TapeError::Withheld { path, seq }),
            Some(line) => inner
                .file
                .write_all(line.as_bytes())
                .map_err(|error| TapeError::Write {
                    path,
                    seq,
                    reason: error.to_string(),
                }),
        };
        if let Err(flaw) = written {
            crate::telemetry::tape_flaw(&flaw);
            inner.flaw.get_or_insert(flaw);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
